"""The four orders of a deploy, and how those of several changes add up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from kit.names import DB_PUSH, GIT_PUSH

Order = Literal["schema-first", "code-first", "any", "expand-contract"]

COMMANDS: dict[Order, tuple[str, ...]] = {
    "schema-first": (DB_PUSH, GIT_PUSH),
    "code-first": (GIT_PUSH, DB_PUSH),
    "any": (DB_PUSH, GIT_PUSH),
    "expand-contract": (),  # no order of these two is safe
}


def combine(orders: Iterable[Order]) -> Order:
    """Return the order that is safe for all of some changes that one `db push` brings.

    What needs the schema first, next to what needs the code first, needs two deploys.
    """
    wanted = set(orders) - {"any"}
    if not wanted:
        return "any"
    return wanted.pop() if len(wanted) == 1 else "expand-contract"


def order_of(*, old_on_new: bool, new_on_old: bool) -> Order:
    """Read the order off a measured two-by-two.

    Args:
        old_on_new: the code of today works on the new schema.
        new_on_old: the new code works on the schema of today.
    """
    if old_on_new and new_on_old:
        return "any"
    if old_on_new:
        return "schema-first"
    return "code-first" if new_on_old else "expand-contract"
