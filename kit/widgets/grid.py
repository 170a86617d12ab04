"""A real table of texts from anywhere, escaped; it can be read without its style too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape

from kit.widgets.style import COLOURS

_T = ".kw-view.kw-view.kw-view"  # thrice: it must weigh more than JupyterLab's own rules for tables
SHEET = (
    f".kw-view{{{COLOURS};container-type:inline-size;line-height:1.4;max-width:1000px}}"
    ".kw-view p{margin:4px 0}"
    f"{_T} table{{border-collapse:collapse;margin:4px 0;border:0;font-size:13px;table-layout:auto}}"
    f"{_T} caption{{caption-side:top;text-align:left;font-weight:700;padding:4px 0;color:var(--kw-text)}}"
    f"{_T} thead{{border-bottom:1px solid var(--kw-line)}}"
    f"{_T} tbody tr{{background:none}}"
    f"{_T} th,{_T} td{{padding:2px 14px 2px 0;border:0;text-align:left;vertical-align:top;max-width:none;"
    "background:none;color:var(--kw-text);white-space:normal;font-weight:400}"
    f"{_T} .kw-long{{overflow-wrap:anywhere}}"
    f"{_T} thead th{{color:var(--kw-soft)}}"
    f"{_T} tr.kw-marked>*{{font-weight:700;border-bottom:1px solid var(--kw-line)}}"
    f"{_T} tr.kw-marked>:first-child{{box-shadow:inset 4px 0 var(--kw-text);padding-left:10px}}"
    f"{_T}.kw-code td{{font-family:var(--jp-code-font-family,monospace);font-size:12px}}"
    f"@container (max-width:479px){{{_T} .kw-wide{{display:none}}"
    f"{_T} th,{_T} td{{padding-right:8px;font-size:12px}}}}"
)
"""For everything that is made of such tables."""


@dataclass(frozen=True)
class Row:
    """Cells, the first of them the row's header; marked in words by them, and in the drawing too."""

    cells: Sequence[str]
    marked: bool = False


def draw_grid(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Row],
    *,
    long: Collection[int],
    wide: Collection[int] = (),
) -> str:
    """Return a table with its caption and headers.

    Args:
        caption: what it shows.
        head: a header for each column.
        rows: from top to bottom.
        long: the columns, from 0, whose texts may be broken anywhere.
        wide: the columns that are left out where there is little room.
    """
    kinds = [
        " ".join(name for name, places in (("kw-long", long), ("kw-wide", wide)) if number in places)
        for number in range(len(head))
    ]
    marks = [f" class='{kind}'" if kind else "" for kind in kinds]
    tops = "".join(
        f"<th scope='col'{mark}>{escape(cell)}</th>" for mark, cell in zip(marks, head, strict=True)
    )
    body = "".join(_row(row, marks) for row in rows)
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{tops}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _row(row: Row, marks: Sequence[str]) -> str:
    first, *rest = (f"{mark}>{escape(cell)}" for mark, cell in zip(marks, row.cells, strict=True))
    kind = " class='kw-marked'" if row.marked else ""
    return f"<tr{kind}><th scope='row'{first}</th>{''.join(f'<td{cell}</td>' for cell in rest)}</tr>"


def draw_text_grid(head: Sequence[str], rows: Sequence[Row]) -> str:
    """Return the same in plain ASCII; a marked row begins with `*`.

    Args:
        head: a header for each column.
        rows: from top to bottom.
    """
    table = [(" ", *head)] + [("*" if row.marked else " ", *row.cells) for row in rows]
    plain = [[cell.encode("ascii", "backslashreplace").decode() for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in plain)
    return "\n".join(line.rstrip() for line in lines)
