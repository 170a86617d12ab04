"""Run what must outlive a call but never its owner: a folder with a reaper."""

from __future__ import annotations

from kit.process.supervisor import (
    PREFIX,
    Running,
    Supervisor,
    is_served,
    temporary_folder,
    wait_until,
)

__all__ = [
    "PREFIX",
    "Running",
    "Supervisor",
    "is_served",
    "temporary_folder",
    "wait_until",
]
