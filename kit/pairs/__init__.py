"""Does each code work with each schema? The two-by-two, measured by running all four pairs."""

from __future__ import annotations

from kit.pairs.cells import Age, Cell, Tried
from kit.pairs.measuring import measure, two_by_two
from kit.pairs.table import TwoByTwo

__all__ = ["Age", "Cell", "Tried", "TwoByTwo", "measure", "two_by_two"]
