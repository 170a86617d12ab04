"""Where an instant lies on a drawing of any width, and which text fits between two of them.

A drawing has no width of its own: x is a share of the space, text keeps its size. So a text is
judged for three ranges of space, and a class says in which of them it is shown (`kit/widgets/style.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SPACES: dict[str, int] = {"S": 260, "M": 480, "L": 760}
"""The narrowest space of each range, in CSS pixels; a range ends where the next one begins."""
_CHARACTER, _PADDING = 6.9, 12.0  # pixels, at the drawing's 12 px
_TICKS = {"S": 5, "M": 8, "L": 14}
_STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Axis:
    """A span of time, in seconds since `git push`, laid over the whole width."""

    start: float
    end: float

    def x(self, at: float) -> float:
        """Return the place of an instant as a percentage of the width, within the drawing."""
        share = (at - self.start) / (self.end - self.start)
        return round(100 * min(1.0, max(0.0, share)), 2)

    def width(self, start: float, end: float) -> float:
        """Return the width from one instant to another as a percentage."""
        return round(self.x(end) - self.x(start), 2)

    def step(self, count: int, *, least: float = 0.0) -> float:
        """Return a round number of seconds that cuts the axis into `count` pieces at most."""
        need = max((self.end - self.start) / count, least, 1e-3)
        size = 10.0 ** math.floor(math.log10(need))
        return next(size * step for step in (*_STEPS, 10) if size * step >= need * (1 - 1e-9))

    def ticks(self) -> list[tuple[float, str]]:
        """Return round instants, each with the ranges of space in which there is room for its label."""
        steps = {space: self.step(count, least=0.5) for space, count in _TICKS.items()}
        found: dict[float, str] = {}
        for space, step in steps.items():
            for number in range(math.ceil(self.start / step), math.floor(self.end / step) + 1):
                at = round(number * step, 3)
                found[at] = f"{found.get(at, '')} {space}".strip()
        return sorted(found.items())


def fit(texts: Sequence[str], share: float) -> list[tuple[str, str]]:
    """Choose for each range of space the longest text that fits.

    Args:
        texts: from the longest to the shortest.
        share: the percentage of the width there is for it.

    Returns:
        Pairs of a text and the ranges in which it is shown; a range in which none fits is left out.
    """
    chosen: dict[str, str] = {}
    for space, pixels in SPACES.items():
        room = share / 100 * pixels - _PADDING
        text = next((text for text in texts if len(text) * _CHARACTER <= room), None)
        if text:
            chosen[text] = f"{chosen.get(text, '')} {space}".strip()
    return list(chosen.items())


def say_seconds(seconds: float) -> str:
    """Return a number of seconds as the panel shows it: "4.36 s", "35 s"."""
    return f"{seconds:.2f}".rstrip("0").rstrip(".") + " s"


def say_instant(seconds: float) -> str:
    """Return an instant relative to `git push`: "+3.61 s", "-2 s", "0 s"."""
    text = say_seconds(seconds)
    return f"+{text}" if seconds > 0 and text != "0 s" else text.replace("-0 s", "0 s")
