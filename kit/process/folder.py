"""The folder of one world: below the machine's folder for temporary files."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from kit.errors import UnusableFolder

SOCKET_PATH_LIMIT = 100
"""Bytes: Linux allows 108 for a socket's path, macOS 104."""
FREE_SPACE_NEEDED = 300 * 2**20
"""Bytes: a world takes about 120 MB; the rest is for what a learner does in it."""
PREFIX = "kit-"


def temporary_folder() -> Path:
    """Return the machine's folder for temporary files; whether it can be used, `make_folder` finds out."""
    # Python would pass over an unusable TMPDIR in silence, in the end for the working folder.
    return Path(os.environ.get("TMPDIR") or tempfile.gettempdir()).resolve()


def make_folder() -> Path:
    """Make a new folder for one world, below the machine's folder for temporary files.

    Only its owner can list it; others may pass through, because PostgreSQL refuses
    to run as root and then runs as an unprivileged user below it.

    Raises:
        UnusableFolder: if it cannot be written, is nearly full, or its path is too long for a socket.
    """
    parent = temporary_folder()
    try:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except OSError as error:
        raise _unusable("No temporary folder can be made.", parent, why=str(error.strerror)) from error
    with contextlib.ExitStack() as undo:
        undo.callback(folder.rmdir)
        socket_path = folder / "reaper.sock"
        if len(os.fsencode(socket_path)) > SOCKET_PATH_LIMIT:
            raise _unusable(
                "The path of the temporary folder is too long for a socket.",
                parent,
                why=f"{socket_path} has more than {SOCKET_PATH_LIMIT} bytes",
            )
        free = shutil.disk_usage(folder).free
        if free < FREE_SPACE_NEEDED:
            raise _unusable(
                "The disk is nearly full.",
                parent,
                why=f"{free // 2**20} MB are free, a world needs {FREE_SPACE_NEEDED // 2**20} MB",
            )
        folder.chmod(0o711)
        undo.pop_all()
    return folder


def _unusable(message: str, parent: Path, *, why: str) -> UnusableFolder:
    return UnusableFolder(
        message,
        why=why,
        looked=[str(parent)],
        remedy="Set TMPDIR to a folder that you may write, with a short path and 300 MB free.",
    )
