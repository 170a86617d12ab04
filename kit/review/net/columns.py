"""Tables, their columns, and the types of these."""

from __future__ import annotations

from collections.abc import Mapping

from kit.review.catalog import TEMPORARY, KnownObjects
from kit.review.expressions import (
    NOTHING,
    TRUE,
    implies,
    without_casts,
)
from kit.review.net.change import (
    PASSING,
    SAME,
    THERE,
    Net,
    ObjectChange,
    combine_nets,
    not_there,
)
from kit.review.objects import (
    Column,
    Constraint,
    Domain,
    Enum,
)
from kit.review.omissions import find_left_readers, find_refusals
from kit.review.rules import Order, combine


def net_of_table(change: ObjectChange) -> Net | None:
    """Say what a table's change needs."""
    key, name = change.key, change.key[1]
    was, now = key in change.before.facts, key in change.after.facts
    if name.startswith(f"{TEMPORARY}."):
        return Net("any", "A temporary table is this session's own.")
    if not was:
        if now:
            return Net("schema-first") if key in change.made else None
        return Net("any", PASSING) if key in change.made else None
    if not now and "RENAME TABLE" in change.operations and ("view", name) in change.after.facts:
        return Net(
            "schema-first", "A view under the old name serves today's code; new code uses the new name."
        )
    if not now:
        return _dropped_table(name, change)
    if change.drops():
        return Net(
            "expand-contract", "It is dropped with its rows and made anew, empty and perhaps different."
        )
    if all(operation.startswith("CREATE TABLE") for operation in change.operations):
        return Net("any", THERE)
    return None


def _dropped_table(name: str, change: ObjectChange) -> Net | None:
    """Say whether rows of another table, which stays, must point to rows that new code does not write."""
    pointing = [
        (key, fact)
        for key, fact in change.before.facts.related("points to", name)
        if isinstance(fact, Constraint) and key[1] != name and ("table", key[1]) in change.after.facts
    ]
    for key, fact in pointing:
        columns = [change.before.column(key[1], column) for column in fact.columns]
        stays = all(("column", key[1], column) in change.after.facts for column in fact.columns)
        if stays and all(column is not None and column.demands for column in columns):
            return Net(
                "expand-contract",
                f"First drop the constraint {key[2]}{_IN_STEPS} Until then each row of "
                f"{key[1].removeprefix('public.')} must point to one of this table, and new code adds none.",
            )
    return None


_IN_STEPS = ", in a deploy of its own; then the code, then this."
_OF_COLUMNS = ("ADD COLUMN", "DROP COLUMN", "ALTER COLUMN TYPE")
_COLUMN_STATES = {
    "SET DEFAULT",
    "DROP DEFAULT",
    "SET NOT NULL",
    "DROP NOT NULL",
    "ADD NOT NULL",
    "ADD IDENTITY",
    "DROP IDENTITY",
}


def states_a_column(operation: str) -> bool:
    """Say whether a kind of change is told by what the column is before and after."""
    return operation.startswith(_OF_COLUMNS) or operation in _COLUMN_STATES


def net_of_column(change: ObjectChange) -> Net | None:
    """Say what a column's change needs."""
    _, table, name = change.key
    was, now = change.before.column(table, name), change.after.column(table, name)
    if was is None and now is None:
        return Net("any", PASSING) if change.key in change.made else _unseen_column(change)
    if was is None:
        return _new_column(now) if now is not None and change.key in change.made else None
    if now is None:
        return _dropped_column(table, name, change) if "DROP COLUMN" in change.operations else None
    if change.drops() and any(operation.startswith("DROP COLUMN") for operation in change.operations):
        return Net("expand-contract", "The column is dropped with its values and made anew.")
    nets = [
        _other_type(was, now, change),
        _other_demand(was, now),
        _other_default(was, now),
        _other_filling(was, now),
    ]
    found = [net for net in nets if net is not None]
    if not found:
        return Net("any", SAME if len(change.operations) > 1 else THERE)
    return Net(combine(net.order for net in found), " ".join(net.why for net in found))


def _unseen_column(change: ObjectChange) -> Net | None:
    """Judge what becomes of a column that no migration makes."""
    if (net := not_there(change)) is not None or "DROP COLUMN" not in change.operations:
        return net
    if change.key in change.before.optional:
        return Net("code-first")
    if set(change.operations) != {"DROP COLUMN"}:
        return None
    return Net(
        "unknown",
        "It depends on the column, which no earlier migration makes. If it is NOT NULL without a default, "
        "first DROP NOT NULL, then the code, then this; new code, which leaves it out, is refused till then. "
        "If it is nullable, generated or has a default: code first.",
    )


