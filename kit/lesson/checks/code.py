"""Exercises on the code: a failure that shows, and a test that asks the database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import httpx

from kit.errors import BadInput
from kit.lesson.answer import read_number
from kit.lesson.checks.replica import TEST_ID, open_replica
from kit.lesson.exercise import Attempt, Condition

_SERVER_ERROR, _OK = 500, 200
_ADD = "ALTER TABLE documents ADD COLUMN IF NOT EXISTS last_viewed TIMESTAMPTZ"
_DROP = "ALTER TABLE documents DROP COLUMN IF EXISTS last_viewed"


def loud(attempt: Attempt) -> Iterator[Condition]:
    """3a: a view that is not recorded is an error that people see."""
    lacks = "last_viewed" not in attempt.seen.local.columns
    yield Condition(
        "The local database still lacks the column.",
        met=lacks,
        seen="It has the column: then nothing is lost, and nothing can be seen.",
    )
    without, recorded, problem = _try_both(attempt)
    yield Condition(
        "The page in your folder answers 500 where the view cannot be recorded.",
        met=not problem and without >= _SERVER_ERROR,
        seen=problem or f"It was tried without the column, and answered {without}.",
    )
    yield Condition(
        "It answers 200 where the view can be recorded, and records it.",
        met=not problem and recorded == _OK,
        seen=problem or _tell_recorded(recorded),
    )
    served = _open_served(attempt) if lacks else None
    yield Condition(
        "That page is being served by npm run dev.",
        met=served is not None and served >= _SERVER_ERROR,
        seen=_tell_served(attempt, served),
    )


def _try_both(attempt: Attempt) -> tuple[int, int, str]:
    """Serve the folder on a copy of the local database, without the column and with it.

    Returns:
        Both statuses, the second one 0 if nothing was recorded; and why it cannot be served, "" if it can.
    """
    engine = attempt.world.engine
    with open_replica(engine, "local") as replica, replica.connect() as connection:
        connection.execute(_DROP)
        if why := replica.serve_folder(engine.repositories.clones["dev"]):
            return 0, 0, f"The site does not start: {why}."
        without = replica.open()
        connection.execute(_ADD)
        there = replica.open()
        row = connection.execute("SELECT last_viewed FROM documents WHERE id = %s", [TEST_ID]).fetchone()
    status = there or _SERVER_ERROR
    written = row is not None and row[0] is not None
    return (
        without or _SERVER_ERROR,
        0 if status == _OK and not written else status,
        "",
    )


def _tell_recorded(status: int) -> str:
    if not status:
        return "It was tried with the column: it answered 200, and the database has no view."
    return f"It was tried with the column, and answered {status}."


def _open_served(attempt: Attempt) -> int | None:
    """Return the status of what `npm run dev` serves, None where nothing is; its log stays as it is."""
    engine = attempt.world.engine
    with engine.step():
        log = engine.log("dev")
        size = log.stat().st_size if log.exists() else 0
        answer: httpx.Response | None = None
        with contextlib.suppress(BadInput, httpx.HTTPError):
            answer = engine.visitors.open(f"{engine.address('dev')}/read/{TEST_ID}")
        if log.exists():
            with log.open("r+b") as file:  # its process appends: what comes next, comes here
                file.truncate(size)
    return answer.status_code if answer is not None else None


def _tell_served(attempt: Attempt, status: int | None) -> str:
    if not attempt.seen.dev_serving:
        return "Nothing is served: npm run dev is not running."
    if status is None:
        return "" if "last_viewed" in attempt.seen.local.columns else "It does not answer."
    return f"What is served answers {status}: it is the code that was there when npm run dev was started."


def count_viewed(attempt: Attempt) -> Iterator[Condition]:
    """3b: how many documents have been viewed locally."""
    given = read_number(attempt.answer, "Give a number, such as answer = 3.")
    viewed = attempt.seen.local.viewed
    yield Condition(
        "Somebody has opened a document on the dev server.",
        met=viewed > 0,
        seen="The local database has no view at all: open one, as in step 3.3.",
    )
    every = attempt.ask("local", "SELECT count(*) FROM documents")[0]
    wrong = "The local database counts another number."
    if given == every:
        wrong = "That is how many documents there are; most of them nobody has opened."
    yield Condition("The local database counts as many.", met=given == viewed, seen=wrong)
