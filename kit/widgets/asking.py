"""Ask whether an exercise is done: a widget where the answer is shown in JupyterLab, its text elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kit.lesson import exercises as checks
from kit.lesson.exercise import Assessment
from kit.world.world import World


@dataclass(frozen=True, repr=False)
class Asked(Assessment):
    """A verdict that JupyterLab shows with two buttons: ask again, next hint.

    Attributes:
        world: that was asked.
        answer: what the learner found out, where the exercise asks for that.
    """

    world: World
    answer: object = None

    def _repr_mimebundle_(self, **options: object) -> dict[str, Any]:
        """Return the widget and the text; only a program that shows widgets calls this."""
        # Imported here: whoever shows nothing, such as a test or the command line, needs no Jupyter.
        from kit.widgets.check_panel import CheckPanel  # noqa: PLC0415

        number = self.exercise.number
        panel = CheckPanel(
            self, ask=lambda answer: checks.exercise(self.world, number, answer), answer=self.answer
        )
        return panel._repr_mimebundle_(**options)


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
    verdict = checks.exercise(world, number, answer, hint=hint)
    return Asked(verdict.exercise, verdict.holds, verdict.hint, world, answer)
