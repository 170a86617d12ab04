"""Exercises on changes of one's own, each shipped under visitors."""

from __future__ import annotations

import re

import psycopg

from kit.lesson.exercise import Attempt
from kit.timeline import Timeline, code_switches, schema_switches
from kit.timeline.deploy import Deploy

_HALVES = (
    b"UPDATE documents SET last_viewed = now(), viewed_by = NULL",
    b"UPDATE documents SET last_viewed = NULL, viewed_by = user_id",
)


def _deploy(attempt: Attempt) -> Deploy:
    """Look back to the moment since which visitors come: who has broken something begins again."""
    came = attempt.find_commands(r"visitors (?!0/s)\S+/s")
    return Deploy(timeline=Timeline(attempt.seen.timeline.records[came[-1] :] if came else ()))


def shows_language(attempt: Attempt) -> bool:
    """Say whether exercise 11a is done."""
    if "language" not in attempt.seen.cloud.columns or not _deploy(attempt).passed:
        return False
    engine = attempt.world.engine
    document, insists = attempt.ask_cloud(
        "SELECT (SELECT id::text FROM documents ORDER BY id LIMIT 1), attnotnull FROM pg_attribute"
        " WHERE attrelid = 'documents'::regclass AND attname = 'language'"
    )
    if not insists:
        return False
    page = engine.visitors.open(f"{engine.host.address}/read/{document}").text
    return re.search(r"\ben\b", re.sub(r"<[^>]*>", " ", page)) is not None


def dropped_file_type(attempt: Attempt) -> bool:
    """Say whether exercise 11b is done."""
    if "file_type" in attempt.seen.cloud.columns or not _deploy(attempt).passed:
        return False
    return attempt.world.upload("The Book of the Check").status == 200  # noqa: PLR2004 - HTTP's own number


def insists_on_both(attempt: Attempt) -> bool:
    """Say whether exercise 16a is done."""
    if "viewed_by" not in attempt.seen.cloud.columns or not _deploy(attempt).passed:
        return False
    with attempt.world.engine.server.connect("cloud") as connection:
        return all(_is_refused(connection, half) for half in _HALVES)


def _is_refused(connection: psycopg.Connection, sql: bytes) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(sql)
    except psycopg.errors.IntegrityError:
        return True
    return False


def shipped_something(attempt: Attempt) -> bool:
    """Say whether exercise 16b is done."""
    deploy = _deploy(attempt)
    switches = code_switches(deploy.timeline), schema_switches(deploy.timeline)
    return all(switches) and deploy.passed
