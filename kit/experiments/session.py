"""One session's place at a table: the lock that it holds, waits for, or gets at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kit.review.locks import Lock

State = Literal["HOLDS", "waits for", "goes on"]
"""goes on: gets its lock whenever it asks, and gives it back at once."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """One session's place at the table.

    Attributes:
        who: what it does, in a word.
        state: whether it has its lock, waits for it, or gets it whenever it asks.
        lock: the one that it waits for, else the strongest.
        behind: whom it waits for.
        statement: what it runs, on one line; "nothing, since …" where only its transaction is open.
    """

    who: str
    state: State
    lock: Lock
    behind: tuple[str, ...] = ()
    statement: str

    @property
    def waits(self) -> bool:
        """Whether it waits."""
        return self.state == "waits for"
