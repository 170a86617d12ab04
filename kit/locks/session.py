"""One session's place at a table: the lock that it holds, or waits for."""

from __future__ import annotations

from dataclasses import dataclass

from kit.review.locks import Lock


@dataclass(frozen=True, kw_only=True)
class Session:
    """One session's place at the table.

    Attributes:
        who: what it does, in a word.
        lock: the lock that it waits for, else the strongest that it holds.
        waits: whether it waits.
        behind: whom it waits for.
        statement: what it runs, on one line.
    """

    who: str
    lock: Lock
    waits: bool
    behind: tuple[str, ...]
    statement: str
