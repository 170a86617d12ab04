"""What each kind of statement locks, and the order of deploy that it needs; rules.toml has the facts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from kit.names import DB_PUSH, GIT_PUSH

Kind = Literal[
    "duplicate-version",
    "out-of-order",
    "syntax",
    "refused",
    "bad-name",
    "edited",
    "encoding",
    "order",
    "allow",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A reason not to deploy.

    Attributes:
        file: the name of the file in supabase/migrations.
        line: where in it, from 1; 1 for the file as a whole.
        kind: what kind of reason.
        message: what is wrong, one sentence.
        remedy: what to do about it.
        path: of the file, as seen from the folder that one is in.
    """

    file: str
    line: int = 1
    kind: Kind
    message: str
    remedy: str
    path: str = ""


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
LOCKS: tuple[Lock, ...] = get_args(Lock)
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


Order = Literal["schema-first", "code-first", "any", "expand-contract", "unknown"]

ORDER_COMMANDS: Mapping[Order, tuple[str, ...]] = {
    "schema-first": (DB_PUSH, GIT_PUSH),
    "code-first": (GIT_PUSH, DB_PUSH),
    "any": (DB_PUSH, GIT_PUSH),
    "expand-contract": (),  # no order of these two is safe
    "unknown": (),  # which is safe cannot be read off the SQL
}


def combine(orders: Iterable[Order]) -> Order:
    """Return the order that is safe for all of some changes that one `db push` brings.

    What needs the schema first, next to what needs the code first, needs two deploys, whatever else is
    in it; otherwise, what is unknown of one is unknown of all.
    """
    wanted = set(orders) - {"any"}
    if not wanted:
        return "any"
    if len(known := wanted - {"unknown"}) > 1:
        return "expand-contract"
    if "unknown" in wanted and known != {"expand-contract"}:
        return "unknown"
    return known.pop()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is known of one kind of change; the head of rules.toml explains the attributes."""

    operation: str
    nodes: tuple[str, ...]
    when: tuple[str, ...] = ()
    lock: Lock
    order: Order
    why: str
    slow: bool = False


@cache
def read_rules() -> Mapping[str, Rule]:
    """Read rules.toml: each rule by the name of its operation, in the file's order."""
    tables = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))
    return {
        operation: Rule(
            operation=operation,
            nodes=tuple(facts.pop("nodes")),
            when=tuple(facts.pop("when", ())),
            why=" ".join(facts.pop("why").split()),
            **facts,
        )
        for operation, facts in tables.items()
    }
