"""Rehearse one deploy: a change, an order, delays; measured in a scratch world under real visitors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event
from typing import Any, Literal

from kit.clock import Clock, ClockName
from kit.engine import Engine
from kit.errors import BadInput, ProcessFailed, Stopped
from kit.hosting import BUILD_S
from kit.opening import open_at
from kit.phases import FEATURE, VERSION
from kit.repos import READER_PAGE, Handling, feature
from kit.timeline import (
    Deployed,
    Timeline,
    broken_seconds,
    broken_windows,
    count_outcomes,
    first_error,
    last_push,
    true_windows,
)

Change = Literal["add"]
Order = Literal["code-first", "schema-first", "together"]
CHANGES: tuple[Change, ...] = ("add",)
ORDERS: tuple[Order, ...] = ("code-first", "schema-first", "together")

LEAD_S = 2.0
"""Seconds of visitors before the first of the two pushes, and after the second one is through."""
_STOP_S = 0.1  # how often a rehearsal looks whether it is to stop
_BEFORE_PUSH_S = 2.0  # what db push takes on the virtual clock: schema-first pushes the code right after it


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to rehearse.

    Attributes:
        change: what the migration does: "add" a column.
        order: "code-first" (git push, then db push), "schema-first", or "together" (`git push && db push`).
        wait: seconds from `git push` to the start of `db push`; None for the order's own.
        build: seconds from `git push` to live.
        rate: page views a second.
        handling: how the code treats the failing write: "silent" as in the workflow, or "loud".
        clock: "virtual" or "wall".
    """

    change: Change = "add"
    order: Order = "code-first"
    wait: float | None = None
    build: float = BUILD_S
    rate: float = 20.0
    handling: Handling = "silent"
    clock: ClockName = "virtual"

    def __post_init__(self) -> None:
        """Refuse what cannot be rehearsed.

        Raises:
            BadInput: for an unknown word or a number out of range.
        """
        for name, value, known in (
            ("change", self.change, CHANGES),
            ("order", self.order, ORDERS),
            ("handling", self.handling, ("silent", "loud")),
            ("clock", self.clock, ("virtual", "wall")),
        ):
            if not isinstance(value, str) or value not in known:
                raise BadInput(f"There is no {name} {value!r}.", remedy=f"Choose one of: {', '.join(known)}.")
        for name, number, low, high in (
            ("build", self.build, 0.1, 3600.0),
            ("rate", self.rate, 0.1, 200.0),
            ("wait", self.wait or 0.0, 0.0, 3600.0),
        ):
            if not isinstance(number, int | float) or not low <= number <= high:
                raise BadInput(
                    f"{name} cannot be {number!r}.", remedy=f"Give a number from {low:g} to {high:g}."
                )
        if self.wait and self.order != "code-first":
            raise BadInput(
                f"With {self.order} there is no wait between the two pushes.",
                remedy="Leave --wait out, or use --order code-first.",
            )

    @property
    def wait_s(self) -> float:
        """Seconds from `git push` to the start of `db push`; negative where the schema goes first."""
        if self.wait is not None and self.order == "code-first":
            return self.wait
        return {"code-first": self.build + 1, "together": 0.0, "schema-first": -_BEFORE_PUSH_S}[self.order]


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What was measured; its repr is the timeline.

    Attributes:
        plan: what was rehearsed.
        timeline: everything that happened.
        before: the versions that the cloud database had.
        old: the commit that was live.
    """

    plan: Plan
    timeline: Timeline
    before: frozenset[str]
    old: str

    def __repr__(self) -> str:
        """Draw the timeline."""
        return repr(self.timeline)

    def facts(self) -> dict[str, Any]:
        """Return the numbers as `window --json` prints them; times in seconds since `git push`."""
        push = last_push(self.timeline) or 0.0
        windows = broken_windows(self.timeline)
        outcomes = count_outcomes(self.timeline)
        error = first_error(self.timeline)
        new = {one.commit for one in self.timeline.only(Deployed) if one.stage == "queued"}
        truth = true_windows(
            self.timeline,
            lambda commit, versions: commit not in new or VERSION in versions,
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
            "truth_s": round(sum(one.seconds for one in truth), 3),
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

    world = open_at(5, clock=plan.clock, scratch=True, progress=tell).engine
    try:
        _go_on(stop)
        _prepare(world, plan)
        old, before = world.host.live, frozenset(world.observe().cloud.versions)
        world.journal.replace(Timeline())
        tell(f"Deploying: {plan.order}, under {plan.rate:g} page views a second.")
        if watch:
            watch(lambda: world.timeline)
        _obey(stop, world.clock)
        world.visit(plan.rate)
        world.advance(LEAD_S)
        for _ in _deploy(world, plan):
            _go_on(stop)
        world.visit(0)
        return Rehearsal(plan=plan, timeline=world.timeline, old=old, before=before)
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


def _prepare(world: Engine, plan: Plan) -> None:
    """Bring the feature to the dev clone's main, without a push."""
    world.host.build_seconds = plan.build
    _run(world, "git checkout -q main")
    _run(world, f"git merge -q --no-edit {FEATURE}")
    if plan.handling == "loud":
        world.write("dev", READER_PAGE, feature("loud").files[READER_PAGE])
        _run(world, 'git commit -qam "fix: fail loudly when the view is not recorded"')


def _run(world: Engine, command: str) -> None:
    ran = world.run("dev", command)
    if ran.exit:
        raise ProcessFailed(
            f"The rehearsal cannot go on: {command} failed.",
            why=ran.output.strip()[-600:],
            remedy="Run `python -m kit doctor`.",
        )


def _deploy(world: Engine, plan: Plan) -> Iterator[None]:
    """Do what the plan says; yield wherever one may stop."""
    git_push, db_push = "git push origin main", "npx supabase db push"
    yield
    if plan.order == "together":
        pushed = world.clock.now()
        _run(world, f"{git_push} && {db_push}")
    elif plan.order == "schema-first":
        _run(world, db_push)
        yield
        pushed = world.clock.now()
        _run(world, git_push)
    else:
        pushed = world.clock.now()
        _run(world, git_push)
        yield
        world.advance(max(0.0, pushed + plan.wait_s - world.clock.now()))
        yield
        _run(world, db_push)
    yield
    live_at = pushed + plan.build
    world.advance(max(0.0, live_at - world.clock.now()) + LEAD_S)
    yield
