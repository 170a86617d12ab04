"""Who holds the learner's world: the reaper that runs it, and the lock that all its processes inherit.

`live` names the folder of the reaper; `world.lock` stays locked until the last of its processes has
ended, so that no two servers ever work on the same data.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
from filelock import FileLock

from kit.process import PREFIX, Supervisor
from kit.world.engine import Engine
from kit.world.home import kit_home

MINE: dict[str, Engine] = {}  # this process's own, by how it was opened: a cell that runs twice finds it


def world_folder() -> Path:
    """Return the folder of the learner's world; it need not be there."""
    return kit_home() / "world"


def worlds_folder() -> Path:
    """Return the folder of those that are kept beside it."""
    return kit_home() / "worlds"


def _live() -> Path | None:
    """Return the folder of the reaper that runs the learner's world, or ran it last."""
    try:
        return Path((kit_home() / "live").read_text(encoding="utf-8"))
    except OSError:
        return None


def write_live(folder: Path) -> None:
    """Write down whose reaper runs the learner's world from now on."""
    new = kit_home() / "live.new"
    new.write_text(str(folder), encoding="utf-8")
    new.replace(kit_home() / "live")


def opening() -> FileLock:
    """Wait until nobody is opening the learner's world."""
    return FileLock(kit_home() / "opening.lock")


@contextlib.contextmanager
def locked() -> Iterator[int]:
    """Hold the lock that every process of the learner's world inherits: none of them runs meanwhile.

    What is there although its reaper has gone was left by a crash, and is ended.
    """
    path = kit_home() / "world.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _takes_lock(descriptor):
            _end_holders(path)  # again, should one of them have started another one meanwhile
        left = _live()
        if left is not None and left.name.startswith(PREFIX):
            shutil.rmtree(left, ignore_errors=True)
        yield descriptor
    finally:
        os.close(descriptor)  # a reaper that was started meanwhile has it open, too


def _takes_lock(descriptor: int) -> bool:
    """Lock a file, unless somebody else has it locked; say whether it is ours now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_holders(path: Path) -> None:
    found = str(path.resolve())  # as the operating system knows it: KIT_HOME may be behind a link
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # it may end, or be somebody else's
            if process.pid != os.getpid() and any(file.path == found for file in process.open_files()):
                process.kill()


def hold_own() -> Supervisor | None:
    """Hold the learner's world, without taking it from anybody; None if it does not run.

    One that is just ending, because its last holder has gone, is waited for.
    """
    folder = _live()
    return Supervisor.attach(folder) if folder is not None else None
