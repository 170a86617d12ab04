"""Exercises on the code: a failure that shows, and a test that asks the database."""

from __future__ import annotations

from kit.errors import BadInput
from kit.lesson.exercise import Attempt
from kit.names import READER_PAGE

_SERVER_ERROR = 500


def loud(attempt: Attempt) -> bool:
    """Say whether exercise 3a is done."""
    seen = attempt.seen
    if "last_viewed" in seen.local.columns or not seen.dev_serving:
        return False
    page = attempt.world.dev.read(READER_PAGE).text
    try:
        answer = attempt.world.open_page("dev")
    except BadInput:
        return False
    return "update_last_viewed(" in page and answer.status >= _SERVER_ERROR
