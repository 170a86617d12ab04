"""What a deploy should come to by the rule, and what it did come to, in the same terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import inf
from typing import NamedTuple

from kit.experiments.changes import Columns, Commit, Recipe, columns_after, recipe
from kit.experiments.rehearsal import LEAD_S, MARGIN_S, Plan
from kit.supabase.apply import PUSH_SECONDS
from kit.timeline import (
    LAST_STAGES,
    CommandRan,
    Deployed,
    Outcome,
    Outcomes,
    PageView,
    Record,
    Window,
    broken_windows,
    code_switches,
    count_outcomes,
    first_error,
    first_push,
    schema_switches,
)
from kit.timeline.clock import ClockName

PUSH_TAKES_S: dict[ClockName, float] = {"virtual": PUSH_SECONDS, "wall": 0.0}
"""Seconds from the start of `db push` to the commit: the workflow's two; really, next to none."""
GIT, DB, BOTH = "git push", "db push", "git push && db push"
SHORT = {GIT: GIT, DB: DB, BOTH: "git, db push"}
"""What a plan types, and the same in less room."""
_made = lru_cache(recipe)  # a panel asks with every frame, and a recipe is read from files


class Push(NamedTuple):
    """A command that brings code, schema or both, in seconds since the first `git push`."""

    at: float
    text: str


class Turn(NamedTuple):
    """From `at` on the live code writes these columns of `documents`, or the cloud's table has them."""

    at: float
    columns: Columns


@dataclass(frozen=True, kw_only=True)
class ExpectedDeploy:
    """What should happen; times in seconds since the first `git push`.

    Attributes:
        code: what the live code writes; the first turn is what was live before.
        schema: what the cloud's table has, likewise.
        window: the broken window, None if there should be none.
        outcome: what a page view in the window comes to: "lost" or "failed".
    """

    code: tuple[Turn, ...]
    schema: tuple[Turn, ...]
    window: Window | None
    outcome: Outcome

    @property
    def code_live(self) -> float:
        """When the last new code serves."""
        return self.code[-1].at

    @property
    def schema_new(self) -> float:
        """When the last migration is committed in the cloud."""
        return self.schema[-1].at

    @property
    def broken_s(self) -> float:
        """How long production should be broken, in seconds."""
        return self.window.seconds if self.window else 0.0


def planned_pushes(plan: Plan) -> tuple[Push, ...]:
    """Return the commands that a plan types, in order of time."""
    if plan.order == "expand-contract":
        return tuple(Push(at, BOTH if commit.migrates else GIT) for at, commit in _commits(plan))
    if plan.order == "together":
        return (Push(0.0, BOTH),)
    if plan.order == "schema-first":
        return Push(-PUSH_TAKES_S[plan.clock], DB), Push(0.0, GIT)
    return Push(0.0, GIT), Push(plan.wait_s, DB)


def planned_span(plan: Plan) -> tuple[float, float]:
    """Return from when to when visitors come, in seconds since the first `git push`."""
    pushes = planned_pushes(plan)
    ends = (
        push.at
        + (
            plan.build
            if push.text == GIT
            else max(PUSH_TAKES_S[plan.clock], plan.build * (push.text == BOTH))
        )
        for push in pushes
    )
    return pushes[0].at - LEAD_S, max(ends) + LEAD_S


def predict(plan: Plan) -> ExpectedDeploy:
    """Return what a plan should lead to.

    The rule: new code is live `build` seconds after its `git push`; a migration is committed as soon as its
    `db push` is through (`PUSH_TAKES_S`). Production breaks for as long as the live code writes a column
    that the table does not have. Where the code ignores the error, a view is then lost in silence; else it
    fails.

    Args:
        plan: what is to be rehearsed.
    """
    made = _made(plan.change, plan.handling)
    takes = PUSH_TAKES_S[plan.clock]
    if plan.order == "expand-contract":
        lives = [(at + plan.build, commit) for at, commit in _commits(plan)]
        applied = [(at + takes, commit) for at, commit in _commits(plan) if commit.migrates]
    else:
        database = next(push.at for push in planned_pushes(plan) if push.text != GIT)
        lives, applied = [(plan.build, made.whole)], [(database + takes, made.whole)]
    code = (Turn(-inf, made.writes), *(Turn(at, commit.writes) for at, commit in lives))
    schema = tuple(_schema(made, applied))
    windows = _broken(code, schema)
    return ExpectedDeploy(
        code=code,
        schema=schema,
        window=Window(windows[0].start, windows[-1].end) if windows else None,
        outcome="lost" if plan.handling == "silent" else "failed",
    )


