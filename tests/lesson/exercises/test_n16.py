"""Attempts at notebook 16's exercises; the conftest beside this file says how they are run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

ACTIONS, READER = "src/app/actions/documents.py", "src/components/document_reader.py"


FEW = """
lab.visitors(rate=2)
lab.advance(2)
"""
"""The notebook lets twenty come a second; ten times fewer see as much, and take less time."""


def migrate(number: int, text: str) -> str:
    """Return what writes a migration, the first, second, third of an attempt."""
    return f"lab.dev.write('supabase/migrations/2025012710000{number}_change.sql', {text!r})\n"


def edit(path: str, old: str, new: str) -> str:
    """Return what edits a file."""
    return f"lab.dev.write({path!r}, lab.dev.read({path!r}).text.replace({old!r}, {new!r}))\n"


COMMIT = """lab.dev.run("git add -A && git commit -qm 'a change'")
"""
SCHEMA_FIRST = """lab.dev.run("npx supabase db push && git push -q origin main")
lab.advance(37)
"""
CODE_FIRST = """lab.dev.run("git push -q origin main")
lab.advance(36)
lab.dev.run("npx supabase db push")
lab.advance(2)
"""
TOGETHER = """lab.dev.run("git push -q origin main && npx supabase db push")
lab.advance(37)
"""

COLUMN = migrate(1, "ALTER TABLE documents ADD COLUMN viewed_by UUID;")
WRITES = edit(ACTIONS, "last_viewed = %s WHERE", "last_viewed = %s, viewed_by = %s WHERE") + edit(
    ACTIONS, "[request_time(), document_id]", "[request_time(), current_user_id(), document_id]"
)
EXPANDED = COLUMN + WRITES + COMMIT + SCHEMA_FIRST
FILL = "UPDATE documents SET viewed_by = user_id WHERE last_viewed IS NOT NULL AND viewed_by IS NULL;"
CHECK = (
    "ALTER TABLE documents ADD CONSTRAINT who_and_when CHECK ((last_viewed IS NULL) = (viewed_by IS NULL));"
)
INSIST = migrate(2, FILL + CHECK) + COMMIT + SCHEMA_FIRST
COVER = migrate(1, "ALTER TABLE documents ADD COLUMN cover TEXT;")
READS_COVER = edit(ACTIONS, "uploaded_at, processing_status", "uploaded_at, cover, processing_status")

WRONG = {
    "16a": {
        "nothing": "",
        "all at once, schema first": COLUMN + migrate(2, FILL + CHECK) + WRITES + COMMIT + SCHEMA_FIRST,
        "all at once, code first": COLUMN + migrate(2, FILL + CHECK) + WRITES + COMMIT + CODE_FIRST,
        "nobody insists": EXPANDED,
        "one direction only": EXPANDED
        + migrate(
            2,
            FILL + "ALTER TABLE documents ADD CHECK (last_viewed IS NULL OR viewed_by IS NOT NULL);",
        )
        + COMMIT
        + SCHEMA_FIRST,
        "the owner, whoever reads": COLUMN
        + edit(ACTIONS, "last_viewed = %s WHERE", "last_viewed = %s, viewed_by = user_id WHERE")
        + COMMIT
        + SCHEMA_FIRST
        + INSIST,
        "by the database alone": migrate(
            1,
            "ALTER TABLE documents ADD COLUMN viewed_by UUID GENERATED ALWAYS AS "
            "(CASE WHEN last_viewed IS NULL THEN NULL ELSE user_id END) STORED;",
        )
        + edit(READER, "uploaded {", "uploaded at {")
        + COMMIT
        + SCHEMA_FIRST,
        "as text": COLUMN.replace("UUID", "TEXT") + WRITES + COMMIT + SCHEMA_FIRST + INSIST,
        "not for those that are there": EXPANDED
        + migrate(2, CHECK.replace(";", " NOT VALID;"))
        + COMMIT
        + SCHEMA_FIRST,
        "always, uploads included": EXPANDED
        + migrate(
            2,
            "UPDATE documents SET viewed_by = user_id, last_viewed = coalesce(last_viewed, now());"
            "ALTER TABLE documents ADD CHECK (last_viewed IS NOT NULL AND viewed_by IS NOT NULL);",
        )
        + COMMIT
        + SCHEMA_FIRST,
        "insisted too early": COLUMN
        + WRITES
        + COMMIT
        + """lab.dev.run("npx supabase db push && git push -q origin main")
lab.advance(10)
"""
        + INSIST,
        "by hand": EXPANDED
        + f"""lab.dev.run('psql "$CLOUD_DB_URL" -c "{FILL}" -c "{CHECK}"')
lab.advance(2)
""",
    },
    "16b": {
        "nothing": "",
        "a migration and an empty commit": COVER
        + COMMIT
        + """lab.dev.run("git commit -q --allow-empty -m 'new code'")
