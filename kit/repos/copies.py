"""Copy the folder of the three repositories, with everything that is not committed."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from kit.errors import BadInput
from kit.repos.git import RESET


def copy(source: Path, target: Path, *, names: Collection[str]) -> None:
    """Make `target` hold what `source` holds, no more and no less.

    Args:
        source: a folder with repositories.
        target: an empty folder, a new one, or one with repositories; their own folders
            are emptied, not replaced, for a terminal that is open in one of them.
        names: of the repositories.

    Raises:
        BadInput: if `source` does not hold these repositories, or `target` holds something else.
    """
    # Looked at before anything is removed.
    if not all((source / name).is_dir() for name in names):
        raise BadInput("There are no saved repositories.", looked=[str(source)], remedy=RESET)
    target.mkdir(parents=True, exist_ok=True)
    # One is enough: a learner may have deleted another, and wants it back.
    if not any((target / name).is_dir() for name in names):
        check_empty(target)
    for child in target.iterdir():
        _remove(child, keep=child.name in names)
    shutil.copytree(
        source, target, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in names:
        _mend_worktrees(target / name)


def check_empty(folder: Path) -> None:
    """Make sure that a folder holds nothing.

    Raises:
        BadInput: if it does.
    """
    if any(folder.iterdir()):
        raise BadInput(
            "The folder for the repositories is not empty.",
            looked=[str(folder)],
            remedy="Give another folder.",
        )


def _remove(path: Path, *, keep: bool) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
    elif keep:
        for child in path.iterdir():
            _remove(child, keep=False)
    else:
        shutil.rmtree(path)


def _mend_worktrees(clone: Path) -> None:
    """Point a copied clone and the worktrees beside it to each other: git keeps whole paths both ways."""
    for there in (clone / ".git" / "worktrees").glob("*/gitdir"):
        worktree = clone.parent / Path(there.read_text().strip()).parent.name
        if worktree.is_dir():
            there.write_text(f"{worktree / '.git'}\n")
            (worktree / ".git").write_text(f"gitdir: {there.parent}\n")
