"""Exercises on locks: an index that nobody waits for, a column that gives up before its readers do."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from kit.lesson.exercise import Attempt
from kit.process.shell import Ran

_LOCK_NOT_AVAILABLE = "55P03"
_INDEXED = """
    SELECT EXISTS (
        SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = to_regclass('public.documents') AND i.indisvalid AND a.attname = 'title')
"""


@runtime_checkable
class _Watch(Protocol):
    """What `large.watch` answers, as far as the exercises ask it."""

    ran: Ran

    def waited(self, who: str) -> bool:
        """Say whether that session ever waited for the table."""
        ...

    def took_part(self, who: str) -> bool:
        """Say whether that session was ever in a queue at the table."""
        ...


def indexed_without_waiting(attempt: Attempt) -> bool:
    """Say whether exercise 10a is done."""
    watch = attempt.answer
    if not isinstance(watch, _Watch) or watch.ran.exit:
        return False
    return not (watch.waited("reader") or watch.waited("writer")) and attempt.ask_cloud(_INDEXED)[0]


def gave_up_and_came_back(attempt: Attempt) -> bool:
    """Say whether exercise 10b is done."""
    watch = attempt.answer
    if not isinstance(watch, _Watch) or watch.ran.exit or _LOCK_NOT_AVAILABLE not in watch.ran.output:
        return False
    return watch.took_part("idle transaction") and "pages" in attempt.seen.cloud.columns