"""
        + SCHEMA_FIRST,
        "a migration that changes nothing": migrate(1, "SELECT 1;")
        + edit(READER, "uploaded {", "added {")
        + COMMIT
        + SCHEMA_FIRST,
        "code first": COVER + READS_COVER + COMMIT + CODE_FIRST,
        "nobody there": "lab.visitors(rate=0)\n"
        + COVER
        + READS_COVER
        + COMMIT
        + CODE_FIRST
        + "lab.visitors(rate=2)\nlab.advance(2)\n",
        "broken uploads": migrate(1, "ALTER TABLE documents ADD CHECK (file_type <> 'epub') NOT VALID;")
        + edit(READER, "uploaded {", "added {")
        + COMMIT
        + SCHEMA_FIRST,
        "a column that the worker needs": migrate(
            1, "ALTER TABLE documents DROP COLUMN processing_completed_at;"
        )
        + edit("worker/main.py", ", processing_completed_at = now()", "")
        + COMMIT
        + CODE_FIRST,
        "broken, and then all well": COVER
        + READS_COVER
        + COMMIT
        + CODE_FIRST
        + "lab.visitors(rate=2)\n"
        + edit(READER, "uploaded {", "added {")
        + migrate(2, "ALTER TABLE documents ADD COLUMN stars INTEGER;")
        + COMMIT
        + SCHEMA_FIRST,
        "built, and broken": COVER + edit(READER, "return layout", "return layout(") + COMMIT + SCHEMA_FIRST,
    },
}
RIGHT = {
    "16a": {
        "two checks, in three migrations": EXPANDED
        + migrate(2, FILL)
        + migrate(
            3,
            "ALTER TABLE documents ADD CHECK (last_viewed IS NULL OR viewed_by IS NOT NULL),"
            "ADD CHECK (viewed_by IS NULL OR last_viewed IS NOT NULL);",
        )
        + COMMIT
        + SCHEMA_FIRST,
        "first not valid, then validated": EXPANDED
        + migrate(2, CHECK.replace(";", " NOT VALID;") + FILL)
        + migrate(3, "ALTER TABLE documents VALIDATE CONSTRAINT who_and_when;")
        + COMMIT
        + CODE_FIRST,
        "by a trigger": EXPANDED
        + migrate(
            2,
            FILL + "CREATE FUNCTION who_and_when() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF num_nulls(NEW.last_viewed, NEW.viewed_by) = 1 THEN RAISE EXCEPTION 'one alone'; END IF;"
            "RETURN NEW; END $$;"
            "CREATE CONSTRAINT TRIGGER who_and_when AFTER INSERT OR UPDATE ON documents "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION who_and_when();",
        )
        + COMMIT
        + SCHEMA_FIRST,
        "the column a deploy before the code": COLUMN
        + COMMIT
        + SCHEMA_FIRST
        + WRITES
        + COMMIT
        + """lab.dev.run("git push -q origin main")
lab.advance(40)
"""
        + migrate(2, FILL + "ALTER TABLE documents ADD CHECK (num_nulls(last_viewed, viewed_by) IN (0, 2));")
        + COMMIT
        + """lab.dev.run("npx supabase db push && git push -q origin main")
lab.advance(2)
""",
    },
    "16b": {
        "a table of its own": migrate(1, "CREATE TABLE shelves (id UUID PRIMARY KEY, name TEXT NOT NULL);")
        + edit(READER, "uploaded {", "added {")
        + COMMIT
        + CODE_FIRST,
        "an index, in any order": migrate(1, "CREATE INDEX CONCURRENTLY by_title ON documents (title);")
        + edit(READER, "uploaded {", "added {")
        + COMMIT
        + TOGETHER,
        "a drop, code first": migrate(1, "DROP INDEX IF EXISTS idx_documents_last_viewed;")
        + edit(READER, "uploaded {", "added {")
        + COMMIT
        + CODE_FIRST,
        "the worker, restarted in time": migrate(
            1, "ALTER TABLE documents DROP COLUMN processing_completed_at;"
        )
        + edit("worker/main.py", ", processing_completed_at = now()", "")
        + COMMIT
        + """lab.dev.run("git push -q origin main")
lab.production.run("git pull -q origin main && cd worker && npm start")
lab.advance(36)
lab.dev.run("npx supabase db push")
lab.advance(2)
""",
    },
}


def test_each_is_tried_often_enough(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)


def test_what_is_wrong_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*wrong, before=FEW)

    assert not assessment.holds, repr(assessment)


def test_what_is_right_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right, before=FEW)

    assert assessment.holds, repr(assessment)


def test_a_pair_meets_documents_that_nobody_has_opened_yet(solve: Callable[..., Assessment]) -> None:
    assessment = solve("16a", WRONG["16a"]["all at once, schema first"], before=FEW)

    (walked,) = (condition for condition in assessment.conditions if condition.says.startswith("On each"))
    assert "a view is lost: 23514" in walked.seen
