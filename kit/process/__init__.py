"""Run what must outlive a call but never its owner: a folder with a reaper."""

from __future__ import annotations

from kit.process.supervisor import (
    FREE_SPACE_NEEDED,
    PREFIX,
    SOCKET_PATH_LIMIT,
    Running,
    Supervisor,
    choose_folder,
    is_served,
    temporary_folder,
    wait_until,
)

__all__ = [
    "FREE_SPACE_NEEDED",
    "PREFIX",
    "SOCKET_PATH_LIMIT",
    "Running",
    "Supervisor",
    "choose_folder",
    "is_served",
    "temporary_folder",
    "wait_until",
]
