from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.timeline import CommandRan
from kit.world.engine import Engine
from kit.world.save import play, play_phase
from kit.world.workflow import PHASES, Action, Advance, Arrivals, Edit, OpenPage, Phase, Predicate, Run, Step

At = Callable[[int], Engine]


@pytest.mark.parametrize(
    "action",
    [
        Run("production", "git status"),
        Edit("dev", "docs/x.sql", "feature/migration.sql"),
        Advance(3),
        Arrivals(5),
        OpenPage("production"),
    ],
    ids=str,
)
def test_a_step_is_done_and_is_in_the_journal(at: At, action: Action) -> None:
    world = at(1)

    ran = play(world, Step("0.0", "A step", action))

    assert ran.exit == 0
    assert ran.command == action.text
    assert [one.command for one in world.timeline.only(CommandRan)] == [action.text]


def test_a_phase_says_of_each_sentence_whether_it_is_true(at: At) -> None:
    world = at(1)
    told: list[str] = []
    phase = Phase(
        1,
        "A phase",
        (
            Step("0.1", "One", Run("dev", "exit 3"), (Predicate("It fails.", lambda seen: seen.exit == 3),)),
            Step("0.2", "Two", Run("dev", "true"), (Predicate("It fails.", lambda seen: seen.exit == 3),)),
        ),
        lambda _: True,
    )

    first, second = play_phase(world, phase, progress=lambda step: told.append(step.number))

    assert (first.ran.exit, first.holds) == (3, (("It fails.", True),))
    assert second.holds == (("It fails.", False),)
    assert told == ["0.1", "0.2"]


def test_the_first_phase_holds(at: At) -> None:
    played = play_phase(at(1), PHASES[0])

    assert all(true for one in played for _, true in one.holds)
