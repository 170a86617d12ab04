from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from kit.errors import Stopped
from kit.opening import open_at
from kit.process import wait_until
from kit.scenario import Plan, rehearse
from kit.timeline import PageView, Timeline


@pytest.fixture(scope="module", autouse=True)
def checkpoints() -> None:
    """Build the checkpoints on the virtual clock, once."""
    open_at(5, scratch=True).engine.close()


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the worlds of one test a folder with a short path of its own."""
    with tempfile.TemporaryDirectory(prefix="s-") as name:
        Path(name).chmod(0o711)
        monkeypatch.setenv("TMPDIR", name)
        yield Path(name)


def running_in(folder: Path) -> list[list[str]]:
    """Return the processes that speak of a folder."""
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if any(str(folder) in word for word in line)]


def test_the_timeline_so_far_grows_while_a_rehearsal_runs() -> None:
    seen: list[Callable[[], Timeline]] = []
    told: list[int] = []
    measured = rehearse(
        Plan(build=0.5, wait=1, rate=20, clock="wall"),
        progress=lambda _: told.append(len(seen)),
        watch=seen.append,
    )
    assert told[-1] == 0  # visitors come after the last word
    assert len(seen) == 1
    assert seen[0]() == measured.timeline


def test_a_rehearsal_that_is_stopped_ends_at_once_and_leaves_nothing(folder: Path) -> None:
    stop, watching = threading.Event(), threading.Event()
    seen: list[Timeline] = []

    def watch(look: Callable[[], Timeline]) -> None:
        def wait_and_stop() -> None:
            deadline = time.monotonic() + 20
            while not look().only(PageView) and time.monotonic() < deadline:
                watching.wait(0.05)
            seen.append(look())
            stop.set()

        threading.Thread(target=wait_and_stop).start()

    began = time.monotonic()
    with pytest.raises(Stopped):
        rehearse(Plan(build=60, wait=600, clock="wall"), watch=watch, stop=stop)
    assert time.monotonic() - began < 30
    assert seen[0].only(PageView)
    assert list(folder.iterdir()) == []
    assert wait_until(lambda: not running_in(folder), seconds=2, every=0.05)  # the reaper's own last moment


def test_a_rehearsal_may_be_stopped_before_it_begins() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        rehearse(Plan(), stop=stop)


def test_on_the_virtual_clock_a_rehearsal_can_be_stopped_too() -> None:
    stop = threading.Event()

    def watch(_: Callable[[], Timeline]) -> None:
        stop.set()

    with pytest.raises(Stopped):
        rehearse(Plan(), watch=watch, stop=stop)
