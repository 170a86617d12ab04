"""The only source of time: a virtual clock, or a wall clock with the same methods.

On the virtual clock nothing happens until somebody lets time pass; then the due
actions run one after the other, each at its exact instant. On the wall clock the
same actions run on a thread when their time has come.
"""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from kit.errors import BadInput
from kit.names import EPOCH

_LONGEST_WAIT_S = 3600.0
"""Waits are cut into pieces of this length: the operating system's own limit is a number of years."""

Callback = Callable[[], None]
ClockName = Literal["virtual", "wall"]


class _Agenda:
    """What is to be done when: a heap, first come first served at equal instants."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, Callback]] = []
        self._order = itertools.count()
        # Its own lock, never held while an action runs: a thread that serves a
        # request may plan something while the action that asked it still waits.
        self._lock = threading.Lock()

    def add(self, when: float, action: Callback) -> None:
        if math.isnan(when):
            raise BadInput("nan is not an instant.", remedy="Give a number of seconds.")
        with self._lock:
            heapq.heappush(self._entries, (when, next(self._order), action))

    def first(self) -> float:
        with self._lock:
            return self._entries[0][0] if self._entries else math.inf

    def pop_due(self, now: float) -> tuple[float, Callback] | None:
        with self._lock:
            if not self._entries or self._entries[0][0] > now:
                return None
            when, _, action = heapq.heappop(self._entries)
            return when, action

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


def _require_span(seconds: float) -> None:
    if not 0 <= seconds < float("inf"):
        raise BadInput(
            f"Time cannot pass by {seconds!r} seconds.",
            remedy="Give a number of seconds of 0 or more.",
        )


class VirtualClock:
    """Time that passes only in `advance`, with every due action at its exact instant.

    Args:
        start: the seconds that the clock shows first.
    """

    name: ClockName = "virtual"

    def __init__(self, start: float = 0.0) -> None:
        """Start at `start` seconds."""
        self._now = self._target = start
        self._agenda = _Agenda()
        self._turn = threading.RLock()

    def __repr__(self) -> str:
        """Say the kind and the time."""
        return f"VirtualClock(now={self._now:g})"

    def now(self) -> float:
        """Return the seconds since 2025-01-26 15:30:00 UTC."""
        return self._now

    def date(self, seconds: float | None = None) -> datetime:
        """Return the date of an instant, now if none is given; the zero is `EPOCH`."""
        return EPOCH + timedelta(seconds=self._now if seconds is None else seconds)

    def at(self, when: float, action: Callback) -> None:
        """Put `action` on the agenda; it runs in the `advance` that reaches `when`."""
        self._agenda.add(max(when, self._now), action)

    def advance(self, seconds: float) -> None:
        """Run everything due in the next `seconds`, in order, then show the new time.

        Raises:
            BadInput: if `seconds` is negative or not finite.
        """
        _require_span(seconds)
        with self._turn:
            target = self._now + seconds
            outer, self._target = self._target, target
            while (due := self._agenda.pop_due(target)) is not None:
                # Taken off first: an action that fails is not run again, and the
                # clock stays at the instant of the failure. An action may itself
                # let time pass, even beyond the target; time never goes back.
                when, action = due
                self._now = max(self._now, when)
                action()
            self._now = max(self._now, target)
            self._target = outer

    def restart(self, now: float) -> None:
        """Forget what is not due yet and show `now`, in seconds since `EPOCH`."""
        self._agenda.clear()
        self._now = now

    def close(self) -> None:
        """Forget what is not due yet."""
        self._agenda.clear()

    def beside(self) -> Clock:
        """Return this clock: here nothing waits."""
        return self

    def free_until(self) -> float:
        """Return when something is due next, or else when the `advance` under way ends.

        An action may do its own things of the time until then at once.
        """
        return min(self._agenda.first(), self._target)


class WallClock:
    """The machine's own time; due actions run on one thread."""

    name: ClockName = "wall"

    def __init__(self) -> None:
        """Set zero to now; the thread starts with the first action."""
        self._zero = time.monotonic()
        self._zero_date = datetime.now(UTC)
        self._agenda = _Agenda()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._running = False

    def __repr__(self) -> str:
        """Say the kind only: the time would make every repr differ."""
        return "WallClock()"

    def now(self) -> float:
        """Return the seconds since the clock was made."""
        return time.monotonic() - self._zero

    def date(self, seconds: float | None = None) -> datetime:
        """Return the date of an instant, now if none is given, from the machine's calendar at the zero."""
        return self._zero_date + timedelta(seconds=self.now() if seconds is None else seconds)

    def at(self, when: float, action: Callback) -> None:
        """Run `action` on the clock's thread at `when`; at once if that has passed."""
        with self._changed:
            if self._closed:
                return
            self._agenda.add(when, action)
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="kit-clock", daemon=True)
                thread.start()  # Ctrl-C may interrupt it: close() must not join what never started
                self._thread = thread
            self._changed.notify_all()

    def advance(self, seconds: float) -> None:
        """Wait until `seconds` have passed and what was due has run, or the clock is closed.

        Raises:
            BadInput: if `seconds` is negative or not finite.
            Exception: the first failure of an action that ran meanwhile.
        """
        _require_span(seconds)
        target = self.now() + seconds
        with self._changed:
            while not self._closed and self._failure is None:
                left = target - self.now()
                if left <= 0 and not self._owes(target):
                    break
                self._changed.wait(min(left, _LONGEST_WAIT_S) if left > 0 else None)
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _owes(self, target: float) -> bool:
        """Say whether something due by `target` has not run, or still runs (unless it is what asks)."""
        if threading.current_thread() is self._thread:
            return False
        return self._running or self._agenda.first() <= target

    def restart(self, now: float) -> None:  # noqa: ARG002 - nobody can set the wall clock
        """Forget what is not due yet; time goes on."""
        with self._changed:
            self._agenda.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Forget what is not due yet and wake everybody who waits."""
        with self._changed:
            self._closed = True
            self._agenda.clear()
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def beside(self) -> Clock:
        """Return a clock with the same zero and a thread of its own."""
        clock = WallClock()
        clock._zero, clock._zero_date = self._zero, self._zero_date
        return clock

    def free_until(self) -> float:
        """Return now: nothing is done before its time."""
        return self.now()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (due := self._agenda.pop_due(self.now())) is None:
                    self._changed.wait(min(self._agenda.first() - self.now(), _LONGEST_WAIT_S))
                if self._closed or due is None:
                    return
                self._running = True
            try:
                due[1]()
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits in advance()
                self._failure = self._failure or error
            finally:
                with self._changed:
                    self._running = False
                    self._changed.notify_all()


Clock = VirtualClock | WallClock
"""Tells the time in seconds since its own zero, and runs actions at instants."""
