"""Owners of worlds that end in every way there is, and what they leave behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kit.process import wait_until
from kit.world.checkpoints import find_checkpoint

PATIENCE_S = 60.0
ROOT = Path(__file__).parent.parent.parent


class Place:
    """A folder for temporary files that the worlds of one test have to themselves."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "TMPDIR": str(folder),
            "KIT_HOME": str(home),
            "PYTHONPATH": str(ROOT),
        }

    def worlds(self) -> list[Path]:
        return list(self.folder.glob("kit-*"))

    def processes(self) -> list[psutil.Process]:
        """Return all processes that speak of this place, or stand in it or in the learner's own world."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = [*process.cmdline(), process.cwd()]
                is_own = any(str(self.home / "world") in word for word in words)
                is_here = any(str(self.folder) in word for word in [*words, *process.environ().values()])
                if (is_own or is_here) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def is_empty(self) -> bool:
        return not self.worlds() and not self.processes()


@pytest.fixture
def place(new_home: Path) -> Iterator[Place]:
    for phase in (1, 2):
        find_checkpoint(phase, print)
    folder = Path(tempfile.mkdtemp(prefix="f-"))
    folder.chmod(0o711)
    place = Place(folder, new_home)
    yield place
    gone = wait_until(place.is_empty, seconds=PATIENCE_S, every=0.05)
    for process in place.processes():
        with contextlib.suppress(psutil.Error):
            process.kill()
    shutil.rmtree(folder)
    assert gone


class Owner:
    """A Python that opens a world and goes on with `ends`."""

    def __init__(self, place: Place, ends: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OPENS + ends],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=place.environment | environment,
            start_new_session=True,
        )
        assert self.process.stdout
        self.facts: dict[str, Any] = json.loads(self.process.stdout.readline())

    def end(self, number: signal.Signals | None = None) -> None:
        """Send it a signal, or let it go on, and wait until it has ended."""
        if number is not None:
            self.process.send_signal(number)
        self.process.communicate("\n" if number is None else None, timeout=60)


OPENS = """
import json, os, signal, sys
from kit import open_world
w = open_world(phase=1)
w.visitors(rate=5)
w.advance(1)
print(json.dumps({
    "folder": str(w.engine.folder),
    "processes": sorted(w.engine.supervisor.processes()),
}), flush=True)
"""


@pytest.fixture
def owner(place: Place) -> Iterator[Callable[..., Owner]]:
    made: list[Owner] = []

    def owner(ends: str = "sys.stdin.read()", **environment: str) -> Owner:
        made.append(Owner(place, ends, **environment))
        return made[-1]

    yield owner
    for one in made:
        one.process.kill()
        one.process.communicate()
