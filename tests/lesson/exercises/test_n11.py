"""Attempts at notebook 11's exercises; the conftest beside this file says how they are run."""

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

LANGUAGE = migrate(1, "ALTER TABLE documents ADD COLUMN language TEXT NOT NULL DEFAULT 'en';")
READS_IT = edit(ACTIONS, "uploaded_at, processing_status", "uploaded_at, language, processing_status")
SHOWS_IT = READS_IT + edit(
    READER, "({document['file_type']})", "({document['file_type']}, {document['language']})"
)
SHOWN = SHOWS_IT + COMMIT + SCHEMA_FIRST

OPTIONAL = migrate(1, "ALTER TABLE documents ALTER COLUMN file_type DROP NOT NULL;")
DROP = migrate(2, "ALTER TABLE documents DROP COLUMN file_type;")
READS_LESS = edit(
    ACTIONS, "file_name, file_type, uploaded_at, processing", "file_name, uploaded_at, processing"
) + edit(READER, " ({document['file_type']})", "")
WRITES_LESS = (
    edit(ACTIONS, "title, file_name, file_type, uploaded_at)", "title, file_name, uploaded_at)")
    + edit(ACTIONS, "(%s, %s, %s, %s, %s)", "(%s, %s, %s, %s)")
    + edit(ACTIONS, "file_name, file_type, request_time()", "file_name, request_time()")
)
LESS = READS_LESS + WRITES_LESS

