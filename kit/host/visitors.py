"""Visitors of production at a constant rate, and somebody who uploads a document.

Open loop: the next visitor arrives on time whatever happened to the one before, as
people do.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
import psycopg

from kit.errors import BadInput
from kit.host.outcome import Witness
from kit.timeline import Outcome, PageView, Record
from kit.timeline.clock import Clock

# Add a document as a user of the production site does, then give the worker the time to process it


UPLOAD_PATIENCE_S = 5.0
"""Seconds to wait for the worker, of real time: it is told at once and needs some milliseconds."""
_LOOK_EVERY_S = 0.02


def upload(
    title: str, *, address: str, moment: float, connect: Callable[[], psycopg.Connection], log: Path
) -> httpx.Response:
    """Add a document; return the site's answer when the worker is done with it, has failed, or does not come.

    Args:
        title: the document's.
        address: of the site.
        moment: when, in seconds since 1970.
        connect: opens a connection to the site's database.
        log: the worker's.

    Raises:
        httpx.HTTPError: if no answer came.
    """
    said = log.read_bytes().count(b'"failed"') if log.exists() else 0
    file_name = f"{title.lower().replace(' ', '-')}.epub"
    response = httpx.post(
        f"{address}/api/documents",
        json={"title": title, "file_name": file_name, "file_type": "epub"},
        headers={"X-Request-Start": f"t={moment:.6f}"},
        trust_env=False,
    )
    if not response.is_success:
        return response
    document = str(response.json()["id"])
    deadline = time.monotonic() + UPLOAD_PATIENCE_S
    with connect() as connection:
        while time.monotonic() < deadline:
            row = connection.execute(
                "SELECT processing_status FROM documents WHERE id = %s", [document]
            ).fetchone()
            if row is None or row[0] != "pending":
                break
            if log.exists() and log.read_bytes().count(b'"failed"') > said:
                break
            time.sleep(_LOOK_EVERY_S)
    return response


# Visitors at a constant arrival rate, and what became of each visit


BLOCKED_S = 1.0
"""Seconds that a visit may wait for a lock before it counts as blocked: what people call a hang."""
PATIENCE_S = 30.0
"""Seconds after which a visitor gives up."""
MOST_WAITING = 512
"""Visits under way at the same time, and arrivals a second, at most.

