"""Exercises on changes of one's own, each shipped under visitors."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg

from kit.lesson.checks.journey import (
    Journey,
    Walk,
    main_is_live,
    main_replays,
    read_code,
    read_journey,
    walk,
)
from kit.lesson.checks.replica import OTHER, OWN, VIEWER, Replica, compare, list_on, open_replica
from kit.lesson.checks.story import unharmed, visited
from kit.lesson.exercise import Attempt, Condition


def _shipped(attempt: Attempt, journey: Journey) -> Iterator[Condition]:
    """Say whether what was made is live, for a colleague to pull, and was unseen by the visitors."""
    yield main_is_live(attempt)
    yield main_replays(attempt)
    yield visited(journey.story)
    yield unharmed(journey.story)


def _has_column(attempt: Attempt, column: str) -> bool:
    return column in attempt.seen.cloud.columns


_NOT_TRIED = "Not tried yet."


# A language for every document

_LANGUAGES = ("de", "fr", "es", "it", "nl", "pt", "da", "English", "German", "english", "german")
_IN_ENGLISH: LiteralString = "SELECT count(*) FROM documents WHERE language::text IS DISTINCT FROM 'en'"
_SET_LANGUAGE: LiteralString = "UPDATE documents SET language = %s WHERE id = %s"
_NO_LANGUAGE: LiteralString = "UPDATE documents SET language = NULL WHERE id = %s"
_COUNT_NO_LANGUAGE: LiteralString = "SELECT count(*) FROM documents WHERE language IS NULL"


def shows_language(attempt: Attempt) -> Iterator[Condition]:
    """Give every document a language, which the reader's page shows; no view and no upload may break."""
    journey = read_journey(attempt)
    says = "Every document of the cloud has a language, and it is 'en' for those that were there."
    if _has_column(attempt, "language"):
        (others,) = attempt.ask_cloud(_IN_ENGLISH)
        yield Condition(says, met=not others, seen=f"Of {others} documents it is not.")
    else:
        yield Condition(says, met=False, seen="documents has no column language.")
    yield from _shipped(attempt, journey)
    with walk(journey) as walked:
        yield walked.condition
        yield from _language_tried(attempt, walked)


def _language_tried(attempt: Attempt, walked: Walk) -> Iterator[Condition]:
    never = "A document without a language is refused."
    shows = "The reader's page shows the language that the document has."
    if not (walked.complete and _has_column(attempt, "language")):
        yield Condition(never, met=False, seen=_NOT_TRIED)
        yield Condition(shows, met=False, seen=_NOT_TRIED)
        return
    replica = walked.replica
    with replica.connect() as connection, contextlib.suppress(psycopg.Error):
        connection.execute(_NO_LANGUAGE, [OTHER])
    none = replica.ask(_COUNT_NO_LANGUAGE) != (0,)
    yield Condition(never, met=not none, seen="NULL is taken.")
    before, trouble = replica.read(OWN)
    language = next((word for word in _LANGUAGES if _is_taken(replica, word)), None)
    after, trouble_then = replica.read(OWN)
    seen = (
        "No other language is taken, so none can be shown."
        if language is None
        else "It does not change with it."
    )
    if trouble or trouble_then:
        seen = f"{trouble or trouble_then}."
    met = language is not None and not trouble and not trouble_then and before != after
    yield Condition(shows, met=met, seen=seen)


def _is_taken(replica: Replica, language: str) -> bool:
    with replica.connect() as connection:
        try:
            return connection.execute(_SET_LANGUAGE, [language, OWN]).rowcount == 1
        except psycopg.Error:
            return False


# A column that goes


def dropped_file_type(attempt: Attempt) -> Iterator[Condition]:
    """Take file_type out of the code and out of the table; no view and no upload may break."""
    journey = read_journey(attempt)
    yield Condition(
        "The cloud has no column file_type any more.",
        met=not _has_column(attempt, "file_type"),
        seen="It has.",
    )
    yield from _shipped(attempt, journey)
    with walk(journey) as walked:
        yield walked.condition


# Both columns, or neither

