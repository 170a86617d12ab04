"""One of the two checkouts, as a learner uses it: type commands, write files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kit.names import CloneName
from kit.process.shell import Ran


@dataclass(frozen=True)
class Shown:
    """A few words about what was done; shown as they are."""

    text: str

    def __repr__(self) -> str:
        """Show the words."""
        return self.text


class Worksite(Protocol):
    """What a clone needs of its world."""

    def run(self, clone: CloneName, command: str) -> Ran:
        """Run a command there."""
        ...

    def write(self, clone: CloneName, path: str, text: str, *, append: bool = False) -> None:
        """Write a file there."""
        ...

    def read(self, clone: CloneName, path: str) -> str:
        """Return the text of a file there."""
        ...


class Clone:
    """A checkout of the repository.

    Args:
        world: where it belongs.
        name: "dev" or "production".
        folder: where it is.
    """

    def __init__(self, world: Worksite, name: CloneName, folder: Path) -> None:
        """Name the checkout; nothing runs."""
        self._world = world
        self._name = name
        self._folder = folder

    def __repr__(self) -> str:
        """Name the folder; where it lies differs from run to run."""
        return f"{self._name}: the clone {self._folder.name}"

    def run(self, command: str) -> Ran:
        """Run what one would type at work, in a real shell in this clone's folder.

        Args:
            command: any shell syntax; `$LOCAL_DB_URL` and `$CLOUD_DB_URL` are set.

        Returns:
            The command with its output and exit code. A failing command is shown, not raised.

        Raises:
            WorldTaken: if another notebook or terminal has taken the world over.
            ServerFailed: if PostgreSQL was killed.
        """
        return self._world.run(self._name, command)

    def write(self, path: str, text: str) -> Shown:
        """Write a file of this clone, as an editor does.

        Args:
            path: from the clone's top.
            text: its whole new content; empty lines at both ends are left out.

        Raises:
            BadInput: if the path leads out of the clone.
        """
        self._world.write(self._name, path, text.strip("\n") + "\n")
        return Shown(f"wrote {path}, {_lines(text)}")

    def append(self, path: str, text: str) -> Shown:
        """Add text to the end of a file, after two empty lines; added twice, it is there once.

        Args:
            path: from the clone's top.
            text: what to add; empty lines at both ends are left out.

        Raises:
            BadInput: if the path leads out of the clone.
        """
        self._world.write(self._name, path, text.strip("\n") + "\n", append=True)
        return Shown(f"added {_lines(text)} to {path}")

    def read(self, path: str) -> Shown:
        """Show a file of this clone.

        Args:
            path: from the clone's top.

        Raises:
            BadInput: if there is no such text file.
        """
        return Shown(self._world.read(self._name, path).rstrip("\n"))


def _lines(text: str) -> str:
    count = len(text.strip("\n").splitlines())
    return f"{count} line{'s' if count != 1 else ''}"
