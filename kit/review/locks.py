"""PostgreSQL's table locks: their names, their strength, who waits for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Lock = Literal[
    "none",
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
]

LOCKS: tuple[Lock, ...] = (
    "none",
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
"""From the weakest to the strongest; source: PostgreSQL 18, 13.3.1 "Table-Level Locks"."""


def strongest(locks: Iterable[Lock]) -> Lock:
    """Return the strongest of some locks; "none" if there are none."""
    return max(locks, key=LOCKS.index, default="none")


def waits(lock: Lock) -> str:
    """Say what waits while a lock is held: SELECT (ACCESS SHARE), or INSERT and the like (ROW EXCLUSIVE).

    Source: the table of conflicting lock modes in PostgreSQL 18, 13.3.1.
    """
    if lock == "ACCESS EXCLUSIVE":
        return "reads and writes wait"
    if lock in {"SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE"}:
        return "writes wait"
    return "nothing waits"
