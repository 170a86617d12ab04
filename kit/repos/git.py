"""Run git from nothing: no configuration, hook, template or variable of the user's gets in."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from kit.errors import MissingTool, UnusableFolder

OLDEST_GIT = (2, 32)
"""GIT_CONFIG_GLOBAL, which keeps the user's configuration out, is new in git 2.32 (its release notes)."""
REMOTE_URL = "git@github.example:rhizome/rhizome-v2.git"
"""What `git push` and `git remote -v` show, in every world and on every machine.

A name under `.example` never exists (RFC 2606): what goes astray reaches nobody's server.
"""
RESET = "Bring the repositories back to the start of a phase: `python -m kit reset`."
_INSTALL = (
    "Install git: apt install git, dnf install git, brew install git, or https://git-scm.com/downloads."
)


def ssh_command(origin: str) -> str:
    """Return the command that git takes for ssh: it opens `origin`, whatever host is asked for.

    Git gives it the host and a command line, "git-upload-pack 'rhizome/rhizome-v2.git'".
    Only the program's name is taken from that. Git says the address that it was given,
    so no output shows a folder. `url.<base>.insteadOf` would: git prints what it rewrote.
    """
    return f'f() {{ exec "${{2%% *}}" {shlex.quote(origin)}; }}; f'


def git_environment(*, home: Path, when: datetime, origin: Path) -> dict[str, str]:
    """Return the whole environment for git in a learner's shell.

    Args:
        home: HOME; `git config --global` writes there.
        when: the date of commits.
        origin: the bare repository; no folder above it is taken for a repository.

    Returns:
        Variables to use instead of `os.environ`, of which only PATH is taken.
    """
    date = f"{int(when.timestamp())} +0000"
    name, email = "Rhizome Developer", "developer@rhizome.example"
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PAGER": "cat",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": "true",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TEMPLATE_DIR": "",
        "GIT_DEFAULT_HASH": "sha1",
        "GIT_DEFAULT_REF_FORMAT": "files",
        "GIT_CEILING_DIRECTORIES": os.pathsep.join(map(str, origin.parents)),
        "GIT_SSH_COMMAND": ssh_command(str(origin)),
        "GIT_SSH_VARIANT": "simple",
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": email,
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": email,
        "GIT_COMMITTER_DATE": date,
    }


@dataclass(frozen=True, kw_only=True)
class GitAnswer:
    """How a git command ended: its exit code, its output, its text on stderr."""

    exit: int
    output: bytes
    stderr: str


def ask_git(
    *arguments: str | Path,
    cwd: Path,
    environment: Mapping[str, str],
    stdin: BinaryIO | None = None,
) -> GitAnswer:
    """Run git in exactly this environment.

    Not through GitPython, which adds its variables to os.environ and cannot take any away: a GIT_DIR or
    GIT_CONFIG_COUNT of the user's would get through.

    Raises:
        MissingTool: if there is no git.
        UnusableFolder: if `cwd` is gone.
    """
    if not cwd.is_dir():
        raise UnusableFolder(f"The folder {cwd.name} is gone.", remedy=RESET, looked=[str(cwd)])
    try:
        answer = subprocess.run(
            ["git", *map(str, arguments)],
            cwd=cwd,
            env=environment,
            stdin=stdin or subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        require_git()
        raise
    return GitAnswer(
        exit=answer.returncode, output=answer.stdout, stderr=answer.stderr.decode(errors="replace").strip()
    )


def read_branches(repository: Path) -> dict[str, str] | None:
    """Return the branches of a repository with their commits' ids, sorted; None where only git can tell.

    GitPython reads the files themselves, which takes a third of what a process of git's does, and each
    look at a world asks three repositories.

    Args:
        repository: a bare one, or a clone's folder.
    """
    try:
        # Imported when it is needed: the import itself runs git.
        import git  # noqa: PLC0415
    except ImportError:
        return None  # there is none on PATH
    try:
        with git.Repo(repository, expand_vars=False) as repo:
            if (Path(repo.common_dir) / "reftable").exists():
                return None
            return {
                head.name: git.SymbolicReference.dereference_recursive(repo, head.path) for head in repo.heads
            }
    except (git.GitError, configparser.Error, OSError, TypeError, ValueError):
        return None


def require_git() -> str:
    """Return the version of the git on PATH.

    Raises:
        MissingTool: if there is none, or it is older than `OLDEST_GIT`.
    """
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    missing = MissingTool("git is not installed.", looked=places, remedy=_INSTALL)
    try:
        # Not GitPython: its import can wait until there is something to wait for.
        printed = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise missing from error
    numbers = re.search(r"(\d+)\.(\d+)(\.\d+)*", printed)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST_GIT:
        raise MissingTool(
            f"git is too old: {printed.strip()}.",
            why="2.32 is the first that can be kept from reading your own configuration",
            remedy=_INSTALL,
        )
    return numbers[0]
