"""Exercises on the worker: a column that goes when no running code uses it any more."""

from __future__ import annotations

from kit.host.outcome import Log
from kit.lesson.checks.story import find_changes
from kit.lesson.exercise import Attempt
from kit.timeline import CommandRan


def never_failed(attempt: Attempt) -> bool:
    """Say whether exercise 6a is done."""
    seen, column = attempt.seen, "processing_completed_at"
    dropped = find_changes(seen, f"-{column}")
    uploads = [ran.at for ran in seen.timeline.only(CommandRan) if ran.command.startswith("upload ")]
    if column in seen.cloud.columns or not dropped or not uploads or uploads[-1] < dropped[-1]:
        return False
    at_work = seen.worker.running and seen.worker.commit == seen.repositories.github["main"]
    return at_work and not Log.read("worker", attempt.world.engine.log("worker")).errors
