"""Visitors at a constant arrival rate, and what became of each visit.

Open loop: the next visitor arrives on time whatever happened to the one before, as
people do. What a visit was worth is decided by asking the database, not the app.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import httpx
import psycopg

from kit.clock import Clock
from kit.errors import BadInput
from kit.timeline import Outcome, PageView, Record

BLOCKED_S = 1.0
"""Seconds that a visit may wait for a lock before it counts as blocked: what people call a hang."""
PATIENCE_S = 30.0
"""Seconds after which a visitor gives up."""
MOST_WAITING = 512
"""Visits under way at the same time; at 50 arrivals a second it takes a hang of ten seconds to get there."""
_SAME_INSTANT_S = 5e-6  # a microsecond's rounding in the header, in Python and in PostgreSQL
_SAMPLE_S = 0.1


class Site(Protocol):
    """What visitors need to know of a host."""

    @property
    def address(self) -> str:
        """The production address."""
        ...

    @property
    def live(self) -> str:
        """The commit that is live, "" for none."""
        ...

    @property
    def live_records_views(self) -> bool:
        """Whether a view of the live commit should leave a trace in the database."""
        ...

    def log(self, commit: str) -> Path:
        """The file with a commit's output."""
        ...


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One visit: what became of it, and the page that came back, if one did."""

    view: PageView
    response: httpx.Response | None


class Visitors:
    """People who open documents on the production address, at a constant rate.

    Args:
        site: what they visit.
        clock: when they arrive.
        connect: opens a connection to the production database, to look at the outcome.
        record: told of every visit.
    """

    def __init__(
        self,
        site: Site,
        *,
        clock: Clock,
        connect: Callable[[], psycopg.Connection],
        record: Callable[[Record], None],
    ) -> None:
        """Nobody comes before `start`."""
        self.rate = 0.0
        self._site = site
        self._clock = clock
        self._connect = connect
        self._record = record
        self._documents: Sequence[str] = ()
        self._stream = 0  # a number for each `start`: arrivals of an older one no longer count
        self._number = itertools.count(1)
        self._client: httpx.Client | None = None
        self._connection: psycopg.Connection | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._under_way: set[Future[Visit]] = set()
        self._lock_seen = 0.0
        self._logs: dict[Path, int] = {}
        self._errors: dict[str, tuple[str, str]] = {}
        self._reading = threading.Lock()

    def __repr__(self) -> str:
        """Say the rate."""
        return f"Visitors({self.rate:g} a second)"

    def start(self, rate: float) -> None:
        """Let visitors come from now on, the first after half a gap.

        Args:
            rate: arrivals a second; 0 is `stop`.

        Raises:
            BadInput: if `rate` is not between 0 and 500, or there is no document to visit.
        """
        if not 0 <= rate <= MOST_WAITING:
            raise BadInput(
                f"Visitors cannot come at a rate of {rate!r} a second.",
                remedy=f"Give a number from 0 to {MOST_WAITING}; the lessons use 20.",
            )
        self.stop()
        if not rate:
            return
        rows = self._opened()[1].execute("SELECT id::text FROM documents ORDER BY id").fetchall()
        self._documents = [row[0] for row in rows]
        if not self._documents:
            raise BadInput("There is no document to visit.", remedy="Reset the world: world.reset().")
        self.rate = rate
        self._arrive(self._stream, self._clock.now(), 0)
        if self._clock.name == "wall":
            self._pool = ThreadPoolExecutor(MOST_WAITING, thread_name_prefix="kit-visitor")
            self._watch_locks()

    def stop(self) -> None:
        """Let nobody come any more; wait for the visits under way."""
        self._stream += 1
        self.rate = 0.0
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> tuple[httpx.Client, psycopg.Connection]:
        """Return the client and the connection, made when the first visitor needs them."""
        if self._client is None or self._connection is None:
            self._client = httpx.Client(
                timeout=PATIENCE_S,
                trust_env=False,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            )
            self._connection = self._connect()
        return self._client, self._connection

    def _arrive(self, stream: int, began: float, number: int) -> None:
        """Plan arrival `number` of a stream; it plans the one after it."""
        when = began + (number + 0.5) / self.rate

        def arrive() -> None:
            if stream != self._stream:
                return
            document = self._documents[number % len(self._documents)]
            if self._pool is None:
                self.visit(document, at=when)
            else:
                self._under_way.add(future := self._pool.submit(self.visit, document, at=when))
                future.add_done_callback(self._under_way.discard)
            self._arrive(stream, began, number + 1)

        self._clock.at(when, arrive)

    def visit(self, document: str, *, at: float | None = None) -> Visit:
        """Open one document now, and look in the database what became of it.

        Args:
            document: its id.
            at: the instant of the arrival, in seconds of the clock.

        Returns:
            The visit; it was recorded too.
        """
        when = self._clock.now() if at is None else at
        arrived = self._clock.date(when)
        request = f"view-{next(self._number)}"
        commit, expected = self._site.live, self._site.live_records_views
        began, response = time.monotonic(), None
        with contextlib.suppress(httpx.HTTPError):
            response = self.open(f"{self._site.address}/read/{document}", at=when, request=request)
            commit = response.headers.get("X-Deployment", commit)
        status = response.status_code if response is not None else 0
        ended = time.monotonic()
        waited = ended - began > BLOCKED_S and self._lock_seen > began
        outcome: Outcome = "ok"
        if waited:
            outcome = "blocked"
        elif not 200 <= status < 400:  # noqa: PLR2004 - HTTP's own classes
            outcome = "failed"
        elif expected and not self._is_recorded(document, arrived):
            outcome = "lost"
        sqlstate, message = ("", "") if outcome == "ok" else self._error_of(request, commit)
        view = PageView(
            at=when,
            took=ended - began,
            document=document,
            commit=commit,
            status=status,
            outcome=outcome,
            sqlstate=sqlstate,
            message=message,
        )
        self._record(view)
        return Visit(view=view, response=response)

    def open(self, url: str, *, at: float | None = None, request: str = "") -> httpx.Response:
        """Fetch a page as a visitor does, telling the app when the visitor asked.

        Raises:
            httpx.HTTPError: if no answer came.
        """
        moment = self._clock.date(at).timestamp()
        headers = {"X-Request-Id": request, "X-Request-Start": f"t={moment:.6f}"}
        return self._opened()[0].get(url, headers=headers)

    def _is_recorded(self, document: str, arrived: datetime) -> bool:
        """Ask the database whether the document's row holds the instant of this visit, in whatever column.

        The row is read as a whole, so that the question stays the same whatever a column is called.
        """
        row = (
            self._opened()[1]
            .execute("SELECT to_jsonb(d) FROM documents d WHERE id = %s", [document])
            .fetchone()
        )
        for value in (row[0] if row else {}).values():
            try:
                moment = datetime.fromisoformat(value)
                late = (moment - arrived).total_seconds()
            except (TypeError, ValueError):
                continue
            # On the wall clock a later visit of the same document may have written already.
            if abs(late) <= _SAME_INSTANT_S or (self._clock.name == "wall" and late > 0):
                return True
        return False

    def _error_of(self, request: str, commit: str) -> tuple[str, str]:
        """Return SQLSTATE and message that the app logged for a request, from the lines that are new in its log."""
        with self._reading:
            log = self._site.log(commit)
            if log.exists():
                with log.open("rb") as file:
                    file.seek(self._logs.get(log, 0))
                    for line in file:
                        if not line.endswith(b"\n"):
                            break
                        self._logs[log] = self._logs.get(log, 0) + len(line)
                        self._remember(line)
            return self._errors.pop(request, ("", ""))

    def _remember(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
        except ValueError:
            return  # a traceback or a print; only the app's own log lines are JSON
        if isinstance(entry, dict) and entry.get("sqlstate"):
            self._errors[str(entry.get("request_id"))] = (str(entry["sqlstate"]), str(entry.get("error", "")))

    def _watch_locks(self) -> None:
        """Note, while people come on the wall clock, when the app's connections wait for a lock."""
        stream = self._stream

        def look() -> None:
            if stream != self._stream:
                return
            row = (
                self._opened()[1]
                .execute(
                    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'app' AND wait_event_type = 'Lock')"
                )
                .fetchone()
            )
            if row and row[0]:
                self._lock_seen = time.monotonic()
            self._clock.at(self._clock.now() + _SAMPLE_S, look)

        self._clock.at(self._clock.now(), look)
