"""What a plan leads to, said before it is carried out: when code and schema change, what breaks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import inf
from typing import NamedTuple

from kit.experiments.changes import Columns, Recipe, Step, recipe
from kit.experiments.plan import MARGIN_S
from kit.experiments.rehearsal import LEAD_S, Plan
from kit.names import VERSION
from kit.supabase import PUSH_SECONDS
from kit.timeline import Outcome, Window
from kit.timeline.clock import ClockName

PUSH_TAKES_S: dict[ClockName, float] = {"virtual": PUSH_SECONDS, "wall": 0.0}
"""Seconds from the start of `db push` to the commit: the workflow's two; really, next to none."""
GIT, DB, BOTH = "git push", "db push", "git push && db push"
SHORT = {GIT: GIT, DB: DB, BOTH: "git, db push"}
"""What a plan types, and the same in less room."""
_made = lru_cache(recipe)  # a panel asks with every frame, and a recipe is read from files


class Push(NamedTuple):
    """A command that a plan types, in seconds since the first `git push`."""

    at: float
    text: str


class Turn(NamedTuple):
    """From `at` on the live code writes these columns of `documents`, or the cloud's table has them."""

    at: float
    columns: Columns


@dataclass(frozen=True, kw_only=True)
class Prediction:
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
        return tuple(Push(at, BOTH if step.migrates else GIT) for at, step in _steps(plan))
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


def predict(plan: Plan) -> Prediction:
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
        lives = [(at + plan.build, step) for at, step in _steps(plan)]
        commits = [(at + takes, step) for at, step in _steps(plan) if step.migrates]
    else:
        database = next(push.at for push in planned_pushes(plan) if push.text != GIT)
        lives, commits = [(plan.build, made.whole)], [(database + takes, made.whole)]
    code = (Turn(-inf, made.writes), *(Turn(at, step.writes) for at, step in lives))
    schema = tuple(_schema(made, commits))
    windows = _broken(code, schema)
    return Prediction(
        code=code,
        schema=schema,
        window=Window(windows[0].start, windows[-1].end) if windows else None,
        outcome="lost" if plan.handling == "silent" else "failed",
    )


def _steps(plan: Plan) -> Iterable[tuple[float, Step]]:
    """Return the steps of expand/contract, each with its push: a second after the one before is live."""
    at = 0.0
    for step in _made(plan.change, plan.handling).apart:
        yield at, step
        at += max(plan.build + MARGIN_S, PUSH_TAKES_S[plan.clock] if step.migrates else 0.0)


def _schema(made: Recipe, commits: Iterable[tuple[float, Step]]) -> Iterable[Turn]:
    versions = [VERSION] if made.phase > 5 else []  # noqa: PLR2004 - phase 5 deploys the workflow's migration
    yield Turn(-inf, made.columns(versions))
    for at, step in commits:
        # The step without files of its own is the workflow's merge.
        names = [path.rpartition("/")[2] for path in step.files if path.endswith(".sql")]
        versions += [name.partition("_")[0] for name in names] or [VERSION]
        yield Turn(at, made.columns(versions))


def _broken(code: tuple[Turn, ...], schema: tuple[Turn, ...]) -> list[Window]:
    """Return the spans between two turns in which the code writes what the table does not have."""
    instants = sorted({turn.at for turn in (*code, *schema)})
    return [
        Window(start, end) for start, end in pairwise(instants) if not _at(code, start) <= _at(schema, start)
    ]


def _at(turns: tuple[Turn, ...], at: float) -> Columns:
    return next(turn.columns for turn in reversed(turns) if turn.at <= at)
