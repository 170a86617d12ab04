"""Draw a two-by-two: as text of plain characters, as an HTML table; pure functions of its cells.

Whether a pair works is said by a word and a mark, and only then by a border and a hatching.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from html import escape

from kit.experiments.cells import Age, Cell
from kit.review import Order

_AGES: tuple[Age, ...] = ("old", "new")
_WIDTH = 36  # of a cell in text
_FIRST = 8  # of the words before a row
_BETWEEN: tuple[tuple[Age, Age], ...] = (("old", "new"), ("new", "old"))
_PLACES = {("old", "old"): "start", ("new", "new"): "goal"}
_PLACES |= {("old", "new"): "schema first", ("new", "old"): "code first"}
_MANY = {"view": "views", "upload": "uploads", "job": "jobs of the worker"}


def draw_text(title: str, cells: Sequence[Cell], order: Order | None) -> str:
    """Return the table as text.

    Args:
        title: what the change is.
        cells: all four.
        order: what follows from them.
    """
    rule = "-" * _FIRST + ("+" + "-" * (_WIDTH + 2)) * 2
    lines = [
        f"Measured: {title}",
        "",
        _row("", ("old schema", "new schema")),
        rule,
    ]
    for code in _AGES:
        pair = [_lines(_find(cells, code, schema)) for schema in _AGES]
        height = max(map(len, pair))
        columns = [column + [""] * (height - len(column)) for column in pair]
        names = [f"{code}", "code", *[""] * height]
        lines += [_row(names[at], (columns[0][at], columns[1][at])) for at in range(max(height, 2))]
        lines.append(rule)
    if order is not None:
        lines += [
            "",
            *(f"{way:<15}{through:<45}{verdict}".rstrip() for way, through, verdict in _ways(cells)),
        ]
    return "\n".join([*lines, "", f"So: {_so(order, cells)}"])


def _row(name: str, columns: tuple[str, str]) -> str:
    return (f"{name:<{_FIRST}}" + "".join(f"| {one:<{_WIDTH}} " for one in columns)).rstrip()


def _find(cells: Sequence[Cell], code: Age, schema: Age) -> Cell:
    return next(one for one in cells if (one.code, one.schema) == (code, schema))


def _lines(cell: Cell) -> list[str]:
    head, place = f"{_mark(cell)}  {_word(cell)}", f"[{_place(cell)}]"
    return [f"{head}{place:>{_WIDTH - len(head)}}", *(part for text in _facts(cell) for part in _wrap(text))]


def _wrap(text: str) -> list[str]:
    return [f"   {part}" for part in textwrap.wrap(text, _WIDTH - 3)] or [""]


def _mark(cell: Cell) -> str:
    return "ok" if cell.works else "XX"


def _word(cell: Cell) -> str:
    return "works" if cell.works else "BREAKS"


def _place(cell: Cell) -> str:
    """Return what of a deploy the pair is: its start, its goal, or the way through it."""
    return _PLACES[cell.code, cell.schema]


def _facts(cell: Cell) -> Iterator[str]:
    """Yield what was seen in a cell, a sentence each."""
    if cell.works:
        yield f"{cell.ok} of {len(cell.tried)} ok"
        return
    tried = [one.what for one in cell.tried]
    for (what, outcome), number in cell.bad().items():
        if what == "start":
            yield "it does not start"
        elif tried.count(what) == 1:
            yield f"{what} {outcome.upper()}"
        else:
            yield f"{number} of {tried.count(what)} {_MANY.get(what, what)} {outcome.upper()}"
    error = cell.first_error
    if error is not None and error.message:
        yield f"{error.sqlstate} {error.message}".strip()


def _ways(cells: Sequence[Cell]) -> Iterator[tuple[str, str, str]]:
    """Yield the ways from old, old to new, new: name, through which pair, whether that works."""
    schema_first, code_first = (_word(_find(cells, *pair)) for pair in _BETWEEN)
    yield "schema first", "goes through old code on the new schema:", schema_first
    yield "code first", "goes through new code on the old schema:", code_first
    yield "push && push", "is schema first, as long as builds are slow:", schema_first


def _so(order: Order | None, cells: Sequence[Cell]) -> str:
    """Return what follows, with the worker where an old one breaks: no push restarts it."""
    worker = any(what == "job" for what, _ in _find(cells, "old", "new").bad())
    live = "wait until it is live, restart the worker with it" if worker else "wait until it is live"
    return {
        "schema-first": "schema first: npx supabase db push, then git push origin main.",
        "code-first": f"code first: git push origin main, {live}, then npx supabase db push.",
        "any": "either order: no pair breaks.",
        "expand-contract": "expand and contract: both ways break, split it into steps that are safe.",
        None: "no order: the new code does not work on the new schema either, mend the change first.",
    }[order]


# On the elements, not in a style sheet: a notebook that nobody has trusted yet keeps some of them.
_TEXT, _LINE = "var(--jp-ui-font-color1,#1f2328)", "var(--jp-border-color1,#8c959f)"
_LEFT = "text-align:left;vertical-align:top;padding:8px 10px;max-width:none;white-space:normal"
_FRAME = f"{_LEFT};width:46%;background:var(--jp-layout-color0,#fff);color:{_TEXT}"
_WORKS = f"{_FRAME};border:2px solid {_LINE}"
_BREAKS = f"{_FRAME};border:4px double {_TEXT};background-image:repeating-linear-gradient(135deg,"
_BREAKS += "transparent 0 9px,rgba(128,128,128,.16) 9px 12px)"
_TABLE = "border-collapse:separate;border-spacing:6px;margin:0;width:100%;max-width:60em;table-layout:auto"
_CAPTION = f"text-align:left;font-weight:700;padding:0 6px 4px;color:{_TEXT}"
_TIGHT = "margin:0 0 2px"


def draw_html(title: str, cells: Sequence[Cell], order: Order | None) -> str:
    """Return the table as HTML, everything escaped; the arguments are those of `draw_text`."""
    head = "".join(f"<th scope='col' style='{_LEFT}'>{schema} schema</th>" for schema in _AGES)
    rows = "".join(
        f"<tr style='background:none'><th scope='row' style='{_LEFT}'>{code} code</th>"
        f"{''.join(_data(_find(cells, code, schema)) for schema in _AGES)}</tr>"
        for code in _AGES
    )
    ways = "".join(
        f"<li><b>{escape(way)}</b> {through} <b>{verdict}</b></li>" for way, through, verdict in _ways(cells)
    )
    return (
        f"<table style='{_TABLE}'><caption style='{_CAPTION}'>Measured: {escape(title)}</caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"{f'<ul>{ways}</ul>' if order else ''}<p><b>So:</b> {escape(_so(order, cells))}</p>"
    )


def _data(cell: Cell) -> str:
    mark, style = ("✓", _WORKS) if cell.works else ("✗", _BREAKS)
    facts = "".join(f"<p style='{_TIGHT}'>{escape(one)}</p>" for one in _facts(cell))
    head = f"<b>{mark} {_word(cell)}</b> <i>({_place(cell)})</i>"
    return f"<td style='{style}'><p style='{_TIGHT}'>{head}</p>{facts}</td>"
