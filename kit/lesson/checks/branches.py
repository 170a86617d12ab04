"""Exercises on branches: which commits one carries."""

from __future__ import annotations

from kit.lesson.exercise import Attempt


def clean_start(attempt: Attempt) -> bool:
    """Say whether exercise 1b is done."""
    seen, branch = attempt.seen, "feature/clean-start"
    if not seen.on_dev(branch).documented:
        return False
    return "src/app/search/page.py" not in attempt.world.engine.repositories.files(seen.dev.branches[branch])
