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
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg

from kit.errors import BadInput
from kit.host.apps import HEALTH_S
from kit.host.host import Host
from kit.host.outcome import Arrival, Witness
from kit.process import wait_until
from kit.timeline import Outcome, PageView, Record
from kit.timeline.clock import Clock

WORKER_SESSION = "worker"
"""The name of the worker's session in pg_stat_activity."""
_HOW_IT_GOES = """
    SELECT processing_status, (
      SELECT query_start FROM pg_stat_activity
      WHERE application_name = %s AND state = 'idle' AND query = 'ROLLBACK')
    FROM documents WHERE id = %s
"""
"""How a document stands, and when the worker failed if that is what it did last."""
_ROUNDS = 3
"""Failures to see: the first may be older than the document, the second have begun before it came."""
BLOCKED_S = 1.0
"""Seconds that a visit may wait for a lock before it counts as blocked: what people call a hang."""
PATIENCE_S = 30.0
"""Seconds after which a visitor gives up."""
MOST_WAITING = 512
"""Visits under way at the same time, and arrivals a second, at most.

At 50 arrivals a second it takes a hang of ten seconds to get there; later ones then start late.
"""
_TOGETHER = 50  # visits in a batch, at most
_ABREAST = 3  # requests of a batch under way at once: enough for two cores; the app has a connection for each


