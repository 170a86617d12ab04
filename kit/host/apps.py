"""The app's processes: start one on a source tree, see whether it is healthy, stop it."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path

import httpx

from kit.errors import BuildFailed, ProcessFailed
from kit.host.build import ENTRY
from kit.names import KIT_PRIVATE
from kit.process import Supervisor

HEALTH_S = 60.0
"""Seconds without an answer to its first request after which a process counts as hung, not as slow."""
LIBRARIES = (
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.lifespan.on",
    "starlette.applications",
    "psycopg_pool",
)
"""What the app and its worker import of others' code."""
_FRAME = re.compile(r'^  File "(?:[^"\n]*/)?(src/[^"\n]+)", line (\d+)', re.MULTILINE)


class Apps:
    """Starts source trees as processes.

    Args:
        logs: the folder for their output, a file a process.
        supervisor: their parent.
        environment: what each of them gets (DATABASE_URL above all).
    """

    def __init__(self, logs: Path, *, supervisor: Supervisor, environment: Mapping[str, str]) -> None:
        """Nothing runs yet."""
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._supervisor = supervisor
        private = {KIT_PRIVATE: os.environ[KIT_PRIVATE]} if os.environ.get(KIT_PRIVATE) else {}
        self._environment = {**environment, **private}

    def __repr__(self) -> str:
        """Say the class: what runs is in `Supervisor.processes`."""
        return "Apps()"

    def log(self, name: str) -> Path:
        """Return the file with a process's output."""
        return self._logs / f"{name}.log"

    def start(self, name: str, folder: Path, *, port: int = 0, **more: str) -> int:
        """Start `folder`'s own entry unless `name` runs already; do not wait for it.

        The process inherits a socket that listens, so that a request sent meanwhile waits.

        Args:
            name: what to call the process.
            folder: the source tree; it is the working folder.
            port: 0 for any; another one is tried first, as `npm run dev` tries 3000.
            more: further environment variables.

        Returns:
            The port.

        Raises:
            ProcessFailed: if it cannot be started.
        """
        running = self._supervisor.port(name)
        if running is not None:
            return running
        self._supervisor.stop(name)
        if port and not _somebody_answers(port):
            try:
                return self._spawn(name, folder, port, more)
            except ProcessFailed:
                pass  # taken by somebody who does not listen yet, or not for us to take
        return self._spawn(name, folder, 0, more)

    def _spawn(self, name: str, folder: Path, port: int, more: Mapping[str, str]) -> int:
        started = self._supervisor.fork(
            name,
            [ENTRY, "--fd", "{fd}"],
            imports=LIBRARIES,
            env={**self._environment, **more},
            cwd=folder,
            log=self.log(name),
            listen=port,
        )
        return started or 0

    def require_healthy(self, name: str) -> int:
        """Wait until a process that was started answers /api/health; return its port.

        Raises:
            BuildFailed: if it does not answer, or not with success; it is then stopped.
        """
        port = self._supervisor.port(name) or 0
        why = self._find_illness(name, port)
        if why:
            self._supervisor.stop(name)
            raise BuildFailed(
                "The code does not start.",
                why=why,
                remedy="Mend the code and try again; what was live before stays live.",
            )
        return port

    def _find_illness(self, name: str, port: int) -> str:
        """Return why a process is not healthy, "" where it is."""
        try:
            response = httpx.get(
                f"http://127.0.0.1:{port}/api/health",
                timeout=HEALTH_S,
                trust_env=False,
                verify=False,  # noqa: S501 - plain HTTP: loading certificates would take 30 ms of the switch
            )
        except httpx.TimeoutException:
            return f"/api/health did not answer within {HEALTH_S:g} seconds"
        except httpx.HTTPError:
            return self._last_words(name) or "it does not answer"
        return "" if response.is_success else f"/api/health answered {response.status_code}"

    def _last_words(self, name: str) -> str:
        """Return the last line of a process's output; of a traceback, also the last line of the app's own."""
        log = self.log(name)
        text = log.read_text(errors="replace").strip() if log.exists() else ""
        _, _, traceback = text.rpartition("Traceback (most recent call last):\n")
        frames = _FRAME.findall(traceback) if traceback != text else []
        place = "{}, line {}: ".format(*frames[-1]) if frames else ""
        return place + text.splitlines()[-1] if text else ""

    def stop(self, name: str) -> None:
        """Stop a process, which may end what it is at; nothing happens if there is none."""
        self._supervisor.stop(name)

    def kill(self, *names: str) -> None:
        """End processes at once, where nobody waits for what they are at."""
        for name in names:
            self._supervisor.stop(name, kill=True)


def _somebody_answers(port: int) -> bool:
    """Say whether a server of the user's has `port`; some systems would let us have it beside them."""
    for address in ("127.0.0.1", "::1"):
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            continue
        return True
    return False
