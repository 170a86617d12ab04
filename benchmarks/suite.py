"""What people run beside worlds: the notebooks under nbval, the command line's help."""

from __future__ import annotations

import resource
import subprocess
import sys

from benchmarks.measurement import Row, median, seconds
from kit.names import ROOT


def measure_notebooks(_runs: int) -> list[Row]:
    """Run all notebooks against their stored outputs, two at a time, with nothing cached."""
    notebooks = sorted(str(path) for path in (ROOT / "notebooks").glob("*.ipynb"))
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "--nbval", *notebooks]
    done: list[subprocess.CompletedProcess[str]] = []

    def run() -> None:
        done.append(subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True))

    took = seconds(run)
    *_, last = done[-1].stdout.strip().splitlines() or [""]
    note = f"{last.strip('= ')}" if done[-1].returncode else ""
    what = f"the {len(notebooks)} notebooks under nbval, two workers"
    return [Row(what=what, measured=took, unit="s", target=60, note=note)]


def measure_help(runs: int) -> list[Row]:
    """Ask the command line for help."""

    def help_() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "kit", "--help"], cwd=ROOT, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    help_()  # compiles what is not compiled yet
    return [Row(what="python -m kit --help", measured=median(help_, runs), unit="s of CPU", target=0.25)]
