"""Ask a project's git, which is only read, what is on the main branch and where this branch left it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, cast

from kit.errors import BadInput, MissingTool

_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_READS_ONLY = (
    "--no-pager",
    # The folder may belong to another user (containers, CI); nothing of it is run, nothing is written.
    *("-c", "safe.directory=*"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    # A partial clone's missing content is not fetched: its remote may be a program.
    *("-c", "protocol.allow=never"),
)
_FETCH = "On CI, fetch the history (actions/checkout: `fetch-depth: 0`)"


@dataclass(frozen=True, kw_only=True)
class Main:
    """What the main branch has in a folder of migrations.

    Attributes:
        name: the branch, as it was found or given; "" where there is none.
        files: the blob of each of its files, by the path in the folder.
        base: the commit at which HEAD left the branch; "" where there is none.
        before: the blobs of that commit: what is judged is what has changed since.
        is_here: HEAD is that commit, so that there is no branch to judge and the whole folder is.
        notes: what one should know of it, sentences.
    """

    name: str = ""
    files: dict[str, str] = field(default_factory=dict)
    base: str = ""
    before: dict[str, str] = field(default_factory=dict)
    is_here: bool = True
    notes: tuple[str, ...] = ()


class Git:
    """Reads the repository of a project.

    No command of it compares with the files on disk: that would run the filters that a configuration
    names, as `diff` would its drivers.

    Args:
        project: a folder in the repository.
        folder: of the migrations, as seen from `project`.
    """

    def __init__(self, project: Path, folder: PurePath) -> None:
        """Keep the folders."""
        self._project = project
        self._folder = folder.as_posix()

    def __repr__(self) -> str:
        """Say the class."""
        return "Git()"

    def find_main(self, since: str | None) -> Main:
        """Look up the main branch, or the commit that stands for what is applied.

        Args:
            since: a branch, tag or commit; None to look for the main branch.

        Raises:
            BadInput: if `since` is none, or there is history and no main branch in it.
            MissingTool: if there is no git.
        """
        names = [since] if since is not None else _BRANCHES
        name = next((name for name in names if self._commit(name)), None)
        if name is not None:
            return self._compare(name)
        if since is not None:
            raise BadInput(
                f"git has no commit {since!r} here.",
                remedy="Give a branch, a tag or a commit; on CI, fetch it first (fetch-depth: 0).",
                looked=[str(self._project)],
            )
        if self._commit("HEAD"):
            raise BadInput(
                "git has no main branch here, so it cannot say which migrations are new.",
                looked=list(_BRANCHES),
                remedy=f"Say what production has: --since REF (a branch, a tag, a commit). {_FETCH}.",
            )
        kept = self._ask("rev-parse", "--git-dir") is not None
        why = "there is no commit yet" if kept else "this folder is in no git repository"
        return Main(notes=(f"Every migration is taken for new: {why}.",))

    def _compare(self, name: str) -> Main:
        tip, head = self._commit(name), self._commit("HEAD")
        found = self._ask("merge-base", tip, "HEAD")
        base = found.decode().strip() if found else tip
        notes = () if found else (f"git does not know where HEAD left {name}. {_FETCH}.",)
        files = self.tree(tip)
        return Main(
            name=self._shown(name),
            files=files,
            base=base,
            before=files if base == tip else self.tree(base),
            is_here=base == head,
            notes=notes,
        )

    def changes_code(self, main: Main) -> bool:
        """Say whether what is committed or staged outside of the migrations has changed since the base.

        Without a branch, it does.
        """
        if not main.name:
            return True
        compare = (
            "diff-index",
            "--cached",
            "--quiet",
            "--no-ext-diff",
            "--no-textconv",
            "--ignore-submodules",
        )
        elsewhere = (".", ":(exclude)supabase", f":(exclude){self._folder}")
        return self._ask(*compare, main.base, "--", *elsewhere) is None

    def contents(self, blobs: Iterable[str]) -> Iterator[bytes]:
        """Yield the content of each blob, of one process for all of them; b"" of one that is not there."""
        with (
            contextlib.suppress(BrokenPipeError),
            subprocess.Popen(
                ["git", *_READS_ONLY, "cat-file", "--batch"],
                cwd=self._project,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ) as process,
        ):
            for blob in blobs:
                yield _ask_for(blob, process)

    def _commit(self, name: str) -> str:
        answer = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return answer.decode().strip() if answer else ""

    def _shown(self, name: str) -> str:
        if name != "origin/HEAD":
            return name
        answer = self._ask("rev-parse", "--abbrev-ref", name)
        return answer.decode().strip() if answer else name

    def tree(self, commit: str) -> dict[str, str]:
        """Return the blobs of the folder in a commit, by their paths in it."""
        listed = self._ask("ls-tree", "-r", "-z", commit, f"{self._folder}/") or b""
        found = {}
        for entry in filter(None, listed.split(b"\0")):
            about, path = entry.split(b"\t", 1)
            _, kind, blob = about.decode().split()
            if kind == "blob":
                found[os.fsdecode(path).removeprefix(f"{self._folder}/")] = blob
        return found

    def _ask(self, *arguments: str) -> bytes | None:
        # Not through GitPython: importing it alone runs git once.
        try:
            ran = subprocess.run(
                ["git", *_READS_ONLY, *arguments],
                cwd=self._project,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise MissingTool(
                "git is not installed.",
                looked=os.environ.get("PATH", os.defpath).split(os.pathsep),
                remedy="Install git, which knows what is new: https://git-scm.com/downloads.",
            ) from error
        return None if ran.returncode else ran.stdout


def _ask_for(blob: str, process: subprocess.Popen[bytes]) -> bytes:
    """Return the content of a blob, by a `git cat-file --batch`, which ends where an object is damaged."""
    questions, answers = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    # One question, one answer: neither pipe can fill while nobody reads it.
    with contextlib.suppress(BrokenPipeError):
        questions.write(f"{blob}\n".encode())
        questions.flush()
        *_, size = answers.readline().split() or [b""]
        if size.isdigit():  # else it is "missing"
            return answers.read(int(size) + 1)[:-1]
    return b""


def blob_of(data: bytes, *, like: str = "") -> str:
    """Return the name that git gives to this content.

    Args:
        data: the content.
        like: another name, of the same hash; SHA-1 without one.
    """
    kind = hashlib.sha256 if len(like) == 64 else hashlib.sha1  # noqa: PLR2004 - hexadecimal digits of SHA-256
    return kind(b"blob %d\0" % len(data) + data).hexdigest()


def _environment() -> dict[str, str]:
    """Return all variables for git: nobody's configuration, no lock, no network, no question, no program."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_SSH_COMMAND": "false",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
    }
