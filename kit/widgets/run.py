"""One rehearsal on a thread of its own: watched while it runs, stopped when asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

from kit.errors import KitError, Stopped
from kit.experiments.rehearsal import Plan, rehearse
from kit.timeline import Timeline

State = Literal["preparing", "deploying", "stopping", "done", "stopped", "failed"]


class Run:
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
        # A daemon: when the kernel ends, nobody waits for it, and the reaper ends what it has started.
        self._thread = threading.Thread(target=self._work, name="kit-deploy", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        """Say how far it is."""
        return f"Run({self.state})"

    @property
    def state(self) -> State:
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

    def now(self, timeline: Timeline) -> float | None:
        """Return the time in seconds of the timeline's clock; None before it begins and after its end."""
        if not self.active or not timeline.records:
            return None
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

    def _work(self) -> None:
        try:
            rehearse(self.plan, progress=self._tell, watch=self._watch, stop=self._stop)
        except Stopped:
            self._end = "stopped"
        except Exception as error:  # noqa: BLE001 - shown in the panel: a thread has nobody to raise to
            # Closing the clock in the middle of something may make that fail: it was stopped all the same.
            self._end = "stopped" if self._stop.is_set() else "failed"
            self.error = str(error) if isinstance(error, KitError) else f"{type(error).__name__}: {error}"
        else:
            self._end = "done"
        self._changed()
