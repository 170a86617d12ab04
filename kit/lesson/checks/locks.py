"""Exercises on locks: an index that nobody waits for, a column that gives up before its readers do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import LiteralString, Protocol, runtime_checkable

import psycopg

from kit.errors import UnclearAnswer
from kit.lesson.answer import require_answer
from kit.lesson.checks.journey import list_in_dev
from kit.lesson.checks.replica import Replica, open_replica
from kit.lesson.exercise import Attempt, Condition
from kit.process.shell import Ran
from kit.supabase import split, without_comments


class _Session(Protocol):
    @property
    def who(self) -> str: ...
    @property
    def waits(self) -> bool: ...
    @property
    def behind(self) -> tuple[str, ...]: ...
    @property
    def statement(self) -> str: ...


class _Queue(Protocol):
    @property
    def sessions(self) -> Sequence[_Session]: ...


class _Stretch(Protocol):
    @property
    def queue(self) -> _Queue: ...
    @property
    def begin(self) -> float: ...
    @property
    def end(self) -> float: ...


@runtime_checkable
class _Watch(Protocol):
    """What `large.watch` answers, as far as the exercises ask it."""

    @property
    def ran(self) -> Ran:
        """The command."""
        ...

    @property
    def stretches(self) -> Sequence[_Stretch]:
        """The queues that were seen, in their order."""
        ...


_MIGRATION, _READER, _WRITER, _IDLE = "migration", "reader", "writer", "idle transaction"
_NAMES = {_READER: "reads", _WRITER: "writes"}


def _require_watch(attempt: Attempt, form: str) -> _Watch:
    answer = require_answer(attempt.answer, form)
    if not isinstance(answer, _Watch):
        raise UnclearAnswer("That is nothing that large.watch(…) has returned.", remedy=form)
    return answer


def _ended_well(watch: _Watch) -> Condition:
    lines = watch.ran.output.strip().splitlines()
    said = (
        [line for line in lines if "SQLSTATE" in line or "ERROR" in line] or lines or ["it printed nothing"]
    )
    return Condition(
        "The command that was watched ended well.",
        met=not watch.ran.exit,
        seen=f"It ended with exit code {watch.ran.exit}: {said[-1]}. large.undo() takes back what it left.",
    )


# 10a

_WATCH = 'Give what the watch returned: answer = large.watch("npx supabase db push --linked").'
_INDEXES: LiteralString = """
    SELECT coalesce(bool_or(leads), false), coalesce(bool_or(leads AND every_row), false),
           coalesce(bool_or(leads AND every_row AND indisvalid AND indisready), false)
    FROM (SELECT i.*, indpred IS NULL AS every_row, a.attname IS NOT DISTINCT FROM 'title' AS leads
          FROM pg_index i LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
          WHERE i.indrelid = to_regclass('public.documents')) AS found
"""
_BUILDS = re.compile(r"\bINDEX\b", re.IGNORECASE)


def indexed_without_waiting(attempt: Attempt) -> Iterator[Condition]:
    """Give the large table an index on title, and let nobody wait for it."""
    watch = _require_watch(attempt, _WATCH)
    yield _ended_well(watch)
    built = any(
        session.who == _MIGRATION and _BUILDS.search(session.statement)
        for stretch in watch.stretches
        for session in stretch.queue.sessions
    )
    yield Condition(
        "The index was built while the watch looked on.",
        met=built,
        seen="It saw no index being built. large.undo() takes back what is there; then watch.",
    )
    waited = [name for who, name in _NAMES.items() if _longest_wait(watch, who) > 0]
    yield Condition(
        "Neither reads nor writes waited.",
        met=not waited,
        seen=f"{' and '.join(waited).capitalize()} waited. Change the file; large.undo(), and watch again.",
    )
    leads, every_row, valid = attempt.ask_cloud(_INDEXES)
    yield Condition(
        "The cloud has a valid index that begins with title and holds every row.",
        met=valid,
        seen="There is one, of a part of the rows only."
        if leads and not every_row
        else "It is there, and not valid: drop it (DROP INDEX CONCURRENTLY), or large.undo()."
        if leads
        else "There is none.",
    )
    yield _made_by_files(attempt, "that index", _has_index)


def _has_index(replica: Replica) -> bool:
    return bool(replica.ask(_INDEXES)[2])


def _made_by_files(attempt: Attempt, what: str, has: Callable[[Replica], bool]) -> Condition:
    """Say whether the files that the cloud's history names make something on an empty database."""
    says = f"The migrations that the cloud's history and your folder have make {what} on a new database, too."
    versions = attempt.seen.cloud.versions
    files = [file for file in list_in_dev(attempt).files if file.version in versions]
    with open_replica(attempt.world.engine) as replica:
        if trouble := replica.apply(files):
            return Condition(says, met=False, seen=f"{trouble}.")
        return Condition(says, met=has(replica), seen="They do not make it.")


