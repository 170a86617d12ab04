"""The exercises of phase 7: what a database says about itself, and a repair that leaves a trace."""

from __future__ import annotations

from kit.lesson.exercise import Attempt, Exercise
from kit.names import VERSION
from kit.timeline import CommandRan

_INDEX = "idx_documents_last_viewed"
_PATH = "supabase/migrations/20250126160000_restore_last_viewed.sql"


def _index_seen(attempt: Attempt) -> bool:
    seen = attempt.seen
    commands = seen.timeline.only(CommandRan)
    asked = bool(commands) and any(word in commands[-1].command for word in ("--linked", "CLOUD_DB_URL"))
    return asked and seen.exit == 0 and _INDEX in seen.output


def _restored(attempt: Attempt) -> bool:
    cloud = attempt.seen.cloud
    whole = "last_viewed" in cloud.columns and _INDEX in cloud.indexes
    return whole and max(cloud.versions) > VERSION


EXERCISES_7 = (
    Exercise(
        number="7a",
        task="Find out from the cloud database whether the index is there.",
        phase=8,
        holds=_index_seen,
        missing=f"the last command must ask the cloud database, and its answer must name {_INDEX}.",
        done="it is there. A history tells what was done; a catalog tells what is.",
        hints=(
            "PostgreSQL describes itself in tables, pg_indexes for one; psql has a word for describe.",
            'npx supabase db query --linked "…", or psql "$CLOUD_DB_URL" -c "…".',
        ),
        solution='lab.dev.run(\'psql "$CLOUD_DB_URL" -c "\\\\d documents"\')',
    ),
    Exercise(
        number="7b",
        task="Bring back what was dropped by hand, with a new migration.",
        phase=8,
        holds=_restored,
        missing=f"the cloud needs the column and {_INDEX}, from a version later than {VERSION}.",
        done="column and index are back, and the history says since when. The column is empty, though: what"
        " was in it no migration brings back.",
        hints=(
            "The old migration will not run again: its version is in the history. A new one will.",
            "A later version with the same ALTER TABLE and CREATE INDEX: the index went with its column.",
        ),
        solution=f'lab.dev.write("{_PATH}", """\n'
        "ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ;\n"
        f"CREATE INDEX {_INDEX} ON documents(user_id, last_viewed DESC NULLS LAST);\n"
        '""")\n'
        'lab.dev.run("npx supabase db push")',
        before="""lab.dev.run('psql "$CLOUD_DB_URL" -c "ALTER TABLE documents DROP COLUMN last_viewed"')""",
    ),
)
