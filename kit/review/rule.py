"""One kind of change: what it locks, in which order it is safe, why."""

from __future__ import annotations

from dataclasses import dataclass

from kit.review.locks import Lock
from kit.review.orders import Order


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known of one kind of change.

    The order takes for granted what the change is usually made for: new code uses what
    comes, today's code uses what goes. Nobody reads the code.

    Attributes:
        operation: its name.
        lock: the strongest lock on a table that exists, held until the migration ends.
        order: that keeps both the code of today and the new one working.
        why: the reason, and how to keep the lock short.
    """

    operation: str
    lock: Lock
    order: Order
    why: str