WRONG = {
    "11a": {
        "nothing": "",
        "every upload fails in the window": migrate(
            1,
            "ALTER TABLE documents ADD COLUMN language TEXT NOT NULL DEFAULT 'en';"
            "ALTER TABLE documents ALTER COLUMN language DROP DEFAULT;",
        )
        + SHOWS_IT
        + edit(ACTIONS, "file_name, file_type, uploaded_at)", "file_name, file_type, language, uploaded_at)")
        + edit(ACTIONS, "(%s, %s, %s, %s, %s)", "(%s, %s, %s, %s, 'en', %s)")
        + COMMIT
        + SCHEMA_FIRST,
        "every upload fails for ever": migrate(
            1,
            "ALTER TABLE documents ADD COLUMN language TEXT;"
            "UPDATE documents SET language = 'en';"
            "ALTER TABLE documents ALTER COLUMN language SET NOT NULL;",
        )
        + SHOWN,
        "a language that may be missing": migrate(
            1, "ALTER TABLE documents ADD COLUMN language TEXT DEFAULT 'en';"
        )
        + SHOWN,
        "another language": migrate(
            1, "ALTER TABLE documents ADD COLUMN language TEXT NOT NULL DEFAULT 'de';"
        )
        + SHOWN,
        "code first": LANGUAGE + SHOWS_IT + COMMIT + CODE_FIRST,
        "the word on the page": LANGUAGE
        + edit(READER, "({document['file_type']})", "({document['file_type']}, en)")
        + COMMIT
        + SCHEMA_FIRST,
        "read, and not shown": LANGUAGE + READS_IT + COMMIT + SCHEMA_FIRST,
        "always English": migrate(
            1, "ALTER TABLE documents ADD COLUMN language TEXT NOT NULL GENERATED ALWAYS AS ('en') STORED;"
        )
        + SHOWN,
        "by hand": SHOWS_IT
        + """lab.dev.run('psql "$CLOUD_DB_URL" -c "ALTER TABLE documents ADD COLUMN language TEXT NOT NULL '
            "DEFAULT 'en'" + '"')
lab.dev.run("git commit -qam 'show it' && git push -q origin main")
lab.advance(37)
""",
        "a migration that is not committed": SHOWS_IT
        + """lab.dev.run("git commit -qam 'show it'")
"""
        + LANGUAGE
        + SCHEMA_FIRST,
        "nobody there": "lab.visitors(rate=0)\n"
        + LANGUAGE
        + SHOWN
        + "lab.visitors(rate=2)\nlab.advance(2)\n",
        "live, and nobody came since": LANGUAGE
        + SHOWS_IT
        + COMMIT
        + """lab.dev.run("npx supabase db push && git push -q origin main")
lab.advance(30)
""",
    },
    "11b": {
        "nothing": "",
        "code first": OPTIONAL.replace("ALTER COLUMN file_type DROP NOT NULL", "DROP COLUMN file_type")
        + LESS
        + COMMIT
        + CODE_FIRST,
        "schema first": DROP + LESS + COMMIT + SCHEMA_FIRST,
        "the workflow's line": DROP + LESS + COMMIT + TOGETHER,
        "optional and gone in one push": OPTIONAL + DROP + LESS + COMMIT + SCHEMA_FIRST,
        "the upload goes on writing it": READS_LESS + DROP + COMMIT + CODE_FIRST,
        "nobody can upload any more": OPTIONAL
        + LESS.replace("(%s, %s, %s, %s)", "(%s, %s, %s, %s, %s)")
        + COMMIT
        + SCHEMA_FIRST
        + DROP
        + COMMIT
        + TOGETHER,
        "the code alone": OPTIONAL + LESS + COMMIT + SCHEMA_FIRST,
        "by hand, in the end": OPTIONAL
        + LESS
        + COMMIT
        + SCHEMA_FIRST
        + """lab.dev.run('psql "$CLOUD_DB_URL" -c "ALTER TABLE documents DROP COLUMN file_type"')
lab.advance(2)
""",
        "too early by a build": OPTIONAL
        + LESS
        + COMMIT
        + """lab.dev.run("npx supabase db push && git push -q origin main")
lab.advance(10)
"""
        + DROP
        + COMMIT
        + """lab.dev.run("npx supabase db push && git push -q origin main")
lab.advance(72)
""",
    },
}
RIGHT = {
    "11a": {
        "in three steps": migrate(1, "ALTER TABLE documents ADD COLUMN language TEXT DEFAULT 'en';")
        + migrate(2, "UPDATE documents SET language = 'en' WHERE language IS NULL;")
        + migrate(3, "ALTER TABLE documents ALTER COLUMN language SET NOT NULL;")
        + SHOWN,
        "as a constraint": migrate(
            1,
            "ALTER TABLE documents ADD COLUMN IF NOT EXISTS language VARCHAR(10) DEFAULT 'en';"
            "ALTER TABLE documents ADD CONSTRAINT has_language CHECK (language IS NOT NULL) NOT VALID;"
            "ALTER TABLE documents VALIDATE CONSTRAINT has_language;",
        )
        + SHOWN,
        "by a trigger": migrate(
            1,
            "ALTER TABLE documents ADD COLUMN language TEXT; UPDATE documents SET language = 'en';"
            "CREATE FUNCTION speak() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "NEW.language := coalesce(NEW.language, 'en'); RETURN NEW; END $$;"
            "CREATE TRIGGER speak BEFORE INSERT OR UPDATE ON documents "
            "FOR EACH ROW EXECUTE FUNCTION speak();"
            "ALTER TABLE documents ALTER COLUMN language SET NOT NULL;",
        )
        + SHOWN,
        "with its name": LANGUAGE
        + READS_IT
        + edit(
            READER,
            "({document['file_type']})",
            "({document['file_type']}, {NAMES.get(document['language'], '?')})",
        )
        + edit(
            READER, "async def document_reader", "NAMES = {'en': 'English'}\n\n\nasync def document_reader"
        )
        + COMMIT
        + SCHEMA_FIRST,
        "two deploys from a branch": """lab.dev.run("git checkout -q -b language")
"""
        + LANGUAGE
        + COMMIT
        + """lab.dev.run("npx supabase db push && git push -q origin HEAD:main")
lab.advance(60)
"""
        + SHOWS_IT
        + COMMIT
        + """lab.dev.run("git checkout -q main && git merge -q language && git push -q origin main")
lab.advance(36)
""",
    },
    "11b": {
        "a default instead": migrate(1, "ALTER TABLE documents ALTER COLUMN file_type SET DEFAULT '';")
        + LESS
        + COMMIT
        + SCHEMA_FIRST
        + DROP
        + COMMIT
        + TOGETHER,
        "the code in two steps": OPTIONAL
        + READS_LESS
        + COMMIT
        + SCHEMA_FIRST
        + WRITES_LESS
        + COMMIT
        + """lab.dev.run("git push -q origin main")
lab.advance(40)
"""
        + migrate(2, "BEGIN; ALTER TABLE documents DROP COLUMN IF EXISTS file_type; COMMIT;")
        + COMMIT
        + SCHEMA_FIRST,
        "a trigger that fills it in": migrate(
            1,
            "CREATE FUNCTION old_type() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "NEW.file_type := coalesce(NEW.file_type, 'epub'); RETURN NEW; END $$;"
            "CREATE TRIGGER old_type BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION old_type();",
        )
        + LESS
        + COMMIT
        + SCHEMA_FIRST
        + migrate(
            2,
            "DROP TRIGGER old_type ON documents; DROP FUNCTION old_type;"
            "ALTER TABLE documents DROP COLUMN file_type;",
        )
        + COMMIT
        + CODE_FIRST,
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
