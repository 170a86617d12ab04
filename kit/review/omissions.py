"""What the schema of today says of rows that leave a column out: those of code that knows a drop is coming.

Before a column is dropped, code that no longer writes it runs beside the old schema. There the column gets
its default, a value of the database's own, or NULL, and each rule of the table is asked about that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kit.review.catalog import KnownObjects
from kit.review.expressions import (
    NOTHING,
    Shape,
    calls_in,
    columns_in,
    find_outcomes,
    without_casts,
)
from kit.review.objects import Column, Constraint, Index, Policy, Table, Trigger

_DECIDES = re.compile(r"\b(?:if|case|loop|exception)\b", re.IGNORECASE)
"""Where PL/pgSQL does something only in some cases."""
_ASKS_WHERE = re.compile(r"\btg_(?:table_name|relname|relid|argv)\b|\bexception\s+when\b", re.IGNORECASE)
"""Where PL/pgSQL does something only on some tables, or goes on where it fails."""
_INSERT = 1 << 2
"""TRIGGER_TYPE_INSERT of PostgreSQL's pg_trigger.h."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why today's schema refuses a row without the column, or may do so.

    Attributes:
        why: a clause that goes on after "it" or a colon.
        cure: what to do first, a clause in the imperative; "" where the refusal is not certain.
    """

    why: str
    cure: str = ""

    @property
    def certain(self) -> bool:
        """Whether each such row is refused, or all but the first."""
        return bool(self.cure)


def find_refusals(table: str, column: str, before: KnownObjects, after: KnownObjects) -> Iterator[Refusal]:
    """Yield what keeps rows without a column out of a table.

    Args:
        table: with its schema.
        column: which is known to be there before.
        before: the schema of today.
        after: that in which the column is gone.
    """
    fact = before.column(table, column)
    if fact is None or fact.fills or _is_filled_by_a_trigger(table, column, before):
        return
    for part in (table, *before.parts(table)):
        own = before.column(part, column)
        if fact.default == NOTHING and own is not None and own.not_null:
            yield _not_null(part, column, before)
            break
    for part in (table, *before.parts(table)):
        yield from _by_constraints(part, column, fact, before)
        yield from _by_indexes(part, column, fact, before)
    yield from _by_domain(fact, before)
    yield from _by_policies(table, column, fact, before, after)
    yield from _by_triggers(table, column, before)


def _not_null(table: str, column: str, catalog: KnownObjects) -> Refusal:
    bare = catalog.facts.get(("column", table, column))
    if column in catalog.primary_key(table):
        return Refusal(
            "it is part of the primary key and has no default", "give the table another primary key"
        )
    if isinstance(bare, Column) and not bare.not_null:
        return Refusal(
            "its domain is NOT NULL and it has no default", "SET DEFAULT, or give it the domain's base type"
        )
    return Refusal("it is NOT NULL and has no default", "DROP NOT NULL or SET DEFAULT")


def _by_constraints(table: str, column: str, fact: Column, catalog: KnownObjects) -> Iterator[Refusal]:
    value = without_casts(fact.default)
    for key, constraint in catalog.of_table("constraint", table):
        if not isinstance(constraint, Constraint) or column not in constraint.columns:
            continue
        cure = f"drop the constraint {key[2]}"
        if constraint.kind == "check":
            outcomes = find_outcomes(constraint.expression, column, value)
            if outcomes == {False}:
                yield Refusal(f"the check {key[2]} refuses {_value(value)}", cure)
            elif False in outcomes and (value == NOTHING or len(constraint.columns) > 1):
                # A default meets a check that is about nothing else.
                yield Refusal(f"the check {key[2]} may refuse {_value(value)}")
        elif constraint.kind in {"unique", "primary", "exclusion"}:
            alike = constraint.nulls_alike if value == NOTHING else _is_constant(value)
            if alike:
                yield _same_again(key[2], cure, others=len(constraint.columns) > 1)


def _by_indexes(table: str, column: str, fact: Column, catalog: KnownObjects) -> Iterator[Refusal]:
    value = without_casts(fact.default)
    for key, index in catalog.facts.related("on", table):
        if not isinstance(index, Index) or not index.unique or column not in index.columns:
            continue
        if index.nulls_alike if value == NOTHING else _is_constant(value):
            name = key[1].split(".", 1)[1]
            others = len(index.whole[0]) > 1 or index.where != NOTHING
            yield _same_again(name, f"drop the index {name}", others=others)


def _same_again(name: str, cure: str, *, others: bool) -> Refusal:
    """Say what a key does to rows that have the same value in one of its columns."""
    if others:
        return Refusal(f"{name} may refuse rows that differ in nothing else")
    return Refusal(f"{name} lets only one row have what all of them get", cure)


def _by_domain(fact: Column, catalog: KnownObjects) -> Iterator[Refusal]:
    if fact.default != NOTHING:
        return
    for name, expression in catalog.domain_checks(fact.type):
        outcomes = find_outcomes(expression, "value", NOTHING)
        if outcomes == {False}:
            yield Refusal(f"the check {name} of its domain refuses NULL", "SET DEFAULT")
        elif False in outcomes:
            yield Refusal(f"the check {name} of its domain may refuse NULL")


def _by_policies(
    table: str, column: str, fact: Column, before: KnownObjects, after: KnownObjects
) -> Iterator[Refusal]:
    """Ask the policies, where rows may be inserted in the end: a policy lets through what is true."""
    secured = before.facts.get(("table", table))
    if not isinstance(secured, Table) or not secured.row_security:
        return
    if not _may_insert_in_the_end(table, column, after):
        return
    value = without_casts(fact.default)
    policies = [(key[2], policy) for key, policy in _policies_of_insert(table, before)]
    lets = {name: True in find_outcomes(policy.check, column, value) for name, policy in policies}
    strict = [name for name, policy in policies if not policy.permissive and not lets[name]]
    open_ones = [name for name, policy in policies if policy.permissive]
    closed = strict or ([] if any(lets[name] for name in open_ones) else open_ones)
    if closed:
        names = ", ".join(closed)
        yield Refusal(
            f"the policy {names} refuses {_value(value)}", "make a policy that lets rows without it through"
        )


def _may_insert_in_the_end(table: str, column: str, after: KnownObjects) -> bool:
    fact = after.facts.get(("table", table))
    if isinstance(fact, Table) and not fact.row_security:
        return True
    return any(
        policy.permissive and column not in columns_in(policy.check)
        for _, policy in _policies_of_insert(table, after)
    )


def _policies_of_insert(table: str, catalog: KnownObjects) -> Iterator[tuple[tuple[str, ...], Policy]]:
    for key, policy in catalog.of_table("policy", table):
        if isinstance(policy, Policy) and "insert" in policy.commands:
            yield key, policy


def _triggers_before(table: str, catalog: KnownObjects) -> Iterator[tuple[str, str, bool]]:
    """Yield name, text and severity of what runs before a row is inserted."""
    for key, trigger in catalog.of_table("trigger", table):
        if not isinstance(trigger, Trigger) or not (trigger.enabled and trigger.before):
            continue
        facts = dict(trigger.whole[1:])
        if "when_clause" in facts or not facts.get("events", 0) & _INSERT:
            continue
        for routine in catalog.overloads(trigger.function).values():
            yield key[2], routine.body, routine.rejects(before=True)


def _is_filled_by_a_trigger(table: str, column: str, catalog: KnownObjects) -> bool:
    """Say whether a trigger gives the column a value, whatever else is in the row."""
    name = rf'new\."?{re.escape(column)}"?'
    fills = re.compile(
        rf"(?:^|;|\b(?:begin|then))\s*{name}\s*:?=|\binto\s+(?:strict\s+)?{name}(?=[\s;])", re.IGNORECASE
    )
    guard = re.compile(rf"\bif\s+\(?\s*{name}\s+is\s+null\s*\)?\s+then\b|\bend\s+if\b", re.IGNORECASE)
    for _, body, _ in _triggers_before(table, catalog):
        if fills.search(body) and not _DECIDES.search(guard.sub("", body)):
            return True
    return False


def _by_triggers(table: str, column: str, catalog: KnownObjects) -> Iterator[Refusal]:
    reads = re.compile(rf'\bnew\."?{re.escape(column)}\b', re.IGNORECASE)
    for name, body, rejects in _triggers_before(table, catalog):
        if rejects and reads.search(body):
            yield Refusal(f"the trigger {name} reads it and refuses rows")


def find_left_readers(table: str, column: str, after: KnownObjects) -> Iterator[str]:
    """Yield the triggers that stay on a table and whose function reads a column that is gone.

    PostgreSQL lets the column go, and refuses each row from then on.
    """
    reads = re.compile(rf'\b(?:new|old)\."?{re.escape(column)}\b', re.IGNORECASE)
    for key, trigger in after.of_table("trigger", table):
        if not isinstance(trigger, Trigger) or not trigger.enabled:
            continue
        bodies = [routine.body for routine in after.overloads(trigger.function).values()]
        if any(reads.search(body) and not _ASKS_WHERE.search(body) for body in bodies):
            yield key[2]


def _is_constant(value: Shape) -> bool:
    """Say whether a default is the same for each row."""
    return not calls_in(value) and not repr(value).startswith("('SQLValueFunction'")


def _value(value: Shape) -> str:
    return "NULL" if value == NOTHING else "the default"
