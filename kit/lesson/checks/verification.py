"""Exercises on verifying: what a database says about itself, and a repair that leaves a trace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kit.lesson.checks.replica import describe_difference, open_replica
from kit.lesson.exercise import Attempt, Condition
from kit.names import VERSION
from kit.timeline import CommandRan

_INDEX = "idx_documents_last_viewed"
_TO_CLOUD = re.compile(r"--linked\b|\bCLOUD_DB_URL\b")
_TO_LOCAL = re.compile(r"--local\b|\bLOCAL_DB_URL\b")
_QUERY = re.compile(r"\b(?:npx\s+)?supabase\s+db\s+query\b")
_LINKED = re.compile(r"\s--linked\b")


def index_seen(attempt: Attempt) -> Iterator[Condition]:
    """7a: the cloud database was asked whether an index is there."""
    seen = attempt.seen
    typed = [ran for ran in seen.timeline.only(CommandRan) if ran.clone != "world"]
    last = typed[-1].command if typed else ""
    asked = bool(_TO_CLOUD.search(last)) and not _TO_LOCAL.search(last)
    yield Condition(
        "The last command asked the cloud database, and no other one.",
        met=asked,
        seen="It asked both databases: ask the cloud alone."
        if _TO_CLOUD.search(last)
        else "It did not ask it.",
    )
    yield Condition(
        "It got an answer.",
        met=asked and seen.exit == 0 and bool(seen.output.strip()),
        seen=f"It ended with exit code {seen.exit}." if asked and seen.exit else "",
    )
    tells = asked and seen.exit == 0 and _depends_on_index(attempt, last)
    yield Condition(
        "The answer depends on the index: without it, it would be another one.",
        met=tells,
        seen="Asked of a copy without the index, it says the same: it tells of something else."
        if asked and seen.exit == 0
        else "",
    )
    yield Condition(
        "The index is there.",
        met=_INDEX in seen.cloud.indexes,
        seen="It is gone from the cloud.",
        final=True,
    )


def _depends_on_index(attempt: Attempt, command: str) -> bool:
    """Ask the same of a copy of the cloud database, twice with the index and once without it."""
    # Where it is tried there is no supabase: what its `db query` sends, psql sends as well.
    command = _LINKED.sub("", _QUERY.sub('psql "$CLOUD_DB_URL" -c', command))
    with open_replica(attempt.world.engine, "cloud") as replica, replica.connect() as connection:
        connection.execute("ANALYZE documents")
        there = [replica.run(command).output for _ in range(2)]
        connection.execute("DROP INDEX IF EXISTS idx_documents_last_viewed")
        gone = replica.run(command).output
    return there[0] == there[1] != gone


def restored(attempt: Attempt) -> Iterator[Condition]:
    """7b: a column that was dropped by hand is back, by a migration."""
    seen = attempt.seen
    cloud, files = seen.cloud, {name.partition("_")[0] for name in seen.dev.migrations}
    yield Condition(
        "The cloud database has the column last_viewed again.",
        met="last_viewed" in cloud.columns,
        seen="documents has no such column there.",
    )
    yield Condition(
        "It has an index on user_id and last_viewed, as before.",
        met=_has_index(attempt),
        seen="No index of documents is on these two, the newest first.",
    )
    newer = [version for version in cloud.versions if version > VERSION]
    yield Condition(
        f"The cloud's history says so: it has a version after {VERSION}, with a file in your folder.",
        met=bool(newer) and set(newer) <= files,
        seen=f"There is no file for {', '.join(set(newer) - files)}." if newer else "It has none.",
    )
    engine = attempt.world.engine
    difference = describe_difference(engine, engine.repositories.clones["dev"], "cloud")
    yield Condition(
        "A new database, made from your folder, has the same columns and indexes.",
        met=not difference and bool(newer),
        seen=difference,
    )


def _has_index(attempt: Attempt) -> bool:
    """Say whether an index of the cloud's serves what the old one served, whatever it is called."""
    found = attempt.ask_cloud(
        r"""
        SELECT count(*) FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'documents'
        AND indexdef ~ '\(user_id, last_viewed DESC NULLS LAST\)'
        """
    )
    return bool(found and found[0])
