"""What becomes of an object in sum: the order that follows from what it was before and is afterwards.

Each function compares an object in two catalogs, before the first pending migration and after the last.
It answers with an order and a reason, or with None where the catalogs do not know enough; then the
statement's own rule holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from postgast import walk
from postgast.pg_query_pb2 import FuncCall, RangeVar

from kit.review.bodies import statements_of_function
from kit.review.catalog import ROW_COMMANDS, TEMPORARY, KnownObjects, qualified
from kit.review.classify import Parsed, read
from kit.review.expressions import (
    NOTHING,
    TRUE,
    Shape,
    asks_for_null,
    calls_in,
    implies,
    without_casts,
)
from kit.review.facts import Keys
from kit.review.grammar import words_of
from kit.review.objects import (
    RAISES,
    Column,
    Constraint,
    Domain,
    Enum,
    Index,
    Key,
    Policy,
    Routine,
    Table,
    Trigger,
    View,
)
from kit.review.omissions import find_left_readers, find_refusals
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


def find_net(change: ObjectChange) -> Net | None:
    """Say what a subject's change needs; None where its statements' own rules hold."""
    table = table_of(change.key)
    if table and (table.startswith(f"{TEMPORARY}.") or ("table", table) in change.made):
        return Net("any", NEW)
    if table and _goes_with_its_table(change, table):
        return Net("any", "It goes with its table.")
    if table and ("view", table) in change.made:
        return Net("any", NEW.replace("table", "view"))
    judge = _JUDGES.get(change.key[0], _other)
    return judge(change)


def _goes_with_its_table(change: ObjectChange, table: str) -> bool:
    was, now = ("table", table) in change.before.facts, ("table", table) in change.after.facts
    return was and not now and ("view", table) not in change.after.facts


# Tables and columns


def _table(change: ObjectChange) -> Net | None:
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


def _column(change: ObjectChange) -> Net | None:
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
    if (net := _not_there(change)) is not None or "DROP COLUMN" not in change.operations:
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


def _not_there(change: ObjectChange) -> Net | None:
    """Say of what is dropped IF EXISTS, of a table that is known, whether an earlier migration makes it."""
    is_known = ("table", table_of(change.key)) in change.before.facts
    asked = change.key not in change.after.gone and change.drops()
    return Net("any", "It is not there: no earlier migration makes it.") if is_known and asked else None


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


# Rules that rows keep to


def _constraint(change: ObjectChange) -> Net | None:
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
    if (net := _not_there(change)) is not None:
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
        return Net("expand-contract", UNIQUE)
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


UNIQUE = (
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


def _index(change: ObjectChange) -> Net | None:
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
        return Net("expand-contract", UNIQUE)
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
    return Net("expand-contract", UNIQUE)


# Row security


def _security(change: ObjectChange) -> Net | None:
    table = change.key[1]
    was, now = change.before.facts.get(("table", table)), change.after.facts.get(("table", table))
    if not isinstance(was, Table) or not isinstance(now, Table):
        return None
    if was.row_security == now.row_security:
        return Net("any", SAME)
    if now.row_security:
        open_to_all = KnownObjects()
        key = ("policy", table, "all")
        open_to_all.facts[key] = Policy(ROW_COMMANDS, frozenset({"public"}), TRUE, TRUE)
        if _allows_all_of(change.after, open_to_all, table):
            return Net("any", "Its policies let everybody do everything, as before.")
    return None


def _policies(change: ObjectChange) -> Net | None:
    table = change.key[1]
    was, now = change.before.facts.get(("table", table)), change.after.facts.get(("table", table))
    if isinstance(was, Table) and isinstance(now, Table) and not was.row_security:
        reason = "counts once row security is on" if now.row_security else "does nothing without row security"
        return Net("any", f"Row security was off, where nothing was refused; a policy {reason}.")
    lost = change.after.gone.named("policy", table) - change.before.gone.named("policy", table)
    if lost:
        if all(key in change.after.facts for key in lost):
            return Net(
                "unknown", "What the policy allowed before is not known: no earlier migration makes it."
            )
        return None
    wider = _allows_all_of(change.after, change.before, table)
    narrower = _allows_all_of(change.before, change.after, table)
    if wider and narrower:
        return Net("any", "In sum the policies allow what they allowed before.")
    if wider:
        return Net("schema-first", "In sum the policies allow more: today's code goes on, new code needs it.")
    if narrower:
        return Net("code-first", "In sum the policies allow less: today's code may be refused.")
    return Net(
        "expand-contract",
        "In sum the policies allow other rows or people than before: what one code may do the other may not. "
        "Create the new policy beside the old, deploy, drop the old.",
    )


def _allows_all_of(catalog: KnownObjects, other: KnownObjects, table: str) -> bool:
    mine = [fact for _, fact in catalog.of_table("policy", table) if isinstance(fact, Policy)]
    theirs = [fact for _, fact in other.of_table("policy", table) if isinstance(fact, Policy)]
    for policy in theirs:
        for command in policy.commands if policy.permissive else ():
            for role in policy.roles:
                if not any(_covers(candidate, policy, command, role) for candidate in mine):
                    return False
    return all(
        any(_as_strict(candidate, policy) for candidate in theirs) for policy in mine if not policy.permissive
    )


def _covers(candidate: Policy, policy: Policy, command: str, role: str) -> bool:
    if not candidate.permissive or command not in candidate.commands:
        return False
    if not candidate.roles & {"public", role}:
        return False
    reads, writes = command != "insert", command in {"insert", "update"}
    return (not reads or implies(policy.using, candidate.using)) and (
        not writes or implies(policy.check, candidate.check)
    )


def _as_strict(candidate: Policy, policy: Policy) -> bool:
    """Say whether a restrictive policy was there before that refuses all that this one refuses."""
    return (
        not candidate.permissive
        and policy.commands <= candidate.commands
        and ("public" in candidate.roles or policy.roles <= candidate.roles)
        and implies(candidate.using, policy.using)
        and implies(candidate.check, policy.check)
    )


# Functions, triggers, views, types


def _functions(change: ObjectChange) -> Net | None:
    name = change.key[1]
    was, now = change.before.overloads(name), change.after.overloads(name)
    if not was:
        return _unknown_functions(change, made=bool(now))
    if was == now:
        return Net("any", SAME)
    answers = [_served(key, routine, now) for key, routine in was.items()]
    nets, unserved = [net for net in answers if net is not None], None in answers
    added = [key for key in now if key not in was]
    if not now and {routine.returns for routine in was.values()} == {"trigger"}:
        return Net("any", "Only triggers call it.")
    if unserved and not added and not nets:
        return None if not now else Net("code-first")
    if unserved:
        if added:
            return Net("expand-contract", "Today's calls no longer find it, and new calls need the new form.")
        orders = [net.order for net in nets]
        return Net(combine(["code-first", *orders]), "Today's code may call what is dropped.")
    changed = [key for key in was if key in now and words_of(was[key].body) != words_of(now[key].body)]
    bodies = [_other_body(was[key], now[key], name, change) for key in changed]
    nets += [net for net in bodies if net is not None]
    kept = [key for key in was if key in now]
    moved = [key for key in kept if now[key].path is not None and was[key] != now[key]]
    nets += [net for key in moved if (net := _lost_names(now[key], change.after)) is not None]
    others = [replace(now[key], body=was[key].body, path=was[key].path) != was[key] for key in kept]
    if not (added or changed or any(others)) and combine(net.order for net in nets) == "any":
        nets.append(Net("any", "It does what it did before."))
    elif added or changed or not nets or any(others):
        nets.append(Net("schema-first", "Today's calls find it as before; new calls need the new form."))
    return combine_nets(nets)


def _unknown_functions(change: ObjectChange, *, made: bool) -> Net | None:
    """Judge functions of a name that no earlier migration makes."""
    name = change.key[1]
    if change.after.gone.named("function", name) - change.before.gone.named("function", name):
        return Net("unknown", "What the function was before is not known.") if made else None
    if made:
        of_triggers = {routine.returns for routine in change.after.overloads(name).values()} == {"trigger"}
        return Net("any", "Only triggers call it.") if of_triggers else Net("schema-first")
    if change.made.named("function", name):
        return Net("any", PASSING)
    if change.drops() and change.before.knows_tables():
        return Net("any", "It is not there: no earlier migration makes it.")
    return None


def _served(key: Key, routine: Routine, now: Mapping[Key, Routine]) -> Net | None:
    """Say how a function's calls are answered afterwards; None where nothing answers them."""
    same = now.get(key)
    if same is not None and same.returns != routine.returns:
        if routine.outputs and set(routine.outputs) <= set(same.outputs):
            return Net("schema-first", "It returns more columns; today's calls read those that they know.")
        return Net(
            "expand-contract", "It returns something else: today's code reads one form, new code another."
        )
    if same is not None and any(
        old and old != new for old, new in zip(routine.names, same.names, strict=False)
    ):
        return Net("expand-contract", "Its parameters have other names, and calls may give them by name.")
    for count in range(routine.required, len(routine.inputs) + 1):
        callable_so = [other for other in now.values() if other.required <= count <= len(other.inputs)]
        fitting = [other for other in callable_so if other.inputs[:count] == routine.inputs[:count]] or [
            other for other in callable_so if _takes_inputs(other, routine.inputs[:count])
        ]
        if not fitting:
            return None
        if len(fitting) > 1:
            return Net(
                "expand-contract",
                f"A call with {count} argument{'s' * (count != 1)} fits two functions: PostgreSQL calls it "
                "ambiguous. Drop the old one in the same migration.",
            )
        named = [
            other
            for other in fitting
            if other.names[: len(routine.names)] == routine.names or not any(routine.names)
        ]
        if not named:
            return Net("expand-contract", "Its parameters have other names, and calls may give them by name.")
        if fitting[0].returns != routine.returns and same is None:
            return Net("expand-contract", "It returns something else: today's code reads one form.")
    also = [
        other
        for other_key, other in now.items()
        if other_key != key and len(other.inputs) == len(routine.inputs) and other.inputs != routine.inputs
    ]
    if also and same is not None and not _told_apart(routine, also[0]):
        return Net(
            "unknown", "Two functions have as many arguments: a call with untyped values may fit both."
        )
    return Net("any")


