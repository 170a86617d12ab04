"""Exercise on the folder that production runs from: given back, with a worker that runs what is in it."""

from __future__ import annotations

from collections.abc import Iterator

from kit.lesson.exercise import Attempt, Condition
from kit.timeline import CommandRan, WorkerChanged

_BEGUN = "SELECT count(*) FROM chunks WHERE content LIKE '%made readable by version half-finished%'"
_NEWEST = """
    SELECT documents.title, chunks.content FROM documents LEFT JOIN chunks ON document_id = documents.id
    WHERE uploaded_at >= %s ORDER BY processing_completed_at DESC NULLS FIRST LIMIT 1
"""
_READABLE = "made readable by version 1 of the worker"


def given_back(attempt: Attempt) -> Iterator[Condition]:
    """8a: the production clone has main and nothing else, and the worker runs that."""
    if attempt.ask_cloud(_BEGUN) == (0,):
        yield Condition(
            "Something half-finished has run here.",
            met=False,
            seen="No book says so: run the cells under *Can I develop in the production worktree?* first.",
        )
        return
    clone, engine = attempt.seen.production, attempt.world.engine
    main = engine.repositories.commits(attempt.seen.repositories.github["main"])
    # A folder that only runs things needs no branch, says the notebook: a commit of main will do.
    yield Condition(
        "Main is checked out in the production clone, as GitHub has it or had it.",
        met=clone.branch in {"main", ""} and clone.head in main,
        seen=f"It stands at {clone.branch or 'no branch'}, {clone.head[:7]}.",
    )
    yield Condition(
        "Nothing is changed there.",
        met=not clone.changed,
        seen=f"Changed is {', '.join(clone.changed)}; git takes that along to another branch.",
    )
    yield _worked_on_since(attempt)


def _worked_on_since(attempt: Attempt) -> Condition:
    says = "A book was uploaded since the worker was last started, and version 1 worked on it."
    records = attempt.seen.timeline.records
    started = max(place for place, record in enumerate(records) if isinstance(record, WorkerChanged))
    uploads = (
        record
        for record in records[started:]
        if isinstance(record, CommandRan) and record.clone == "world" and record.command.startswith("upload ")
    )
    if not any(uploads):
        return Condition(says, met=False, seen='Nobody has uploaded one since: lab.upload("…").')
    since = attempt.world.engine.clock.date(records[started].at)
    title, text = attempt.ask("cloud", _NEWEST, since) or ("the upload", None)
    return Condition(
        says,
        met=_READABLE in (text or ""),
        seen=f"The newest says: {text}" if text else f"No worker has finished {title}.",
    )
