"""Local beside cloud: what psql says of the same table in both databases, with the differing lines marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

from kit.draw import TableRow, draw_element, draw_paragraph, draw_style, draw_table, format_ascii, format_line
from kit.world.snapshot import COMMAND, Described
from kit.world.world import World

_HEAD = ("line", "local database", "cloud database")
_ASCII = {"same": " ", "only local": "L", "only cloud": "C"}
Side = Literal["same", "only local", "only cloud", "differs"]


@dataclass(frozen=True, kw_only=True)
class LinePair:
    """A line of either side, or of both; "" where a side has none."""

    local: str
    cloud: str

    @property
    def side(self) -> Side:
        """Which side it is on."""
        if self.local == self.cloud:
            return "same"
        if not self.local or not self.cloud:
            return "only local" if self.local else "only cloud"
        return "differs"


def lay_beside(described: Described) -> tuple[LinePair, ...]:
    """Match the lines of both sides, whatever the widths of psql's columns."""
    local, cloud = _lines(described.local), _lines(described.cloud)
    found: list[LinePair] = []
    for _, start, end, other, last in SequenceMatcher(None, local, cloud, autojunk=False).get_opcodes():
        pairs = zip_longest(local[start:end], cloud[other:last], fillvalue="")
        found += [LinePair(local=left, cloud=right) for left, right in pairs]
    return tuple(found)


def format_difference(lines: tuple[LinePair, ...]) -> str:
    """Return how many lines differ, in a sentence."""
    number = sum(line.side != "same" for line in lines)
    if not number:
        return "Both databases describe it in the same words."
    return f"{number} line{'s differ' if number > 1 else ' differs'}."


def draw_sides(described: Described) -> str:
    """Return both descriptions as one table of HTML that is safe to show."""
    lines = lay_beside(described)
    rows = [TableRow((line.side, line.local, line.cloud), marked=line.side != "same") for line in lines]
    caption = f"{COMMAND}: the local database beside the cloud"
    table = draw_table(caption, _HEAD, rows, kinds={1: "kw-long", 2: "kw-long"})
    words = draw_paragraph(format_difference(lines))
    return draw_element("div", draw_style(__file__, "table"), table, words, class_="kw-view kw-code")


def format_sides(described: Described) -> str:
    """Return both as lines of ASCII, common ones once; L and C mark those of one side alone."""
    lines = lay_beside(described)
    text = [f"{COMMAND}: L in the local database only, C in the cloud only"]
    for line in lines:
        if line.side == "differs":
            text += [f"L {line.local}", f"C {line.cloud}"]
        else:
            text.append(f"{_ASCII[line.side]} {line.local or line.cloud}")
    text.append(format_difference(lines))
    return format_ascii("\n".join(text))


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
        return format_sides(self._described)

    def _repr_html_(self) -> str:
        """Draw it."""
        return draw_sides(self._described)


def _lines(printed: str) -> list[str]:
    """Return the lines without padding: one wider column changes it on every line."""
    squeezed = (re.sub(r" {2,}", " ", line).strip(" |") for line in printed.split("\n"))
    return [format_line(line) for line in squeezed if line and not re.fullmatch(r"[-+]+", line)]