_CAST: Mapping[str, frozenset[str]] = {
    "int2": frozenset({"int4", "int8", "numeric", "float4", "float8"}),
    "int4": frozenset({"int8", "numeric", "float4", "float8"}),
    "int8": frozenset({"numeric", "float4", "float8"}),
    "numeric": frozenset({"float4", "float8"}),
    "float4": frozenset({"float8"}),
    "varchar": frozenset({"text"}),
    "bpchar": frozenset({"text", "varchar"}),
    "text": frozenset({"varchar"}),
    "date": frozenset({"timestamp", "timestamptz"}),
    "timestamp": frozenset({"timestamptz"}),
}
"""To which types PostgreSQL casts an argument by itself; source: pg_cast, castcontext = 'i'."""


def _takes_inputs(routine: Routine, inputs: Collection[str]) -> bool:
    return all(
        given == taken or taken in _CAST.get(given, ())
        for given, taken in zip(inputs, routine.inputs, strict=False)
    )


def _told_apart(routine: Routine, other: Routine) -> bool:
    return routine.names != other.names and not set(routine.names) <= set(other.names)


def _other_body(was: Routine, now: Routine, name: str, change: ObjectChange) -> Net | None:
    bare = name.split(".", 1)[1]
    if change.before.facts.related("calls", bare):
        return Net("unknown", "Policies call the function: what they allow changes with it.")
    if was.definer and not now.definer:
        return Net("expand-contract", "It runs with the caller's rights from now on, which may not suffice.")
    if _raises(now) - _raises(was):
        return Net("expand-contract", "It refuses what it did not refuse before: today's calls may fail.")
    if now.returns == "trigger" and was.fills and not now.fills:
        return Net("code-first", "The trigger no longer sets what today's code counts on.")
    return None


