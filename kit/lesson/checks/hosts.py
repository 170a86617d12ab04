"""Exercise on a host that migrates: a drop by two pushes, behind somebody else's build."""

from __future__ import annotations

from collections.abc import Iterator

from kit.lesson.checks.journey import Journey, column_is_gone, read_journey, walk
from kit.lesson.checks.story import unharmed, visited
from kit.lesson.exercise import Attempt, Condition
from kit.timeline import MigrationApplied


def dropped_by_the_host(attempt: Attempt) -> Iterator[Condition]:
    """17a: code and column are gone, the host migrated, and no visitor lost a view."""
    journey = read_journey(attempt)
    yield from column_is_gone(attempt)
    yield _by_the_host_alone(attempt, journey)
    yield visited(journey.story)
    yield unharmed(journey.story)
    with walk(journey) as walked:
        yield walked.condition


def _by_the_host_alone(attempt: Attempt, journey: Journey) -> Condition:
    # The host migrates while somebody waits, or while a command runs that has nothing to do with it.
    typed = [
        command.command.splitlines()[0]
        for command, effects in attempt.steps(journey.story)
        if "supabase" in command.command
        and any(isinstance(record, MigrationApplied) and record.database == "cloud" for record in effects)
    ]
    return Condition(
        "Nobody typed a migration: the host ran them.",
        met=not typed,
        seen=f"{' and '.join(typed)}: that was you.",
        final=True,
    )
