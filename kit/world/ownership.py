"""Who has a world: one process at a time, and one operation at a time."""

from __future__ import annotations

import fcntl
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kit.errors import WorldTaken


class Ownership:
    """A claim on a world's folder.

    Two notebooks can have the same world open: the one that opened it last has it, and
    the other is told so at its next step. A lock that the operating system keeps makes
    sure that none takes it in the middle of the other's step.

    Args:
        folder: of the world.
    """

    def __init__(self, folder: Path) -> None:
        """Claim nothing yet."""
        self._folder = folder
        self._token = ""
        self._released = False
        self._turn = threading.RLock()
        self._depth = 0

    def __repr__(self) -> str:
        """Say whether it is ours."""
        return f"Ownership({'ours' if self.holds() else 'not ours'})"

    def claim(self) -> None:
        """Take the world, after the step that another process may be in."""
        with self._turn, self._lock():
            self._released = False
            self._token = secrets.token_hex(8)
            (self._folder / "owner").write_text(self._token)

    def release(self) -> None:
        """Claim the world no longer: it is closed here."""
        self._released = True

    def holds(self) -> bool:
        """Say whether the world is open, and ours."""
        try:
            return not self._released and (self._folder / "owner").read_text() == self._token != ""
        except OSError:
            return False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Have the world to oneself for one step; steps within a step are fine.

        Raises:
            WorldTaken: if another process has claimed it, or it is closed.
        """
        with self._turn:
            if self._depth:
                yield
                return
            if self._released or not self._folder.exists():
                raise _taken("This world is closed.")
            with self._lock():
                if not self.holds():
                    raise _taken("This world is open in another notebook or terminal now.")
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1

    @contextmanager
    def _lock(self) -> Iterator[None]:
        try:
            file = (self._folder / "turn").open("w")
        except OSError as error:
            raise _taken("This world is closed.") from error
        with file:
            # Let go by the operating system when its holder dies.
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _taken(message: str) -> WorldTaken:
    return WorldTaken(
        message, remedy="Run this notebook's setup cell again: open_world() brings it back here."
    )
