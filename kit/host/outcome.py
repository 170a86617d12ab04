"""What became of a page view: asked of the database, and of the logs."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString, Self

import psycopg
from psycopg.rows import TupleRow

from kit.errors import BadInput, ServerFailed


@dataclass(frozen=True, kw_only=True)
class Log:
    """The errors of one log.

    Attributes:
        site: whose log it is.
        errors: each error with how often it is there, in the order in which they came.
    """

    site: str
    errors: tuple[tuple[str, int], ...] = ()

    @classmethod
    def read(cls, site: str, path: Path) -> Self:
        """Take the errors from a file of JSON lines; all other lines are left out."""
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
        errors = Counter(text for line in lines if (text := _error(line)))
        return cls(site=site, errors=tuple(errors.items()))

    def __repr__(self) -> str:
        """Show a line for each error."""
        if not self.errors:
            return f"the log of {self.site}: no errors"
        lines = [f"  {count} time{'s' if count > 1 else ''}: {text}" for text, count in self.errors]
        return "\n".join([f"the log of {self.site}:", *lines])


def _error(line: str) -> str:
    """Return what a line says about an error, "" if it is about none: the app's and the worker's differ."""
    entry = _read_entry(line)
    if entry.get("level") != "error" and entry.get("event") != "failed":
        return ""
    words = (entry.get(name, "") for name in ("message", "sqlstate", "error"))
    return " ".join(str(word) for word in words if word)


def _read_entry(line: str | bytes) -> dict[str, Any]:
    """Return what a line of a log holds; nothing for a traceback or a print: the logs' own lines are JSON."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


