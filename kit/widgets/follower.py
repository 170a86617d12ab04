"""Have something done after each cell of a notebook, without keeping the next cell waiting."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from IPython.core.getipython import get_ipython

_EVENT = "post_run_cell"


class Follower:
    """Calls a function on a thread of its own after each cell; several cells at once are one call.

    Outside a notebook nothing is ever called.

    Args:
        work: what to do; it raises nothing, and returns whether to go on.
    """

    def __init__(self, work: Callable[[], bool]) -> None:
        """Begin with the next cell that ends; the one that makes this counts."""
        self._work = work
        self._due: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._shell = get_ipython()
        self._closed = self._shell is None
        if self._shell is not None:
            self._shell.events.register(_EVENT, self._note)
            # A daemon: when the kernel ends, nobody waits for it.
            threading.Thread(target=self._loop, name="kit-map", daemon=True).start()

    def __repr__(self) -> str:
        """Say whether it still follows."""
        return f"Follower({'closed' if self._closed else 'following'})"

    def close(self) -> None:
        """Do nothing any more."""
        with self._closing:
            if self._closed or self._shell is None:
                return
            self._closed = True
            self._shell.events.unregister(_EVENT, self._note)
        self._due.put("close")

    def _note(self, *_: object) -> None:
        self._due.put("cell")

    def _loop(self) -> None:
        while not self._closed:
            self._due.get()
            while not self._due.empty():
                self._due.get()
            if not self._closed and not self._work():
                self.close()
