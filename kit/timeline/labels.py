"""Texts for a drawing: times, durations, and foreign text that cannot break a layout."""

from __future__ import annotations

import unicodedata

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_EXACT = 10 * _MINUTE
_LATIN, _BASIC = 0xFF, 0xFFFF


def show(text: str) -> str:
    r"""Return text of any origin on one line, with what a terminal would act on as escapes.

    Control characters, newlines, ANSI sequences, invisible and combining characters
    become what Python would write for them (`\n`, `\x1b`, `\u202e`).
    """
    return "".join(_show_character(character) for character in unicodedata.normalize("NFC", text))


def count_cells(text: str) -> int:
    """Return the columns that shown text takes: two for each wide East Asian character."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def cut(text: str, cells: int) -> str:
    """Return shown text in at most so many columns; "..." stands for what was left out."""
    if count_cells(text) <= cells:
        return text
    dots = "..." if cells > len("...") else ""
    room = cells - len(dots)
    kept = []
    for character in text:
        room -= count_cells(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + dots


def show_commit(commit: str) -> str:
    """Return the first seven characters of a commit id, or a word for none."""
    return show(commit[:7]) or "none"


def show_offset(seconds: float) -> str:
    """Return a time relative to a zero: "-00:02", "00:00", "+00:35", "+00:35.4", "+2d 03:00:00"."""
    tenths = round(seconds * 10)
    sign = "-" if tenths < 0 else "+" if tenths > 0 else ""
    whole, tenth = divmod(abs(tenths), 10)
    days, rest = divmod(whole, _DAY)
    hours, rest = divmod(rest, _HOUR)
    clock = f"{rest // _MINUTE:02}:{rest % _MINUTE:02}"
    if days:
        clock = f"{days}d {hours:02}:{clock}"
    elif hours:
        clock = f"{hours}:{clock}"
    return f"{sign}{clock}.{tenth}" if tenth else f"{sign}{clock}"


def show_span(seconds: float) -> str:
    """Return a duration as one would say it: "0.05 s", "3.0 s", "12 min", "3 h 10 min", "2 d 4 h"."""
    if seconds < 1:
        return f"{seconds:.2f} s" if seconds > 0 else "0 s"
    if seconds < _EXACT:
        return f"{seconds:.1f} s"
    minutes = round(seconds / _MINUTE)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _show_character(character: str) -> str:
    if character.isprintable() and not unicodedata.category(character).startswith("M"):
        return character
    code = ord(character)
    named = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(character)
    if named is not None:
        return named
    if code <= _LATIN:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _BASIC else f"\\U{code:08x}"
