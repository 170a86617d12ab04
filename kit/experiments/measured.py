"""What a timeline says about one deploy, in seconds since its first `git push`: what a drawing needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kit.experiments.prediction import BOTH, DB, GIT, planned_pushes
from kit.experiments.rehearsal import LEAD_S, Plan
from kit.timeline import (
    CommandRan,
    Deployed,
    MigrationApplied,
    Outcomes,
    PageView,
    Record,
    Window,
    broken_windows,
    count_outcomes,
    first_push,
)


class Mark(NamedTuple):
    """Something the learner did, at an instant."""

    at: float
    text: str


class Segment(NamedTuple):
    """A time in which one thing held; `name` is a commit or a version, "" if unknown."""

    start: float
    end: float
    name: str
    new: bool


class Build(NamedTuple):
    """What the host did with the push; `end` is None while it is at it."""

    start: float
    end: float | None
    commit: str
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What happened so far.

    Attributes:
        start: of the first record.
        now: up to when anything is known.
        marks: the pushes, in order.
        code: what production served, in order.
        builds: one for each deployment, in order.
        schema: what the cloud database held, in order.
        views: the page views; `at` in seconds of the clock, subtract `zero`.
        zero: the instant of `git push` in seconds of the clock; expected, where it has not come yet.
        windows: broken, as visitors saw it.
        outcomes: how the page views ended.
        error: the first view that was not ok and has an error of PostgreSQL.
        code_live: when the last new code went live, None if none did.
        schema_new: when the last migration was committed in the cloud, None if none was.
    """

    start: float
    now: float
    marks: tuple[Mark, ...]
    code: tuple[Segment, ...]
    builds: tuple[Build, ...]
    schema: tuple[Segment, ...]
    views: tuple[PageView, ...]
    zero: float
    windows: tuple[Window, ...]
    outcomes: Outcomes
    error: PageView | None
    code_live: float | None
    schema_new: float | None

    @property
    def broken_s(self) -> float:
        """How long production was broken so far, in seconds."""
        return sum(window.seconds for window in self.windows)


def measure(timeline: Iterable[Record], plan: Plan, *, now: float | None = None) -> Measured | None:
    """Read a deploy off its timeline, complete or not.

    Args:
        timeline: the records of one deploy, in order of time.
        plan: what is being carried out; says when the push is to be expected.
        now: the time, in seconds of the clock; None for the end of the timeline.

    Returns:
        What happened; None where nothing has.
    """
    records, views = [], []
    for record in timeline:
        if isinstance(record, PageView):
            views.append(record)
        else:
            records.append(record)
    if not records and not views:
        return None
    first = min(record.at for record in (*records[:1], *views[:1]))
    last = max(record.instant for record in (*records[-1:], *views[-1:]))
    until = last if now is None else max(now, last)
    push = first_push(records)
    zero = first + LEAD_S - planned_pushes(plan)[0].at if push is None else push
    start, end = first - zero, until - zero
    windows = tuple(
        Window(one.start - zero, end if one.open and now is not None else one.end - zero, one.open)
        for one in broken_windows(views)
    )
    switches = [one for one in records if isinstance(one, Deployed) and one.target == "production"]
    lives = [(one.at - zero, one.commit) for one in switches if one.stage == "live"]
    applied = [one for one in records if isinstance(one, MigrationApplied) and one.database == "cloud"]
    schemas = sorted((one.instant - zero, one.version) for one in applied)
    old = next((view.commit for view in views if not lives or view.at - zero < lives[0][0]), "")
    return Measured(
        start=start,
        now=end,
        marks=tuple(_marks(records, zero)),
        code=_segments(lives, start, end, old),
        builds=tuple(_builds(switches, zero)),
        schema=_segments(schemas, start, end, ""),
        views=tuple(views),
        zero=zero,
        windows=windows,
        outcomes=count_outcomes(views),
        error=next((view for view in views if view.sqlstate and view.outcome != "ok"), None),
        code_live=lives[-1][0] if lives else None,
        schema_new=schemas[-1][0] if schemas else None,
    )


def _segments(changes: list[tuple[float, str]], start: float, end: float, old: str) -> tuple[Segment, ...]:
    bounds = [(start, old), *changes]
    ends = [at for at, _ in changes] + [end]
    return tuple(
        Segment(at, until, name, index > 0)
        for index, ((at, name), until) in enumerate(zip(bounds, ends, strict=True))
    )


def _builds(stages: list[Deployed], zero: float) -> Iterable[Build]:
    """Return each deployment from its queueing to its end."""
    for mine in stages:
        if mine.stage != "queued":
            continue
        ends = (
            one
            for one in stages
            if one.commit == mine.commit and one.stage in ("live", "failed") and one.at >= mine.at
        )
        end = next(ends, None)
        yield Build(
            mine.at - zero,
            end.at - zero if end else None,
            mine.commit,
            end is not None and end.stage == "failed",
        )


def _marks(records: list[Record], zero: float) -> Iterable[Mark]:
    push = first_push(records)
    for record in records:
        if not isinstance(record, CommandRan) or record.clone == "world":
            continue
        git, database = GIT in record.command, DB in record.command
        if git or database:
            yield Mark(record.at - zero, BOTH if git and database else GIT if git else DB)
    # A command's own record comes with its end; the push is known before that.
    if push is not None and not any(
        isinstance(one, CommandRan) and GIT in one.command and one.at <= push <= one.until for one in records
    ):
        yield Mark(0.0, GIT)
