"""The rehearsal of one deploy: planned, carried out in a scratch world, measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any, get_args

from kit.errors import BadInput, ProcessFailed, Stopped
from kit.experiments.changes import CHANGES, ChangeName, Columns, Commit, Recipe, columns_after, recipe
from kit.experiments.orders import DEPLOY_ORDERS, ORDERS, DeployOrder
from kit.host import BUILD_S
from kit.host.visitors import Visit
from kit.names import DB_PUSH, GIT_PUSH
from kit.process.shell import Ran
from kit.repos import Handling
from kit.supabase.apply import PUSH_SECONDS
from kit.timeline import (
    Timeline,
    broken_seconds,
    broken_windows,
    count_outcomes,
    draw_timeline,
    first_error,
    first_push,
    format_timeline,
    true_windows,
)
from kit.timeline.clock import Clock, ClockName
from kit.world.engine import Engine
from kit.world.open import open_at

(_TOGETHER,) = ORDERS["together"].steps
MARGIN_S = 1.0
"""Seconds from live to what comes next, where an order waits for live."""
LEAD_S = 2.0
"""Seconds of visitors before the first of the two pushes, and after the second one is through."""
_LOOK_S = 0.1  # how often it is looked whether a late deployment is live
_MOST_LATE_S = 30.0  # how much later than planned a deployment may be live, on a slow machine
# How often a rehearsal looks whether it is to stop, in seconds of its clock; visits in between are batches.
_STOP_S: dict[ClockName, float] = {"wall": 0.1, "virtual": 1.0}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to rehearse.

    Attributes:
        change: what the migration does to a column: "add", "drop" or "rename" it. To drop or rename
            starts where the workflow ends: code and schema have the column.
        order: "code-first" (git push, then db push), "schema-first", "together" (`git push && db push`),
            or "expand-contract": code and schema change in separate commits, each is pushed for itself,
            and the next one follows a second after it is live. To add is then migration, code; to drop
            is code, migration; to rename is: add the new column, write both, copy the old values, write
            the new one only, drop the old column.
        wait: seconds from `git push` to the start of `db push`, with code-first; None for the order's own.
        build: seconds from a `git push` to live.
        rate: page views a second.
        handling: how the code treats the failing write: "silent" as in the workflow, or "loud".
        clock: "virtual" or "wall".
    """

    change: ChangeName = "add"
    order: DeployOrder = "code-first"
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
        _require_word("change", self.change, CHANGES)
        _require_word("order", self.order, DEPLOY_ORDERS)
        _require_word("handling", self.handling, get_args(Handling))
        _require_word("clock", self.clock, get_args(ClockName))
        _require_number("build", self.build, 0.1, 3600.0)
        _require_number("rate", self.rate, 0.1, 200.0)
        _require_number("wait", self.wait or 0.0, 0.0, 3600.0)
        if self.wait and self.order != "code-first":
            raise BadInput(
                f"With {self.order} there is no wait between the two pushes.",
                remedy="Leave --wait out, or use --order code-first.",
            )

    @property
    def wait_s(self) -> float:
        """Seconds from `git push` to the start of `db push`; negative where the schema goes first.

        Where there are several pushes (expand-contract): from the first `git push` to the last `db push`.
        """
        if self.wait is not None and self.order == "code-first":
            return self.wait
        live = self.build + MARGIN_S
        if self.order == "expand-contract":
            commits = recipe(self.change, self.handling).apart
            return live * max(number for number, commit in enumerate(commits) if commit.migrates)
        return {"code-first": live, "together": 0.0, "schema-first": -PUSH_SECONDS}[self.order]


def _require_word(name: str, value: object, known: Sequence[str]) -> None:
    if not isinstance(value, str) or value not in known:
        raise BadInput(f"There is no {name} {value!r}.", remedy=f"Choose one of: {', '.join(known)}.")


def _require_number(name: str, number: object, low: float, high: float) -> None:
    if not isinstance(number, int | float) or not low <= number <= high:
        raise BadInput(f"{name} cannot be {number!r}.", remedy=f"Give a number from {low:g} to {high:g}.")


def prepare(world: Engine, made: Recipe, plan: Plan) -> None:
    """Have what the change starts from live, and main in the dev clone."""
    _run(world, "git checkout -q main")
    if made.before:
        live = make_commit(world, made.before)
        world.host.build_seconds = MARGIN_S
        _run(world, GIT_PUSH)
        for _ in _until_live(world, live, world.clock.now() + MARGIN_S):
            pass
    world.host.build_seconds = plan.build


def make_commit(world: Engine, commit: Commit) -> str:
    """Make a commit on the dev clone's main; return its id."""
    for command in commit.commands:
        _run(world, command)
    for path, text in commit.files.items():
        world.write("dev", path, text)
    if commit.files:
        _run(world, f'git add -A && git commit -qm "{commit.message}"')
    return world.observe().dev.head


