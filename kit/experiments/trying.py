"""Try on a running pair what people do: open documents and pages, add a document; and the worker's job."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator, Sequence

import httpx

from kit.experiments.cells import Tried
from kit.host.outcome import Witness
from kit.process import wait_until
from kit.timeline import Outcome
from kit.world.engine import Engine

VIEWS = 20
"""Documents that are opened in each pair, one after the other."""
_PAIRS = 4
_GAP_S = 0.05  # between two of them, of the clock
_JOB_S = 15.0  # that the worker may take, of real time: as long as the host waits for a health check


class Trier:
    """Tries one pair after the other, in one world.

    Each pair has documents of its own, from all over the table: what one code wrote into a row could
    else let another one pass that would break in production, where nobody has prepared the row for it.

    Args:
        world: on the virtual clock.
    """

    def __init__(self, world: Engine) -> None:
        """Open nothing yet."""
        self._world = world
        self._witness = Witness(lambda: world.server.connect("cloud"))
        self._numbers = itertools.count(1)
        self._heard = 0
        self._shares: Iterator[Sequence[str]] = iter(())

    def __repr__(self) -> str:
        """Say how many documents are opened, if there are as many."""
        return f"Trier({VIEWS} documents a pair)"

    def close(self) -> None:
        """Hang up."""
        self._witness.close()

    def choose_documents(self) -> None:
        """List what is to be opened in each pair, now: a migration may move the table.

        Raises:
            BadInput: if there is no such table.
        """
        documents = self._witness.documents()
        chosen = documents[:: max(1, len(documents) // (VIEWS * _PAIRS))][: VIEWS * _PAIRS]
        self._shares = itertools.cycle([chosen[pair::_PAIRS] for pair in range(_PAIRS)])

    def forget_worker(self) -> None:
        """Take what the worker has said so far as that of an earlier pair."""
        log = self._world.programs.worker_log
        self._heard = log.stat().st_size if log.exists() else 0

    def try_everything(self) -> tuple[Tried, ...]:
        """Do what people do, on what is live now."""
        with self._world.step():
            return (*self._read(), *self._open_pages(), *self._upload())

    def _read(self) -> Iterator[Tried]:
        """Open documents; whether a view was lost, the database says."""
        for document in next(self._shares):
            self._world.clock.advance(_GAP_S)
            view = self._world.visitors.visit(document).view
            yield Tried(what="view", outcome=view.outcome, sqlstate=view.sqlstate, message=view.message)

    def _open_pages(self) -> Iterator[Tried]:
        """Open every page of the live commit whose address is fixed, with words for a search."""
        for path in sorted(self._world.repositories.files(self._world.host.live)):
            parts = path.split("/")
            if parts[:2] != ["src", "app"] or parts[-1] != "page.py" or "[" in path:
                continue
            address, request = "/" + "/".join(parts[2:-1]), self._number()
            response = None
            with contextlib.suppress(httpx.HTTPError):
                url = f"{self._world.host.address}{address}?q=document"
                response = self._world.visitors.open(url, request=request)
            yield self._answered(f"page {address}", request, response)

    def _upload(self) -> Iterator[Tried]:
        """Add a document on the site; the worker then has a job."""
        request, response = self._number(), None
        moment = self._world.clock.date().timestamp()
        with contextlib.suppress(httpx.HTTPError):
            response = httpx.post(
                f"{self._world.host.address}/api/documents",
                json={"title": f"Upload {request}", "file_name": f"{request}.epub", "file_type": "epub"},
                headers={"X-Request-Id": request, "X-Request-Start": f"t={moment:.6f}"},
                timeout=_JOB_S,
                trust_env=False,
            )
        uploaded = self._answered("upload", request, response)
        yield uploaded
        if uploaded.outcome == "ok" and response is not None:
            yield self._job(_id_in(response))

    def _job(self, document: str) -> Tried:
        """Wait for what the worker says about a document, or has said since it was started."""
        log = self._world.programs.worker_log
        said: list[dict[str, str]] = []

        def answered() -> bool:
            lines = log.read_bytes()[self._heard :].splitlines(keepends=True)
            said[:] = [
                json.loads(line) for line in lines if line.startswith(b'{"event"') and line.endswith(b"}\n")
            ]
            return any(one["event"] == "failed" or one.get("document") == document for one in said)

        wait_until(answered, seconds=_JOB_S)
        if any(one.get("document") == document for one in said):
            return Tried(what="job", outcome="ok")
        failed = next((one for one in said if one["event"] == "failed"), {})
        return Tried(
            what="job",
            outcome="failed",
            sqlstate=failed.get("sqlstate", ""),
            message=failed.get("error", "the worker does not do it"),
        )

    def _answered(self, what: str, request: str, response: httpx.Response | None) -> Tried:
        outcome: Outcome = "ok" if response is not None and response.is_success else "failed"
        if outcome == "ok":
            return Tried(what=what, outcome=outcome)
        live = self._world.host.live
        sqlstate, message = self._witness.error_of(request, log=self._world.host.log(live))
        status = f"status {response.status_code}" if response is not None else "no answer"
        return Tried(what=what, outcome=outcome, sqlstate=sqlstate, message=message or status)

    def _number(self) -> str:
        return f"pair-{next(self._numbers)}"


def _id_in(response: httpx.Response) -> str:
    """Return the id of the document that a site says it has added, "" if it says none."""
    try:
        return str(response.json()["id"])
    except (ValueError, TypeError, KeyError):  # an answer of the learner's own making
        return ""
