"""Rules that rows keep to: constraints and indexes."""

from __future__ import annotations

from collections.abc import Iterator

from kit.review.catalog import TEMPORARY, KnownObjects
from kit.review.expressions import (
    NOTHING,
    asks_for_null,
    calls_in,
    implies,
)
from kit.review.net.change import (
    NEW,
    PASSING,
    SAME,
    Net,
    ObjectChange,
    not_there,
)
from kit.review.objects import (
    Constraint,
    Index,
)


def net_of_constraint(change: ObjectChange) -> Net | None:
    """Say what a constraint's change needs."""
    was, now = change.before.facts.get(change.key), change.after.facts.get(change.key)
    if isinstance(was, Constraint) and isinstance(now, Constraint):
        return _other_constraint(was, now)
    if (was is None) != (now is None) and _has_another_name(change, was or now):
        return Net("any", "The same constraint is there under another name.")
    if isinstance(now, Constraint):
        if change.drops() and (change.key in change.before.gone or change.key in change.after.gone):
            return Net(
                "unknown", "What the constraint was before is not known: no earlier migration makes it."
            )
        return _new_constraint(now, change)
    if isinstance(was, Constraint):
        if was.kind in {"unique", "primary", "exclusion"}:
            return _lost_unique(was, change)
        return None
    if change.key in change.made:
        return Net("any", PASSING)
    if (net := not_there(change)) is not None:
        return net
    if change.drops() and change.key[2].endswith(("_key", "_pkey", "_unique", "_uniq", "_uq", "_idx")):
        return Net("expand-contract", _ON_CONFLICT)
    return None


def _has_another_name(change: ObjectChange, fact: object) -> bool:
    """Say whether the same constraint is there under another name, before and after."""
    return all(
        any(
            other == fact and key != change.key
            for key, other in catalog.of_table("constraint", change.key[1])
        )
        or catalog.facts.get(change.key) == fact
        for catalog in (change.before, change.after)
    )


_ON_CONFLICT = (
    "Today's code may have ON CONFLICT on it, which then fails; new code may write what it refuses. "
    "If no code has, it is schema first."
)


def _lost_unique(was: Constraint, change: ObjectChange) -> Net:
    """A unique constraint goes; another one or a unique index over the same columns may stand in for it."""
    if any(
        sorted(columns) == sorted(was.columns) for columns in _unique_columns(change.after, change.key[1])
    ):
        return Net("any", "Another unique index is over the same columns.")
    gone = [column for column in was.columns if ("column", change.key[1], column) not in change.after.facts]
    if gone:
        return Net("code-first", "It goes with its column.")
    return Net("expand-contract", _ON_CONFLICT)


def _other_constraint(was: Constraint, now: Constraint) -> Net:
    if was == now:
        return Net("any", SAME)
    if was.kind == now.kind == "check":
        wider, narrower = implies(was.expression, now.expression), implies(now.expression, was.expression)
        if wider and narrower:
            return Net("any", SAME)
        if wider:
            return Net(
                "schema-first", "In sum the check allows more: today's code goes on, new code needs it."
            )
        if narrower:
            return Net("code-first", "In sum the check allows less: today's code may write what it refuses.")
        return Net("expand-contract", "The check is another one: what one code may write the other may not.")
    if was.kind == now.kind == "foreign" and (was.columns, was.target[:1]) == (now.columns, now.target[:1]):
        refuses = set("ar")
        before, after = (bool(set(fact.actions[:1]) & refuses) for fact in (was, now))
        if before and not after:
            return Net(
                "schema-first", "Rows that it kept from being deleted may now be: new code may need that."
            )
        if after and not before:
            return Net("code-first", "It refuses to delete rows that today's code may delete.")
        return Net("any", "Only what happens to rows that point to a deleted one changes.")
    return Net("expand-contract", "The constraint is another one: what one code may write the other may not.")


