"""A real table of texts from anywhere, escaped; it can be read without its style too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from kit.widgets.style import COLOURS

SHEET = (
    f".kw-view{{{COLOURS};container-type:inline-size;line-height:1.4;max-width:1000px}}"
    ".kw-view p{margin:4px 0}"
    ".kw-view table{border-collapse:collapse;margin:4px 0;border:0;font-size:13px;table-layout:auto}"
    ".kw-view caption{caption-side:top;text-align:left;font-weight:700;padding:4px 0;color:var(--kw-text)}"
    ".kw-view thead{border-bottom:1px solid var(--kw-line)}"
    ".kw-view tbody tr,.kw-view tbody tr:nth-child(odd),.kw-view tbody tr:hover{background:none}"
    ".kw-view th,.kw-view td{padding:2px 14px 2px 0;border:0;text-align:left;vertical-align:top;"
    "max-width:none;background:none;color:var(--kw-text);white-space:normal;overflow-wrap:anywhere;font-weight:400}"
    ".kw-view tbody th{overflow-wrap:normal}"
    ".kw-view thead th{color:var(--kw-soft);overflow-wrap:normal}"
    ".kw-view tr.kw-marked th,.kw-view tr.kw-marked td{font-weight:700;"
    "border-bottom:1px solid var(--kw-line)}"
    ".kw-view tr.kw-marked>:first-child{box-shadow:inset 4px 0 var(--kw-text);padding-left:10px}"
    ".kw-view.kw-code td{font-family:var(--jp-code-font-family,monospace);font-size:12px}"
    "@container (max-width:479px){.kw-view th,.kw-view td{padding-right:8px;font-size:12px}}"
)
"""For everything that is made of such tables."""


@dataclass(frozen=True)
class Row:
    """Cells, the first of them the row's header; marked in words by them, and in the drawing too."""

    cells: Sequence[str]
    marked: bool = False


def draw_grid(caption: str, head: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a table with its caption and headers.

    Args:
        caption: what it shows.
        head: a header for each column.
        rows: from top to bottom.
    """
    tops = "".join(f"<th scope='col'>{escape(cell)}</th>" for cell in head)
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{tops}</tr></thead>"
        f"<tbody>{''.join(map(_row, rows))}</tbody></table>"
    )


def _row(row: Row) -> str:
    first, *rest = map(escape, row.cells)
    kind = " class='kw-marked'" if row.marked else ""
    return f"<tr{kind}><th scope='row'>{first}</th>{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>"


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