_SAME_INSTANT_S = 5e-6  # a microsecond's rounding in the header, in Python and in PostgreSQL
_SAMPLE_S = 0.1
_WAITING = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'app' AND wait_event_type = 'Lock')
"""


@dataclass(eq=False)
class Arrival:
    """One visit of a document that is under way.

    Attributes:
        document: its id.
        instant: when the visitor asked.
        rivals: when visitors asked who had the same document at the same time, this one among them.
            Whichever of their writes came last is the one that the row shows.
        row: what the database held of the document when `find_lost` was asked; nothing before.
    """

    document: str
    instant: datetime
    rivals: set[datetime] = field(default_factory=set)
    row: dict[str, Any] = field(default_factory=dict)


class Witness:
    """Looks at one production database, and at the log of what serves it; any thread may ask.

    Args:
        connect: opens a connection to the database.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection]) -> None:
        """Connect to nothing yet."""
        self._connect = connect
        self._connection: psycopg.Connection | None = None
        self._asking = threading.Lock()
        self._under_way: defaultdict[str, set[Arrival]] = defaultdict(set)
        self._meeting = threading.Lock()
        self._lock_seen = 0.0
        self._watch: threading.Thread | None = None
        self._enough = threading.Event()
        self._read: dict[Path, int] = {}
        self._errors: dict[str, dict[str, Any]] = {}
        self._reading = threading.Lock()

    def __repr__(self) -> str:
        """Say the class."""
        return "Witness()"

    def close(self) -> None:
        """Watch no longer, and disconnect; the next question connects again."""
        self._enough.set()
        if self._watch is not None:
            self._watch.join()
            self._watch = None
        with self._asking:
            self._hang_up()
        with self._reading:  # the logs may be others when it reads again
            self._read.clear()
            self._errors.clear()

    # The database

    def documents(self) -> Sequence[str]:
        """Return the ids of all documents.

        Raises:
            BadInput: if there is no such table.
            ServerFailed: if the database does not answer.
        """
        try:
            return [row[0] for row in self._ask("SELECT id::text FROM documents ORDER BY id")]
        except psycopg.ProgrammingError as error:
            raise BadInput(
                "Production has no documents to visit.",
                why=error.diag.message_primary or "",
                remedy="Start the phase again: world.reset(phase=...).",
            ) from error

    @contextlib.contextmanager
    def arrival(self, document: str, instant: datetime) -> Iterator[Arrival]:
        """Follow one visit, from before the request until `find_lost` was asked.

        Args:
            document: its id.
            instant: when the visitor asked, as the app is told.
        """
        arrival = Arrival(document, instant, {instant})
        with self._meeting:
            for other in self._under_way[document]:
                other.rivals.add(instant)
                arrival.rivals.add(other.instant)
            self._under_way[document].add(arrival)
        try:
            yield arrival
        finally:
            with self._meeting:
                self._under_way[document].discard(arrival)

    def find_lost(self, arrivals: Collection[Arrival]) -> set[Arrival]:
        """Return the visits whose document's row holds neither their instant, nor a rival's, in any column.

        Rows are read as a whole, so that the question stays the same whatever a column is called.

        Args:
            arrivals: visits of different documents.

        Raises:
            ServerFailed: if the database does not answer.
        """
        if not arrivals:
            return set()
        # A literal, whose type the database infers from that of the column.
        documents = "{" + ",".join(json.dumps(arrival.document) for arrival in arrivals) + "}"
        rows: dict[str, dict[str, Any]] = {}
        with contextlib.suppress(psycopg.ProgrammingError):  # no such table any more
            rows = dict(
                self._ask("SELECT id::text, to_jsonb(d) FROM documents d WHERE id = ANY(%s)", documents)
            )
        with self._meeting:
            rivals = {arrival: tuple(arrival.rivals) for arrival in arrivals}
        for arrival in arrivals:
            arrival.row = rows.get(arrival.document, {})
        return {
            arrival
            for arrival in arrivals
            if not any(
                abs((moment - rival).total_seconds()) <= _SAME_INSTANT_S
                for moment in _moments(arrival.row)
                for rival in rivals[arrival]
            )
        }

    def _ask(self, query: LiteralString, *values: str) -> list[TupleRow]:
        with self._asking:
            try:
                return self._asked(query, values)
            except psycopg.OperationalError:
                # Killed, or started again since; a second failure is an answer.
                self._hang_up()
            try:
                return self._asked(query, values)
            except psycopg.OperationalError as error:
                raise ServerFailed(
                    "The production database does not say what became of a visit.",
                    why=error.diag.message_primary or "the connection was lost",
                    remedy="Run the notebook's setup cell again: open_world() starts the server.",
                ) from error

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _asked(self, query: LiteralString, values: tuple[str, ...]) -> list[TupleRow]:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection.execute(query, values).fetchall()

    # Its locks

    def watch_locks(self) -> None:
        """Note from now on, until `close`, when the app's connections wait for a lock.

        Raises:
            ServerFailed: if the database does not answer.
        """
        # A connection of its own: a question about a locked table waits for the lock itself.
        connection = self._connect()
        self._enough.clear()
        self._watch = threading.Thread(target=self._look, args=[connection], name="kit-locks", daemon=True)
        self._watch.start()

    def _look(self, connection: psycopg.Connection) -> None:
        with contextlib.closing(connection), contextlib.suppress(psycopg.Error):  # its visitors notice too
            while not self._enough.wait(_SAMPLE_S):
                row = connection.execute(_WAITING).fetchone()
                if row and row[0]:
                    self._lock_seen = time.monotonic()

    def saw_lock_since(self, instant: float) -> bool:
        """Say whether the app waited for a lock at `instant` of `time.monotonic` or later."""
        return self._lock_seen > instant

    # The app's log

    def error_of(self, request: str, *, log: Path) -> tuple[str, str]:
        """Return SQLSTATE and message that the app logged for a request, two empty texts for none.

        Args:
            request: the id that the app was given.
            log: of the deployment that answered.
        """
        entry = self.entry_of(request, log=log)
        return str(entry.get("sqlstate", "")), str(entry.get("error", ""))

    def entry_of(self, request: str, *, log: Path) -> dict[str, Any]:
        """Return what the app logged about an error of the database for a request, nothing for none.

        Args:
            request: the id that the app was given.
            log: of the deployment that answered.
        """
        with self._reading:
            if log.is_file():
                with log.open("rb") as file:
                    file.seek(self._read.get(log, 0))
                    for line in file:
                        if not line.endswith(b"\n"):
                            break
                        self._read[log] = self._read.get(log, 0) + len(line)
                        entry = _read_entry(line)
                        if entry.get("sqlstate"):
                            self._errors[str(entry.get("request_id"))] = entry
            return self._errors.pop(request, {})


def _moments(row: dict[str, Any]) -> Iterator[datetime]:
    """Go through the values of a row that are instants."""
    for value in row.values():
        with contextlib.suppress(TypeError, ValueError):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                yield moment
