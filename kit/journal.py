"""The journal of a world: its records, in memory and in a file that survives the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kit.timeline import CommandRan, Record, Timeline, dump_record, dump_records, load_records


@dataclass
class Command:
    """A command that is being carried out; set `until` and `exit` before it ends."""

    record: CommandRan
    until: float | None = None
    exit: int = 0


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
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(dump_record(record) + "\n" for record in records)

    @contextmanager
    def command(self, record: CommandRan) -> Iterator[Command]:
        """Put a command before what it causes, though its end and exit code are known only afterwards.

        Args:
            record: the command as it starts.
        """
        command = Command(record)
        with self._lock:
            outer, self._held = self._held, []
        try:
            yield command
        finally:
            with self._lock:
                done = replace(record, until=command.until or record.until, exit=command.exit)
                records, self._held = [done, *self._held], outer
                if outer is None:
                    self._append(records)
                else:
                    outer += records

    @property
    def timeline(self) -> Timeline:
        """Everything that happened so far."""
        with self._lock:
            return Timeline.of([*self._records, *(self._held or ())])

    def replace(self, timeline: Timeline) -> None:
        """Begin again with `timeline`."""
        with self._lock:
            self._records = list(timeline)
            self._path.write_text(dump_records(timeline), encoding="utf-8")

    def load(self) -> None:
        """Read the file, without a last line that was cut off when its writer was killed."""
        with self._lock:
            self._records = list(load_records(self._path.read_text(encoding="utf-8")).records)