_VIEWED_BY: LiteralString = """
    SELECT format_type(atttypid, atttypmod) FROM pg_attribute
    WHERE attrelid = to_regclass('public.documents') AND attname = 'viewed_by' AND NOT attisdropped
"""
_HALVES_THERE: LiteralString = (
    "SELECT count(*) FROM documents WHERE (last_viewed IS NULL) <> (viewed_by IS NULL)"
)
_TRIALS: tuple[tuple[str, LiteralString, bool], ...] = (
    ("last_viewed alone", "UPDATE documents SET last_viewed = now(), viewed_by = NULL WHERE id = %s", True),
    ("viewed_by alone", "UPDATE documents SET last_viewed = NULL, viewed_by = user_id WHERE id = %s", True),
    ("both", "UPDATE documents SET last_viewed = now(), viewed_by = user_id WHERE id = %s", False),
    ("neither", "UPDATE documents SET last_viewed = NULL, viewed_by = NULL WHERE id = %s", False),
)
_WHO: LiteralString = "SELECT viewed_by::text, last_viewed IS NOT NULL FROM documents WHERE id = %s"


def insists_on_both(attempt: Attempt) -> Iterator[Condition]:
    """Note in viewed_by who opened a document last; the database insists: both columns, or neither."""
    journey = read_journey(attempt)
    says = "The cloud's documents have viewed_by, a uuid, set where last_viewed is, and nowhere else."
    (kind,) = attempt.ask_cloud(_VIEWED_BY) or ("",)
    there = kind == "uuid" and _has_column(attempt, "last_viewed")
    if there:
        (halves,) = attempt.ask_cloud(_HALVES_THERE)
        yield Condition(says, met=not halves, seen=f"In {halves} documents there is one of them alone.")
    else:
        yield Condition(says, met=False, seen=f"It is {kind}." if kind else "There is no such column.")
    yield from _shipped(attempt, journey)
    with walk(journey) as walked:
        yield walked.condition
        yield from _both_tried(walked, there=there)


def _both_tried(walked: Walk, *, there: bool) -> Iterator[Condition]:
    insists = "The database refuses each of the two without the other, and takes both, and neither."
    notes = "Who opens a document is in viewed_by afterwards, whoever owns it."
    if not (walked.complete and there):
        yield Condition(insists, met=False, seen=_NOT_TRIED)
        yield Condition(notes, met=False, seen=_NOT_TRIED)
        return
    replica, seen = walked.replica, ""
    for what, statement, refused in _TRIALS:
        why = replica.refuses(statement, OTHER)
        if bool(why) != refused:
            seen = f"It refuses {what}: {why}." if why else f"It takes {what}."
            break
    yield Condition(insists, met=not seen, seen=seen)
    _, trouble = replica.read(OTHER)
    who, when = replica.ask(_WHO, OTHER)
    seen = (
        str(trouble)
        if trouble
        else f"After a view by {VIEWER[:8]}… of somebody else's document it is {who or 'empty'}."
    )
    yield Condition(notes, met=not trouble and who == VIEWER and when, seen=seen)


# Anything


def shipped_something(attempt: Attempt) -> Iterator[Condition]:
    """Ship a change of one's own, code and schema, and break no view."""
    journey, engine = read_journey(attempt), attempt.world.engine
    now, then = attempt.seen.live, journey.commit
    with tempfile.TemporaryDirectory(dir=engine.folder) as made:
        folder = Path(made)
        files = list_on(engine, then, folder / "then").files
        engine.repositories.archive(now, folder / "now")
        yield Condition(
            "Other code is live than at the beginning.",
            met=read_code(folder / "now") != read_code(folder / "then"),
            seen=f"No file of src or worker differs between {then[:7]} and {now[:7]}."
            if now != then
            else f"It still is {then[:7]}.",
        )
        with open_replica(engine) as replica:
            replica.apply(files)
            changed = compare(engine, replica, "cloud")
    yield Condition(
        "The cloud's schema is another one than at the beginning.",
        met=bool(changed),
        seen="Tables, columns, constraints and indexes are what they were.",
    )
    yield from _shipped(attempt, journey)
    with walk(journey) as walked:
        yield walked.condition
