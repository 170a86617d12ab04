"""Ask squawk, a linter for PostgreSQL migrations, for what else is worth knowing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

_LONGEST_S = 30.0
_OURS = frozenset({"syntax-error"})
"""Rules that are judged here, by PostgreSQL's own grammar."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What squawk says of a line.

    Attributes:
        file: the migration.
        line: in it, from 1.
        rule: squawk's name for it; https://squawkhq.com/docs/rules explains each.
        message: what it says.
    """

    file: str
    line: int
    rule: str
    message: str


def find_hints(project: Path, name: str, text: str) -> tuple[Hint, ...]:
    """Return what squawk says of a migration; nothing where squawk is not installed or fails.

    Hints are no reason to fail: what squawk says is a matter of taste more often than not.
    The project's own `.squawk.toml` counts.

    Args:
        project: the folder that holds `supabase/`.
        name: of the file.
        text: its content.
    """
    program = shutil.which("squawk", path=sysconfig.get_path("scripts")) or shutil.which("squawk")
    if program is None:
        return ()
    try:
        ran = subprocess.run(
            [program, "--reporter=json", "--assume-in-transaction", f"--stdin-filepath={name}"],
            input=text.encode(errors="replace"),
            capture_output=True,
            check=False,
            cwd=project,
            env={"PATH": os.environ.get("PATH", os.defpath), "NO_COLOR": "1", "HOME": os.devnull},
            timeout=_LONGEST_S,
        )
        found = json.loads(ran.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ()
    return tuple(
        Hint(name, one["line"] + 1, one["rule_name"], one["message"])
        for one in found
        if one["rule_name"] not in _OURS
    )
