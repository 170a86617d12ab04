"""Where a world's folder is to be: below the machine's folder for temporary files."""

from __future__ import annotations

import os
import secrets
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
    """Return the machine's folder for temporary files; whether it can be used, a reaper finds out."""
    # Python would pass over an unusable TMPDIR in silence, in the end for the working folder.
    return Path(os.environ.get("TMPDIR") or tempfile.gettempdir()).resolve()


def choose_folder() -> Path:
    """Choose the path of a new folder for one world; its reaper makes it.

    Raises:
        UnusableFolder: if the machine's folder for temporary files is not there or nearly full, or the
            path is too long for a socket.
    """
    parent = temporary_folder()
    folder = parent / f"{PREFIX}{secrets.token_hex(4)}"
    socket_path = folder / "reaper.sock"
    if len(os.fsencode(socket_path)) > SOCKET_PATH_LIMIT:
        raise unusable(
            "The path of the temporary folder is too long for a socket.",
            why=f"{socket_path} has more than {SOCKET_PATH_LIMIT} bytes",
        )
    try:
        free = shutil.disk_usage(parent).free
    except OSError as error:
        raise unusable("No temporary folder can be made.", why=str(error.strerror)) from error
    if free < FREE_SPACE_NEEDED:
        raise unusable(
            "The disk is nearly full.",
            why=f"{free // 2**20} MB are free, a world needs {FREE_SPACE_NEEDED // 2**20} MB",
        )
    return folder


def unusable(message: str, *, why: str) -> UnusableFolder:
    """Return the error that says why no folder can be had, and what to do."""
    return UnusableFolder(
        message,
        why=why,
        looked=[str(temporary_folder())],
        remedy="Set TMPDIR to a folder that you may write, with a short path and 300 MB free.",
    )
