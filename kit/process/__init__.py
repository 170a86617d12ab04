"""Run what must outlive a call but never its owner: a folder with a reaper."""

from __future__ import annotations

from kit.process._peers import is_of_own_user
from kit.process.supervisor import (
    PEERS,
    PREFIX,
    Running,
    Supervisor,
    is_served,
    temporary_folder,
    wait_until,
)

__all__ = [
    "PEERS",
    "PREFIX",
    "Running",
    "Supervisor",
    "is_of_own_user",
    "is_served",
    "temporary_folder",
    "wait_until",
]
