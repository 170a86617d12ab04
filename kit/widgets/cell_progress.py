"""A line under a cell that works for over a second: what it does, how far it is; gone when the cell ends.

It is shown by updates of an output that is empty at first and at last: stored notebooks hold nothing of it,
and nbval, which compares first outputs, sees none.
"""

from __future__ import annotations

import contextvars
import itertools
import threading
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import publish_display_data

from kit.draw import draw_element, format_line, format_span
from kit.timeline import CommandRan, PageView, Record
from kit.timeline.journal import Heard
from kit.world.audience import watch
from kit.world.engine import Engine

AFTER_S = 1.0
"""Seconds after which a cell says what it does."""
EVERY_S = 0.25
_numbers = itertools.count(1)


class CellProgress:
    """Watches the cells of a kernel, and the worlds that they work in.

    Args:
        shell: IPython's, whose cells are watched.
    """

    def __init__(self, shell: Any) -> None:  # noqa: ANN401 - IPython is not typed here
        """Watch from the cell on that makes it."""
        self._doing = ""
        self._world: Engine | None = None
        self._began = 0.0
        self._views = self._bad = 0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)
        watch(self._hear)
        self._begin()

    def __repr__(self) -> str:
        """Say what is being done."""
        return f"CellProgress({self._doing!r})"

    def say(self, what: str) -> None:
        """Be told in a few words what is being done."""
        self._doing = what

    def _begin(self, *_: object) -> None:
        self._end()
        self._doing, self._world = "", None
        self._views = self._bad = 0
        self._ended = ended = threading.Event()
        # The cell's own context: what is shown from it is shown under the cell.
        run = contextvars.copy_context().run
        self._thread = threading.Thread(
            target=run, args=[self._show, ended], name="kit-progress", daemon=True
        )
        self._thread.start()

    def _end(self, *_: object) -> None:
        """Take the line away before the cell has ended."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _hear(self, world: Engine, heard: Heard, record: Record | None) -> None:
        if world is not self._world:
            self._world, self._began = world, world.clock.now()
        if isinstance(record, CommandRan):
            where = "" if record.clone == "world" else f"{record.clone}$ "
            self._doing = f"{where}{record.command}" if heard == "begins" else self._doing
        elif isinstance(record, PageView):
            self._views += 1
            self._bad += record.outcome != "ok"

    def _show(self, ended: threading.Event) -> None:
        ident = {"display_id": f"kit-progress-{next(_numbers)}"}
        shown = False
        wait = AFTER_S
        while not ended.wait(wait):
            wait = EVERY_S
            if not self._doing:
                continue
            if not shown:
                publish_display_data({}, transient=ident)
                shown = True
            publish_display_data({"text/html": self._draw()}, transient=ident, update=True)
        if shown:
            publish_display_data({}, transient=ident, update=True)

    def _draw(self) -> str:
        parts = [format_line(self._doing)]
        world = self._world
        if world is not None and (passed := world.clock.now() - self._began) > 0:
            parts.append(f"{format_span(passed)} have passed")
        if self._views:
            parts.append(f"{self._views} page views" + (f", {self._bad} not ok" if self._bad else ""))
        return draw_element("p", f"Working: {'; '.join(parts)}", style="margin:2px 0;font-style:italic")


_progress: CellProgress | None = None


def show_progress() -> CellProgress | None:
    """Have this kernel's cells say what they do, from now on; None outside a notebook."""
    global _progress  # noqa: PLW0603 - one a kernel
    shell = get_ipython()
    if _progress is None and shell is not None and hasattr(shell, "kernel"):
        _progress = CellProgress(shell)
    return _progress
