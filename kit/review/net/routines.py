"""Functions, what is published, and triggers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import chain

from postgast import walk
from postgast.pg_query_pb2 import FuncCall, RangeVar

from kit.review.bodies import statements_of_function
from kit.review.catalog import KnownObjects, qualified
from kit.review.classify import Parsed, read
from kit.review.grammar import words_of
from kit.review.net.change import (
    PASSING,
    SAME,
    Net,
    ObjectChange,
    combine_nets,
    not_there,
)
from kit.review.objects import (
    RAISES,
    Key,
    Routine,
    Table,
    Trigger,
)
from kit.review.rules import combine


def net_of_functions(change: ObjectChange) -> Net | None:
    """Say what a change of the functions of one name needs."""
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


def net_of_published(change: ObjectChange) -> Net | None:
    """Say what publishing a table needs."""
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


def net_of_trigger(change: ObjectChange) -> Net | None:
    """Say what a trigger's change needs."""
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
    if (net := not_there(change)) is not None:
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