def _lost_names(routine: Routine, catalog: KnownObjects) -> Net | None:
    """Find a name without a schema in a function's body, whose schema its search path does not have."""
    if routine.path is None or "public" in routine.path:
        return None
    bodies = (read(inner.sql) for inner in statements_of_function(routine))
    statements = (body.statements or () for body in bodies if isinstance(body, Parsed))
    for _, content in chain.from_iterable(statements):
        for _, node in walk(content):
            if isinstance(node, RangeVar) and not node.schemaname:
                name = f"public.{node.relname}"
                is_lost = ("table", name) in catalog.facts or ("view", name) in catalog.facts
            elif isinstance(node, FuncCall) and len(node.funcname) == 1:
                name = qualified(node.funcname)
                is_lost = bool(catalog.overloads(name))
            else:
                continue
            if is_lost:
                bare = name.removeprefix("public.")
                return Net(
                    "expand-contract",
                    f"Its body names {bare} without a schema, and its search_path does not have that: each "
                    f"call fails. Write {name}.",
                )
    return None


def _published(change: ObjectChange) -> Net | None:
    table = change.key[1]
    if not isinstance(change.after.facts.get(("table", table)), Table):
        return None
    if change.after.tells_rows_apart(table):
        return Net("any")
    return Net(
        "code-first",
        f"{table.removeprefix('public.')} has no primary key: once it is published, UPDATE and DELETE are "
        "refused. Give it one first, or REPLICA IDENTITY FULL.",
    )


