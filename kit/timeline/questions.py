"""Pure questions about what happened: counts, errors, what was live when.

Each takes a `Timeline`, or any other records in order of time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeGuard

from kit.names import DatabaseName
from kit.timeline.records import Deployed, MigrationApplied, PageView, Record, RefMoved


class Outcomes(NamedTuple):
    """How many page views there were, and how they ended."""

    total: int
    ok: int
    failed: int
    lost: int
    blocked: int


class SeenError(NamedTuple):
    """An error of PostgreSQL, from the app's own log."""

    sqlstate: str
    message: str


def page_views(timeline: Iterable[Record]) -> tuple[PageView, ...]:
    """Return the page views."""
    return tuple(record for record in timeline if isinstance(record, PageView))


def count_outcomes(timeline: Iterable[Record]) -> Outcomes:
    """Count the page views by outcome."""
    counts = Counter(view.outcome for view in page_views(timeline))
    return Outcomes(counts.total(), counts["ok"], counts["failed"], counts["lost"], counts["blocked"])


def lost_views(timeline: Iterable[Record]) -> tuple[PageView, ...]:
    """Return the page views that were answered with 200 and left no trace in the database."""
    return tuple(view for view in page_views(timeline) if view.outcome == "lost")


def first_error(timeline: Iterable[Record]) -> SeenError | None:
    """Return the error of the first page view that was not ok and has one, None if there is none."""
    for view in page_views(timeline):
        if view.outcome != "ok" and view.sqlstate:
            return SeenError(view.sqlstate, view.message)
    return None


def first_push(timeline: Iterable[Record], branch: str = "main") -> float | None:
    """Return when GitHub's `branch` first got a commit, in seconds of the clock; None if it never did."""
    return next(_pushes(timeline, branch), None)


def last_push(timeline: Iterable[Record], branch: str = "main") -> float | None:
    """Return when GitHub's `branch` last got a commit, in seconds of the clock; None if it never did."""
    pushes = tuple(_pushes(timeline, branch))
    return pushes[-1] if pushes else None


def _pushes(timeline: Iterable[Record], branch: str) -> Iterator[float]:
    return (
        record.at
        for record in timeline
        if isinstance(record, RefMoved)
        and (record.repository, record.branch) == ("github", branch)
        and record.new
    )


def live_commit_at(timeline: Iterable[Record], at: float) -> str:
    """Return the commit that served production at an instant, "" if the timeline knows of none.

    Args:
        timeline: the records.
        at: seconds since the clock's zero; a switch at exactly `at` has happened.
    """
    commits = [record.commit for record in timeline if is_switch(record) and record.at <= at]
    return commits[-1] if commits else ""


def versions_at(timeline: Iterable[Record], at: float, database: DatabaseName = "cloud") -> frozenset[str]:
    """Return the migrations that were committed at an instant, as far as the timeline knows.

    Args:
        timeline: the records.
        at: seconds since the clock's zero; a commit at exactly `at` has happened.
        database: which database.
    """
    return frozenset(
        record.version
        for record in timeline
        if isinstance(record, MigrationApplied) and record.database == database and record.instant <= at
    )


def is_switch(record: Record) -> TypeGuard[Deployed]:
    """Whether the record is the alias of production moving to another deployment."""
    return isinstance(record, Deployed) and (record.target, record.stage) == ("production", "live")
