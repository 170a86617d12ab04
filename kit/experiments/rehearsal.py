"""Rehearse one deploy: a change, an order, delays; measured in a scratch world under real visitors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any

from kit.errors import Stopped
from kit.experiments.changes import CHANGES, Change, Columns, recipe
from kit.experiments.deploying import LEAD_S, commit, deploy_apart, deploy_plainly, prepare
from kit.experiments.plan import ORDERS, PLAIN_ORDERS, Order, Plan
from kit.names import DB_PUSH, GIT_PUSH
from kit.timeline import (
    Timeline,
    broken_seconds,
    broken_windows,
    count_outcomes,
    draw,
    first_error,
    first_push,
    true_windows,
)
from kit.timeline.clock import Clock
from kit.world.open import open_at

__all__ = [
    "CHANGES",
    "DB_PUSH",
    "GIT_PUSH",
    "LEAD_S",
    "ORDERS",
    "PLAIN_ORDERS",
    "Change",
    "Order",
    "Plan",
    "Rehearsal",
    "rehearse",
]

_STOP_S = 0.1  # how often a rehearsal looks whether it is to stop


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What was measured; its repr is the timeline.

    Attributes:
        plan: what was rehearsed.
        timeline: everything that happened.
        before: the versions that the cloud database had.
        old: the commit that was live.
        writes: the columns that the code of each commit writes: of `old`, and of every pushed one.
    """

    plan: Plan
    timeline: Timeline
    before: frozenset[str]
    old: str
    writes: Mapping[str, Columns]

    def __repr__(self) -> str:
        """Draw the timeline."""
        return self.draw()

    def draw(self, *, width: int = 100) -> str:
        """Draw the timeline; 00:00 is the first push of main.

        Args:
            width: the most columns of a line.

        Raises:
            BadInput: if a timeline does not fit in so few.
        """
        return draw(self.timeline, width=width, zero=first_push(self.timeline))

    def facts(self) -> dict[str, Any]:
        """Return the numbers as `window --json` prints them.

        Times are in seconds since `git push`; where there are several, since the first of them.
        """
        push = first_push(self.timeline) or 0.0
        windows = broken_windows(self.timeline)
        outcomes = count_outcomes(self.timeline)
        error = first_error(self.timeline)
        made = recipe(self.plan.change, self.plan.handling)
        truth = true_windows(
            self.timeline,
            lambda commit, versions: self.writes[commit] <= made.columns(versions),
            commit=self.old,
            versions=self.before,
        )
        return {
            "change": self.plan.change,
            "order": self.plan.order,
            "clock": self.plan.clock,
            "handling": self.plan.handling,
            "build_s": self.plan.build,
            "wait_s": self.plan.wait_s,
            "rate": self.plan.rate,
            "windows": [
                {"start_s": round(one.start - push, 3), "end_s": round(one.end - push, 3)} for one in windows
            ],
            "broken_s": round(broken_seconds(windows), 3),
            "truth_s": round(broken_seconds(truth), 3),
            "requests": {
                "total": outcomes.total,
                "ok": outcomes.ok,
                "failed": outcomes.failed,
                "lost": outcomes.lost,
                "blocked": outcomes.blocked,
            },
            "first_error": {"sqlstate": error.sqlstate, "message": error.message} if error else None,
        }


def rehearse(
    plan: Plan,
    *,
    progress: Callable[[str], None] | None = None,
    watch: Callable[[Callable[[], Timeline]], None] | None = None,
    stop: Event | None = None,
) -> Rehearsal:
    """Deploy the change for real in a scratch world, under visitors, and measure.

    Args:
        plan: what to do.
        progress: told in a few words what is being done.
        watch: called once, when the first visitors come, with a function that returns the
            timeline so far; any thread may call that, also afterwards.
        stop: set it, from any thread, to end the rehearsal before its end.

    Returns:
        The measured timeline, from `LEAD_S` before the first push.

    Raises:
        ProcessFailed: if one of its commands fails.
        MissingTool, UnusableFolder, ServerFailed: if this machine cannot run it.
        Stopped: if `stop` was set; nothing is left running.
    """
    stop = stop or Event()

    def tell(what: str) -> None:
        _go_on(stop)
        if progress:
            progress(what)

    made = recipe(plan.change, plan.handling)
    world = open_at(made.phase, clock=plan.clock, scratch=True, progress=tell).engine
    try:
        _go_on(stop)
        prepare(world, made, plan)
        old, before = world.host.live, frozenset(world.observe().cloud.versions)
        writes = {old: made.writes}
        if plan.order != "expand-contract":
            writes[commit(world, made.whole)] = made.whole.writes
        world.journal.replace(Timeline())
        tell(f"Deploying: {plan.order}, under {plan.rate:g} page views a second.")
        if watch:
            watch(lambda: world.timeline)
        _obey(stop, world.clock)
        world.visit(plan.rate)
        world.advance(LEAD_S)
        apart = plan.order == "expand-contract"
        for _ in deploy_apart(world, made, writes, plan) if apart else deploy_plainly(world, plan):
            _go_on(stop)
        world.visit(0)
        return Rehearsal(plan=plan, timeline=world.timeline, old=old, before=before, writes=writes)
    finally:
        world.close()


def _go_on(stop: Event) -> None:
    """Refuse to when the rehearsal is to end."""
    if stop.is_set():
        raise Stopped("The rehearsal was stopped.", remedy="Run it again for a whole measurement.")


def _obey(stop: Event, clock: Clock) -> None:
    """Look at `stop` as time passes; closing the clock wakes whoever waits on it."""

    def look() -> None:
        if stop.is_set():
            clock.close()
        else:
            clock.at(clock.now() + _STOP_S, look)

    clock.at(clock.now(), look)
