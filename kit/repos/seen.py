"""What the three repositories hold at an instant, read from what git prints for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kit.names import CloneName

# In `git status --porcelain=v2`, the path comes after this many spaces (git-status(1)).
_FIELDS_BEFORE_PATH = {"1": 8, "2": 9, "u": 10, "?": 1}
_RENAMED = "2"


@dataclass(frozen=True, kw_only=True)
class CloneSeen:
    """One clone at an instant.

    Attributes:
        branch: the branch that is checked out, "" if HEAD is detached.
        head: the id of its commit.
        branches: the local branches, each with the id of its commit.
        changed: the paths that differ from the commit, untracked files among them.
        migrations: the names in `supabase/migrations`, as the folder has them now.
    """

    branch: str
    head: str
    branches: Mapping[str, str]
    changed: tuple[str, ...]
    migrations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RepositoriesSeen:
    """All three repositories at an instant; `github` has each branch with its commit's id."""

    github: Mapping[str, str]
    clones: Mapping[CloneName, CloneSeen]


def read_branches(printed: str) -> dict[str, str]:
    """Return branches and ids from lines of "<id> <branch>"."""
    return {name: commit for commit, _, name in (line.partition(" ") for line in printed.splitlines())}


def read_status(printed: str) -> tuple[str, str, tuple[str, ...]]:
    """Return branch, commit and changed paths from `git status --porcelain=v2 --branch -z`."""
    branch = head = ""
    changed = []
    entries = iter(printed.split("\0")[:-1])
    for entry in entries:
        kind, _, rest = entry.partition(" ")
        if kind in _FIELDS_BEFORE_PATH:
            changed.append(entry.split(" ", _FIELDS_BEFORE_PATH[kind])[-1])
            if kind == _RENAMED:
                changed.append(next(entries))  # the old path follows
        elif rest.startswith("branch.oid "):
            head = rest.removeprefix("branch.oid ").replace("(initial)", "")
        elif rest.startswith("branch.head "):
            branch = rest.removeprefix("branch.head ").replace("(detached)", "")
    return branch, head, tuple(sorted(changed))
