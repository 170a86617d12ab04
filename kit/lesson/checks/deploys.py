"""Exercises on a deploy: one that loses nothing, a rejected push, the arithmetic of the window."""

from __future__ import annotations

from collections.abc import Iterator

from kit.lesson.answer import read_number
from kit.lesson.checks.story import as_on_main, tell_build, unharmed, visited
from kit.lesson.exercise import Attempt, Condition
from kit.world.workflow import has_cloud_column, pushed

_BUILD_S, _PUSH_S = 90, 2


def nothing_lost(attempt: Attempt) -> Iterator[Condition]:
    """5a: the feature is on production, code and schema, and no visitor lost a view."""
    seen, on_main = attempt.seen, pushed(attempt.seen)
    live = seen.live_commit.writes_last_viewed and on_main
    yield Condition(
        "The new code is live.",
        met=live,
        seen=tell_build(attempt) if on_main else "GitHub's main does not have it.",
    )
    yield as_on_main(
        attempt,
        "The column is in the cloud database, with all that its migration makes.",
        met=has_cloud_column(seen) and on_main,
        seen=_tell_column(attempt),
    )
    yield visited(seen.timeline)
    yield unharmed(seen.timeline)


def _tell_column(attempt: Attempt) -> str:
    seen = attempt.seen
    if "last_viewed" not in seen.cloud.columns:
        return "documents has no last_viewed there."
    if not has_cloud_column(seen):
        return "The column is there, and the history knows of no migration that made it."
    return "The migration is applied, and GitHub's main does not have its file."


def latest_push(attempt: Attempt) -> Iterator[Condition]:
    """5b: how late `db push` may start."""
    given, latest = read_number(attempt.answer, "Give seconds, such as answer = 30."), _BUILD_S - _PUSH_S
    late = "Then the code is live before its column is there, and views are lost."
    early = "Then nothing is lost; but you could have waited longer."
    yield Condition(
        "At that second nothing is lost, and a second later something would be.",
        met=given == latest,
        seen=late if given > latest else early,
    )
