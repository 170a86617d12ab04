"""Timelines as JSON lines: one record a line, so that a file can be appended to."""

from __future__ import annotations

import dataclasses
import functools
import json
import types
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from kit.errors import BadInput
from kit.timeline.records import KINDS, Record

_SHOWN = 80


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
    return json.dumps({"kind": type(record).__name__, **dataclasses.asdict(record)}, allow_nan=False)


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
    hints = _hints(kind.__name__)
    for field, value in fields.items():
        if field not in hints:
            raise _unreadable(line, f"{name} has no field {field!r}.")
        if not _fits(value, hints[field]):
            raise _unreadable(line, f"{name}.{field} cannot be {value!r}.")
    required = {field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING}
    if missing := sorted(required - fields.keys()):
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
def _hints(kind: str) -> dict[str, Any]:
    return get_type_hints(KINDS[kind])


def _fits(value: object, hint: Any) -> bool:  # noqa: ANN401 - type hints have no common type
    """Whether a value read from JSON is what a record's field may hold."""
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        return any(_fits(value, part) for part in get_args(hint))
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)
