"""The few requests to a Docker engine that have to work at once, and without its SDK.

As a program it kills and removes every container with a label, and the volume with its data
if that is named: what the reaper runs in the end. Standard library only.

Usage: python -I -S _docker_remove.py ENGINE LABEL [VOLUME]
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import time
from typing import Any
from urllib.parse import quote, urlsplit

CREATION_S = 0.8
"""How long a container may take to appear that its owner asked for just before it died."""
REMOVAL_S = 2.0
"""How long looking again goes on while containers are being removed."""
HUNG_S = 60.0
"""Seconds without an answer after which an engine counts as hung; a busy one is slow to delete a volume."""
_LOOK_S = 0.05
_GONE = (http.client.NO_CONTENT, http.client.NOT_FOUND)


class _Connection(http.client.HTTPConnection):
    """A connection to `unix:///path` or `tcp://host:port`."""

    def __init__(self, address: str) -> None:
        """Keep the address."""
        parts = urlsplit(address)
        self._path = parts.path if parts.scheme == "unix" else None
        super().__init__(parts.hostname or "localhost", parts.port, timeout=HUNG_S)

    def connect(self) -> None:
        """Connect, if need be over a socket file."""
        if self._path is None:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ping(engine: str) -> None:
    """Make sure that an engine answers.

    Raises:
        OSError: if it does not.
    """
    status, content = _ask(engine, "GET", "/version")
    if status != http.client.OK:
        raise OSError(content)


def _ask(engine: str, method: str, path: str) -> tuple[int, Any]:
    connection = _Connection(engine)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(f"it is no Docker engine ({error})") from error
    finally:
        connection.close()


def find(engine: str, label: str, *, running: bool = False) -> list[str]:
    """Return the ids of the containers with this label; of those that run, or of all."""
    filters = quote(json.dumps({"label": [label]}))
    status, content = _ask(engine, "GET", f"/containers/json?all={not running}&filters={filters}")
    if status != http.client.OK:
        raise OSError(content)
    return [container["Id"] for container in content]


def remove(engine: str, label: str, volume: str = "") -> bool:
    """Kill and remove them, then the volume if one is named; say whether none is left."""
    started, met = time.monotonic(), False
    while True:
        found = find(engine, label)
        for container in found:
            met = True
            _ask(engine, "DELETE", f"/containers/{container}?force=true&v=true")
        waited = time.monotonic() - started
        if not found and (met or waited > CREATION_S):  # noqa: SIM102 - the volume's turn comes last
            if not volume or _ask(engine, "DELETE", f"/volumes/{volume}?force=true")[0] in _GONE:
                return True
        if waited > REMOVAL_S:
            return False
        time.sleep(0 if found else _LOOK_S)


if __name__ == "__main__":
    sys.exit(0 if remove(*sys.argv[1:4]) else 1)
