"""The two-by-two of old and new code on old and new schema, with the rule that follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from kit.experiments.cells import Age, Cell
from kit.experiments.matrix_drawing import draw_html, draw_text
from kit.review import Order, order_of


@dataclass(frozen=True, kw_only=True)
class TwoByTwo:
    """Four measured pairs; shown as a table with the rule that follows.

    Attributes:
        title: what the change is.
        cells: all four, in the order in which they were run.
    """

    title: str
    cells: tuple[Cell, ...]

    def cell(self, code: Age, schema: Age) -> Cell:
        """Return one of the four."""
        return next(one for one in self.cells if (one.code, one.schema) == (code, schema))

    @property
    def order(self) -> Order | None:
        """The order that is safe, None if none is: the change does not work even when it is complete.

        Old code works on the new schema: the schema may go first. New code works on the old schema:
        the code may. Both: any order. Neither: expand, then contract.
        """
        if not self.cell("new", "new").works:
            return None
        return order_of(old_on_new=self.cell("old", "new").works, new_on_old=self.cell("new", "old").works)

    def __repr__(self) -> str:
        """Draw the table in text."""
        return draw_text(self.title, self.cells, self.order)

    def _repr_html_(self) -> str:
        """Draw the table as HTML."""
        return draw_html(self.title, self.cells, self.order)
