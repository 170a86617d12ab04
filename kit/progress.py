"""What the learner has answered and done, one JSON object a line in a file of $KIT_HOME."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from kit.checkpoints import kit_home

NAME = "progress.jsonl"


def progress_file() -> Path:
    """Return the file; it need not exist.

    Raises:
        UnusableFolder: if its folder cannot be made or written.
    """
    return kit_home() / NAME


def remember(kind: str, facts: dict[str, Any]) -> None:
    """Add one entry; two notebooks that do so at the same time get a line each.

    Args:
        kind: what it is about, such as "prediction".
        facts: JSON.

    Raises:
        UnusableFolder: if the folder cannot be written.
    """
    line = json.dumps({"kind": kind, **facts}, ensure_ascii=False) + "\n"
    descriptor = os.open(progress_file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())  # one write: lines of two writers do not mix
    finally:
        os.close(descriptor)


def recall(kind: str) -> tuple[dict[str, Any], ...]:
    """Return the entries of a kind, the oldest first; a line that cannot be read is passed over.

    Args:
        kind: as given to `remember`.

    Raises:
        UnusableFolder: if the folder cannot be made.
    """
    try:
        lines = progress_file().read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("kind") == kind:
            found.append(entry)
    return tuple(found)
