"""The repository that the learner gets: its files from `kit/starter`, its history, its two clones."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Literal

from kit.errors import ProcessFailed
from kit.names import DOCUMENTS, HOMEPAGE, MIGRATION, READER_PAGE, ROOT
from kit.repos.git import REMOTE_URL, ask_git, ssh_command

STARTER = ROOT / "kit" / "starter"

Files = Mapping[str, bytes]
"""A path inside the repository, and what the file holds."""
Handling = Literal["silent", "loud"]
"""silent: the page ignores that the action failed, as in the workflow. loud: it raises, which gives a 500."""


@dataclass(frozen=True, kw_only=True)
class StarterCommit:
    """One commit of the starter's history: when, what for, which files it writes.

    Attributes:
        days: how many days before the beginning it was made.
    """

    days: int
    message: str
    files: Files


@dataclass(frozen=True, kw_only=True)
class Feature:
    """What the learner types in phases 2 and 3.

    Attributes:
        migration: the whole new file at `MIGRATION`.
        action: the function that goes to the end of `DOCUMENTS`, after two empty lines.
        shelf: the function that comes after it, after two more: the home page's list.
        page: the whole new text of `READER_PAGE`.
        files: the three files as they are afterwards, by path.
    """

    migration: str
    action: str
    shelf: str
    page: str
    files: Mapping[str, str]


def main_history() -> tuple[StarterCommit, ...]:
    """Return the commits on main."""
    files = _files(STARTER / "main")
    plan = (
        (3, "docs: write down how we deploy", ("docs/", "CLAUDE.md")),
        (6, "feat: detect connections between chunks", ("supabase/migrations/070",)),
        (20, "feat: process documents in the background", ("worker/", "supabase/migrations/041")),
        (31, "feat: read documents", ("",)),
    )
    commits = []
    for days, message, beginnings in plan:
        taken = {path: text for path, text in files.items() if path.startswith(beginnings)}
        files = {path: text for path, text in files.items() if path not in taken}
        commits.append(StarterCommit(days=days, message=message, files=taken))
    return tuple(reversed(commits))


def homepage_history() -> tuple[StarterCommit, ...]:
    """Return the commits that the branch homepage-and-search is ahead of main."""
    commits = []
    for days, folder in zip((2, 1), sorted((STARTER / "homepage").iterdir()), strict=True):
        files = _files(folder)
        message = files.pop("message").decode().strip()
        commits.append(StarterCommit(days=days, message=message, files=files))
    return tuple(commits)


def feature(handling: Handling = "silent") -> Feature:
    """Return what the learner types, and the files that it gives."""
    folder = STARTER / "feature"
    migration = (folder / "migration.sql").read_text()
    action = (folder / "update_last_viewed.py").read_text()
    shelf = (folder / "shelf_recently_opened.py").read_text()
    page = (folder / handling / "page.py").read_text()
    documents = (STARTER / "main" / DOCUMENTS).read_text()
    return Feature(
        migration=migration,
        action=action,
        shelf=shelf,
        page=page,
        files={MIGRATION: migration, DOCUMENTS: f"{documents}\n\n{action}\n\n{shelf}", READER_PAGE: page},
    )


def _files(folder: Path) -> dict[str, bytes]:
    # A leading dot is stored as "_", so that the starter's .gitignore does not
    # rule this repository, and packaging does not leave it out. What has a real
    # dot is not the starter's, nor is what Python made of it.
    return {
        path.relative_to(folder).as_posix().replace("_gitignore", ".gitignore"): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts
    }


_AUTHOR = "Rhizome Developer <developer@rhizome.example>"
# No repacking: it runs on in the background, and what runs on outlives its owner.
_CALM = {"gc.auto": "0", "maintenance.auto": "false", "receive.autogc": "false"}


def make(
    github: Path, *, dev: Path, production: Path, when: datetime, environment: Mapping[str, str]
) -> None:
    """Make the origin, with its branches, and the clones.

    Args:
        github: the folder for the bare origin; the clones are its siblings.
        dev: the clone on `homepage-and-search`, with documentation that is not committed yet.
        production: the clone on main.
        when: the beginning; the history lies in the days before it.
        environment: what git runs in.

    Raises:
        ProcessFailed: if git fails.
    """

    def git(*arguments: str | Path, cwd: Path, stdin: BinaryIO | None = None) -> None:
        answer = ask_git(*arguments, cwd=cwd, environment=environment, stdin=stdin)
        if answer.exit:
            raise ProcessFailed(
                f"git {arguments[0]} failed with exit code {answer.exit}.",
                why=answer.stderr,
                remedy="Run `python -m kit doctor`.",
            )

    folder = github.parent
    git("init", "--quiet", "--bare", "--initial-branch=main", github, cwd=folder)
    for name, value in _CALM.items():
        git("config", name, value, cwd=github)
    with tempfile.TemporaryFile() as stream:
        _write_history(stream, when)
        stream.seek(0)
        # One pack instead of a file for each object: quicker to copy.
        git("-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", cwd=github, stdin=stream)
    # In the clones too, for a terminal or an editor that was not started by the kit.
    settings = {**_CALM, "core.sshCommand": ssh_command(f"../{github.name}"), "ssh.variant": "simple"}
    options = [f"--config={name}={value}" for name, value in settings.items()]
    for clone in (dev, production):
        git("clone", "--quiet", *options, REMOTE_URL, clone.name, cwd=folder)
    git("checkout", "--quiet", HOMEPAGE, cwd=dev)
    for path, text in _files(STARTER / "uncommitted").items():
        (dev / path).parent.mkdir(parents=True, exist_ok=True)
        (dev / path).write_bytes(text)


def _write_history(stream: BinaryIO, when: datetime) -> None:
    """Write both branches as input for `git fast-import`, which runs no hook and converts no line ending."""
    for commit in main_history():
        _write_commit(stream, "main", commit, when)
    stream.write(f"reset refs/heads/{HOMEPAGE}\nfrom refs/heads/main\n\n".encode())
    for commit in homepage_history():
        _write_commit(stream, HOMEPAGE, commit, when)


def _write_commit(stream: BinaryIO, branch: str, commit: StarterCommit, when: datetime) -> None:
    seconds = int((when - timedelta(days=commit.days)).timestamp())
    stream.write(f"commit refs/heads/{branch}\ncommitter {_AUTHOR} {seconds} +0000\n".encode())
    _write_data(stream, f"{commit.message}\n".encode())
    for path, text in commit.files.items():
        stream.write(f"M 100644 inline {path}\n".encode())
        _write_data(stream, text)


def _write_data(stream: BinaryIO, data: bytes) -> None:
    stream.write(b"data %d\n%b\n" % (len(data), data))
