"""PostgreSQL's own grammar, for SQL that somebody may have written to bring it down."""

from __future__ import annotations

import re

import postgast
from google.protobuf.message import DecodeError
from postgast.pg_query_pb2 import ParseResult

_LONG = 10_000
"""Characters; what is shorter cannot be deep enough."""
_DEEPEST = 2_000
"""Steps; the parser's C code writes its tree down by recursion, and ends the process where the stack ends:
at 20,000 to 40,000 with the 8 MB of a main thread, at a sixteenth of that in a thread of macOS."""
# What never ends goes to the end of the text, so that nothing is looked through twice.
_TOKEN = re.compile(
    r"""
      (?P<skip> \s+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<value> '[^']*(?:'|\Z) | \$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z) | \d[\w.]* )
    | (?P<open> [(\[] ) | (?P<close> [)\]] ) | (?P<comma> , ) | (?P<end> ; )
    | (?P<set> \b(?:union|except|intersect)\b )
    | (?P<other> "[^"]*(?:"|\Z) | \w+ | . )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def parse(sql: str) -> ParseResult:
    """Parse SQL; a tree that is too deep to be read is refused before anything breaks.

    Args:
        sql: any text.

    Raises:
        PgQueryError: if it is no SQL.
        DecodeError: if it is too deep: protobuf reads no tree deeper than a hundred messages.
    """
    if len(sql) > _LONG and _find_depth(sql) > _DEEPEST:
        raise DecodeError("The statement is nested too deeply.")
    return postgast.parse(sql)


def _find_depth(sql: str) -> int:
    """Return how deep a tree may become: what no comma parts may be a chain.

    What stands in brackets is below what is around it. A list of rows, however long, is flat; `1 + 1 + …`,
    `a JOIN b JOIN …`, `SELECT … UNION …` are not.
    """
    deepest, base, chain, sets = 0, 0, 0, 0
    outer: list[tuple[int, int, int]] = []
    for token in _TOKEN.finditer(sql):
        match token.lastgroup:
            case "open":
                outer.append((base, chain, sets))
                base, chain, sets = base + chain + sets, 0, 0
            case "close" if outer:
                base, chain, sets = outer.pop()
                chain += 1
            case "comma":
                chain = 0
            case "end":
                base, chain, sets = 0, 0, 0
                outer.clear()
            case "set":
                sets += 1
            case "other":
                chain += 1
        deepest = max(deepest, base + chain + sets)
    return deepest