def _new_constraint(now: Constraint, change: ObjectChange) -> Net | None:
    table = change.key[1]
    fresh = [column for column in now.columns if ("column", table, column) in change.made]
    columns = [change.after.column(table, column) for column in fresh]
    filled = any(column is not None and column.default != NOTHING for column in columns)
    if now.kind in {"unique", "primary"}:
        constant = [
            column
            for column in columns
            if column is not None and column.default != NOTHING and not calls_in(column.default)
        ]
        if fresh and len(fresh) == len(now.columns) and constant:
            return Net(
                "expand-contract",
                "Each row that today's code inserts gets the same default, and only one may have it.",
            )
        if fresh and len(constant) < len(fresh) and not now.nulls_alike:
            return Net("any", "Rows of today's code have NULL there, or a value of their own.")
        if _covers_a_key(now, change):
            return Net("any", "A part of it is unique already: doubles cannot come up.")
        return Net("expand-contract", _UNIQUE)
    if now.kind == "foreign":
        return Net("any", "Rows of today's code have NULL there.") if fresh and not filled else None
    if now.kind == "check" and fresh:
        if len(fresh) == len(now.columns) and not asks_for_null(now.expression):
            return Net(
                "any", "Rows of today's code have NULL or the default there, which the check lets through."
            )
        simple = now.expression[:1] in {("op",), ("in",)}
        if simple and not filled and not asks_for_null(now.expression):
            return Net("any", "Rows of today's code have NULL there, which the check lets through.")
        return Net(
            "expand-contract", "Today's code leaves new columns out, and the check may refuse its rows."
        )
    return None


_UNIQUE = (
    "Today's code may write doubles; new code may have ON CONFLICT on it, and then needs it. "
    "Code that writes none first, then this, then the code with ON CONFLICT."
)


def _covers_a_key(now: Constraint | Index, change: ObjectChange) -> bool:
    """Say whether columns that are unique already are among those that become unique."""
    table = now.table if isinstance(now, Index) else change.key[1]
    return any(
        bool(columns) and set(columns) == set(now.columns)
        for columns in _unique_columns(change.before, table)
    )


def _unique_columns(catalog: KnownObjects, table: str) -> Iterator[tuple[str, ...]]:
    """Yield the columns of each key and each unique index of all rows."""
    for _, constraint in catalog.of_table("constraint", table):
        if isinstance(constraint, Constraint) and constraint.kind in {"unique", "primary"}:
            yield constraint.columns
    for _, index in catalog.facts.related("on", table):
        if isinstance(index, Index) and index.unique and index.where == NOTHING:
            yield index.columns


def net_of_index(change: ObjectChange) -> Net | None:
    """Say what an index's change needs."""
    was, now = change.before.facts.get(change.key), change.after.facts.get(change.key)
    fact = now or was
    if isinstance(fact, Index):
        if ("table", fact.table) in change.made or fact.table.startswith(f"{TEMPORARY}."):
            return Net("any", NEW)
        if isinstance(was, Index) and isinstance(now, Index):
            return _other_index(was, now)
        if not fact.unique:
            return Net("any")
        if now is None:
            return _lost_unique(
                Constraint("unique", fact.columns),
                ObjectChange(("index", fact.table), change.before, change.after, (), change.made),
            )
        as_constraint = Constraint("unique", fact.columns, nulls_alike=fact.nulls_alike)
        if fact.columns and len(fact.columns) == len(fact.whole[0]):
            found = _new_constraint(
                as_constraint,
                ObjectChange(("constraint", fact.table, ""), change.before, change.after, (), change.made),
            )
            if found is not None:
                return found
        return Net("expand-contract", _UNIQUE)
    if change.key in change.made:
        return Net("any", PASSING)
    if change.drops() and change.key[1].endswith(("_key", "_unique", "_uniq", "_uq", "unique_idx")):
        return Net("expand-contract", _ON_CONFLICT)
    return None


def _other_index(was: Index, now: Index) -> Net:
    if was == now or not (was.unique or now.unique):
        return Net("any", SAME if was == now else "Queries give the same rows.")
    if was.unique and not now.unique:
        return Net("expand-contract", _ON_CONFLICT)
    return Net("expand-contract", _UNIQUE)
