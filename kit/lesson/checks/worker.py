"""Exercises on the worker: a column that goes when no running code uses it any more."""

from __future__ import annotations

from collections.abc import Iterator

from kit.host.outcome import Log
from kit.lesson.answer import read_choice
from kit.lesson.checks.story import as_on_main
from kit.lesson.exercise import Attempt, Condition
from kit.timeline import SchemaChanged, WorkerChanged

_COLUMN, _CODE = "processing_completed_at", "worker/main.py"


def never_failed(attempt: Attempt) -> Iterator[Condition]:
    """6a: a column goes that the worker used, and the worker never fails."""
    seen = attempt.seen
    gone = _COLUMN not in seen.cloud.columns
    yield as_on_main(
        attempt,
        "The column is gone from the cloud database, by a migration on GitHub's main.",
        met=gone,
        seen="documents still has it there.",
    )
    yield Condition(
        "The worker runs, with code that can do without the column.",
        met=seen.worker.running and not _uses(attempt, seen.worker.commit),
        seen="It runs the code that writes the column." if seen.worker.running else "It does not run.",
    )
    before = _find_worker_before(attempt)
    yield Condition(
        "It ran that code already when the column went.",
        met=before is not None and not _uses(attempt, before),
        seen="" if before is None else "When the column went, the worker that was running still wrote it.",
        final=before is not None,
    )
    errors = Log.read("worker", attempt.world.engine.log("worker")).errors
    yield Condition(
        "The worker's log has no error.",
        met=not errors,
        seen=f"It has this one: {errors[0][0]}." if errors else "",
        final=True,
    )
    yield from _worked_after(attempt, before)


def _uses(attempt: Attempt, commit: str) -> bool:
    code = attempt.world.engine.repositories.read(commit, _CODE) if commit else None
    return code is None or _COLUMN.encode() in code


def _find_worker_before(attempt: Attempt) -> str | None:
    """Return the commit of the worker that ran when the column went from the cloud; None if it did not go."""
    records = attempt.seen.timeline.records
    gone = [
        place
        for place, record in enumerate(records)
        if isinstance(record, SchemaChanged) and (record.database, record.change) == ("cloud", f"-{_COLUMN}")
    ]
    if not gone:
        return None
    started = [record.commit for record in records[: gone[-1]] if isinstance(record, WorkerChanged)]
    # Before the first restart that is known of, it is the one that was there from the beginning.
    return started[-1] if started else attempt.world.engine.repositories.commits("main")[-1]


def _worked_after(attempt: Attempt, before: str | None) -> Iterator[Condition]:
    """Ask for a book that was uploaded since; and try one more, beside the world."""
    seen = attempt.seen
    says = "A book was uploaded since, and the worker finished it."
    changes = [record for record in seen.timeline.only(SchemaChanged) if record.change == f"-{_COLUMN}"]
    if before is None or not changes:
        yield Condition(says, met=False, seen="The column is still there.")
        return
    since = attempt.world.engine.clock.date(changes[-1].at)
    status = attempt.ask(
        "cloud",
        "SELECT processing_status FROM documents WHERE uploaded_at >= %s ORDER BY uploaded_at DESC LIMIT 1",
        since,
    )
    seen_words = f"The newest is {status[0]}." if status else 'Nobody has uploaded one: lab.upload("…").'
    yield Condition(says, met=status == ("completed",), seen=seen_words)


def drop_first(attempt: Attempt) -> Iterator[Condition]:
    """6b: the change for which the new worker has to run first."""
    choices = {"A": ("an index",), "B": ("drop a column",), "C": ("add a column",)}
    given = read_choice(attempt.answer, choices, 'Give one of the three letters, such as answer = "A".')
    wrong = {
        "A": "An index changes no answer: no worker notices it, old or new.",
        "C": "The old worker does not ask for a column that it does not know of. Which worker would miss it?",
    }
    yield Condition("That is the one.", met=given == "B", seen=wrong.get(given, ""))
