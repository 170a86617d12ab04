"""The whole workflow, played once, with what was true after each step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.process.shell import Ran
from kit.world.engine import Engine
from kit.world.save import play
from kit.world.snapshot import Snapshot
from kit.world.workflow import PHASES, Step

At = Callable[[int], Engine]
Played = list[tuple[Step, Ran, Snapshot]]


@pytest.fixture(scope="session")
def beginning(still_at: At) -> Snapshot:
    return still_at(1).observe()


@pytest.fixture(scope="session")
def played(at: At, beginning: Snapshot) -> Played:
    assert beginning
    world = at(1)
    return [(step, play(world, step), world.observe()) for phase in PHASES for step in phase.steps]


@pytest.fixture
def snapshots(beginning: Snapshot, played: Played) -> Callable[[str], Snapshot]:
    """Return the snapshot after a step; "" for the beginning."""
    seen = {"": beginning} | {step.number: snapshot for step, _, snapshot in played}
    return seen.__getitem__
