"""Exercises on what went wrong: a rollback that hurts nobody, a history to mend, a stamp too early."""

from __future__ import annotations

from kit.lesson.checks.story import find_changes
from kit.lesson.exercise import Attempt
from kit.names import VERSION
from kit.timeline import PageView, schema_switches


def taken_back(attempt: Attempt) -> bool:
    """Say whether exercise 14a is done."""
    seen = attempt.seen
    gone = find_changes(seen, "-last_viewed")
    if not gone or "last_viewed" in seen.cloud.columns or seen.live_commit.writes_last_viewed:
        return False
    # The views of phase 5, some of them lost, are older than the migration in the cloud.
    applied = [switch.at for switch in schema_switches(seen.timeline) if switch.version == VERSION]
    views = [view for view in seen.timeline.only(PageView) if view.at > applied[-1]]
    hurt = not views or views[-1].at <= gone[-1] or any(view.outcome != "ok" for view in views)
    return not hurt and set(seen.cloud.versions) <= set(seen.on_github().versions)


def history_mended(attempt: Attempt) -> bool:
    """Say whether exercise 15a is done."""
    seen = attempt.seen
    whole = "pinned" in seen.cloud.columns and not find_changes(seen, "-pinned")
    return whole and seen.cloud.versions == tuple(sorted(seen.on_github().versions))


def restamped(attempt: Attempt) -> bool:
    """Say whether exercise 15b is done."""
    seen = attempt.seen
    files = tuple(sorted(name.partition("_")[0] for name in seen.dev.migrations))
    databases = (seen.local, seen.cloud)
    whole = all({"pinned", "rating"} <= set(database.columns) for database in databases)
    return (
        whole
        and not find_changes(seen, "-rating")
        and "20250126154500" not in files
        and all(database.versions == files for database in databases)
    )
