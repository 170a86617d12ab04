"""How the parts of a judgement are shown: wrapped text, escaped HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from html import escape

_WIDTH = 100  # columns of a line of text


def wrap(text: str, *, indent: int) -> Iterator[str]:
    """Yield a text as lines of at most 100 columns, each with so many blanks before it."""
    return iter(textwrap.wrap(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent))


def as_table(about: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, text: str) -> str:
    """Return HTML of a table between two texts; everything is escaped.

    Args:
        about: what comes first, "" for nothing.
        head: the names of the columns.
        rows: the cells.
        text: what comes last.
    """
    names = "".join(f'<th scope="col" {_LEFT}>{escape(name)}</th>' for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td {_LEFT}>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"
    return as_paragraph(about) * bool(about) + table + as_paragraph(text, strong=True)


def as_paragraph(text: str, *, strong: bool = False) -> str:
    """Return HTML of a text, each of its lines a line; everything is escaped."""
    lines = "<br>".join(map(escape, text.splitlines()))
    return f"<p><strong>{lines}</strong></p>" if strong else f"<p>{lines}</p>"


def as_list(texts: Iterable[str], *, numbered: bool = False) -> str:
    """Return HTML of a list, each line of a text a line; everything is escaped."""
    kind = "ol" if numbered else "ul"
    items = "".join("<li>" + "<br>".join(map(escape, text.splitlines())) + "</li>" for text in texts)
    return f"<{kind}>{items}</{kind}>"


_LEFT = 'style="text-align:left"'
