"""What is compared, and what follows from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from kit.review.catalog import KnownObjects
from kit.review.facts import Keys
from kit.review.objects import (
    Key,
)
from kit.review.rules import Order, combine

SAME = "In sum nothing changes: it is as it was before."
PASSING = "It is made and dropped again before anybody can use it."
NEW = "Nobody uses the table yet: a pending migration makes it."
THERE = "It is there already: an earlier migration makes it."


@dataclass(frozen=True, slots=True)
class Net:
    """What follows from a comparison.

    Attributes:
        order: that is safe.
        why: the reason, one or two sentences; "" for that of the statement's rule.
    """

    order: Order
    why: str = ""


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """What the pending statements do to one subject.

    Attributes:
        key: the subject.
        before: all that was there.
        after: all that is there in the end.
        operations: the kinds of change, as the rules name them.
        made: keys that pending statements make and that were not there.
    """

    key: Key
    before: KnownObjects
    after: KnownObjects
    operations: Collection[str]
    made: Keys

    def drops(self) -> bool:
        """Say whether one of the statements drops the subject."""
        return any(operation.startswith("DROP ") for operation in self.operations)


def subject_of(key: Key) -> Key:
    """Return what a key is summed up under: all policies of a table are one subject, and so are overloads."""
    match key[0]:
        case "policy":
            return ("policies", key[1])
        case "function":
            return ("functions", key[1])
    return key


_OF_TABLES = frozenset(
    {"column", "constraint", "policies", "policy", "published", "rows", "rule", "security", "trigger"}
)


def table_of(key: Key) -> str:
    """Return the table that a key belongs to; "" for what stands by itself."""
    if key[0] in _OF_TABLES:
        return key[1]
    if key[:2] == ("rights", "table"):
        return key[2]
    return ""


def not_there(change: ObjectChange) -> Net | None:
    """Say of what is dropped IF EXISTS, of a table that is known, whether an earlier migration makes it."""
    is_known = ("table", table_of(change.key)) in change.before.facts
    asked = change.key not in change.after.gone and change.drops()
    return Net("any", "It is not there: no earlier migration makes it.") if is_known and asked else None


def combine_nets(nets: Collection[Net]) -> Net:
    """Return what some changes need together."""
    return Net(
        combine(net.order for net in nets), " ".join(dict.fromkeys(net.why for net in nets if net.why))
    )