def _raises(routine: Routine) -> set[str]:
    lines = (" ".join(line.lower().split()) for line in routine.body.split(";"))
    return {line for line in lines if RAISES.search(line) or "return null" in line}


_MODEST = {"moddatetime", "set_updated_at", "update_updated_at_column", "handle_updated_at"}
"""Functions of an extension, or of everybody, that only stamp a row."""


def _trigger(change: ObjectChange) -> Net | None:
    was, now = change.before.facts.get(change.key), change.after.facts.get(change.key)
    if isinstance(was, Trigger) and isinstance(now, Trigger):
        if was == now:
            return Net("any", SAME)
        if not now.enabled:
            return _ending(was, change.before)
        if not was.enabled:
            return _beginning(now, change.after)
        return combine_nets([_ending(was, change.before), _beginning(now, change.after)])
    if isinstance(now, Trigger):
        return _beginning(now, change.after)
    if isinstance(was, Trigger):
        return _ending(was, change.before)
    if change.key in change.made:
        return Net("any", PASSING)
    if (net := _not_there(change)) is not None:
        return net
    return Net("unknown", "What the trigger did is not known: no earlier migration makes it.")


def _body(trigger: Trigger, catalog: KnownObjects) -> Routine | None:
    return next(iter(catalog.overloads(trigger.function).values()), None)


def _beginning(trigger: Trigger, catalog: KnownObjects) -> Net:
    routine = _body(trigger, catalog)
    if routine is None:
        if trigger.function.split(".", 1)[1] in _MODEST:
            return Net("schema-first", "It stamps rows; new code counts on that.")
        return Net(
            "unknown", "The trigger's function is not among the migrations: what it does is not known."
        )
    rejects = routine.rejects(before=trigger.before)
    if rejects and trigger.before and routine.fills:
        return Net(
            "expand-contract", "It refuses rows that today's code may write, and fills what new code needs."
        )
    if rejects:
        return Net("code-first", "Its function refuses rows: today's code may write what it refuses.")
    return Net("schema-first", "Today's code goes on; new code counts on what the trigger does.")


def _ending(trigger: Trigger, catalog: KnownObjects) -> Net:
    routine = _body(trigger, catalog)
    if routine is None:
        return Net("code-first", "Today's code may count on what the trigger did.")
    rejects = routine.rejects(before=trigger.before)
    if rejects and not routine.fills:
        return Net("schema-first", "Rows that it refused may now be written: new code needs that.")
    if rejects:
        return Net("expand-contract", "It refused rows, and filled what today's code counts on.")
    return Net("code-first", "Today's code may count on what the trigger did.")


def _view(change: ObjectChange) -> Net | None:
    was, now = change.before.facts.get(change.key), change.after.facts.get(change.key)
    if isinstance(was, View) and isinstance(now, View):
        return _other_view(was, now)
    if isinstance(was, View):
        return None
    if isinstance(now, View):
        if change.drops() and change.key in change.after.gone:
            return Net("unknown", "What the view was before is not known: no earlier migration makes it.")
        return Net("schema-first") if change.key in change.made else None
    return Net("any", PASSING) if change.key in change.made else None


