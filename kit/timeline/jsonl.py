"""Timelines as JSON lines: one record a line, so that a file can be appended to."""

from __future__ import annotations

import dataclasses
import functools
import json
import types
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from kit.errors import BadInput
from kit.timeline.records import KINDS, Record

_SHOWN = 80
_Fits = Callable[[object], bool]


class Loaded(NamedTuple):
    """What a file of JSON lines holds.

    Args:
        records: the records, in the order of the lines.
        broken: the text of a last line that was cut off in mid-write, "" if there is none.
            Remove it from the file before you append to it.
    """

    records: tuple[Record, ...]
    broken: str


def dump_record(record: Record) -> str:
    """Return the record as one line of JSON, ASCII only, without the newline."""
    # Not asdict(), which copies each value: there are hundreds of records, and none has a record in it.
    fields = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    return json.dumps({"kind": type(record).__name__, **fields}, allow_nan=False)


def load_record(line: str) -> Record:
    """Return the record of a line that `dump_record` made.

    Fields with a default may be missing: files of an older kit stay readable.

    Raises:
        BadInput: if the line is not JSON, or not a record of a known kind with the right fields.
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _unreadable(line, f"This is not JSON: {error}.") from error
    if not isinstance(fields, dict):
        raise _unreadable(line, "This is JSON, but not an object.")
    name = fields.pop("kind", None)
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise _unreadable(line, f"There is no kind of record called {name!r}.")
    fits = _fits(kind.__name__)
    for field, value in fields.items():
        if field not in fits:
            raise _unreadable(line, f"{name} has no field {field!r}.")
        if not fits[field](value):
            raise _unreadable(line, f"{name}.{field} cannot be {value!r}.")
    if missing := sorted(_required(kind.__name__) - fields.keys()):
        raise _unreadable(line, f"{name} needs {', '.join(missing)}.")
    try:
        return kind(**fields)
    except BadInput as error:
        raise _unreadable(line, error.message) from error


def dump_records(records: Iterable[Record]) -> str:
    """Return the records as JSON lines, each with its newline."""
    return "".join(f"{dump_record(record)}\n" for record in records)


def load_records(text: str) -> Loaded:
    """Return the records of JSON lines; a last line that was cut off is handed back, not raised.

    Args:
        text: the content of a file to which whole lines were appended.

    Raises:
        BadInput: if any other line is not a record.
    """
    *whole, rest = text.split("\n")
    records = tuple(load_record(line) for line in whole if line.strip())
    if not rest.strip():
        return Loaded(records, "")
    try:
        return Loaded((*records, load_record(rest)), "")
    except BadInput:
        return Loaded(records, rest)


def _unreadable(line: str, why: str) -> BadInput:
    shown = line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
    return BadInput(
        f"This line is not a record of a timeline: {shown!r}",
        why=why,
        remedy="Remove the line if it is the last one of its file; else restore the file.",
        line=line,
    )


@functools.cache
def _required(kind: str) -> frozenset[str]:
    return frozenset(
        field.name for field in dataclasses.fields(KINDS[kind]) if field.default is dataclasses.MISSING
    )


@functools.cache
def _fits(kind: str) -> dict[str, _Fits]:
    """Return what says of each field whether it may hold a value that was read from JSON."""
    return {field: _fits_hint(hint) for field, hint in get_type_hints(KINDS[kind]).items()}


def _fits_hint(hint: Any) -> _Fits:  # noqa: ANN401 - type hints have no common type
    parts = get_args(hint)
    if get_origin(hint) is Literal:
        return lambda value: value in parts
    if get_origin(hint) in (Union, types.UnionType):
        fits = [_fits_hint(part) for part in parts]
        return lambda value: any(fit(value) for fit in fits)
    if hint in (int, float):
        numbers = (int, hint)
        return lambda value: isinstance(value, numbers) and not isinstance(value, bool)
    return lambda value: isinstance(value, hint)
