"""Do the steps of the phases in a world, without a notebook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kit.process.shell import Ran
from kit.repos import STARTER
from kit.world.engine import Engine
from kit.world.steps import Advance, Edit, OpenPage, Phase, Run, Step, Visit

TEST_DOCUMENT = "My Test Document"


@dataclass(frozen=True)
class Played:
    """A step that was done: what it printed, and each sentence about it with whether it is true."""

    step: Step
    ran: Ran
    holds: tuple[tuple[str, bool], ...]


def play(world: Engine, step: Step) -> Ran:
    """Do one step; return what it printed."""
    match step.action:
        case Run(clone, text):
            return world.run(clone, text)
        case Edit(clone, path, source, append):
            world.write(clone, path, (STARTER / source).read_text(encoding="utf-8"), append=append)
        case Advance(seconds):
            world.advance(seconds)
        case Visit(rate):
            world.visit(rate)
        case OpenPage(site):
            world.open_page(site, TEST_DOCUMENT)
    return Ran(command=step.action.text, output="", exit=0)


def play_phase(
    world: Engine, phase: Phase, *, progress: Callable[[Step], None] | None = None
) -> tuple[Played, ...]:
    """Do a phase's steps in order, and ask after each whether it did what it should.

    Args:
        world: where; it stands at the beginning of the phase.
        phase: what to do.
        progress: told of each step before it is done.
    """
    played = []
    for step in phase.steps:
        if progress:
            progress(step)
        ran = play(world, step)
        seen = world.observe()
        played.append(Played(step, ran, tuple((one.says, one.holds(seen)) for one in step.predicates)))
    return tuple(played)