def _dropped_column(table: str, name: str, change: ObjectChange) -> Net:
    """Say whether new code, which no longer writes a column, works while it is there."""
    for trigger in find_left_readers(table, name, change.after):
        return Net(
            "expand-contract",
            f"The trigger {trigger} stays, and its function reads {name}: rows are refused from then on, "
            "whatever code writes them. Change the function, or drop the trigger, in the same push.",
        )
    refusals = list(find_refusals(table, name, change.before, change.after))
    for refusal in refusals:
        if refusal.certain:
            return Net(
                "expand-contract",
                f"First {refusal.cure}{_IN_STEPS} Today's code still names {name}, and new code, which "
                f"leaves it out, is refused while it is there: {refusal.why}.",
            )
    if refusals:
        return Net(
            "unknown",
            f"Code first if today's schema takes rows without {name}, which is not known: {refusals[0].why}.",
        )
    return Net("code-first")


def _new_column(now: Column) -> Net:
    if now.demands:
        return Net(
            "expand-contract",
            "In the end the column is NOT NULL and has no default: today's code inserts rows without it and "
            "is refused; new code needs it. Keep the default until no code leaves the column out.",
        )
    return Net("schema-first")


def _other_demand(was: Column, now: Column) -> Net | None:
    if was.not_null == now.not_null:
        return None
    if now.not_null:
        return Net("code-first", "Today's code may write NULL and be refused.")
    return Net("schema-first", "Code that writes NULL needs the change first.")


def _other_default(was: Column, now: Column) -> Net | None:
    if without_casts(was.default) == without_casts(now.default):
        return None
    if now.default == NOTHING:
        return Net("code-first", "Today's code may count on the default; new code gives a value itself.")
    return Net("schema-first", "New code counts on the default.")


def _other_filling(was: Column, now: Column) -> Net | None:
    if was.fills == now.fills:
        if was.always == now.always:
            return None
        if now.always:
            return Net("code-first", "Today's code may give a value, which is refused from now on.")
        return Net("schema-first", "A value that code gives is taken from now on.")
    if now.always and was.demands:
        return Net(
            "expand-contract",
            "Today's code gives the value, which GENERATED ALWAYS refuses; new code leaves it to the "
            "database. BY DEFAULT takes both.",
        )
    if was.always and now.demands:
        return Net(
            "expand-contract",
            "Today's code leaves the value to the database; new code gives it, which GENERATED ALWAYS "
            f"refuses. First SET GENERATED BY DEFAULT{_IN_STEPS}",
        )
    if now.fills:
        return Net("schema-first", "New code leaves the value to the database.")
    return Net("code-first", "Today's code leaves the value to the database.")


_WIDER: Mapping[str, frozenset[str]] = {
    "int2": frozenset({"int4", "int8", "numeric"}),
    "int4": frozenset({"int8", "numeric"}),
    "int8": frozenset({"numeric"}),
    "float4": frozenset({"float8"}),
    "varchar": frozenset({"text"}),
    "bpchar": frozenset({"text", "varchar"}),
    "text": frozenset({"varchar"}),
    "date": frozenset({"timestamp", "timestamptz"}),
    "timestamp": frozenset({"timestamptz"}),
    "timestamptz": frozenset({"timestamp"}),
    "json": frozenset({"jsonb"}),
    "numeric": frozenset(),
}
"""Types that take all that another one takes, and that queries written for it can read."""
_DIGITS = {"int2": 5, "int4": 10, "int8": 19}
"""How many digits a whole number may have."""


def _other_type(was: Column, now: Column, change: ObjectChange) -> Net | None:
    if was.type == now.type:
        return None
    old, new = _parts(_base(was.type, change.before)), _parts(now.type)
    wider = _takes_all(old, new)
    narrower = _takes_all(new, old) and _base(was.type, change.before) == was.type
    if wider:
        return Net(
            "any" if narrower else "schema-first",
            f"{now.type} takes all that {was.type} takes; today's code goes on.",
        )
    if narrower:
        return Net(
            "code-first", f"{now.type} refuses some of what {was.type} takes: today's code may write it."
        )
    enums = [
        catalog.facts.get(("type", column.type if "." in column.type else f"public.{column.type}"))
        for catalog, column in ((change.before, was), (change.after, now))
    ]
    if isinstance(enums[0], Enum) and isinstance(enums[1], Enum) and was.type == now.type:
        return _other_values(enums[0], enums[1])
    return Net(
        "expand-contract",
        f"What code writes for {was.type} may be refused by {now.type}, and the other way round.",
    )


