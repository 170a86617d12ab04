"""How the parts of a judgement are shown: a sentence for each order, wrapped text, an escaped table."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from html import escape

from kit.review import Order

WIDTH = 100
SAID: dict[Order, str] = {
    "schema-first": "schema first",
    "code-first": "code first",
    "any": "either order",
    "expand-contract": "neither order; take it apart (expand, then contract)",
}
"""An order in words."""


def wrap(text: str, *, indent: int) -> Iterator[str]:
    """Yield a text as lines of at most `WIDTH` columns, each with so many blanks before it."""
    return iter(textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent))


def as_table(about: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, text: str) -> str:
    """Return HTML of a table between two texts; everything is escaped.

    Args:
        about: what comes first, "" for nothing.
        head: the names of the columns; with none there is no table.
        rows: the cells.
        text: what comes last.
    """
    parts = [f"<p>{escape(about)}</p>"] if about else []
    if head:
        names = "".join(f'<th scope="col" style="text-align:left">{escape(name)}</th>' for name in head)
        body = "".join(
            "<tr>" + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in row) + "</tr>"
            for row in rows
        )
        parts.append(f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>")
        parts.append(f"<p><strong>{escape(text)}</strong></p>")
    else:
        parts.append(f'<pre style="white-space:pre-wrap">{escape(text)}</pre>')
    return "".join(parts)
