"""Cut the text of a migration into the statements that the Supabase CLI would store.

The cut is at each `;` that stands at the top level. The rules below are the CLI's, not
PostgreSQL's: where the two differ (a `)` closes every open bracket; in version 2 `/*/` is a whole
comment) the history table shows the CLI's, and so do we. tests/conformance proves it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from kit.supabase.arguments import CLI_VERSION, Release

_SPACE = " \t\n\r\f\v"
_TRIMMED = (
    " \t\n\r\f\v\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""White space as JavaScript's trim() knows it; Python's strip() has another list."""
NOT_IN_WORDS = r"\x00-#%-/:-@\[-^`{-\x7f"
"""For a `[^…]`. What words have goes up to U+10FFFF, and to compile that takes 4 ms, at each start."""
_WORD = re.compile(rf"[^{NOT_IN_WORDS}]")
_TAG = re.compile(rf"\$[^{NOT_IN_WORDS}$]*\$")
_END = re.compile(rf"(?i:END)(?![^{NOT_IN_WORDS}])", re.ASCII)
_TURNS = re.compile(r"""[$'"\-/;()]|\\[\s\S]?|(?<=[ \t\n\r\f\v])ATOMIC""", re.IGNORECASE | re.ASCII)
_BEGIN = re.compile(rf"(?<![^{NOT_IN_WORDS}])(?i:BEGIN)[ \t\n\r\f\v]+\Z", re.ASCII)
_EDGE = re.compile(r"/\*|\*/")
_CONTINUED = re.compile(r"((?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*)'")


class _Inside(Enum):
    """What may enclose a `;` besides quotes and comments."""

    BRACKETS = auto()
    ATOMIC_BODY = auto()


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a file.

    Attributes:
        text: as it is stored: trimmed, without its `;`, with the comments before it.
        line: the line of the file, from 1, at which `text` starts.
    """

    text: str
    line: int


def split(text: str, release: Release = CLI_VERSION) -> tuple[Statement, ...]:
    """Return the statements of a file in order; what is empty is left out.

    Source: the behaviour of the Supabase CLI, as its history table shows it.

    Args:
        text: of the file.
        release: whose rules hold: since version 3 a comment ends where it does for PostgreSQL.
    """
    return tuple(
        Statement(text=trimmed, line=text.count("\n", 0, start + piece.index(trimmed)) + 1)
        for start, piece in _pieces(text, release)
        if (trimmed := piece.rstrip(";").strip(_TRIMMED))
    )


def _pieces(text: str, release: Release) -> Iterator[tuple[int, str]]:
    """Yield each piece up to and with its `;`, and where it starts."""
    start = 0
    while start < len(text):
        end = _end_of_piece(text, start, release)
        yield start, text[start:end]
        start = end


def _end_of_piece(text: str, start: int, release: Release) -> int:  # noqa: C901 - one case for each rule
    inside: list[_Inside] = []
    place = start
    while turn := _TURNS.search(text, place):
        at, place = turn.start(), turn.end()
        match turn[0]:
            case ";" if not inside:
                return place
            case ";" if inside[-1] is _Inside.ATOMIC_BODY:
                place = _enter_statement(text, place, inside, release)
            case "(":
                inside.append(_Inside.BRACKETS)
            case ")" | "\\)":
                while inside and inside[-1] is _Inside.BRACKETS:
                    inside.pop()
            case "'" | '"':
                place = _after_quoted(text, at, start)
            case "-" | "/":
                place = _after_comment(text, at, release)
            case "$":
                place = _after_dollar(text, at, start)
            case word if word.upper() == "ATOMIC" and _BEGIN.search(text, start, at):
                inside.append(_Inside.ATOMIC_BODY)
                place = _enter_statement(text, place, inside, release)
    return len(text)


def _enter_statement(text: str, place: int, inside: list[_Inside], release: Release) -> int:
    """Skip the blanks before a statement of an atomic body; leave the body if the statement is END."""
    place = skip_blanks(text, place, release)
    if _END.match(text, place) and not _WORD.match(text[place - 1]):
        inside.pop()
        return place + 3
    return place


def skip_blanks(text: str, place: int = 0, release: Release = CLI_VERSION) -> int:
    """Return where the blanks and comments that start at `place` end."""
    while place < len(text):
        if text[place] in _SPACE:
            place += 1
        elif text.startswith(("--", "/*"), place):
            place = _after_comment(text, place, release)
        else:
            break
    return place


def without_comments(sql: str) -> str:
    """Return SQL with a blank for each comment; it may end anywhere, as statements in pg_stat_activity do."""
    kept, start, place = [], 0, 0
    while turn := _TURNS.search(sql, place):
        at, place = turn.start(), turn.end()
        match turn[0]:
            case "'" | '"':
                place = _after_quoted(sql, at, 0)
            case "$":
                place = _after_dollar(sql, at, 0)
            case "-" | "/" if (end := _after_comment(sql, at, Release.V3)) > place:
                kept.append(sql[start:at])
                start = place = end
    return " ".join([*kept, sql[start:]])


def _after_comment(text: str, at: int, release: Release) -> int:
    """Return the end of the comment that may start at `at`; one character on if none does."""
    if text.startswith("--", at):
        ends = [found for found in (text.find("\n", at), text.find("\r", at)) if found != -1]
        return min(ends) + 1 if ends else len(text)
    if not text.startswith("/*", at):
        return at + 1
    # In version 2 a pair counts, too, that shares a character with the pair before it.
    shared = 1 if release is Release.V2 else 0
    depth, place = 1, at + 2 - shared
    while edge := _EDGE.search(text, place):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
        place = edge.end() - shared
    return len(text)


def _after_quoted(text: str, at: int, start: int) -> int:
    quote = text[at]
    escapes = quote == "'" and text[start:at][-1:] in ("e", "E") and not _WORD.match(text[start:at][-2:-1])
    place = at + 1
    while place < len(text):
        if escapes and text[place] == "\\":
            place += 2
        elif text[place] != quote:
            place += 1
        elif text.startswith(quote, place + 1):
            place += 2
        elif escapes and (more := _CONTINUED.match(text, place + 1)) and re.search(r"[\n\r]", more[1]):
            place = more.end()  # E'…' goes on in the next line
        else:
            return place + 1
    return len(text)


def _after_dollar(text: str, at: int, start: int) -> int:
    """Return the end of the dollar quote that may start at `at`."""
    tag = _TAG.match(text, at)
    if tag is None or (at > start and _WORD.match(text[at - 1])):
        return at + 1
    # From at + 1, not from the end of the tag: the CLI takes `$$$` for a closed quote.
    found = text.find(tag[0], at + 1)
    return len(text) if found == -1 else found + len(tag[0])