def _run(world: Engine, command: str) -> None:
    require_success(
        world.run("dev", command), "The rehearsal cannot go on", remedy="Run `python -m kit doctor`."
    )


def require_success(ran: Ran, otherwise: str, *, remedy: str) -> None:
    """Refuse to go on after a command that failed.

    Args:
        ran: the command.
        otherwise: what cannot be done then.
        remedy: what the learner can do about it.

    Raises:
        ProcessFailed: if it failed; `why` is the end of what it printed.
    """
    if ran.exit:
        raise ProcessFailed(
            f"{otherwise}: {ran.command} failed.", why=ran.output.strip()[-600:], remedy=remedy
        )


def deploy_plainly(world: Engine, plan: Plan) -> Iterator[None]:
    """Do what the plan says; yield wherever one may stop."""
    yield
    if plan.order == "together":
        pushed = world.clock.now()
        _run(world, _TOGETHER)
    elif plan.order == "schema-first":
        _run(world, DB_PUSH)
        yield
        pushed = world.clock.now()
        _run(world, GIT_PUSH)
    else:
        pushed = world.clock.now()
        _run(world, GIT_PUSH)
        yield
        world.advance(max(0.0, pushed + plan.wait_s - world.clock.now()))
        yield
        _run(world, DB_PUSH)
    yield
    live_at = pushed + plan.build
    world.advance(max(0.0, live_at - world.clock.now()) + LEAD_S)
    yield


def deploy_apart(world: Engine, made: Recipe, writes: dict[str, Columns], plan: Plan) -> Iterator[None]:
    """Deploy one step after the other; note what each commit writes; yield wherever one may stop."""
    for commit in made.apart:
        yield
        live = make_commit(world, commit)
        writes[live] = commit.writes
        pushed = world.clock.now()
        _run(world, _TOGETHER if commit.migrates else GIT_PUSH)
        yield
        yield from _until_live(world, live, pushed + plan.build + MARGIN_S)
    world.advance(LEAD_S - MARGIN_S)
    yield


def _until_live(world: Engine, commit: str, planned: float) -> Iterator[None]:
    """Let time pass until `planned`, in seconds of the clock, and on until a commit is live."""
    world.advance(max(0.0, planned - world.clock.now()))
    while world.host.live != commit:
        yield
        if world.clock.now() > planned + _MOST_LATE_S:
            raise ProcessFailed(
                "The rehearsal cannot go on: a deployment does not become live.",
                remedy="Run `python -m kit doctor`.",
            )
        world.advance(_LOOK_S)


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

    def _repr_html_(self) -> str:
        """Draw the timeline as a picture; the zero is the first push of main."""
        return draw_timeline(self.timeline, zero=first_push(self.timeline))

    def draw(self, *, width: int = 100) -> str:
        """Draw the timeline; 00:00 is the first push of main.

        Args:
            width: the most columns of a line.

        Raises:
            BadInput: if a timeline does not fit in so few.
        """
        return format_timeline(self.timeline, width=width, zero=first_push(self.timeline))

    def facts(self) -> dict[str, Any]:
        """Return the numbers as `window --json` prints them.

        Times are in seconds since `git push`; where there are several, since the first of them.
        """
        push = first_push(self.timeline) or 0.0
        windows = broken_windows(self.timeline)
        error = first_error(self.timeline)
        truth = true_windows(
            self.timeline,
            lambda commit, versions: self.writes[commit] <= columns_after(versions),
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
                {"start_s": round(window.start - push, 3), "end_s": round(window.end - push, 3)}
                for window in windows
            ],
            "broken_s": round(broken_seconds(windows), 3),
            "truth_s": round(broken_seconds(truth), 3),
            "requests": count_outcomes(self.timeline)._asdict(),
            "first_error": {"sqlstate": error.sqlstate, "message": error.message} if error else None,
        }


def rehearse(
    plan: Plan,
    *,
    progress: Callable[[str], None] | None = None,
    watch: Callable[[Callable[[], Timeline]], None] | None = None,
    visited: Callable[[Visit], None] | None = None,
    stop: Event | None = None,
) -> Rehearsal:
    """Deploy the change for real in a scratch world, under visitors, and measure.

    Args:
        plan: what to do.
        progress: told in a few words what is being done.
        watch: called once, when the first visitors come, with a function that returns the
            timeline so far; any thread may call that, also afterwards.
        visited: told of every visit, on the visitor's thread.
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
            writes[make_commit(world, made.whole)] = made.whole.writes
        world.journal.replace(Timeline())
        tell(f"Deploying: {plan.order}, under {plan.rate:g} page views a second.")
        if watch:
            watch(lambda: world.timeline)
        world.visitors.watch = visited
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
            clock.at(clock.now() + _STOP_S[clock.name], look)

    clock.at(clock.now(), look)
