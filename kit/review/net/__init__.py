"""What becomes of an object in sum: the order that follows from what it was before and is afterwards.

Each function compares an object in two catalogs, before the first pending migration and after the last.
It answers with an order and a reason, or with None where the catalogs do not know enough; then the
statement's own rule holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kit.review.catalog import TEMPORARY
from kit.review.net.change import NEW, PASSING, SAME, THERE, Net, ObjectChange, table_of
from kit.review.net.columns import net_of_column, net_of_table, net_of_type
from kit.review.net.constraints import net_of_constraint, net_of_index
from kit.review.net.policies import net_of_policies, net_of_security
from kit.review.net.routines import net_of_functions, net_of_published, net_of_trigger
from kit.review.net.views import net_of_view


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


_JUDGES: Mapping[str, Callable[[ObjectChange], Net | None]] = {
    "table": net_of_table,
    "column": net_of_column,
    "constraint": net_of_constraint,
    "index": net_of_index,
    "security": net_of_security,
    "policies": net_of_policies,
    "functions": net_of_functions,
    "trigger": net_of_trigger,
    "view": net_of_view,
    "type": net_of_type,
    "rows": _rows,
    "rights": _rights,
    "published": net_of_published,
}
