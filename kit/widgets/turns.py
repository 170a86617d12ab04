"""What a lane says about code or schema: what was before, what came, what is still to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kit.experiments.changes import Columns
from kit.experiments.measured import Segment
from kit.experiments.prediction import Turn
from kit.widgets.words import name_columns


@dataclass(frozen=True, kw_only=True)
class Turns:
    """The turns of the code or of the schema, in words; texts go from the longest to the shortest.

    Attributes:
        name: "code" or "schema".
        turns: as planned; the first is what was before.
        say: puts columns into words.
    """

    name: str
    turns: tuple[Turn, ...]
    say: Callable[[Columns], str]

    @property
    def several(self) -> bool:
        """Whether there is more than an old and a new one."""
        return len(self.turns) > 2  # noqa: PLR2004 - an old and a new one

    def tell(self, number: int, one: Segment, *, sign: str = "") -> list[str]:
        """Return the texts for what held after so many turns.

        Args:
            number: of turns before it.
            one: what held.
            sign: between the name and what is said of it.
        """
        number = min(number, len(self.turns) - 1)
        says, name = self._say(number), one.name[:14] if self.name == "schema" else one.name[:7]
        if self.several and number:
            return [f"{name}{sign} {says[0]}".strip(), *says]
        word = "new" if number else "old"
        whole = " ".join(f"{word} {self.name} {name}".split())
        return [f"{whole}{sign} {says[0]}", f"{word}{sign} {says[0]}", word]

    def rest(self, done: int, *, shown: bool) -> list[tuple[float, list[str]]] | None:
        """Return what is still to come: when, and its texts.

        Args:
            done: how many turns have come.
            shown: the prediction may be seen.

        Returns:
            None where it is kept back.
        """
        numbers = range(done + 1, len(self.turns))
        if numbers and not shown:
            return None
        return [
            (self.turns[number].at, self._say(number) if self.several else [f"new {self.name}", "new"])
            for number in numbers
        ]

    def before(self, done: int) -> list[str]:
        """Return what the lane says between now and the next turn."""
        return [] if done else [f"old {self.name}", "old"]

    def _say(self, number: int) -> list[str]:
        columns = self.turns[number].columns
        if number and columns == self.turns[number - 1].columns:
            return ["unchanged", "same"]
        return [self.say(columns), name_columns(columns)]
