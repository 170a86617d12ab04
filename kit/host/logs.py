"""What a process of the world wrote into its log: the errors, equal ones counted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Log:
    """The errors of one log.

    Attributes:
        site: whose log it is.
        errors: each error with how often it is there, in the order in which they came.
    """

    site: str
    errors: tuple[tuple[str, int], ...] = ()

    @classmethod
    def read(cls, site: str, path: Path) -> Self:
        """Take the errors from a file of JSON lines; all other lines are left out."""
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
        errors = Counter(text for line in lines if (text := _error(line)))
        return cls(site=site, errors=tuple(errors.items()))

    def __repr__(self) -> str:
        """Show a line for each error."""
        if not self.errors:
            return f"the log of {self.site}: no errors"
        return "\n".join(
            [
                f"the log of {self.site}:",
                *(f"  {count} time{'s' if count > 1 else ''}: {text}" for text, count in self.errors),
            ]
        )


def _error(line: str) -> str:
    """Return what a line says about an error, "" if it is about none: the app's and the worker's differ."""
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    if not isinstance(entry, dict) or (entry.get("level") != "error" and entry.get("event") != "failed"):
        return ""
    words = (entry.get(name, "") for name in ("message", "sqlstate", "error"))
    return " ".join(str(word) for word in words if word)
