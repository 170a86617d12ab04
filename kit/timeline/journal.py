"""The journal of a world: its records, in memory and in a file that survives the process."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kit.errors import BadInput
from kit.timeline import CommandRan, Record, Timeline, dump_record, dump_records, load_records

_INTERRUPTED = 130


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
