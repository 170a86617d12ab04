"""How the parts of a judgement are put into text: wrapped lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

_WIDTH = 100  # columns of a line of text


def wrap(text: str, *, indent: int) -> Iterator[str]:
    """Yield a text as lines of at most 100 columns, each with so many blanks before it."""
    return iter(textwrap.wrap(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent))
