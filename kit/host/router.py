"""The stable address of production: a router's process, and the alias file that it reads."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kit.errors import ProcessFailed
from kit.names import KIT_PRIVATE
from kit.process import PEERS, Supervisor

_ROUTER = Path(__file__).with_name("_router.py")


class Front:
    """Passes every request on to the port that was named last.

    Args:
        folder: for the alias file.
        supervisor: the parent of the router's process.
        log: the file for the router's output.
    """

    def __init__(self, folder: Path, *, supervisor: Supervisor, log: Path) -> None:
        """Nothing listens before `open`."""
        self._folder = folder
        self._alias = folder / "alias"
        self._supervisor = supervisor
        self._log = log
        self._port: int | None = None

    def __repr__(self) -> str:
        """Say the class; the port differs from run to run."""
        return "Front()"

    @property
    def address(self) -> str:
        """The address, once it was opened; it stays the same for the life of the world."""
        return f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Start the router unless it runs.

        Raises:
            ProcessFailed: if it cannot be started.
        """
        port = self._supervisor.port("router")
        if port is None:
            self._supervisor.stop("router")
            try:
                port = self._start(self._port or 0)
            except ProcessFailed:
                if self._port is None:
                    raise
                port = self._start(0)  # it was killed, and somebody else has its port now
        self._port = port

    def _start(self, port: int) -> int | None:
        return self._supervisor.spawn(
            "router",
            [sys.executable, "-I", "-S", _ROUTER, "{fd}", self._alias, *self._doorkeeper()],
            env={"LC_ALL": "C.UTF-8"},
            cwd=self._folder,
            log=self._log,
            listen=port,
        ).port

    @staticmethod
    def _doorkeeper() -> list[Path]:
        return [PEERS] if os.environ.get(KIT_PRIVATE) else []

    def switch(self, port: int) -> None:
        """Pass every request that comes from now on to `port`; those under way end where they began."""
        new = self._alias.with_name("alias.new")
        new.write_text(str(port))
        os.replace(new, self._alias)  # noqa: PTH105 - the atomic switch, in the words of the operating system

    def clear(self) -> None:
        """Answer 404 from now on."""
        self._alias.unlink(missing_ok=True)
