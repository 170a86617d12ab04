"""The journal of a world: its records, in memory and in a file of JSON lines that survives the process."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from kit.errors import BadInput
from kit.timeline.records import KINDS, CommandRan, Record
from kit.timeline.timeline import Timeline

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


_INTERRUPTED = 130
Heard = Literal["begins", "ends", "refused", "happens", "anew"]
"""What a listener hears: a command begins, ends, was refused; something happens; all begins anew."""


@dataclass
class RunningCommand:
    """A command that is being carried out; set `until` and `exit` before it ends.

    Attributes:
        until: its end, in seconds of the clock.
        exit: its exit code.
    """

    until: float
    exit: int = 0


def private(path: str, flags: int) -> int:
    """Open a file so that a new one is its owner's alone: an `opener` of `open`."""
    return os.open(path, flags, 0o600)


class Journal:
    """Records, written as soon as they are known; any thread may add one.

    Args:
        folder: of the world; the file is `journal.jsonl`.
    """

    def __init__(self, folder: Path) -> None:
        """Begin with nothing; `load` reads what is there."""
        self._path = folder / "journal.jsonl"
        self._records: list[Record] = []
        self._lock = threading.Lock()
        self._held: list[Record] | None = None
        self.listener: Callable[[Heard, Record | None], None] = lambda *_: None  # hears all at once

    def __repr__(self) -> str:
        """Count the records."""
        return f"Journal({len(self._records)} records)"

    def add(self, record: Record) -> None:
        """Add a record; while a command is carried out, after that command's own record."""
        with self._lock:
            if self._held is None:
                self._append([record])
            else:
                self._held.append(record)
        self.listener("happens", record)

    def _append(self, records: list[Record]) -> None:
        self._records += records
        with open(self._path, "a", encoding="utf-8", opener=private) as file:
            file.writelines(dump_record(record) + "\n" for record in records)

    @contextmanager
    def command(self, record: CommandRan) -> Iterator[RunningCommand]:
        """Put a command before what it causes, though its end and exit code are known only afterwards.

        One that was refused as `BadInput` did nothing, and is left out. One that failed in
        any other way has exit code 1; interrupted, 130, as in a shell.

        Args:
            record: the command as it starts.
        """
        command = RunningCommand(until=record.until)
        begun = [record]
        with self._lock:
            outer, self._held = self._held, []
        self.listener("begins", record)
        try:
            yield command
        except BadInput:
            begun = []
            raise
        except BaseException as error:
            command.exit = command.exit or (_INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1)
            raise
        finally:
            with self._lock:
                done = [replace(started, until=command.until, exit=command.exit) for started in begun]
                records, self._held = [*done, *self._held], outer
                if outer is None:
                    self._append(records)
                else:
                    outer += records
            self.listener(*(("ends", done[0]) if done else ("refused", record)))

    @property
    def timeline(self) -> Timeline:
        """Everything that happened so far."""
        with self._lock:
            return Timeline.of([*self._records, *(self._held or ())])

    @property
    def end(self) -> float:
        """The instant of the last thing that happened, in seconds of the clock; 0 before any."""
        with self._lock:
            return max((getattr(record, "until", record.at) for record in self._records), default=0.0)

    def replace(self, timeline: Timeline) -> None:
        """Begin again with `timeline`; the file is the old one or the new one, never half of it."""
        with self._lock:
            self._records = list(timeline)
            new = self._path.with_suffix(".new")
            with open(new, "w", encoding="utf-8", opener=private) as file:
                file.write(dump_records(timeline))
            new.replace(self._path)
        self.listener("anew", None)

    def load(self) -> None:
        """Read the file, without a last line that was cut off when its writer was killed.

        Raises:
            BadInput: if it holds something else than records.
        """
        with self._lock:
            text = self._path.read_text(encoding="utf-8")
            self._records = list(load_records(text).records)
        if text and not text.endswith("\n"):
            self.replace(self.timeline)  # what is added next begins a line of its own
        self.listener("anew", None)
