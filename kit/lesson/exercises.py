"""The notebooks' exercises: their texts are in exercises.toml, what must be true is told here."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from kit.errors import BadInput, UnclearAnswer
from kit.lesson import progress
from kit.lesson.checks import (
    branches,
    code,
    colleagues,
    commits,
    deploys,
    histories,
    locks,
    orders,
    own_changes,
    schema,
    verification,
    worker,
)
from kit.lesson.exercise import HINTS, Assessment, Attempt, Condition, Exercise

Check = Callable[[Attempt], Iterable[Condition]]


def _whole(says: str, holds: Callable[[Attempt], bool]) -> Check:
    """Return a check of a single condition."""

    def check(attempt: Attempt) -> Iterator[Condition]:
        yield Condition(says, met=holds(attempt))

    return check


_CHECKS: Mapping[str, Check] = {
    "1a": _whole(
        "The number is right.",
        lambda attempt: attempt.answer == 1,
    ),
    "1b": _whole(
        "A branch feature/clean-start that has docs/MIGRATION_WORKFLOW.md and not src/app/search/page.py.",
        branches.clean_start,
    ),
    "2a": _whole(
        "The file must have changed, and supabase must have been asked since to apply what is new.",
        schema.edited_unnoticed,
    ),
    "2b": _whole(
        "The local database has a column pinned, and not from version 071.",
        schema.renamed,
    ),
    "3a": _whole(
        "A page that calls update_last_viewed, answers 500 where that fails, and is being served.",
        code.loud,
    ),
    "3b": _whole(
        "The local database counts the same.",
        lambda attempt: attempt.answer == attempt.seen.local.viewed > 0,
    ),
    "4a": _whole(
        "The last command must show the new file's ALTER TABLE, and no commit may have it yet.",
        commits.shown,
    ),
    "4b": _whole(
        "The branch must be one commit ahead of homepage-and-search, with all three files.",
        commits.one_commit,
    ),
    "5a": _whole(
        "The new code live, the column in the cloud, visitors all the while, and none of them lost.",
        deploys.nothing_lost,
    ),
    "5b": _whole(
        "At that second nothing is lost, and a second later something would be.",
        lambda attempt: attempt.answer == deploys.LATEST_S,
    ),
    "6a": _whole(
        "The column gone from the cloud, a book uploaded after that, no error in the worker's log.",
        worker.never_failed,
    ),
    "6b": _whole(
        "The letter is right: look at what each of the three does to a worker that is running now.",
        lambda attempt: str(attempt.answer).strip().upper() == "B",
    ),
    "7a": _whole(
        "The last command must ask the cloud database, and its answer must name idx_documents_last_viewed.",
        verification.index_seen,
    ),
    "7b": _whole(
        "The cloud needs the column and idx_documents_last_viewed, from a version later than 20250126153000.",
        verification.restored,
    ),
    "9a": orders.dropped_unseen,
    "9b": orders.orders_named,
    "9c": orders.went_back,
    "10a": locks.indexed_without_waiting,
    "10b": locks.gave_up_and_came_back,
    "11a": own_changes.shows_language,
    "11b": own_changes.dropped_file_type,
    "13a": colleagues.both_shipped,
    "14a": histories.taken_back,
    "15a": histories.history_mended,
    "15b": histories.restamped,
    "16a": own_changes.insists_on_both,
    "16b": own_changes.shipped_something,
}


def _read_exercises() -> dict[str, Exercise]:
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {
        number: Exercise(number=number, check=_CHECKS[number], hints=tuple(facts.pop("hints")), **facts)
        for number, facts in tables.items()
    }


EXERCISES = _read_exercises()
"""All of them, by number, in the notebooks' order."""


def assess(attempt: Attempt, number: str, *, hint: int | None = None) -> Assessment:
    """Say whether an exercise is done; its first Not yet and its first Done are remembered.

    Args:
        attempt: what the learner did.
        number: of the exercise: "2a".
        hint: which hint to show as long as it is not done, 1 to 3; None for none.

    Raises:
        BadInput: if there is no such exercise or hint.
    """
    if number not in EXERCISES:
        raise BadInput(
            f"There is no exercise {number!r}.",
            looked=[", ".join(EXERCISES)],
            remedy='Give the number that stands before the task, such as "2a".',
        )
    if hint is not None and (isinstance(hint, bool) or not isinstance(hint, int) or not 1 <= hint <= HINTS):
        raise BadInput(f"There is no hint {hint!r}.", remedy=f"Ask for hint=1 to hint={HINTS}.")
    exercise = EXERCISES[number]
    try:
        assessment = Assessment(exercise=exercise, conditions=tuple(exercise.check(attempt)), hint=hint)
    except UnclearAnswer as error:
        assessment = Assessment(exercise=exercise, unclear=f"{error.message} {error.remedy}", hint=hint)
    progress.record(assessment)
    return assessment
