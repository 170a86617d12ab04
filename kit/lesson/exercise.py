"""An exercise: a task, how to tell that it is done, three hints; the assessment is what the learner reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, LiteralString

from kit.draw import draw_element, draw_verdict
from kit.world.snapshot import Snapshot
from kit.world.world import World

HINTS = 3


@dataclass(frozen=True)
class Attempt:
    """What the learner did: a world, and what they answered.

    Attributes:
        world: in which the exercise was done.
        answer: the third argument of `exercise`; `...` or None where nothing was answered.
    """

    world: World
    answer: object = None

    @cached_property
    def seen(self) -> Snapshot:
        """The world as it is now."""
        with self.world.engine.step():
            return self.world.engine.observe()

    def ask_cloud(self, query: LiteralString) -> tuple[Any, ...]:
        """Return the first row that the cloud database answers, an empty one for none."""
        with self.world.engine.server.connect("cloud") as connection:
            return connection.execute(query).fetchone() or ()


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """Something to do or to find out.

    Attributes:
        number: phase and letter: "2a".
        task: what the notebook asks, in one sentence.
        phase: the phase whose beginning it starts from; 8 is the end of the workflow.
        holds: whether it is done.
        missing: what an unsolved one lacks.
        done: why a solution is right.
        hints: the first two; the third is the solution itself.
        solution: Python, in the names of the notebook: `lab` for a scratch world (or `world`), `answer` for
            what was found out.
        before: Python that the notebook runs in `lab` before the exercise, if any.
    """

    number: str
    task: str
    phase: int
    holds: Callable[[Attempt], bool]
    missing: str
    done: str
    hints: tuple[str, str]
    solution: str
    before: str = ""

    def hint(self, number: int) -> str:
        """Return the first, second or third hint; the third is the solution."""
        if number < HINTS:
            return self.hints[number - 1]
        lines = self.solution.strip().splitlines()
        return lines[0] if len(lines) == 1 else "\n".join(["", *(f"  {line}" for line in lines)])


@dataclass(frozen=True)
class Assessment:
    """Whether an exercise is done, in words."""

    exercise: Exercise
    holds: bool
    hint: int

    def __repr__(self) -> str:
        """Say why it is right, or what is missing with a hint and the way to the next."""
        if self.holds:
            return f"Done: {self.exercise.done}"
        lines = [
            f"Not yet: {self.exercise.missing}",
            f"Hint {self.hint} of {HINTS}: {self.exercise.hint(self.hint)}",
        ]
        if self.hint < HINTS:
            lines.append(f"For the next hint, add hint={self.hint + 1} to this call.")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Show the same beside an edge, the solution as code."""
        if self.holds:
            return draw_verdict(draw_element("strong", "✓ Done:"), f" {self.exercise.done}", good=True)
        hint = self.exercise.hint(self.hint)
        last = self.hint == HINTS
        shown = draw_element("pre", hint.strip("\n"), style="white-space:pre-wrap") if last else hint
        parts = [f"Hint {self.hint} of {HINTS}: ", shown]
        if not last:
            parts.append(f" For the next hint, add hint={self.hint + 1} to this call.")
        verdict = draw_element("strong", "○ Not yet:"), f" {self.exercise.missing}"
        return draw_verdict(*verdict, good=False) + draw_element("div", *parts, style="padding-left:14px")
