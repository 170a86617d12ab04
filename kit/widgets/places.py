"""What is where: each place of a deploy, what it holds, what the last command changed in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from kit.names import DOCUMENTS, READER_PAGE, VERSION, CloneName
from kit.timeline.labels import cut, show, show_commit
from kit.world.snapshot import Change, DatabaseSeen, Snapshot

Key = Literal["dev", "local", "github", "site", "production", "worker", "cloud"]
COLUMN = "last_viewed"
_COMMAND = 76  # characters of the last command that are shown


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Whether a place has a part of the change, in words too; None: half of it."""

    holds: bool | None
    says: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place; every text is on one line, and safe for a terminal, but not escaped for HTML.

    Attributes:
        key: which one.
        name: for people.
        lines: where it stands: a branch, a commit, a version.
        facts: what it has of the change.
        note: what else there is to say, "" for nothing.
        passing: what will be over soon, "" for nothing: a build, edits that are in no commit.
        holds: what can be added and taken away: branches, files, columns, indexes, versions.
        changes: what the last command changed here.
    """

    key: Key
    name: str
    lines: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    note: str = ""
    passing: str = ""
    holds: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


def look(change: Change) -> tuple[Place, ...]:
    """Return all places as they are now, each with what changed in it.

    Args:
        change: the world now, and before.
    """
    now = _places(change.after)
    if change.before is None:
        return now
    return tuple(_with_changes(was, place) for was, place in zip(_places(change.before), now, strict=True))


def say_what(change: Change) -> str:
    """Return what the marks mean: changed by which command, or since which one."""
    if change.before is None:
        return "Nothing was typed here yet."
    command = cut(show(change.command), _COMMAND)
    if not any(place.changes for place in look(change)):
        return f"Nothing changed {'by' if change.by else 'since'}: {command}"
    return f"Changed {'by' if change.by else 'since'}: {command}"


def is_gap(seen: Snapshot) -> bool:
    """Say whether the code that production serves writes a column which the cloud database has not."""
    return seen.commit(seen.live).writes_last_viewed and COLUMN not in seen.cloud.columns


def say_agreement(seen: Snapshot) -> str:
    """Return whether the production site and the cloud database fit, in a sentence."""
    if is_gap(seen):
        return f"GAP: the production site writes {COLUMN}, and the cloud database has no such column."
    if seen.commit(seen.live).writes_last_viewed:
        return f"The production site writes {COLUMN}, and the cloud database has it."
    if COLUMN in seen.cloud.columns:
        return f"The cloud database has {COLUMN}; the production site does not write it yet."
    return f"The production site does not write {COLUMN}, and the cloud database does not have it."


def _places(seen: Snapshot) -> tuple[Place, ...]:
    return (
        _clone(seen, "dev", "dev clone"),
        _database("local", "local database", seen.local),
        _github(seen),
        _site(seen),
        _clone(seen, "production", "production clone"),
        _worker(seen),
        _database("cloud", "cloud database", seen.cloud),
    )


def _with_changes(was: Place, place: Place) -> Place:
    moved = [f"was {line}" for line in was.lines if line not in place.lines]
    now = [f"now {place.passing}"] if place.passing and place.passing != was.passing else []
    more = [f"+ {one}" for one in place.holds if one not in was.holds]
    less = [f"- {one}" for one in was.holds if one not in place.holds]
    changes = (*moved, *now, *more, *less)
    if not changes and was.passing:
        changes = (f"no more {was.passing}",)
    return replace(place, changes=changes)


def _clone(seen: Snapshot, key: CloneName, name: str) -> Place:
    clone = seen.repositories.clones[key]
    commit = seen.commit(clone.head)
    there = any(file.startswith(VERSION) for file in clone.migrations)
    if there and VERSION not in commit.versions:
        file = Fact(holds=None, says="uncommitted migration file")
    else:
        file = _file(there)
    code = _code(commit.writes_last_viewed)
    if {READER_PAGE, DOCUMENTS} & set(clone.changed):
        code = Fact(holds=None, says="uncommitted code")
    count = len(clone.changed)
    edited = f"{count} uncommitted file{'s' if count > 1 else ''}" if count else ""
    return Place(
        key=key,
        name=name,
        lines=(f"on {show(clone.branch) or 'no branch'}", f"at {show_commit(clone.head)}"),
        facts=(file, code),
        passing=edited,
        holds=tuple(f"file {_version(one)}" for one in clone.migrations),
    )


def _github(seen: Snapshot) -> Place:
    branches = seen.repositories.github
    main = seen.commit(branches.get("main", ""))
    others = [
        show(branch)
        for branch, head in sorted(branches.items())
        if VERSION in seen.commit(head).versions and VERSION not in main.versions
    ]
    return Place(
        key="github",
        name="GitHub",
        lines=(f"main at {show_commit(branches.get('main', ''))}",),
        facts=(_file(VERSION in main.versions), _code(main.writes_last_viewed)),
        note=f"it is on {others[0]}" if others else "",
        holds=tuple(
            f"{show(branch)} at {show_commit(head)}"
            for branch, head in sorted(branches.items())
            if branch != "main"
        ),
    )


def _site(seen: Snapshot) -> Place:
    queue = [one for one in seen.deployments if one.target == "production"]
    # The host's words: a deployment is queued, building, built; then live, or failed.
    underway = queue[-1] if queue and queue[-1].stage != "live" else None
    stage = f"{underway.stage} {show_commit(underway.commit)}" if underway else ""
    previews = {
        one.branch: one for one in seen.deployments if one.target == "preview" and one.stage == "live"
    }
    shown = tuple(f"preview of {show(branch)}" for branch in sorted(previews))
    return Place(
        key="site",
        name="production site",
        lines=(f"serving {show_commit(seen.live)}",),
        facts=(_code(seen.commit(seen.live).writes_last_viewed),),
        note=shown[0] if shown else "",
        passing=stage,
        holds=shown,
    )


def _worker(seen: Snapshot) -> Place:
    if not seen.worker.running:
        return Place(key="worker", name="worker", lines=("not running",))
    return Place(
        key="worker",
        name="worker",
        lines=(f"running {show_commit(seen.worker.commit)}",),
        facts=(_code(seen.commit(seen.worker.commit).writes_last_viewed),),
    )


def _database(key: Literal["local", "cloud"], name: str, seen: DatabaseSeen) -> Place:
    applied, there = VERSION in seen.versions, COLUMN in seen.columns
    newest = max(seen.versions, default="")
    return Place(
        key=key,
        name=name,
        lines=(f"at migration {show(newest)}" if newest else "without migrations",),
        facts=(
            Fact(holds=applied, says="migration applied" if applied else "migration not applied"),
            Fact(holds=there, says=f"column {COLUMN}" if there else f"no column {COLUMN}"),
        ),
        holds=tuple(
            _all("migration", seen.versions) + _all("column", seen.columns) + _all("index", seen.indexes)
        ),
    )


def _all(kind: str, names: Iterable[str]) -> list[str]:
    return [f"{kind} {show(name)}" for name in names]


def _file(there: bool) -> Fact:  # noqa: FBT001 - one question, asked in one place
    return Fact(holds=there, says="migration file" if there else "no migration file")


def _code(new: bool) -> Fact:  # noqa: FBT001 - as above
    return Fact(holds=new, says="new code" if new else "old code")


def _version(file: str) -> str:
    """Return the version of a migration file; all of the name, where it has none."""
    version, separator, _ = file.partition("_")
    return show(version if separator and version.isdigit() else file)
