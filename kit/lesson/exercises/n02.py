"""The exercises of phase 2: what supabase compares, and what it never looks at."""

from __future__ import annotations

from kit.lesson.exercise import Attempt, Exercise
from kit.names import MIGRATION
from kit.repos import STARTER

_LATE = "supabase/migrations/071_add_pinned.sql"
_IN_TIME = "supabase/migrations/20250126160000_add_pinned.sql"


def _edited_unnoticed(attempt: Attempt) -> bool:
    written = (STARTER / "feature" / "migration.sql").read_text(encoding="utf-8")
    now = attempt.world.dev.read(MIGRATION).text
    return now.split() != written.split() and "database is up to date" in attempt.seen.output


EXERCISES_2 = (
    Exercise(
        number="2a",
        task="Edit an applied migration, and see who notices.",
        phase=3,
        holds=_edited_unnoticed,
        missing="the file must have changed, and supabase must have been asked since to apply what is new.",
        done="nobody noticed. Only versions are compared, and this version is in the history; your line will"
        " run on the next new database, and on no other. Want to change something? Write a new migration.",
        hints=(
            "A line that starts with -- is a comment, and changes the file all the same.",
            "npx supabase migration up applies what is missing, here; npx supabase db push, in the cloud.",
        ),
        solution=f'lab.dev.append("{MIGRATION}", "-- one line more")\n'
        'lab.dev.run("npx supabase migration up")',
    ),
    Exercise(
        number="2b",
        task="Have a migration accepted that was numbered 071.",
        phase=3,
        holds=lambda attempt: (
            "pinned" in attempt.seen.local.columns and "071" not in attempt.seen.local.versions
        ),
        missing="the local database has no column pinned, or got it from version 071.",
        done="fourteen digits sort after the others. Once one file has a timestamp, all need one.",
        hints=(
            "The content is fine: only its place in the queue is wrong.",
            "The place is the file's name. mv renames a file that git does not know yet.",
        ),
        solution=f'lab.dev.run("mv {_LATE} {_IN_TIME}")\nlab.dev.run("npx supabase migration up")',
        before=f'lab.dev.write("{_LATE}", "ALTER TABLE documents ADD COLUMN pinned BOOLEAN;")\n'
        'lab.dev.run("npx supabase migration up")',
    ),
)
