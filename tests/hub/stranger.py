"""Try addresses, sockets, folders and files, as whoever runs this; print what came of each."""

from __future__ import annotations

import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path


def try_it(target: str) -> str:
    """Return what one gets: a status, what a socket or a folder lets one do, or the error's name."""
    try:
        if target.startswith("http"):
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(target) as page:
                return str(page.status)
        if target.endswith((".sock", "control")):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(target)
            return "connected"
        if target.endswith("/"):
            return f"{len(list(Path(target).iterdir()))} entries"
        return f"{len(Path(target).read_bytes())} bytes"
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode(errors='replace')}"
    except OSError as error:
        return type(error).__name__


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        sys.stdout.write(f"{argument}\t{try_it(argument)}\n")
