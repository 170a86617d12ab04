"""Exercises on the schema: what supabase compares, and what it never looks at."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kit.lesson.checks.replica import open_replica
from kit.lesson.exercise import Attempt, Condition
from kit.names import MIGRATION, VERSION
from kit.repos import STARTER
from kit.timeline import MigrationApplied
from kit.world.snapshot import read_database

_FOLDER = "supabase/migrations/"
_APPLIES = re.compile(r"\bsupabase\s+(?:migration\s+up|db\s+push)\b")
"""The commands that apply what is missing."""


def edited_unnoticed(attempt: Attempt) -> Iterator[Condition]:
    """2a: an applied migration was edited, and supabase did not notice."""
    edited = _find_edited(attempt)
    yield Condition(
        "The file of a migration that was applied is changed.",
        met=bool(edited),
        seen="Each of them reads as it did when it was applied.",
    )
    yield Condition(
        "Supabase was then asked to apply what is missing, and found nothing.",
        met=bool(edited) and _asked_after(attempt, edited),
        seen="It has not been asked since." if edited else "",
    )
    yield Condition(
        "The local database counts the migration as applied, as before.",
        met=VERSION in attempt.seen.local.versions,
        seen=f"{VERSION} is not in its history any more.",
        final=True,
    )


def _find_edited(attempt: Attempt) -> list[str]:
    """Return the names of files that differ from what was applied to the local database."""
    engine, names = attempt.world.engine, attempt.seen.dev.migrations
    edited = []
    for name in names:
        if name.partition("_")[0] not in attempt.seen.local.versions:
            continue
        path = f"{_FOLDER}{name}"
        if path == MIGRATION:
            applied = (STARTER / "feature" / "migration.sql").read_bytes()
        else:
            applied = engine.repositories.read(attempt.seen.dev.head, path) or b""
        if (engine.repositories.clones["dev"] / path).read_bytes() != applied:
            edited.append(name)
    return edited


def _asked_after(attempt: Attempt, edited: list[str]) -> bool:
    """Say whether, after the last edit that is known of, supabase was asked and applied nothing.

    A shell may edit, too, and in the very command that asks; what an editor outside did is not known of.
    """
    files = "|".join(re.escape(name) for name in edited) + rf"|{re.escape(_FOLDER)}\S*\*"
    asked = False
    for ran, happened in attempt.steps():
        touched = max((found.end() for found in re.finditer(files, ran.command)), default=0)
        if touched:
            asked = False
        asks = [found.start() for found in _APPLIES.finditer(ran.command) if found.start() >= touched]
        if asks and not ran.exit:
            asked = not any(isinstance(record, MigrationApplied) for record in happened)
    return asked


# A file whose name sorts too early


def renamed(attempt: Attempt) -> Iterator[Condition]:
    """2b: a migration that was numbered 071 is accepted."""
    seen = attempt.seen
    local, versions = seen.local, [name.partition("_")[0] for name in seen.dev.migrations]
    yield Condition(
        "The local database has the column pinned.",
        met="pinned" in local.columns,
        seen="documents has no such column there.",
    )
    early = [version for version in ("071",) if version in (*versions, *local.versions)]
    where = "the local history" if "071" in local.versions else "the folder"
    yield Condition(
        "Nothing is numbered 071, neither a file nor a row of the history.",
        met=not early,
        seen=f"{where[0].upper()}{where[1:]} still has it.",
    )
    pending = [version for version in versions if version not in local.versions]
    strange = [version for version in local.versions if version not in versions]
    yield Condition(
        "The folder and the local history have the same versions.",
        met=not pending and not strange,
        seen=_compare(pending, strange),
    )
    engine = attempt.world.engine
    with open_replica(engine) as replica, replica.connect() as connection:
        refused = replica.replay(engine.repositories.clones["dev"])
        columns = read_database(connection).columns
    yield Condition(
        "On a new database the folder's migrations make that column, too.",
        met=not refused and "pinned" in columns,
        seen=refused or "They were tried on an empty one: no migration adds it.",
    )


def _compare(pending: list[str], strange: list[str]) -> str:
    said = []
    if pending:
        said.append(f"Not applied: {', '.join(pending)}.")
    if strange:
        said.append(f"Applied, and no file: {', '.join(strange)}.")
    return " ".join(said)
