"""Exercises on verifying: what a database says about itself, and a repair that leaves a trace."""

from __future__ import annotations

from kit.lesson.exercise import Attempt
from kit.names import VERSION
from kit.timeline import CommandRan

_INDEX = "idx_documents_last_viewed"


def index_seen(attempt: Attempt) -> bool:
    """Say whether exercise 7a is done."""
    seen = attempt.seen
    commands = seen.timeline.only(CommandRan)
    asked = bool(commands) and any(word in commands[-1].command for word in ("--linked", "CLOUD_DB_URL"))
    return asked and seen.exit == 0 and _INDEX in seen.output


def restored(attempt: Attempt) -> bool:
    """Say whether exercise 7b is done."""
    cloud = attempt.seen.cloud
    whole = "last_viewed" in cloud.columns and _INDEX in cloud.indexes
    return whole and max(cloud.versions) > VERSION
