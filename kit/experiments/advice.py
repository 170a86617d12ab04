"""Which order is safe for a change, and why: what its SQL says and what was measured, put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kit.experiments.cells import Age, Cell
from kit.experiments.locks_taken import LocksSeen
from kit.experiments.table import TwoByTwo
from kit.experiments.words import SAID, as_list, as_paragraph, wrap
from kit.review import Order, Pending, combine

_CODE, _SCHEMA, _LIVE = "git push origin main", "npx supabase db push", "wait until the new code is live"
_AGREE, _DIFFER = "Rule and run agree.", "Rule and run do not agree:"
_STEPS: dict[Order, tuple[str, ...]] = {
    "schema-first": (_SCHEMA, _CODE),
    "code-first": (_CODE, _LIVE, _SCHEMA),
    "any": (_SCHEMA, _CODE),
    "expand-contract": (
        "a migration that only adds, and npx supabase db push",
        "code that works with both schemas, and git push origin main",
        "when it is live: a migration that takes away or tightens, and npx supabase db push",
    ),
}

_WAYS: tuple[tuple[Age, Age, str], ...] = (("old", "new", "schema first"), ("new", "old", "code first"))


@dataclass(frozen=True, kw_only=True, repr=False)
class Advice:
    """The safe order of a change; shown with its reasons.

    Attributes:
        by_rule: the order that its SQL alone asks for.
        measured: the order that was measured; None if the change does not work even when it is complete.
        order: the one to take; None as above.
        steps: what to do, in this order.
        reasons: what was seen, a sentence each.
        differences: where rule and run do not agree, and what that means; empty if they do.
    """

    by_rule: Order
    measured: Order | None
    order: Order | None
    steps: tuple[str, ...]
    reasons: tuple[str, ...]
    differences: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Show the order, what to do, and why."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self._head
        for number, step in enumerate(self.steps, 1):
            yield f"  {number}. {step}"
        yield "Why:"
        for reason in self.reasons:
            yield from _bullet(reason)
        if self.differences:
            yield _DIFFER
        elif self.order is not None:
            yield _AGREE
        for difference in self.differences:
            yield from _bullet(difference)

    @property
    def _head(self) -> str:
        if self.order is None:
            return "No order is safe yet: mend the change first."
        return f"Safe: {SAID[self.order]}."

    def _repr_html_(self) -> str:
        """Show the same as HTML, everything escaped."""
        parts = [as_paragraph(self._head, strong=True)]
        if self.steps:
            parts.append(as_list(self.steps, numbered=True))
        parts += [as_paragraph("Why:"), as_list(self.reasons)]
        if self.differences:
            parts += [as_paragraph(_DIFFER), as_list(self.differences)]
        elif self.order is not None:
            parts.append(as_paragraph(_AGREE))
        return "".join(parts)


def _bullet(text: str) -> Iterator[str]:
    lines = list(wrap(text, indent=4))
    yield f"  - {lines[0].strip()}"
    yield from lines[1:]


def advise(pending: Sequence[Pending], pairs: TwoByTwo, locks: LocksSeen) -> Advice:
    """Put together what the rules say of a change, and what was measured of it.

    What was measured decides, except where nothing broke: then the code that was run does not
    touch what the migration changes, and the rule, which thinks of all code, is the careful answer.

    Args:
        pending: the migrations, judged by their text.
        pairs: the measured two-by-two.
        locks: the measured locks.
    """
    by_rule, measured = combine(one.order for one in pending), pairs.order
    order = by_rule if measured == "any" else measured
    differences = []
    if measured is not None and measured != by_rule:
        differences.append(_difference(by_rule, measured))
    differences += [
        f"Line {one.line} of {one.file}, {one.operation}: the rule says {one.rule}, and it took {one.words}."
        for one in locks.held
        if not one.agrees
    ]
    return Advice(
        by_rule=by_rule,
        measured=measured,
        order=order,
        steps=() if order is None else _STEPS[order] if pending else (_CODE,),
        reasons=tuple(_reasons(pairs)),
        differences=tuple(differences),
    )


def _reasons(pairs: TwoByTwo) -> Iterator[str]:
    complete, before = pairs.cell("new", "new"), pairs.cell("old", "old")
    if not before.works:
        yield f"Already today something is broken: {_broken(before)}."
    if not complete.works:
        yield f"The new code does not work on the new schema: {_broken(complete)}"
        return
    for code, schema, way in _WAYS:
        cell = pairs.cell(code, schema)
        seen = f"all {cell.ok} things that were tried are ok" if cell.works else _broken(cell)
        yield f"The {code} code on the {schema} schema ({way} passes through it): {seen}."


def _broken(cell: Cell) -> str:
    counts = ", ".join(
        f"{number} {'time' if number == 1 else 'times'} {what} {outcome.upper()}"
        for (what, outcome), number in cell.bad().items()
    )
    error = cell.first_error
    if error is not None and error.what == "start":
        return error.message
    said = f"{error.sqlstate} {error.message}".strip() if error else ""
    return f"{counts}; {said}" if said else counts


def _difference(by_rule: Order, measured: Order) -> str:
    if measured == "any":
        return (
            f"By the SQL alone: {SAID[by_rule]}. Nothing broke in either order: the code that was run does "
            "not mind the change. Is there other code, a report, a script that does? Take the rule."
        )
    if by_rule == "any":
        return (
            "By the SQL alone: either order. Your code counts on the change, which no SQL shows: "
            "take what was measured."
        )
    return (
        f"By the SQL alone: {SAID[by_rule]}. The rule takes for granted that new code uses what comes, and "
        "today's code what goes; yours does otherwise: take what was measured."
    )
