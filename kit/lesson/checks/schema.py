"""Exercises on the schema: what supabase compares, and what it never looks at."""

from __future__ import annotations

from kit.lesson.exercise import Attempt
from kit.names import MIGRATION
from kit.repos import STARTER


def edited_unnoticed(attempt: Attempt) -> bool:
    """Say whether exercise 2a is done."""
    written = (STARTER / "feature" / "migration.sql").read_text(encoding="utf-8")
    now = attempt.world.dev.read(MIGRATION).text
    return now.split() != written.split() and "database is up to date" in attempt.seen.output


def renamed(attempt: Attempt) -> bool:
    """Say whether exercise 2b is done."""
    local = attempt.seen.local
    return "pinned" in local.columns and "071" not in local.versions
