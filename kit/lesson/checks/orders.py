"""Exercises on the order: a column dropped unseen, four changes, the way back after a drop."""

from __future__ import annotations

import re

from kit.lesson.checks.story import all_well
from kit.lesson.exercise import Attempt
from kit.timeline import Timeline, code_switches, schema_switches

_DROP = "20250126160000_drop_document_last_viewed"
FOUR_ORDERS = {"A": "any", "B": "expand-contract", "C": "code-first", "D": "schema-first"}


def _story(attempt: Attempt) -> Timeline:
    """Return what happened since the exercise was set up: earlier phases had losses of their own."""
    set_up = attempt.find_commands(re.escape(f"edit supabase/migrations/{_DROP}.sql"))
    return attempt.since(set_up[0]) if set_up else Timeline()


def dropped_unseen(attempt: Attempt) -> bool:
    """Say whether exercise 9a is done."""
    seen, story = attempt.seen, _story(attempt)
    code, schema = code_switches(story), schema_switches(story)
    if not code or not schema or "last_viewed" in seen.cloud.columns or seen.live_commit.writes_last_viewed:
        return False
    return all_well(story, min(code[0].at, schema[0].at), max(code[-1].at, schema[-1].at))


def went_back(attempt: Attempt) -> bool:
    """Say whether exercise 9c is done."""
    seen, story = attempt.seen, _story(attempt)
    code = code_switches(story)
    if not code or not schema_switches(story) or not seen.live_commit.writes_last_viewed:
        return False
    if "last_viewed" not in seen.cloud.columns or _DROP.partition("_")[0] not in seen.cloud.versions:
        return False
    return all_well(story, code[0].at, code[-1].at)
