"""PostgreSQL's own grammar, for SQL that somebody may have written to bring it down."""

from __future__ import annotations

import re
from typing import Any

import postgast
from google.protobuf.message import DecodeError
from postgast.pg_query_pb2 import C_COMMENT, SQL_COMMENT, DefElem, Node, ParseResult

GRAMMAR_MAJOR = 18
"""Whose grammar postgast has."""
Message = Any
"""A protobuf message, or a value in one."""
_Form = Any
"""Nested tuples of names and values, which one compares and does nothing else with."""
PLACES = frozenset(
    {
        "list_end",
        "list_start",
        "location",
        "name_location",
        "rexpr_list_end",
        "rexpr_list_start",
        "stmt_len",
        "stmt_location",
    }
)
"""Fields that say where something stands in the text, and not what it is."""
_COMMENTS = {C_COMMENT, SQL_COMMENT}

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


def normal_form(sql: str) -> _Form | None:
    """Return what SQL says, whatever it looks like: its tree without places, bodies without comments.

    Args:
        sql: one statement or several.

    Returns:
        What equals that of SQL with the same meaning to the parser; None if it cannot be parsed.
    """
    try:
        return _shape(parse(sql))
    except (postgast.PgQueryError, DecodeError):
        return None


def _shape(message: Message) -> _Form:
    is_body = isinstance(message, DefElem) and message.defname == "as"
    return (
        message.DESCRIPTOR.name,
        *(
            (field.name, _shape_of_value(value, in_body=is_body))
            for field, value in message.ListFields()
            if field.name not in PLACES
        ),
    )


def _shape_of_value(value: Message, *, in_body: bool) -> _Form:
    if in_body and isinstance(value, Node):
        texts = [value.string.sval] if value.HasField("string") else [i.string.sval for i in value.list.items]
        return tuple(words_of(text) for text in texts)
    if hasattr(value, "ListFields"):
        return _shape(value)
    if isinstance(value, str | bytes | int | float):
        return value
    return tuple(_shape_of_value(item, in_body=False) for item in value)


def words_of(body: str) -> _Form:
    """Return a body's words without comments; the text itself where it is no SQL."""
    try:
        tokens = postgast.scan(body).tokens
    except postgast.PgQueryError:
        return body
    encoded = body.encode()  # the parser counts bytes
    return tuple(encoded[token.start : token.end] for token in tokens if token.token not in _COMMENTS)


def _find_depth(sql: str) -> int:
    """Return how deep a tree may become: what no comma parts may be a chain.

    What stands in brackets is below what is around it.
    A list of rows, however long, is flat; `1 + 1 + …`, `a JOIN b JOIN …`, `SELECT … UNION …` are not.
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
