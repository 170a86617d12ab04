"""Exercises on a deploy: one that loses nothing, a rejected push, the arithmetic of the window."""

from __future__ import annotations

from kit.lesson.checks.story import all_well
from kit.lesson.exercise import Attempt
from kit.timeline import code_switches
from kit.world.workflow import deployed, has_cloud_column, pushed

_BUILD_S, _PUSH_S = 90, 2
LATEST_S = _BUILD_S - _PUSH_S
"""Seconds after `git push` at which `db push` may start at the latest."""


def nothing_lost(attempt: Attempt) -> bool:
    """Say whether exercise 5a is done."""
    seen = attempt.seen
    switches = code_switches(seen.timeline)
    if not deployed(seen) or not switches:
        return False
    return all_well(seen.timeline, switches[-1].at, switches[-1].at)


def both_shipped(attempt: Attempt) -> bool:
    """Say whether exercise 13a is done."""
    seen = attempt.seen
    if not pushed(seen) or not has_cloud_column(seen):
        return False
    return attempt.world.engine.repositories.is_ancestor(
        seen.production.head, seen.repositories.github["main"]
    )
