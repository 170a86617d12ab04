"""Read `kit/starter`: the files of the learner's repository, by branch and by phase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kit.names import DOCUMENTS, MIGRATION, READER_PAGE, ROOT

STARTER = ROOT / "kit" / "starter"

Files = Mapping[str, bytes]
"""A path inside the repository, and what the file holds."""
Handling = Literal["silent", "loud"]
"""silent: the page ignores that the action failed, as in the workflow. loud: it raises, which gives a 500."""


@dataclass(frozen=True, kw_only=True)
class Change:
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
        page: the whole new text of `READER_PAGE`.
        files: the three files as they are afterwards, by path.
    """

    migration: str
    action: str
    page: str
    files: Mapping[str, str]


def main_history() -> tuple[Change, ...]:
    """Return the commits on main."""
    files = _files(STARTER / "main")
    plan = (
        (3, "docs: write down how we deploy", ("docs/", "CLAUDE.md")),
        (6, "feat: detect connections between chunks", ("supabase/migrations/070",)),
        (20, "feat: process documents in the background", ("worker/", "supabase/migrations/041")),
        (31, "feat: read documents", ("",)),
    )
    changes = []
    for days, message, beginnings in plan:
        taken = {path: text for path, text in files.items() if path.startswith(beginnings)}
        files = {path: text for path, text in files.items() if path not in taken}
        changes.append(Change(days=days, message=message, files=taken))
    return tuple(reversed(changes))


def homepage_history() -> tuple[Change, ...]:
    """Return the commits that the branch homepage-and-search is ahead of main."""
    changes = []
    for days, folder in zip((2, 1), sorted((STARTER / "homepage").iterdir()), strict=True):
        files = _files(folder)
        message = files.pop("message").decode().strip()
        changes.append(Change(days=days, message=message, files=files))
    return tuple(changes)


def uncommitted() -> Files:
    """Return the documentation that waits in the dev clone for the learner's first commit."""
    return _files(STARTER / "uncommitted")


def feature(handling: Handling = "silent") -> Feature:
    """Return what the learner types, and the files that it gives."""
    folder = STARTER / "feature"
    migration = (folder / "migration.sql").read_text()
    action = (folder / "update_last_viewed.py").read_text()
    page = (folder / handling / "page.py").read_text()
    documents = (STARTER / "main" / DOCUMENTS).read_text()
    return Feature(
        migration=migration,
        action=action,
        page=page,
        files={MIGRATION: migration, DOCUMENTS: f"{documents}\n\n{action}", READER_PAGE: page},
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
