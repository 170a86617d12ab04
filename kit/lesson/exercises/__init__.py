"""The notebooks' exercises, and whether one is done."""

from __future__ import annotations

from kit.errors import BadInput
from kit.lesson.exercise import HINTS, Attempt, Exercise, Verdict
from kit.lesson.exercises import (
    n01 as phase1,
)
from kit.lesson.exercises import (
    n02 as phase2,
)
from kit.lesson.exercises import (
    n03 as phase3,
)
from kit.lesson.exercises import (
    n04 as phase4,
)
from kit.lesson.exercises import (
    n05 as phase5,
)
from kit.lesson.exercises import (
    n06 as phase6,
)
from kit.lesson.exercises import (
    n07 as phase7,
)
from kit.lesson.exercises import (
    n08 as phase8,
)
from kit.lesson.exercises import (
    n09 as phase9,
)
from kit.lesson.exercises import (
    n10 as phase10,
)
from kit.lesson.exercises import (
    n11 as phase11,
)
from kit.lesson.progress import Overview, look_over, record
from kit.world.world import World

__all__ = ["EXERCISES", "Attempt", "Exercise", "Overview", "Verdict", "exercise", "look_over"]

EXERCISES = {
    one.number: one
    for phase in (phase1, phase2, phase3, phase4, phase5, phase6, phase7, phase8, phase9, phase10, phase11)
    for one in phase.EXERCISES
}
"""All of them, by number, in the notebooks' order."""


def exercise(world: World, number: str, answer: object = None, *, hint: int = 1) -> Verdict:
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
    one = EXERCISES[number]
    verdict = Verdict(one, one.holds(Attempt(world, answer)), hint)
    record(verdict)
    return verdict
