"""The exercises of notebook 9: drop a column unseen, name the order of four changes, go back after a drop."""

from __future__ import annotations

from kit.lesson.exercise import Attempt, Exercise
from kit.timeline import CommandRan, PageView, Timeline, code_switches, schema_switches
from kit.world.snapshot import Snapshot

_COLUMN = "last_viewed"
_DROP = f"20250126160000_drop_document_{_COLUMN}"
_COMMIT_THE_DROP = f"""lab.reset(8)
lab.dev.run("git checkout -q main && git checkout HEAD~1 -- src")
lab.dev.write("supabase/migrations/{_DROP}.sql", "ALTER TABLE documents DROP COLUMN {_COLUMN};")
lab.dev.run("git add -A && git commit -qm 'feat: stop tracking views'")
lab.visitors(rate=5)"""
_DEPLOY_IT = """lab.dev.run("git push -q origin main")
lab.advance(36)
lab.dev.run("npx supabase db push")
lab.advance(2)"""
_ORDERS = {"A": "any", "B": "expand-contract", "C": "code-first", "D": "schema-first"}


def _story(seen: Snapshot) -> Timeline:
    """Return what happened since the exercise was set up: earlier phases had losses of their own."""
    records = seen.timeline.records
    setting_up = (
        place
        for place, record in enumerate(records)
        if isinstance(record, CommandRan) and record.command == f"edit supabase/migrations/{_DROP}.sql"
    )
    return Timeline(records[next(setting_up, len(records)) :])


def _all_well(story: Timeline, first: float, last: float) -> bool:
    """Say whether people came before the one instant and after the other, and all was well throughout."""
    views = story.only(PageView)
    if not views or not views[0].at < first <= last < views[-1].at:
        return False
    return all(view.outcome == "ok" for view in views)


def _dropped_unseen(attempt: Attempt) -> bool:
    seen, story = attempt.seen, _story(attempt.seen)
    code, schema = code_switches(story), schema_switches(story)
    if not code or not schema or _COLUMN in seen.cloud.columns or seen.live_commit.writes_last_viewed:
        return False
    return _all_well(story, min(code[0].at, schema[0].at), max(code[-1].at, schema[-1].at))


def _went_back(attempt: Attempt) -> bool:
    seen, story = attempt.seen, _story(attempt.seen)
    code = code_switches(story)
    if not code or not schema_switches(story) or not seen.live_commit.writes_last_viewed:
        return False
    if _COLUMN not in seen.cloud.columns or _DROP.partition("_")[0] not in seen.cloud.versions:
        return False
    return _all_well(story, code[0].at, code[-1].at)


EXERCISES_9 = (
    Exercise(
        number="9a",
        task="Drop the column so that no visitor loses a view.",
        phase=8,
        holds=_dropped_unseen,
        missing="the new code live, the column gone from the cloud, visitors all the while, and none lost.",
        done="code first, and the column only when nothing that runs still asks for it.",
        hints=(
            "Which corner of the table breaks, and which command would take production there?",
            "Push the code, let the 35 seconds of the build pass, and only then push the migration.",
        ),
        solution=_DEPLOY_IT,
        before=_COMMIT_THE_DROP,
    ),
    Exercise(
        number="9b",
        task="Which order is safe for each of these four changes?",
        phase=8,
        holds=lambda attempt: attempt.answer == _ORDERS,
        missing="for at least one of them, a running copy meets something that it does not know.",
        done="two questions about each change, and the order follows. The host's speed was not asked.",
        hints=(
            "For each: does the old code work on the new schema? Does the new code work on the old one?",
            "C changes nothing on the site, but the worker writes that column until it is restarted.",
        ),
        solution=f"answer = {_ORDERS!r}".replace("'", '"'),
    ),
    Exercise(
        number="9c",
        task="Go back to the code before the drop, without losing a view.",
        phase=8,
        holds=_went_back,
        missing="the old code live again, its column in the cloud, people coming, and no view lost.",
        done="seen from there, going back is a change that adds. The values of the column do not come back.",
        hints=(
            "A rollback is a deploy too. Which code is the new one now, and which column does it need?",
            "Bring the column back with a migration that is new; only then roll back.",
        ),
        solution=f'path = "supabase/migrations/20250126170000_bring_back_{_COLUMN}.sql"\n'
        f'lab.dev.write(path, "ALTER TABLE documents ADD COLUMN {_COLUMN} TIMESTAMPTZ;")\n'
        'lab.dev.run("npx supabase db push")\n'
        'lab.rollback("fe6bb51")\n'
        "lab.advance(2)",
        before=f"{_COMMIT_THE_DROP}\n{_DEPLOY_IT}",
    ),
)
