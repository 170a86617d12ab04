"""Local beside cloud: what psql says of the same table in both databases, with the differing lines marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

from kit.draw import TABLE_SHEET, Row, draw_grid, show
from kit.world.snapshot import COMMAND, Described
from kit.world.world import World

_HEAD = ("line", "local database", "cloud database")
_ASCII = {"same": " ", "only local": "L", "only cloud": "C"}
Sort = Literal["same", "only local", "only cloud", "differs"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of either side, or of both; "" where a side has none."""

    local: str
    cloud: str

    @property
    def sort(self) -> Sort:
        """Which side it is on."""
        if self.local == self.cloud:
            return "same"
        if not self.local or not self.cloud:
            return "only local" if self.local else "only cloud"
        return "differs"


def lay_beside(described: Described) -> tuple[Line, ...]:
    """Match the lines of both sides, whatever the widths of psql's columns.

    Args:
        described: what psql printed of each.
    """
    local, cloud = _lines(described.local), _lines(described.cloud)
    found: list[Line] = []
    for _, start, end, other, last in SequenceMatcher(None, local, cloud, autojunk=False).get_opcodes():
        pairs = zip_longest(local[start:end], cloud[other:last], fillvalue="")
        found += [Line(local=one, cloud=two) for one, two in pairs]
    return tuple(found)


def say_difference(lines: tuple[Line, ...]) -> str:
    """Return how many lines differ, in a sentence.

    Args:
        lines: of both sides.
    """
    number = sum(line.sort != "same" for line in lines)
    if not number:
        return "Both databases describe it in the same words."
    return f"{number} line{'s differ' if number > 1 else ' differs'}."


def draw_sides(described: Described) -> str:
    """Return both descriptions as one table of HTML that is safe to show.

    Args:
        described: what psql printed of each.
    """
    lines = lay_beside(described)
    rows = [Row((line.sort, line.local, line.cloud), marked=line.sort != "same") for line in lines]
    table = draw_grid(f"{COMMAND}: the local database beside the cloud", _HEAD, rows, long=(1, 2))
    words = say_difference(lines)
    return f"<div class='kw-view kw-code'><style>{TABLE_SHEET}</style>{table}<p>{words}</p></div>"


def draw_text_sides(described: Described) -> str:
    """Return both as lines of ASCII, common ones once; L and C mark those of one side alone.

    Args:
        described: what psql printed of each.
    """
    lines = lay_beside(described)
    text = [f"{COMMAND}: L in the local database only, C in the cloud only"]
    for line in lines:
        if line.sort == "differs":
            text += [f"L {line.local}", f"C {line.cloud}"]
        else:
            text.append(f"{_ASCII[line.sort]} {line.local or line.cloud}")
    text.append(say_difference(lines))
    return "\n".join(text).encode("ascii", "backslashreplace").decode()


class SideBySide:
    r"""What `\d documents` says of the local database, beside what it says of the cloud's.

    It has psql ask both when it is made.

    Args:
        world: whose databases.
    """

    def __init__(self, world: World) -> None:
        """Ask.

        Raises:
            WorldTaken: if another notebook or terminal has taken the world over, or it is closed.
            ServerFailed: if the server does not run.
        """
        self._described = world.describe()

    def __repr__(self) -> str:
        """Draw it in ASCII."""
        return draw_text_sides(self._described)

    def _repr_html_(self) -> str:
        """Draw it."""
        return draw_sides(self._described)


def _lines(printed: str) -> list[str]:
    """Return the lines without padding: one wider column changes it on every line."""
    squeezed = (re.sub(r" {2,}", " ", line).strip(" |") for line in printed.split("\n"))
    return [show(line) for line in squeezed if line and not re.fullmatch(r"[-+]+", line)]