def _other_view(was: View, now: View) -> Net:
    if was.invoker != now.invoker:
        rest = _other_view(was, replace(now, invoker=was.invoker))
        return combine_nets([*([rest] if rest.why != SAME else []), _INVOKER if now.invoker else _OWNER])
    if was == now:
        return Net("any", SAME)
    if was.columns is None or now.columns is None:
        return Net("unknown", "Its columns are not known: a star stands for those of a table that is not.")
    if not _reads_as_many(was, now):
        return Net(
            "unknown", "It reads other rows than before: whether today's code misses some is not known."
        )
    lost, gained = set(was.columns) - set(now.columns), set(now.columns) - set(was.columns)
    if lost and gained:
        return Net("expand-contract", "Today's code reads columns that go, new code those that come.")
    if lost:
        return Net("code-first", "Today's code may read a column that goes.")
    if gained:
        return Net("schema-first", "All its columns stay; new code reads those that come.")
    if was.where == now.where:
        return Net("unknown", "A column of it is computed anew: which values code reads is not known.")
    return Net("schema-first", "It shows all the rows that it showed before, and more.")


_INVOKER = Net(
    "code-first",
    "It reads with the rights of who asks from now on: without rights to its tables, or with row security on "
    "them, today's code is refused or sees less.",
)
_OWNER = Net(
    "schema-first", "It reads with its owner's rights from now on: everybody who may read it sees all of it."
)


def _reads_as_many(was: View, now: View) -> bool:
    if now.where not in {NOTHING, TRUE} and (was.where == NOTHING or not implies(was.where, now.where)):
        return False
    return was.source == now.source or _is_left_of(was.source, now.source)


def _is_left_of(source: Shape, now: Shape) -> bool:
    """Say whether what was read is read still, with more joined to it by LEFT JOIN."""
    if len(source) != 1 or len(now) != 1:
        return False
    joined = now[0]
    while joined[:1] == ("JoinExpr",) and joined != source[0]:
        facts = dict(joined[1:])
        if facts.get("jointype") != _LEFT:
            return False
        joined = facts.get("larg", NOTHING)
    return bool(joined == source[0])


_LEFT = 2
"""JOIN_LEFT of the parser."""


def _type(change: ObjectChange) -> Net | None:
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


# Rows, rights, the rest


def _rows(change: ObjectChange) -> Net | None:
    _, table, action, *columns = change.key
    if action == "insert":
        return Net("schema-first", "If new code needs the rows, they must be there first; today's goes on.")
    if action in {"delete", "truncate"}:
        return Net("code-first", "Today's code may read the rows that go.")
    if action != "update":
        return None
    if not columns:
        return Net("unknown", "Whether code reads the rows that it changes is not known.")
    changed = [name for name in columns if ("column", table, name.rstrip("?")) not in change.made]
    if not changed:
        return Net("any", "It fills columns that a pending migration makes: nobody reads them yet.")
    if action == "update" and all(_filled_for_good(name, change) for name in changed):
        return Net("any", "It fills what must not be NULL in the end.")
    return Net(
        "unknown",
        f"Whether code reads the old values of {', '.join(changed).replace('?', '')} is not known.",
    )


def _filled_for_good(name: str, change: ObjectChange) -> bool:
    key = ("column", change.key[1], name.removesuffix("?"))
    if not name.endswith("?"):
        return False
    was, now = change.before.column(*key[1:]), change.after.column(*key[1:])
    return was is not None and now is not None and now.not_null and not was.not_null


def _rights(change: ObjectChange) -> Net | None:
    kind, name = change.key[1], change.key[2]
    if kind == "function" and not change.before.overloads(name) and change.after.overloads(name):
        return Net("any", "Nobody calls the function yet: a pending migration makes it.")
    if (kind.removeprefix("OBJECT_").lower(), name) in change.made:
        return Net("any", "Nobody uses it yet: a pending migration makes it.")
    return None


def _other(change: ObjectChange) -> Net | None:
    was, now = change.before.facts.get(change.key), change.after.facts.get(change.key)
    if was is not None and now is not None:
        if was == now or not change.drops():
            return Net("any", SAME if change.drops() else THERE)
        return None
    if was is None and now is None and change.key in change.made:
        return Net("any", PASSING)
    return None


def combine_nets(nets: Collection[Net]) -> Net:
    """Return what some changes need together."""
    return Net(
        combine(net.order for net in nets), " ".join(dict.fromkeys(net.why for net in nets if net.why))
    )


_JUDGES: Mapping[str, Callable[[ObjectChange], Net | None]] = {
    "table": _table,
    "column": _column,
    "constraint": _constraint,
    "index": _index,
    "security": _security,
    "policies": _policies,
    "functions": _functions,
    "trigger": _trigger,
    "view": _view,
    "type": _type,
    "rows": _rows,
    "rights": _rights,
    "published": _published,
}
