"""The notebooks' exercises: their texts are in exercises.toml, what must be true is told here."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from kit.errors import BadInput, UnclearAnswer
from kit.lesson import progress
from kit.lesson.checks import (
    branches,
    code,
    colleagues,
    commits,
    deploys,
    folders,
    histories,
    hosts,
    locks,
    monitors,
    orders,
    own_changes,
    pipeline,
    rehearsals,
    schema,
    verification,
    worker,
)
from kit.lesson.exercise import HINTS, Assessment, Attempt, Condition, Exercise

Check = Callable[[Attempt], Iterable[Condition]]


_CHECKS: Mapping[str, Check] = {
    "0a": rehearsals.lost_as_many,
    "1a": branches.count_missing,
    "1b": branches.clean_start,
    "2a": schema.edited_unnoticed,
    "2b": schema.renamed,
    "3a": code.loud,
    "3b": code.count_viewed,
    "4a": commits.shown,
    "4b": commits.one_commit,
    "5a": deploys.nothing_lost,
    "5b": deploys.latest_push,
    "6a": worker.never_failed,
    "6b": worker.drop_first,
    "7a": verification.index_seen,
    "7b": verification.restored,
    "8a": folders.given_back,
    "9a": orders.dropped_unseen,
    "9b": orders.orders_named,
    "10a": locks.indexed_without_waiting,
    "10b": locks.gave_up_and_came_back,
    "11a": own_changes.shows_language,
    "11b": own_changes.dropped_file_type,
    "12a": pipeline.deployed_by_the_job,
    "13a": colleagues.both_shipped,
    "14a": histories.went_back,
    "15a": histories.history_mended,
    "15b": histories.restamped,
    "16a": own_changes.insists_on_both,
    "16b": own_changes.shipped_something,
    "17a": hosts.dropped_by_the_host,
    "18a": monitors.noticed_soon,
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
