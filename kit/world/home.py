"""KIT_HOME: the folder for what lasts, and the file with the learner's progress."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from kit.errors import UnusableFolder
from kit.names import KIT_CACHE, KIT_HOME

NAME = "progress.jsonl"


SPACE_NEEDED = 100 * 2**20
"""Bytes: the learner's world takes about 60 MB; the rest is for what happens in it."""
_OF_ROOT = Path("/var/lib/broken-window-kit")
"""Root's own folder nobody else may enter; PostgreSQL, which refuses to run as root, has to."""


def kit_home() -> Path:
    """Return the folder for what lasts: $KIT_HOME, else the user's folder for state; it is made if need be.

    Raises:
        UnusableFolder: if it cannot be made or written.
    """
    is_root = os.geteuid() == 0
    usual = _OF_ROOT if is_root else user_state_path("broken-window-kit")
    home = Path(os.environ.get(KIT_HOME) or usual).expanduser().absolute()
    try:
        home.mkdir(mode=0o711 if is_root else 0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise UnusableFolder(
            "The kit's folder for saved worlds cannot be written.",
            why=str(error.strerror),
            looked=[str(home)],
            remedy="Set KIT_HOME to a folder that you may write.",
        ) from error
    return home


def shared_cache() -> Path | None:
    """Return the folder of prepared checkpoints that KIT_CACHE names, which is only read; None for none."""
    named = os.environ.get(KIT_CACHE)
    return Path(named).expanduser().absolute() if named else None


def require_space() -> None:
    """Make sure that a world has room, before anything is done in it.

    Raises:
        UnusableFolder: if it has not.
    """
    free = shutil.disk_usage(kit_home()).free
    if free < SPACE_NEEDED:
        raise UnusableFolder(
            "The disk is nearly full; nothing was done, and nothing is lost.",
            why=f"{free // 2**20} MB are free, your world needs {SPACE_NEEDED // 2**20} MB",
            looked=[str(kit_home())],
            remedy="Free some space: `python -m kit clean` removes what the kit does not need any more.",
        )


def progress_file() -> Path:
    """Return the file; it need not exist.

    Raises:
        UnusableFolder: if its folder cannot be made or written.
    """
    return kit_home() / NAME


def remember(kind: str, facts: dict[str, Any]) -> None:
    """Add one entry; two notebooks that do so at the same time get a line each.

    Args:
        kind: what it is about: "prediction", "exercise".
        facts: JSON.

    Raises:
        UnusableFolder: if the file cannot be written.
    """
    line = (json.dumps({"kind": kind, **facts}, ensure_ascii=False) + "\n").encode()
    path = progress_file()
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line  # a writer was killed in mid-line: this entry is not to be part of that
            os.write(descriptor, line)  # one write: lines of two writers do not mix
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unusable(path, error) from error


def recall(kind: str) -> tuple[dict[str, Any], ...]:
    """Return the entries of a kind, the oldest first; a line that cannot be read is passed over.

    Args:
        kind: as given to `remember`.

    Raises:
        UnusableFolder: if the file cannot be read, or its folder cannot be made.
    """
    path = progress_file()
    try:
        # Not splitlines(), which would also cut at the odd separators that a text may hold.
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unusable(path, error) from error
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and entry.get("kind") == kind:
            found.append(entry)
    return tuple(found)


def _unusable(path: Path, error: OSError) -> UnusableFolder:
    return UnusableFolder(
        "The file with your progress cannot be used.",
        why=str(error.strerror),
        looked=[str(path)],
        remedy="Make it a file that you may read and write, or set KIT_HOME to another folder.",
    )