def _base(name: str, catalog: KnownObjects) -> str:
    """Return the type under a domain; what a domain lets through, its base takes too."""
    domain = catalog.facts.get(("type", name if "." in name else f"public.{name}"))
    return domain.base if isinstance(domain, Domain) else name


def _parts(text: str) -> tuple[str, tuple[int, ...]]:
    name, _, rest = text.partition("(")
    lengths = tuple(int(part) for part in rest.rstrip(")").split(",") if part.lstrip("-").isdigit())
    return name, lengths


def _takes_all(old: tuple[str, tuple[int, ...]], new: tuple[str, tuple[int, ...]]) -> bool:
    if old[0] == new[0]:
        if not new[1]:
            return True
        if not old[1]:
            return False
        if old[0] == "numeric":
            (before, *scale), (after, *scale_after) = old[1], new[1]
            fewer = (scale or [0])[0] > (scale_after or [0])[0]
            return not fewer and after - (scale_after or [0])[0] >= before - (scale or [0])[0]
        return new[1][0] >= old[1][0]
    if new[0] == "numeric" and old[0] in _DIGITS and new[1]:
        return new[1][0] - sum(new[1][1:]) >= _DIGITS[old[0]]
    if new[0] not in _WIDER.get(old[0], ()):
        return False
    if old[0].startswith("timestamp"):
        return old[1] == new[1] or not new[1]
    return not new[1] or (bool(old[1]) and old[0] in {"varchar", "bpchar"} and new[1][0] >= old[1][0])


def keeps_the_rows(was: Column, now: Column) -> bool:
    """Say whether PostgreSQL leaves the rows as they are when one type becomes the other.

    Source: PostgreSQL 18, ALTER TABLE, "Notes": binary coercible types, and lengths that only grow.
    """
    old, new = _parts(was.type), _parts(now.type)
    if old == new:
        return True
    if old[0] in {"varchar", "text"} and new[0] in {"varchar", "text"}:
        return not new[1] or (bool(old[1]) and new[1][0] >= old[1][0])
    if old[0] == new[0] == "numeric":
        if not new[1]:
            return True
        same_scale = old[1][1:] == new[1][1:]
        return bool(old[1]) and same_scale and new[1][0] >= old[1][0]
    return (
        old[0] == new[0]
        and old[0] in {"timestamp", "timestamptz", "time", "interval", "varbit"}
        and not new[1]
    )


def net_of_type(change: ObjectChange) -> Net | None:
    """Say what a type's change needs, an enum's or a domain's."""
    was, now = change.before.facts.get(change.key), change.after.facts.get(change.key)
    if was is None and now is None:
        return Net("any", PASSING) if change.key in change.made else None
    if was is None:
        return Net("schema-first") if change.key in change.made else None
    if now is None:
        return _dropped_type(change)
    if was == now:
        return Net("any", SAME) if change.drops() or isinstance(was, Enum | Domain) else None
    if isinstance(was, Enum) and isinstance(now, Enum):
        return _other_values(was, now)
    if isinstance(was, Domain) and isinstance(now, Domain):
        return _other_domain(was, now)
    return None


def _dropped_type(change: ObjectChange) -> Net | None:
    """Judge the columns that go with their type, by CASCADE."""
    name = change.key[1]
    nets = [
        _dropped_column(key[1], key[2], change)
        for written in {name, name.removeprefix("public.")}
        for key, was in change.before.facts.related("of type", written)
        if change.after.facts.get(key) == was
    ]
    found = combine_nets(nets)
    return None if found.order in {"any", "code-first"} else found


def _other_values(was: Enum, now: Enum) -> Net:
    lost, gained = set(was.values) - set(now.values), set(now.values) - set(was.values)
    if lost and gained:
        return Net("expand-contract", "Today's code knows values that go, new code those that come.")
    if lost:
        return Net("code-first", "Today's code may write or compare a value that goes.")
    if gained:
        return Net("schema-first", "All values stay; new code writes those that come.")
    return Net("any", "The values are the same as before.")


def _other_domain(was: Domain, now: Domain) -> Net:
    orders: list[Order] = []
    if was.not_null != now.not_null:
        orders.append("code-first" if now.not_null else "schema-first")
    before = ("and", TRUE, *(check for _, check in was.checks))
    after = ("and", TRUE, *(check for _, check in now.checks))
    wider, narrower = implies(before, after), implies(after, before)
    if not (wider and narrower):
        orders.append("schema-first" if wider else "code-first" if narrower else "expand-contract")
    if was.default != now.default:
        orders.append("schema-first" if now.default != NOTHING else "code-first")
    return Net(combine(orders), "What the domain lets through changes, in all columns that have it.")
