"""What a world costs: to open it, to open it again, to reset it; its memory; many at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks.measurement import BARE, Row, bare_server, fresh_home, median, seconds
from benchmarks.one_world import PHASE
from kit import open_world
from kit.names import ROOT

_NUMBERS = (1, 4, 8, 16)
_LAST_PHASE = 8


class OneWorld:
    """A world in a process of its own.

    Args:
        options: of `benchmarks.one_world`.
    """

    def __init__(self, *options: str) -> None:
        """Start the process, and do not wait."""
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.one_world", *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _read(self) -> dict[str, float]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            _, words = self._process.communicate()
            raise RuntimeError(words.strip()[-600:] or "a world ended without a word")
        answer: dict[str, float] = json.loads(line)
        return answer

    def wait_until_open(self) -> tuple[float, float]:
        """Return the seconds of `open_world` alone, and those since the process was started."""
        return self._read()["seconds"], time.perf_counter() - self._began

    def measure_memory(self) -> dict[str, float]:
        """Return the megabytes of each of its processes."""
        if self._process.stdin:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """Close the world, and wait for the end of its process."""
        self._process.communicate()


def _open_and_close(*options: str) -> float:
    world = OneWorld(*options)
    took, _ = world.wait_until_open()
    world.close()
    return took


def measure_opening(runs: int) -> list[Row]:
    """Open a world at phase 5: with nothing cached, from the cache, and the learner's own again."""

    def cold() -> float:
        with fresh_home():
            return _open_and_close()

    bare = bare_server(runs)
    with fresh_home():
        _open_and_close()
        warm = median(_open_and_close, runs)
        _open_and_close("--own")
        again = median(lambda: _open_and_close("--own"), runs)
    call = f"open_world(phase={PHASE})"
    return [
        _of_bare(f"{call}, warm", warm, 0.5, bare),
        _of_bare(f"{call}, cold", median(cold, runs), 3, bare),
        _of_bare("one's own world, again", again, 0.35, bare),
    ]


def _of_bare(what: str, measured: float, part: float, bare: float, *, note: str = "") -> Row:
    """Return a row whose target is a part, or a multiple, of the yardstick."""
    said = f"{part:g} of {BARE}{note}"
    return Row(what=what, measured=measured, unit="s", target=part * bare, note=said)


def measure_reset(runs: int) -> list[Row]:
    """Reset a world to each phase, all of them cached."""
    with fresh_home(), open_world(phase=_LAST_PHASE, scratch=True) as world:
        for phase in range(1, _LAST_PHASE + 1):
            world.reset(phase)  # its checkpoint is built
        times = {
            phase: median(lambda phase=phase: seconds(lambda: world.reset(phase)), runs)  # type: ignore[misc]  # bound on purpose
            for phase in range(1, _LAST_PHASE + 1)
        }
    slowest = max(times, key=lambda phase: times[phase])
    what = "reset to any phase, the slowest"
    return [_of_bare(what, times[slowest], 0.25, bare_server(runs), note=f"; phase {slowest}")]


def measure_memory(_runs: int) -> list[Row]:
    """Weigh one world, with its Python, after the workflow's deploy; shared memory is counted once."""
    with fresh_home(), ExitStack() as over:
        world = OneWorld("--deploy")
        over.callback(world.close)
        world.wait_until_open()
        parts = world.measure_memory()
    detail = ", ".join(
        f"{name} {size:.0f}" for name, size in sorted(parts.items(), key=lambda part: -part[1])
    )
    return [
        Row(
            what="memory of one world, with its Python",
            measured=sum(parts.values()),
            unit="MB",
            target=180,
            note=detail,
        )
    ]


def measure_many(_runs: int) -> list[Row]:
    """Open several worlds at once, from the cache; none may fail."""
    rows: list[Row] = []
    with fresh_home():
        _open_and_close()
        for number in _NUMBERS:
            rows += _open_together(number)
    return rows


def _open_together(number: int) -> Sequence[Row]:
    failures, ready, memory = [], [], 0.0
    with ExitStack() as over:
        worlds = [OneWorld() for _ in range(number)]
        for world in worlds:
            over.callback(world.close)
        for world in worlds:
            try:
                ready.append(world.wait_until_open()[1])
            except RuntimeError as failure:
                failures.append(str(failure))
        if not failures:
            memory = sum(sum(world.measure_memory().values()) for world in worlds)
    name = f"{number} worlds at once" if number > 1 else "1 world"
    note = failures[0].splitlines()[-1] if failures else "from the start of Python to open"
    return (
        Row(what=f"{name}, open", measured=len(ready), unit="of " + str(number), target=number, least=True),
        Row(what=f"{name}, the last one after", measured=max(ready, default=0.0), unit="s", note=note),
        Row(what=f"{name}, memory", measured=memory, unit="MB"),
    )
