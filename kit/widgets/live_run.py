"""One rehearsal on a thread of its own: watched while it runs, stopped when asked, looked into afterwards."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kit.errors import KitError, Stopped
from kit.experiments.rehearsal import Plan, rehearse
from kit.host.visitors import Visit
from kit.timeline import PageView, Timeline

RunState = Literal["preparing", "deploying", "stopping", "done", "stopped", "failed"]
_MISSING = {
    "lost": "no column of this row holds the instant of the visit",
    "failed": "nothing was written: the request failed",
    "blocked": "the visitor waited for a lock",
}


@dataclass(frozen=True, kw_only=True)
class SeenVisit:
    """A visit as it is kept: pages that are the same are one text.

    Attributes:
        view: what became of it.
        page: the HTML that came back, "" for none.
        entry: the line in the app's log, "" for none.
        statement: what the database refused, "" for nothing.
        row: what the database held of the document afterwards, "" where nobody looked.
    """

    view: PageView
    page: str
    entry: str
    statement: str
    row: str

    def describe(self) -> dict[str, str]:
        """Return what a person can look into: texts, to be shown as such, and a page for a sandbox."""
        view = self.view
        return {
            "request": f"GET /read/{view.document}",
            "answer": f"{view.status} from {view.commit[:7] or 'nobody'}" if view.status else "no answer",
            "page": self.page,
            "statement": self.statement,
            "error": f"{view.sqlstate} {view.message}".strip(),
            "log": self.entry,
            "row": self.row,
            "missing": _MISSING.get(view.outcome, ""),
        }


class LiveRun:
    """A rehearsal that has been started; any thread may look at it.

    Args:
        plan: what to rehearse.
        changed: called, on the run's thread, whenever the state has changed.
    """

    def __init__(self, plan: Plan, *, changed: Callable[[], None]) -> None:
        """Start it."""
        self.plan = plan
        self.said = "Preparing a world of its own."
        self.error = ""
        self._changed = changed
        self._stop = threading.Event()
        self._end: Literal["done", "stopped", "failed"] | None = None
        self._look: Callable[[], Timeline] | None = None
        self._began = 0.0
        self._visits: list[SeenVisit] = []
        self._pages: dict[bytes, str] = {}
        self._rows: dict[str, str] = {}
        # A daemon: when the kernel ends, nobody waits for it, and the reaper ends what it has started.
        self._thread = threading.Thread(target=self._work, name="kit-deploy", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        """Say how far it is."""
        return f"LiveRun({self.state})"

    @property
    def state(self) -> RunState:
        """How far it is."""
        if self._end:
            return self._end
        if self._stop.is_set():
            return "stopping"
        return "deploying" if self._look else "preparing"

    @property
    def active(self) -> bool:
        """Whether it has not ended; until then something of it may run."""
        return self._end is None

    @property
    def timeline(self) -> Timeline:
        """What has happened so far."""
        return self._look() if self._look else Timeline()

    @property
    def visits(self) -> list[SeenVisit]:
        """The visits so far, in the order in which they were over."""
        return self._visits[:]

    def now(self, timeline: Timeline) -> float | None:
        """Return the time in seconds of the timeline's clock; None before it begins and after its end."""
        if not self.active or not timeline.records:
            return None
        if self.plan.clock == "virtual":
            return max(record.instant for record in timeline.records[-2:])
        return timeline.records[0].at + time.monotonic() - self._began

    def stop(self) -> None:
        """Ask it to end before its end; returns at once."""
        self._stop.set()

    def join(self, seconds: float) -> bool:
        """Wait until it has ended, so many seconds at most; return whether it has."""
        self._thread.join(seconds)
        return not self.active

    def _tell(self, what: str) -> None:
        self.said = what
        self._changed()

    def _watch(self, look: Callable[[], Timeline]) -> None:
        self._began = time.monotonic()
        self._look = look
        self._changed()

    def _keep(self, visit: Visit) -> None:
        body = visit.response.content if visit.response is not None else b""
        row = json.dumps(visit.row, ensure_ascii=False) if visit.row else ""
        self._visits.append(
            SeenVisit(
                view=visit.view,
                page=self._pages.setdefault(body, body.decode(errors="replace")),
                entry=json.dumps(visit.entry, ensure_ascii=False) if visit.entry else "",
                statement=str(visit.entry.get("statement", "")),
                row=self._rows.setdefault(row, row),
            )
        )

    def _work(self) -> None:
        try:
            rehearse(self.plan, progress=self._tell, watch=self._watch, visited=self._keep, stop=self._stop)
        except Stopped:
            self._end = "stopped"
        except Exception as error:  # noqa: BLE001 - shown in the panel: a thread has nobody to raise to
            # Closing the clock in the middle of something may make that fail: it was stopped all the same.
            self._end = "stopped" if self._stop.is_set() else "failed"
            self.error = str(error) if isinstance(error, KitError) else f"{type(error).__name__}: {error}"
        else:
            self._end = "done"
        self._changed()
