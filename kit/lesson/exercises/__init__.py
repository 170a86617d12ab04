"""The notebooks' exercises, and whether one is done."""

from __future__ import annotations

from kit.errors import BadInput
from kit.lesson.exercise import HINTS, Assessment, Attempt, Exercise
from kit.lesson.exercises.n01 import EXERCISES_1
from kit.lesson.exercises.n02 import EXERCISES_2
from kit.lesson.exercises.n03 import EXERCISES_3
from kit.lesson.exercises.n04 import EXERCISES_4
from kit.lesson.exercises.n05 import EXERCISES_5
from kit.lesson.exercises.n06 import EXERCISES_6
from kit.lesson.exercises.n07 import EXERCISES_7
from kit.lesson.exercises.n08 import EXERCISES_8
from kit.lesson.exercises.n09 import EXERCISES_9
from kit.lesson.exercises.n10 import EXERCISES_10
from kit.lesson.exercises.n11 import EXERCISES_11
from kit.lesson.progress import Overview, read_progress, record
from kit.world.world import World

__all__ = ["EXERCISES", "Assessment", "Attempt", "Exercise", "Overview", "exercise", "read_progress"]

EXERCISES = {
    exercise.number: exercise
    for exercise in (
        *EXERCISES_1,
        *EXERCISES_2,
        *EXERCISES_3,
        *EXERCISES_4,
        *EXERCISES_5,
        *EXERCISES_6,
        *EXERCISES_7,
        *EXERCISES_8,
        *EXERCISES_9,
        *EXERCISES_10,
        *EXERCISES_11,
    )
}
"""All of them, by number, in the notebooks' order."""


def exercise(world: World, number: str, answer: object = None, *, hint: int = 1) -> Assessment:
    """Ask whether an exercise is done; its first Not yet and its first Done are remembered.

    Args:
        world: in which it was done.
        number: of the exercise: "2a".
        answer: what you found out, where the exercise asks for that.
        hint: which hint to show as long as it is not done, 1 to 3; the third is the solution.

    Raises:
        BadInput: if there is no such exercise or hint.
    """
    if number not in EXERCISES:
        raise BadInput(
            f"There is no exercise {number!r}.",
            looked=[", ".join(EXERCISES)],
            remedy='Give the number that stands before the task, such as "2a".',
        )
    if isinstance(hint, bool) or not isinstance(hint, int) or not 1 <= hint <= HINTS:
        raise BadInput(f"There is no hint {hint!r}.", remedy=f"Ask for hint=1 to hint={HINTS}.")
    asked = EXERCISES[number]
    assessment = Assessment(asked, asked.holds(Attempt(world, answer)), hint)
    record(assessment)
    return assessment
