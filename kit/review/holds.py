"""How long a file holds its locks: a file is one transaction, and what is locked stays so until its end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kit.review.judge import Verdict
from kit.review.rules import waits
from kit.supabase import skip_blanks

BEGINS = re.compile(r"(BEGIN|START)\b", re.IGNORECASE)
"""A statement that begins a transaction."""
_CONTROLS = re.compile(r"(BEGIN|START|COMMIT|END|ROLLBACK)\b(?!\s+TO\b)", re.IGNORECASE)
"""A statement that begins or ends a transaction by itself."""


@dataclass(frozen=True, slots=True)
class Hold:
    """How long a statement's lock is held.

    Attributes:
        through: the line of the last statement until whose end it is held; 0 where nobody waits for it.
        meanwhile: the lines of the statements after it that take as long as there are rows.
    """

    through: int = 0
    meanwhile: tuple[int, ...] = ()

    def words(self) -> str:
        """Say it in a clause; "" where nobody waits."""
        if not self.through:
            return ""
        slow = ", ".join(map(str, self.meanwhile))
        lines = "line" if len(self.meanwhile) == 1 else "lines"
        during = f", and {lines} {slow} may take as long as there are rows" if slow else ""
        return f"held through line {self.through}{during}"


def find_holds(statements: Sequence[tuple[int, str, Verdict]]) -> Iterator[Hold]:
    """Yield how long each statement of a file holds its lock.

    Args:
        statements: line, text and verdict of each, in the file's order.
    """
    ends = [runs_apart(sql, verdict) for _, sql, verdict in statements]
    for place, (line, _, verdict) in enumerate(statements):
        if ends[place] or waits(verdict.lock) == "nothing waits":
            yield Hold()
            continue
        end = next((later for later in range(place + 1, len(ends)) if ends[later]), len(ends))
        after = statements[place + 1 : end]
        slow = tuple(other for other, _, later in after if later.slow)
        yield Hold(after[-1][0] if after else line, slow)


def controls_transaction(sql: str) -> bool:
    """Say whether a statement begins or ends a transaction by itself; comments before it do not count."""
    return _CONTROLS.match(sql, skip_blanks(sql)) is not None


def runs_apart(sql: str, verdict: Verdict) -> bool:
    """Say whether a statement runs outside of the file's transaction, or ends it."""
    apart = verdict.operation.endswith("CONCURRENTLY") and not verdict.operation.startswith("REFRESH")
    return apart or verdict.operation.startswith("VACUUM") or controls_transaction(sql)
