"""The exercises of phase 6: a column that goes when no running code uses it any more."""

from __future__ import annotations

from kit.host.outcome import Log
from kit.lesson.exercise import Attempt, Exercise
from kit.timeline import CommandRan, SchemaChanged

_COLUMN = "processing_completed_at"
_PATH = f"supabase/migrations/20250126160000_drop_{_COLUMN}.sql"


def _never_failed(attempt: Attempt) -> bool:
    seen = attempt.seen
    dropped = [change.at for change in seen.timeline.only(SchemaChanged) if change.change == f"-{_COLUMN}"]
    uploads = [ran.at for ran in seen.timeline.only(CommandRan) if ran.command.startswith("upload ")]
    if _COLUMN in seen.cloud.columns or not dropped or not uploads or uploads[-1] < dropped[-1]:
        return False
    at_work = seen.worker.running and seen.worker.commit == seen.repositories.github["main"]
    return at_work and not Log.read("worker", attempt.world.engine.log("worker")).errors


EXERCISES_6 = (
    Exercise(
        number="6a",
        task="Drop a column that the worker uses, so that the worker never fails.",
        phase=6,
        holds=_never_failed,
        missing="the column gone from the cloud, a book uploaded after that, no error in the worker's log.",
        done="code first, in every copy that runs; then nobody misses the column.",
        hints=(
            "Who uses the column now? It can go when none of them does any more.",
            "Push the code, pull it in production, restart the worker. Then comes npx supabase db push.",
        ),
        solution='lab.dev.run("git push origin main")\n'
        'lab.production.run("git pull origin main && cd worker && npm start")\n'
        "lab.advance(35)\n"
        'lab.dev.run("npx supabase db push")\n'
        'lab.upload("A Book in Peace")',
        before='code = lab.dev.read("worker/main.py").text\n'
        f"""code = code.replace(", {_COLUMN} = now()", "")\n"""
        'lab.dev.write("worker/main.py", code)\n'
        f'lab.dev.write("{_PATH}", "ALTER TABLE documents DROP COLUMN {_COLUMN};")\n'
        f"lab.dev.run(\"git add worker supabase && git commit -q -m 'refactor: drop {_COLUMN}'\")",
    ),
    Exercise(
        number="6b",
        task="For which change must the new worker run before the schema changes?",
        phase=6,
        holds=lambda attempt: str(attempt.answer).strip().upper() == "B",
        missing="look again at what each of the three does to a worker that is running now.",
        done="B. With A nobody notices; with C it is the other way round: the column first, then the code.",
        hints=(
            "For each of the three, take the old worker and the new schema: does it still work?",
            "The old worker fails only where something is missing that it uses.",
        ),
        solution='answer = "B"',
    ),
)
