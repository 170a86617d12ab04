"""Which cell a widget was made in, so that a cell that is run again replaces its widget."""

from __future__ import annotations

import threading
import weakref
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


def _where() -> tuple[str, str]:
    """Return the cell (its id; where the program that shows it sends none, its text) and this run of it."""
    shell = get_ipython()
    parent = shell.get_parent() if shell is not None and hasattr(shell, "get_parent") else {}
    cell = parent.get("metadata", {}).get("cellId") or parent.get("content", {}).get("code", "")
    return str(cell), str(parent.get("header", {}).get("msg_id", ""))
