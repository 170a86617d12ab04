from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable

import psutil
import pytest

from kit.names import KIT_WORLD
from kit.process import wait_until

from .conftest import OPENS, PATIENCE_S, Owner, Place

pytestmark = pytest.mark.losses

WAYS = {
    "killed": ("sys.stdin.read()", signal.SIGKILL),
    "terminated": ("sys.stdin.read()", signal.SIGTERM),
    "interrupted": ("sys.stdin.read()", signal.SIGINT),
    "an unhandled exception": ("sys.stdin.readline(); 1 / 0", None),
    "exit without cleaning up": ("sys.stdin.readline(); os._exit(3)", None),
    "it ends": ("sys.stdin.readline()", None),
    "it closes": ("sys.stdin.readline(); w.close()", None),
    "killed while a command runs": (
        "import threading; threading.Timer(0.3, os.kill, [os.getpid(), 9]).start(); w.dev.run('sleep 999')",
        None,
    ),
    "killed while another world is made": (
        "import threading; threading.Timer(0.2, os.kill, [os.getpid(), 9]).start()\nwhile True: w.reset(2)",
        None,
    ),
}


OWN = ("killed", "it ends", "killed while another world is made")
"""The reaper ends all worlds alike, but saves a learner's own: tried with these."""


@pytest.mark.parametrize(
    ("way", "own"),
    [
        *(pytest.param(way, False, id=way) for way in WAYS if way not in OWN),
        *(pytest.param(way, True, id=f"{way}: the learner's own") for way in OWN),
    ],
)
def test_however_its_owner_ends_nothing_is_left(
    place: Place, owner: Callable[..., Owner], way: str, *, own: bool
) -> None:
    ends, number = WAYS[way]
    one = owner(ends, **({} if own else {KIT_WORLD: "fresh"}))
    assert {"postgres", "router", "worker"} < set(one.facts["processes"])
    assert place.worlds()
    assert len(place.processes()) > 4

    one.end(number)

    assert wait_until(place.is_empty, seconds=PATIENCE_S, every=0.05), (place.worlds(), place.processes())


def test_a_terminal_that_is_closed_leaves_nothing(place: Place) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        # The terminal's session leader: closing the terminal hangs up on it and its children.
        os.execve(  # noqa: S606 - as a terminal starts it
            sys.executable,
            [sys.executable, "-c", OPENS + "sys.stdin.read()"],
            place.environment | {KIT_WORLD: "fresh"},
        )
    shown = b""
    while b'"processes"' not in shown:
        shown += os.read(terminal, 4096)
    assert place.worlds()

    os.close(terminal)

    assert wait_until(place.is_empty, seconds=PATIENCE_S, every=0.05), place.processes()
    os.waitpid(pid, 0)


def test_a_fork_that_lives_on_does_not_keep_the_world(place: Place, owner: Callable[..., Owner]) -> None:
    forks = """
if (child := os.fork()) == 0:
    signal.pause()
print(child, flush=True)
sys.stdin.readline()
"""
    one = owner(forks, **{KIT_WORLD: "fresh"})
    assert one.process.stdout
    child = psutil.Process(int(one.process.stdout.readline()))
    try:
        one.process.kill()

        assert wait_until(lambda: not place.worlds(), seconds=PATIENCE_S, every=0.05)
        assert child.is_running()
    finally:
        child.kill()


def test_the_world_that_is_being_made_goes_too(place: Place) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from kit import open_world; open_world(phase=2); input()"],
        stdin=subprocess.PIPE,
        env=place.environment,
    )
    # Before its reaper runs, some milliseconds, there is an empty folder that nobody looks after.
    assert wait_until((place.home / "world" / "pg").exists, seconds=60)

    process.kill()
    process.communicate()

    assert wait_until(place.is_empty, seconds=PATIENCE_S, every=0.05), (place.worlds(), place.processes())


def test_a_killed_reaper_is_told_at_the_next_step(place: Place, owner: Callable[..., Owner]) -> None:
    one = owner(
        """
import pathlib
from kit.errors import KitError
sys.stdin.readline()
try:
    w.advance(1)
except KitError as error:
    print(type(error).__name__, error.message, flush=True)
""",
        **{KIT_WORLD: "fresh"},
    )
    reapers = [process for process in place.processes() if "_reaper.py" in " ".join(process.cmdline())]
    reaper = next(process for process in reapers if process.parent() in reapers)  # the other one is its guard
    reaper.kill()

    out, _ = one.process.communicate("\n", timeout=60)

    assert out.strip() == "ProcessFailed The process that looks after this world is gone."
