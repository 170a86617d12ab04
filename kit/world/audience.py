"""Who watches the worlds of this process: told of what happens, on the thread on which it happens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kit.timeline import Record
from kit.timeline.journal import Heard

Watcher = Callable[[Any, Heard, Record | None], None]
"""Gets the engine of a world, what a record means just now, and the record; returns at once."""
_watchers: list[Watcher] = []
_changing = threading.Lock()


def watch(watcher: Watcher) -> Callable[[], None]:
    """Have somebody told from now on of everything that happens in any world.

    Args:
        watcher: any thread may call it; it raises nothing, and does not wait.

    Returns:
        What ends it.
    """
    with _changing:
        _watchers.append(watcher)

    def forget() -> None:
        with _changing:
            if watcher in _watchers:
                _watchers.remove(watcher)

    return forget


def tell(world: object, heard: Heard, record: Record | None) -> None:
    """Tell everybody who watches."""
    for watcher in tuple(_watchers):
        watcher(world, heard, record)
