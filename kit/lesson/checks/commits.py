"""Exercises on commits: a diff that shows a new file, a commit that lacks one."""

from __future__ import annotations

from kit.lesson.exercise import Attempt
from kit.names import FEATURE, HOMEPAGE, VERSION


def shown(attempt: Attempt) -> bool:
    """Say whether exercise 4a is done."""
    seen = attempt.seen
    uncommitted = VERSION not in seen.commit(seen.dev.head).versions
    return uncommitted and "+ALTER TABLE documents ADD COLUMN last_viewed" in seen.output


def one_commit(attempt: Attempt) -> bool:
    """Say whether exercise 4b is done."""
    branches, feature = attempt.seen.dev.branches, attempt.seen.on_dev(FEATURE)
    if not feature.writes_last_viewed or VERSION not in feature.versions:
        return False
    # One commit ahead: what comes before it is homepage-and-search's own.
    before = f"{branches[FEATURE]}^"
    return attempt.world.engine.repositories.is_ancestor(before, branches[HOMEPAGE])