# 10b

_WATCH_IDLE = 'Give what the watch returned: answer = large.watch("…", idle=True).'
_LIMIT_S = 1.0
"""The exercise's own: "let nobody queue for longer than a second"."""
_SETS = re.compile(r"\bSET\b.*\b(lock_timeout|statement_timeout)\b", re.IGNORECASE | re.DOTALL)
_ADDS = re.compile(r"ALTER\s+TABLE\b.*\bpages\b", re.IGNORECASE | re.DOTALL)
_PAGES: LiteralString = """
    SELECT format_type(atttypid, atttypmod) FROM pg_attribute
    WHERE attrelid = to_regclass('public.documents') AND attname = 'pages' AND NOT attisdropped
"""
_WHOLE = ("integer", "bigint", "smallint")


def gave_up_and_came_back(attempt: Attempt) -> Iterator[Condition]:
    """Add a column while a transaction is open, and let nobody queue for longer than a second."""
    watch = _require_watch(attempt, _WATCH_IDLE)
    yield _ended_well(watch)
    met = any(
        session.who == _MIGRATION and session.waits and _IDLE in session.behind
        for stretch in watch.stretches
        for session in stretch.queue.sessions
    )
    yield Condition(
        "While it was watched, the migration met your colleague's open transaction.",
        met=met,
        seen="It did not: large.undo() takes back what is there; then watch with idle=True.",
    )
    yield _short_enough(attempt, watch)
    (kind,) = attempt.ask_cloud(_PAGES) or ("",)
    yield Condition(
        "The cloud's documents have a column pages for whole numbers.",
        met=kind in _WHOLE,
        seen=f"It is {kind}." if kind else "They have none: gave it up, and did not come back?",
    )
    yield _made_by_files(attempt, "that column", _has_pages)


def _has_pages(replica: Replica) -> bool:
    return replica.ask(_PAGES)[:1] in [(kind,) for kind in _WHOLE]


def _short_enough(attempt: Attempt, watch: _Watch) -> Condition:
    """Say whether nobody had to queue for longer than the limit: as the migration says, else as was seen."""
    says = "Nobody queues behind the migration for longer than a second."
    limit = _find_limit(attempt)
    if limit is not None:
        told = f"{limit * 1000:g} ms" if limit else "no limit at all"
        return Condition(says, met=0 < limit <= _LIMIT_S, seen=f"The migration gives itself {told}.")
    longest = max(_longest_wait(watch, who) for who in _NAMES)
    return Condition(
        says, met=longest <= _LIMIT_S, seen=f"The longest queue stood for {longest:.1f} s: nothing ended it."
    )


def _longest_wait(watch: _Watch, who: str) -> float:
    """Return for how long, in seconds, somebody was seen to wait without a break; 0 for never."""
    longest, since = 0.0, None
    for stretch in watch.stretches:
        waits = any(session.who == who and session.waits for session in stretch.queue.sessions)
        if waits:
            since = stretch.begin if since is None else since
            # A queue that was seen once stood, although nobody knows for how long.
            longest = max(longest, stretch.end - since, 1e-3)
        else:
            since = None
    return longest


def _find_limit(attempt: Attempt) -> float | None:
    """Return the limit in seconds that the migration of pages sets itself; None if it sets none in SQL."""
    sets = [statement for file in list_in_dev(attempt).files for statement in _sets_before(file.read())]
    limits = [limit for statement in sets if (limit := _read_limit(attempt, statement)) is not None]
    return min(limits, default=None) if limits else None


def _sets_before(text: str) -> list[str]:
    """Return the limits that a migration sets itself before it asks for the table to add pages."""
    statements = [statement.text for statement in split(text)]
    plain = [without_comments(statement).strip() for statement in statements]
    place = next((place for place, statement in enumerate(plain) if _ADDS.match(statement)), 0)
    return [
        statement for statement, words in zip(statements[:place], plain, strict=False) if _SETS.match(words)
    ]


def _read_limit(attempt: Attempt, statement: str) -> float | None:
    with attempt.world.engine.server.connect("cloud", role="migrator") as connection:
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(statement.encode())
                settings: LiteralString = (
                    "SELECT name, setting::float / 1000 FROM pg_settings"
                    " WHERE name IN ('lock_timeout', 'statement_timeout') AND setting <> '0'"
                )
                found = [seconds for _, seconds in connection.execute(settings).fetchall()]
        except psycopg.Error:
            return None
    return min(found, default=0.0)
