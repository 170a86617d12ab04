"""Views."""

from __future__ import annotations

from dataclasses import replace

from kit.review.expressions import (
    NOTHING,
    TRUE,
    Shape,
    implies,
)
from kit.review.net.change import (
    PASSING,
    SAME,
    Net,
    ObjectChange,
    combine_nets,
)
from kit.review.objects import (
    View,
)


def net_of_view(change: ObjectChange) -> Net | None:
    """Say what a view's change needs."""
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
