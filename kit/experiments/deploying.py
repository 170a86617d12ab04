"""Carry out a plan in a world: commit, push, wait, in the plan's order."""

from __future__ import annotations

from collections.abc import Iterator

from kit.errors import ProcessFailed
from kit.experiments.changes import Columns, Recipe, Step
from kit.experiments.plan import MARGIN_S, Plan
from kit.names import DB_PUSH, GIT_PUSH
from kit.world.engine import Engine

LEAD_S = 2.0
"""Seconds of visitors before the first of the two pushes, and after the second one is through."""
_LOOK_S = 0.1  # how often it is looked whether a late deployment is live
_MOST_LATE_S = 30.0  # how much later than planned a deployment may be live, on a slow machine


def prepare(world: Engine, made: Recipe, plan: Plan) -> None:
    """Have what the change starts from live, and main in the dev clone."""
    _run(world, "git checkout -q main")
    if made.before:
        live = commit(world, made.before)
        world.host.build_seconds = MARGIN_S
        _run(world, GIT_PUSH)
        for _ in _until_live(world, live, world.clock.now() + MARGIN_S):
            pass
    world.host.build_seconds = plan.build


def commit(world: Engine, step: Step) -> str:
    """Make the commit of a step on the dev clone's main; return its id."""
    for command in step.commands:
        _run(world, command)
    for path, text in step.files.items():
        world.write("dev", path, text)
    if step.files:
        _run(world, f'git add -A && git commit -qm "{step.message}"')
    return world.observe().repositories.clones["dev"].head


def _run(world: Engine, command: str) -> None:
    ran = world.run("dev", command)
    if ran.exit:
        raise ProcessFailed(
            f"The rehearsal cannot go on: {command} failed.",
            why=ran.output.strip()[-600:],
            remedy="Run `python -m kit doctor`.",
        )


def deploy_plainly(world: Engine, plan: Plan) -> Iterator[None]:
    """Do what the plan says; yield wherever one may stop."""
    yield
    if plan.order == "together":
        pushed = world.clock.now()
        _run(world, f"{GIT_PUSH} && {DB_PUSH}")
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
    for step in made.apart:
        yield
        live = commit(world, step)
        writes[live] = step.writes
        pushed = world.clock.now()
        _run(world, f"{GIT_PUSH} && {DB_PUSH}" if step.migrates else GIT_PUSH)
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