At 50 arrivals a second it takes a hang of ten seconds to get there; later ones then start late.
"""


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

    def records_views(self, commit: str) -> bool:
        """Say whether a view that this commit answers should leave a trace in the database."""
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
    """People who open documents on the production address, at a constant rate, one document after the other.

    Args:
        site: what they visit.
        clock: when they arrive. On the virtual clock a visit is over before the next one begins.
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
        self._record = record
        self._witness = Witness(connect)
        self._documents: Sequence[str] = ()
        self._stream = 0  # a number for each `start`: arrivals of an older one no longer count
        self._changing = threading.Lock()
        self._request = f"view-{secrets.token_hex(4)}"  # the log may hold the requests of an earlier process
        self._number = itertools.count(1)
        self._client: httpx.Client | None = None
        self._pool: ThreadPoolExecutor | None = None

    def __repr__(self) -> str:
        """Say the rate."""
        return f"Visitors({self.rate:g} a second)"

    def start(self, rate: float) -> None:
        """Let visitors come from now on, the first after half a gap, instead of those who came so far.

        Args:
            rate: arrivals a second; 0 is `stop`.

        Raises:
            BadInput: if `rate` is not a number from 0 to `MOST_WAITING`, or there is no document to visit.
            ServerFailed: if the database does not answer.
        """
        if not isinstance(rate, int | float) or not 0 <= rate <= MOST_WAITING:
            raise BadInput(
                f"Visitors cannot come at a rate of {rate!r} a second.",
                remedy=f"Give a number from 0 to {MOST_WAITING}; the lessons use 20.",
            )
        self.stop()
        if not rate:
            return
        self._documents = self._witness.documents()
        if not self._documents:
            raise BadInput(
                "There is no document to visit.", remedy="Start the phase again: world.reset(phase=...)."
            )
        self.rate = float(rate)
        if self._clock.name == "wall":
            self._pool = ThreadPoolExecutor(MOST_WAITING, thread_name_prefix="kit-visitor")
            self._witness.watch_locks()
        self._arrive(self._stream, self._clock.now(), 0)

    def stop(self) -> None:
        """Let nobody come any more; wait for the visits under way."""
        with self._changing:
            self._stream += 1
            self.rate = 0.0
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True)
        self._witness.close()
        with self._changing:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _arrive(self, stream: int, began: float, number: int) -> None:
        """Plan arrival `number` of a stream, counted from 0; it plans the one after it."""
        rate, documents = self.rate, self._documents
        when = began + (number + 0.5) / rate

        def arrive() -> None:
            document = documents[number % len(documents)]
            with self._changing:
                if stream != self._stream:
                    return
                # Planned before the visit: one that is interrupted is not the last one.
                self._arrive(stream, began, number + 1)
                if self._pool is not None:
                    self._pool.submit(self.visit, document, at=when).add_done_callback(self._pass_on)
                    return
            self.visit(document, at=when)

        self._clock.at(when, arrive)

    def _pass_on(self, visited: Future[Visit]) -> None:
        """Hand what went wrong in a visitor's thread to whoever lets time pass."""
        if (error := visited.exception()) is not None:

            def fail() -> None:
                raise error

            self._clock.at(self._clock.now(), fail)

    def visit(self, document: str, *, at: float | None = None) -> Visit:
        """Open one document now, and look in the database what became of it.

        Args:
            document: its id.
            at: the instant of the arrival, in seconds of the clock.

        Returns:
            The visit; it was recorded too.

        Raises:
            ServerFailed: if the page came, and the database does not say whether the view is in it.
        """
        when = self._clock.now() if at is None else at
        request = f"{self._request}-{next(self._number)}"
        live = self._site.live
        with self._witness.arrival(document, self._clock.date(when)) as arrival:
            began, response = time.monotonic(), None
            with contextlib.suppress(httpx.HTTPError):
                response = self.open(f"{self._site.address}/read/{document}", at=when, request=request)
            took = time.monotonic() - began
            status = response.status_code if response is not None else 0
            # Not what was live when the visitor came: the alias may have been switched since.
            answered = response.headers.get("X-Deployment", "") if response is not None else ""
            outcome: Outcome = "ok"
            if took > BLOCKED_S and self._witness.saw_lock_since(began):
                outcome = "blocked"
            elif not 200 <= status < 400:  # noqa: PLR2004 - HTTP's own classes
                outcome = "failed"
            elif self._site.records_views(answered) and not self._witness.has(arrival):
                outcome = "lost"
        sqlstate, message = "", ""
        if outcome != "ok":
            sqlstate, message = self._witness.error_of(request, log=self._site.log(answered or live))
        view = PageView(
            at=when,
            took=took,
            document=document,
            commit=answered,
            status=status,
            outcome=outcome,
            sqlstate=sqlstate,
            message=message,
        )
        self._record(view)
        return Visit(view=view, response=response)

    def open(self, url: str, *, at: float | None = None, request: str = "") -> httpx.Response:
        """Fetch a page as a visitor does, telling the app when the visitor asked.

        Args:
            url: of the page.
            at: when the visitor asked, in seconds of the clock; now if it is not given.
            request: an id for the app's log.

        Raises:
            httpx.HTTPError: if no answer came within `PATIENCE_S`.
        """
        moment = self._clock.date(at).timestamp()
        headers = {"X-Request-Id": request, "X-Request-Start": f"t={moment:.6f}"}
        return self._opened().get(url, headers=headers)

    def _opened(self) -> httpx.Client:
        """Return the client, made when the first visitor needs it."""
        with self._changing:
            if self._client is None:
                self._client = httpx.Client(
                    timeout=PATIENCE_S,
                    trust_env=False,
                    limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
                )
            return self._client