def _count_failures(log: Path) -> int:
    return log.read_bytes().count(b'"failed"') if log.exists() else 0


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One visit.

    Attributes:
        view: what became of it.
        response: the page that came back, None for none.
        entry: what the app logged of an error of the database meanwhile, nothing for none.
        row: what the database held of the document afterwards; nothing where the page writes nothing.
    """

    view: PageView
    response: httpx.Response | None
    entry: Mapping[str, Any] = field(default_factory=dict)
    row: Mapping[str, Any] = field(default_factory=dict)


class Request:
    """A page that a visitor has asked for.

    Attributes:
        began: when it was asked for, by `time.monotonic`.
        took: seconds until `answer` had its end, whichever it was.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Ask, and do not wait."""
        self.began = time.monotonic()
        self.took = 0.0
        where = urlsplit(url)
        # Not httpx: with a connection for each request, as the router wants it, it takes four times as long.
        self._connection = HTTPConnection(where.netloc, timeout=PATIENCE_S)
        self._failure: Exception | None = None
        try:
            self._connection.request("GET", urlunsplit(("", "", *where[2:])) or "/", headers=dict(headers))
        except (OSError, HTTPException) as error:
            self._failure = error

    def __repr__(self) -> str:
        """Say the class; the address differs from run to run."""
        return "Request()"

    def answer(self) -> httpx.Response:
        """Wait for the page.

        Raises:
            httpx.HTTPError: if no answer came within `PATIENCE_S`.
        """
        try:
            if self._failure is not None:
                raise self._failure
            answer = self._connection.getresponse()
            page = answer.read()
        except (OSError, HTTPException) as error:
            raise httpx.TransportError(str(error)) from error
        finally:
            self._connection.close()
            self.took = time.monotonic() - self.began
        return httpx.Response(answer.status, headers=answer.getheaders(), content=page)


@dataclass(kw_only=True, eq=False)
class _UnderWay:
    """A visit between the visitor's asking and what the database says of it."""

    arrival: Arrival
    at: float
    name: str
    live: str
    request: Request
    response: httpx.Response | None = None
    outcome: Outcome = "ok"

    @property
    def commit(self) -> str:
        """What answered; not what was live when the visitor came: the alias may have been switched since."""
        return str(self.response.headers.get("X-Deployment", "")) if self.response is not None else ""

    @property
    def status(self) -> int:
        return self.response.status_code if self.response is not None else 0


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
        site: Host,
        *,
        clock: Clock,
        connect: Callable[[], psycopg.Connection],
        record: Callable[[Record], None],
    ) -> None:
        """Nobody comes before `start`."""
        self.rate = 0.0
        self.watch: Callable[[Visit], None] | None = None  # told of every visit, on the visitor's thread
        self._site = site
        self._clock = clock
        self._record = record
        self._connect = connect
        self._witness = Witness(connect)
        self._arrivals = clock
        self._documents: Sequence[str] = ()
        self._stream = 0  # a number for each `start`: arrivals of an older one no longer count
        self._changing = threading.Lock()
        self._request = f"view-{secrets.token_hex(4)}"  # the log may hold the requests of an earlier process
        self._number = itertools.count(1)
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
            # Nobody comes later because the host is busy with a build.
            self._arrivals = self._clock.beside()
            self._pool = ThreadPoolExecutor(MOST_WAITING, thread_name_prefix="kit-visitor")
            self._witness.watch_locks()
        self._arrive(self._stream, self._clock.now(), 0)

    def stop(self) -> None:
        """Let nobody come any more; wait for the visits under way."""
        if self._arrivals is not self._clock:
            self._arrivals.advance(0)  # those who were due still come
        with self._changing:
            self._stream += 1
            self.rate = 0.0
            pool, self._pool = self._pool, None
            arrivals, self._arrivals = self._arrivals, self._clock
        if arrivals is not self._clock:
            arrivals.close()
        if pool is not None:
            pool.shutdown(wait=True)
        self._witness.close()

    def _arrive(self, stream: int, began: float, number: int) -> None:
        """Plan arrival `number` of a stream, counted from 0; it plans the one after it."""
        rate, documents = self.rate, self._documents

        def planned(number: int) -> float:
            return began + (number + 0.5) / rate

        def arrive() -> None:
            with self._changing:
                if stream != self._stream:
                    return
                # Nothing but visits happens until then: those of different documents may be one batch.
                until, after = self._clock.free_until(), number + 1
                while planned(after) < until and after - number < min(_TOGETHER, len(documents)):
                    after += 1
                come = [(documents[each % len(documents)], planned(each)) for each in range(number, after)]
                if self._pool is not None:
                    self._arrive(stream, began, after)
                    for document, when in come:
                        self._pool.submit(self._come, document, when).add_done_callback(self._pass_on)
                    return
            visits: list[Visit] = []
            try:
                self._visit(come, visits)
            finally:
                # Interrupted, those of whom nothing is known yet come again.
                self._arrive(stream, began, number + (len(visits) or 1))

        self._arrivals.at(planned(number), arrive)

    def _come(self, document: str, planned: float) -> None:
        """Visit on the wall clock, maybe later than planned."""
        now = self._clock.now()
        self._visit([(document, now)], [], late=now - planned)

    def _pass_on(self, visited: Future[None]) -> None:
        """Hand what went wrong in a visitor's thread to whoever lets time pass."""
        if (error := visited.exception()) is not None:

            def fail() -> None:
                raise error

            self._clock.at(self._clock.now(), fail)

    def visit(self, document: str) -> Visit:
        """Open one document now, and look in the database what became of it.

        Args:
            document: its id.

        Returns:
            The visit; it was recorded too.

        Raises:
            ServerFailed: if the page came, and the database does not say whether the view is in it.
        """
        visits: list[Visit] = []
        self._visit([(document, self._clock.now())], visits)
        return visits[0]

    def _visit(
        self, come: Sequence[tuple[str, float]], done: list[Visit], *, late: float | None = None
    ) -> None:
        """Open documents, each another one at its instant; record what became of each visit, in `done`."""
        visits: list[_UnderWay] = []
        with contextlib.ExitStack() as over:
            for document, at in come:
                if len(visits) >= _ABREAST:
                    self._finish(visits[-_ABREAST])
                arrival = over.enter_context(self._witness.arrival(document, self._clock.date(at)))
                name, live = f"{self._request}-{next(self._number)}", self._site.live
                request = self._ask(f"{self._site.address}/read/{document}", at=at, name=name)
                visits.append(_UnderWay(arrival=arrival, at=at, name=name, live=live, request=request))
            for visit in visits[-_ABREAST:]:
                self._finish(visit)
            writing = [
                visit.arrival
                for visit in visits
                if visit.outcome == "ok" and self._site.records_views(visit.commit)
            ]
            lost = self._witness.find_lost(writing)
        for visit in visits:
            if visit.arrival in lost:
                visit.outcome = "lost"
        for visit in visits:
            done.append(self._conclude(visit, late))  # noqa: PERF401 - those before an interruption count

    def _finish(self, visit: _UnderWay) -> None:
        """Wait for the page, and take the visit as ok unless it was plainly not."""
        with contextlib.suppress(httpx.HTTPError):
            visit.response = visit.request.answer()
        if visit.request.took > BLOCKED_S and self._witness.saw_lock_since(visit.request.began):
            visit.outcome = "blocked"
        elif not 200 <= visit.status < 400:  # noqa: PLR2004 - HTTP's own classes
            visit.outcome = "failed"

    def _conclude(self, visit: _UnderWay, late: float | None) -> Visit:
        entry: Mapping[str, Any] = {}
        if visit.outcome != "ok":
            entry = self._witness.entry_of(visit.name, log=self._site.log(visit.commit or visit.live))
        view = PageView(
            at=visit.at,
            took=visit.request.took,
            document=visit.arrival.document,
            commit=visit.commit,
            status=visit.status,
            outcome=visit.outcome,
            sqlstate=str(entry.get("sqlstate", "")),
            message=str(entry.get("error", "")),
            late=late,
        )
        self._record(view)
        made = Visit(view=view, response=visit.response, entry=entry, row=visit.arrival.row)
        if self.watch is not None:
            self.watch(made)
        return made

    def open(self, url: str, *, request: str = "") -> httpx.Response:
        """Fetch a page as a visitor does, telling the app when the visitor asked.

        Args:
            url: of the page.
            request: an id for the app's log.

        Raises:
            httpx.HTTPError: if no answer came within `PATIENCE_S`.
        """
        return self._ask(url, at=self._clock.now(), name=request).answer()

    def post(self, path: str, fields: Mapping[str, str]) -> httpx.Response:
        """Send a form to production as a browser does, telling the app when.

        Args:
            path: on the production address.
            fields: of the form.

        Raises:
            httpx.HTTPError: if no answer came within `PATIENCE_S`.
        """
        return self._send(path, fields=fields)

    def add(self, title: str, *, request: str = "") -> httpx.Response:
        """Add a document on production; the worker then has a job.

        Args:
            title: the document's.
            request: an id for the app's log.

        Raises:
            httpx.HTTPError: if no answer came within `PATIENCE_S`.
        """
        file_name = f"{title.lower().replace(' ', '-')}.epub"
        document = {"title": title, "file_name": file_name, "file_type": "epub"}
        return self._send("/api/documents", json=document, request=request)

    def _send(
        self,
        path: str,
        *,
        fields: Mapping[str, str] | None = None,
        json: Mapping[str, str] | None = None,
        request: str = "",
    ) -> httpx.Response:
        return httpx.post(
            f"{self._site.address}{path}",
            data=fields,
            json=json,
            headers=self._headers(self._clock.now(), request),
            timeout=PATIENCE_S,
            trust_env=False,
            verify=False,  # noqa: S501 - plain HTTP: loading certificates would take 30 ms
        )

    def _ask(self, url: str, *, at: float, name: str) -> Request:
        return Request(url, self._headers(at, name))

    def _headers(self, at: float, request: str) -> dict[str, str]:
        moment = self._clock.date(at).timestamp()
        return {"X-Request-Id": request, "X-Request-Start": f"t={moment:.6f}"}

    def upload(self, title: str, *, log: Path, is_working: Callable[[], bool]) -> httpx.Response:
        """Add a document; return the site's answer when the worker has done it, has failed, or is not there.

        A worker that goes on failing says so once and tries again quietly: its session tells.

        Args:
            title: the document's.
            log: the worker's.
            is_working: says whether the worker runs.

        Raises:
            httpx.HTTPError: if no answer came.
        """
        failures = _count_failures(log)
        response = self.add(title)
        if not response.is_success:
            return response
        rounds = set()
        with self._connect() as connection:

            def is_over() -> bool:
                asked = connection.execute(_HOW_IT_GOES, [WORKER_SESSION, response.json()["id"]])
                status, failed = asked.fetchone() or ("gone", None)
                rounds.add(failed)
                said = _count_failures(log) > failures or len(rounds - {None}) >= _ROUNDS
                return said or status != "pending" or not is_working()

            wait_until(is_over, seconds=HEALTH_S)
        return response
