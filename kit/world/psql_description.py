"""What psql says of the table `documents`, in both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

COMMAND = r"\d documents"
"""What one types at psql's prompt to have a table described."""


@dataclass(frozen=True, kw_only=True)
class Described:
    """What psql printed, of the local database and of the cloud's; an error, where it printed one."""

    local: str
    cloud: str


def describe(ask: Callable[[str], str]) -> Described:
    """Have both databases describe the table.

    Args:
        ask: runs a command in the environment of the learner's shells; returns what it printed.
    """
    local, cloud = (ask(f'psql "${name}_DB_URL" -c "{COMMAND}"') for name in ("LOCAL", "CLOUD"))
    return Described(local=local, cloud=cloud)
