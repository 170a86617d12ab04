"""The table of `migration list`: versions of the folder beside versions of a database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_LARGEST = 2**63 - 1
_NUMBER = re.compile(r"[+-]?[0-9]+")
_HEADER = ("Local", "Remote", "Time (UTC)")


@dataclass(frozen=True, slots=True)
class Pair:
    """A version in the folder, in the database, or in both; "" where it is not."""

    local: str
    remote: str

    @property
    def time(self) -> str:
        """The version as a date, if it is one; otherwise the version."""
        version = self.local or self.remote
        try:
            date = datetime.strptime(version, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return version
        return f"{date:%Y-%m-%d %H:%M:%S}" if len(version) == len("YYYYMMDDhhmmss") else version


def parse_version(text: str) -> int | None:
    """Return a version as the number that the Supabase CLI makes of it; None if it is none of 64 bits."""
    if not _NUMBER.fullmatch(text):
        return None
    number = int(text)
    return number if -_LARGEST - 1 <= number <= _LARGEST else None


def pair_versions(local: Sequence[str], remote: Sequence[str]) -> list[Pair]:
    """Match versions by their numbers; what is no number is left out.

    Args:
        local: versions of the folder.
        remote: versions of the database, in order.
    """
    mine = [version for version in sorted(local) if parse_version(version) is not None]
    theirs = [version for version in remote if parse_version(version) is not None]
    pairs = []
    while mine or theirs:
        left = parse_version(mine[0]) if mine else None
        right = parse_version(theirs[0]) if theirs else None
        if right is None or (left is not None and left < right):
            pairs.append(Pair(mine.pop(0), ""))
        elif left is None or right < left:
            pairs.append(Pair("", theirs.pop(0)))
        else:
            pairs.append(Pair(mine.pop(0), theirs.pop(0)))
    return pairs


def draw_table(pairs: Sequence[Pair]) -> str:
    """Return the table as the Supabase CLI 2.122.1 prints it."""
    rows = [tuple(f"`{cell or ' '}`" for cell in (pair.local, pair.remote, pair.time)) for pair in pairs]
    widths = [max(len(row[column]) for row in (_HEADER, *rows)) for column in range(len(_HEADER))]

    def draw(row: Sequence[str]) -> str:
        return "  " + "|".join(f" {cell:<{width}} " for cell, width in zip(row, widths, strict=True))

    rule = "  " + "|".join("-" * (width + 2) for width in widths)
    return "\n".join(["", "  ", draw(_HEADER), rule, *map(draw, rows), "", ""])
