"""Exercise on a pipeline: a drop that goes to production by the job that knows another order."""

from __future__ import annotations

from collections.abc import Iterator

from kit.errors import BadInput
from kit.lesson.checks.journey import Journey, column_is_gone, read_journey, walk
from kit.lesson.checks.story import unharmed, visited
from kit.lesson.exercise import Attempt, Condition
from kit.timeline import CommandRan, MigrationApplied, Record, RefMoved
from kit.world.job import JobStep, read_job

_PATH = ".github/workflows/deploy.yml"
_BRANCH = "production"
_SCHEMA_FIRST = "--order schema-first"


def deployed_by_the_job(attempt: Attempt) -> Iterator[Condition]:
    """Take a column away, code and schema, by the job of the notebook, so that no visitor loses a view."""
    journey = read_journey(attempt)
    yield from column_is_gone(attempt)
    yield _by_the_job_alone(attempt, journey)
    yield _still_checks(attempt)
    yield _last_run_passed(attempt, journey)
    yield visited(journey.story)
    yield unharmed(journey.story)
    with walk(journey) as walked:
        yield walked.condition


def _by_the_job_alone(attempt: Attempt, journey: Journey) -> Condition:
    typed = [
        command.command.splitlines()[0]
        for command, effects in attempt.steps(journey.story)
        if not _is_jobs(command) and any(map(_reaches_production, effects))
    ]
    return Condition(
        "Whatever reached production's branch and its database, the job brought there.",
        met=not typed,
        seen=f"{' and '.join(typed)}: that was you.",
        final=True,
    )


def _is_jobs(command: CommandRan) -> bool:
    return command.clone == "world" and command.command.startswith("job: ")


def _reaches_production(record: Record) -> bool:
    if isinstance(record, MigrationApplied):
        return record.database == "cloud"
    # The exercise itself makes the branch, by hand: then it has no old commit.
    return (
        isinstance(record, RefMoved)
        and (record.repository, record.branch) == ("github", _BRANCH)
        and record.old != ""
    )


def _still_checks(attempt: Attempt) -> Condition:
    """Say whether the job that main has refuses what may not go schema first, before it pushes the schema."""
    says = "The job on main checks the order before it pushes the schema."
    text = attempt.world.engine.repositories.read(attempt.seen.repositories.github["main"], _PATH)
    if text is None:
        return Condition(says, met=False, seen=f"main has no {_PATH}.")
    try:
        steps = read_job(text.decode(errors="replace"), _PATH).steps
    except BadInput as error:
        return Condition(says, met=False, seen=error.message)
    checks = next((place for place, step in enumerate(steps) if _refuses(step)), None)
    pushes = next((place for place, step in enumerate(steps) if "db push" in step.run), None)
    if pushes is None:
        return Condition(says, met=False, seen="None of its steps is npx supabase db push.")
    if checks is None or checks > pushes:
        return Condition(says, met=False, seen=f"No step before db push is kit check … {_SCHEMA_FIRST}.")
    return Condition(says, met=True)


def _refuses(step: JobStep) -> bool:
    # What stands behind the check decides about the exit code in its place.
    lines = [line.strip() for line in step.run.splitlines()]
    return any(
        line.startswith("kit check") and _SCHEMA_FIRST in line and not any(mark in line for mark in "|;&#")
        for line in lines
    )


def _last_run_passed(attempt: Attempt, journey: Journey) -> Condition:
    ran = [command for command, _ in attempt.steps(journey.story) if _is_jobs(command)]
    failed = ran[-1].command.removeprefix("job: ") if ran and ran[-1].exit else ""
    seen = f"It failed at {failed}." if failed else "Nothing has run it yet: lab.run_job(path)."
    return Condition("The last run of the job passed.", met=bool(ran) and not failed, seen=seen)
