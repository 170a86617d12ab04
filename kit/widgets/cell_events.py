"""The cells around a widget: which one made it, whether one is running, what `answer` is by now."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable
from typing import Protocol

from IPython.core.getipython import get_ipython


class Closable(Protocol):
    """What can be taken away."""

    def close(self) -> None:
        """Stop, and go."""
        ...


_lock = threading.Lock()
_made: dict[str, tuple[str, list[weakref.ref[Closable]]]] = {}


def replace_former(widget: Closable) -> None:
    """Close what an earlier run of the present cell has made.

    Args:
        widget: what this run has made; it may be one of several.
    """
    cell, run = _where()
    if not run:
        return
    with _lock:
        former, made = _made.get(cell, ("", []))
        if former != run:
            old, made = made, []
            _made[cell] = (run, made)
        else:
            old = []
        made.append(weakref.ref(widget))
    for one in old:
        if (gone := one()) is not None:
            gone.close()


class Idle:
    """Whether a cell of this kernel is running; outside a kernel none ever is.

    JupyterLab hands a click on to a thread of its own where the kernel offers that, so that
    it comes in the middle of a running cell; a click that acts on the cells' world waits.
    """

    def __init__(self) -> None:
        """Watch the kernel's cells from the next one on."""
        self._idle = threading.Event()
        self._idle.set()
        self._events = getattr(get_ipython(), "events", None)
        if self._events is not None:
            self._events.register("pre_run_cell", self._begins)
            self._events.register("post_run_cell", self._ends)

    def __repr__(self) -> str:
        """Say which."""
        return f"Idle({self._idle.is_set()})"

    def wait(self, seconds: float) -> bool:
        """Wait until no cell runs, so many seconds at most; return whether none does."""
        return self._idle.wait(seconds)

    def forget(self) -> None:
        """Watch no longer."""
        if self._events is not None:
            with contextlib.suppress(ValueError):  # already forgotten
                self._events.unregister("pre_run_cell", self._begins)
                self._events.unregister("post_run_cell", self._ends)
        self._idle.set()

    def _begins(self, _: object) -> None:
        self._idle.clear()

    def _ends(self, _: object) -> None:
        self._idle.set()


def follow(name: str, value: object) -> Callable[[], object]:
    """Return what gives a variable's value as it is by then.

    Args:
        name: of the variable in the notebook.
        value: what it is now; if the notebook's variable is another thing, it stays this one.
    """
    variables = getattr(get_ipython(), "user_ns", {})
    if value is None or variables.get(name) is not value:
        return lambda: value
    return lambda: variables.get(name, value)


def _where() -> tuple[str, str]:
    """Return the cell (its id; where the program that shows it sends none, its text) and this run of it."""
    shell = get_ipython()
    parent = shell.get_parent() if shell is not None and hasattr(shell, "get_parent") else {}
    cell = parent.get("metadata", {}).get("cellId") or parent.get("content", {}).get("code", "")
    return str(cell), str(parent.get("header", {}).get("msg_id", ""))
