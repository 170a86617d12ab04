from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from kit import World, exercise, open_world
from kit.errors import BadInput
from kit.lesson import exercises
from kit.lesson.exercise import HINTS, Exercise
from kit.lesson.exercises import EXERCISES
from kit.world.workflow import LAST


@pytest.fixture(scope="module")
def lab() -> Iterator[World]:
    with open_world(phase=1, scratch=True) as world:
        yield world


def test_hints_go_from_a_thought_to_the_solution(lab: World) -> None:
    lab.reset(2)
    one = EXERCISES["1b"]
    assert "Hint" not in repr(exercise(lab, "1b"))
    assert "add hint=1 to this call" in repr(exercise(lab, "1b"))

    shown = [repr(exercise(lab, "1b", hint=hint)) for hint in (1, 2, 3)]

    for number, text in enumerate(shown, 1):
        assert f"\nHint {number} of 3: " in text
    assert "add hint=2 to this call" in shown[0]
    assert "add hint=3 to this call" in shown[1]
    assert all(line in shown[2] for line in one.solution.splitlines())
    assert "to this call" not in shown[2]


@pytest.mark.parametrize(("number", "hint"), [("9z", 1), ("1b", 0), ("1b", 4), ("1b", True)])
def test_an_unknown_exercise_or_hint_is_told_apart(lab: World, number: str, hint: int) -> None:
    with pytest.raises(BadInput, match="There is no"):
        exercise(lab, number, hint=hint)


def test_numbers_are_phase_and_letter_and_each_has_three_hints() -> None:
    for number, one in EXERCISES.items():
        assert number == one.number
        assert number[:-1].isdigit()
        assert number[-1].isalpha()
        assert all(one.hints)
        assert one.solution.strip()


def test_each_text_has_its_criterion_and_each_criterion_its_text() -> None:
    assert list(exercises._CHECKS) == list(EXERCISES)
    assert all(type(asked.phase) is int and 1 <= asked.phase <= LAST for asked in EXERCISES.values())
    assert all(len(asked.hints) == HINTS - 1 for asked in EXERCISES.values())


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=list(EXERCISES))
def test_an_estimate_is_a_few_minutes(exercise: Exercise) -> None:
    assert 2 <= exercise.minutes <= 8


def find_decisive(solution: str) -> set[str]:
    """Return what gives a solution away: commands and their verbs, options, SQL's words in a row, answers."""
    found = re.findall(
        r"\b(?:git|npm|supabase) [a-z-]+|\\[a-z]+|(?<!\S)--?[a-z][a-z-]+|\b[A-Z]{2,}(?: [A-Z]{2,})+\b",
        solution,
    )
    return {*found, *re.findall(r"[\w-]+", " ".join(re.findall(r"answer = (.+)", solution)))}


@pytest.mark.parametrize("asked", EXERCISES.values(), ids=list(EXERCISES))
def test_the_first_hint_never_names_the_answer(asked: Exercise) -> None:
    named = "|".join(map(re.escape, find_decisive(asked.solution)))

    assert named
    assert re.search(rf"(?<!\w)(?:{named})(?!\w)", asked.hints[0]) is None