def _commits(plan: Plan) -> Iterable[tuple[float, Commit]]:
    """Yield the commits of expand/contract, each with its push: a second after the one before is live."""
    at = 0.0
    for commit in _made(plan.change, plan.handling).apart:
        yield at, commit
        at += max(plan.build + MARGIN_S, PUSH_TAKES_S[plan.clock] if commit.migrates else 0.0)


def _schema(made: Recipe, applied: Iterable[tuple[float, Commit]]) -> Iterable[Turn]:
    versions = [*made.applied]
    yield Turn(-inf, columns_after(versions))
    for at, commit in applied:
        versions += commit.versions
        yield Turn(at, columns_after(versions))


def _broken(code: tuple[Turn, ...], schema: tuple[Turn, ...]) -> list[Window]:
    """Return the spans between two turns in which the code writes what the table does not have."""
    instants = sorted({turn.at for turn in (*code, *schema)})
    return [
        Window(start, end) for start, end in pairwise(instants) if not _at(code, start) <= _at(schema, start)
    ]


def _at(turns: tuple[Turn, ...], at: float) -> Columns:
    return next(turn.columns for turn in reversed(turns) if turn.at <= at)


class Segment(NamedTuple):
    """A time in which one thing held; `name` is a commit or a version, "" if unknown."""

    start: float
    end: float
    name: str
    new: bool


class BuildSpan(NamedTuple):
    """What the host did with the push; `end` is None while it is at it."""

    start: float
    end: float | None
    commit: str
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class MeasuredDeploy:
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
    marks: tuple[Push, ...]
    code: tuple[Segment, ...]
    builds: tuple[BuildSpan, ...]
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


def measure(timeline: Iterable[Record], plan: Plan, *, now: float | None = None) -> MeasuredDeploy | None:
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
        Window(
            window.start - zero, end if window.open and now is not None else window.end - zero, window.open
        )
        for window in broken_windows(views)
    )
    lives = [(switch.at - zero, switch.commit) for switch in code_switches(records)]
    schemas = sorted((switch.instant - zero, switch.version) for switch in schema_switches(records))
    old = next((view.commit for view in views if not lives or view.at - zero < lives[0][0]), "")
    return MeasuredDeploy(
        start=start,
        now=end,
        marks=tuple(_marks(records, zero)),
        code=_segments(lives, start, end, old),
        builds=tuple(_builds(records, zero)),
        schema=_segments(schemas, start, end, ""),
        views=tuple(views),
        zero=zero,
        windows=windows,
        outcomes=count_outcomes(views),
        error=first_error(views),
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


def _builds(records: Iterable[Record], zero: float) -> Iterable[BuildSpan]:
    """Yield each deployment of production from its queueing to its end."""
    stages = [record for record in records if isinstance(record, Deployed) and record.target == "production"]
    for queued in (stage for stage in stages if stage.stage == "queued"):
        ends = (
            stage
            for stage in stages
            if stage.commit == queued.commit and stage.stage in LAST_STAGES and stage.at >= queued.at
        )
        end = next(ends, None)
        yield BuildSpan(
            queued.at - zero,
            end.at - zero if end else None,
            queued.commit,
            end is not None and end.stage == "failed",
        )


def _marks(records: list[Record], zero: float) -> Iterable[Push]:
    push = first_push(records)
    for record in records:
        if not isinstance(record, CommandRan) or record.clone == "world":
            continue
        git, database = GIT in record.command, DB in record.command
        if git or database:
            yield Push(record.at - zero, BOTH if git and database else GIT if git else DB)
    # A command's own record comes with its end; the push is known before that.
    if push is not None and not any(
        isinstance(record, CommandRan) and GIT in record.command and record.at <= push <= record.until
        for record in records
    ):
        yield Push(0.0, GIT)
