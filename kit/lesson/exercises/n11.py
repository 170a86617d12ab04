"""The exercises of notebook 11: three changes of one's own and a free one, each shipped under visitors."""

from __future__ import annotations

import re

import psycopg

from kit.lesson.exercise import Attempt, Exercise
from kit.timeline import CommandRan, Timeline, code_switches, schema_switches
from kit.timeline.deploy import Deploy, read_deploy

_COME = re.compile(r"visitors (?!0/s)\S+/s")
_VISITORS = "lab.visitors(rate=20)\nlab.advance(2)"
_HALVES = (
    b"UPDATE documents SET last_viewed = now(), viewed_by = NULL",
    b"UPDATE documents SET last_viewed = NULL, viewed_by = user_id",
)

_LANGUAGE = """\
lab.dev.write("supabase/migrations/20250127100000_add_document_language.sql",
    "ALTER TABLE documents ADD COLUMN language TEXT NOT NULL DEFAULT 'en';")
code = lab.dev.read("src/app/actions/documents.py").text
lab.dev.write("src/app/actions/documents.py",
    code.replace("uploaded_at, processing_status", "uploaded_at, language, processing_status"))
code = lab.dev.read("src/components/document_reader.py").text
lab.dev.write("src/components/document_reader.py",
    code.replace("({document['file_type']})", "({document['file_type']}, {document['language']})"))
lab.dev.run("git add -A && git commit -qm 'feat: show the language'")
lab.dev.run("npx supabase db push && git push origin main")
lab.advance(37)
"""
_FILE_TYPE = """\
lab.dev.write("supabase/migrations/20250127110000_drop_document_file_type.sql",
    "ALTER TABLE documents DROP COLUMN file_type;")
code = lab.dev.read("src/app/actions/documents.py").text
code = code.replace("file_name, file_type, uploaded_at", "file_name, uploaded_at")
code = code.replace("(%s, %s, %s, %s, %s)", "(%s, %s, %s, %s)")
lab.dev.write("src/app/actions/documents.py",
    code.replace("file_name, file_type, request_time()", "file_name, request_time()"))
code = lab.dev.read("src/components/document_reader.py").text
lab.dev.write("src/components/document_reader.py", code.replace(" ({document['file_type']})", ""))
lab.dev.run("git add -A && git commit -qm 'refactor: drop file_type'")
lab.dev.run("git push origin main")
lab.advance(36)
lab.dev.run("npx supabase db push")
lab.advance(2)
"""
_VIEWED_BY = """\
lab.dev.write("supabase/migrations/20250127120000_add_document_viewed_by.sql",
    "ALTER TABLE documents ADD COLUMN viewed_by UUID;")
code = lab.dev.read("src/app/actions/documents.py").text
code = code.replace("last_viewed = %s WHERE", "last_viewed = %s, viewed_by = %s WHERE")
lab.dev.write("src/app/actions/documents.py", code.replace(
    "[request_time(), document_id]", "[request_time(), current_user_id(), document_id]"))
lab.dev.run("git add -A && git commit -qm 'feat: note who viewed a document'")
lab.dev.run("npx supabase db push && git push origin main")
lab.advance(37)
lab.dev.write("supabase/migrations/20250127130000_insist_on_viewed_by.sql", '''
UPDATE documents SET viewed_by = user_id WHERE last_viewed IS NOT NULL AND viewed_by IS NULL;
ALTER TABLE documents ADD CONSTRAINT viewed_by_is_known
  CHECK ((last_viewed IS NULL) = (viewed_by IS NULL));''')
lab.dev.run("git add -A && git commit -qm 'feat: insist on who viewed a document'")
lab.dev.run("npx supabase db push && git push origin main")
lab.advance(37)
"""
_COVER = """\
lab.dev.write("supabase/migrations/20250127140000_add_document_cover.sql",
    "ALTER TABLE documents ADD COLUMN cover TEXT;")
code = lab.dev.read("src/app/actions/documents.py").text
lab.dev.write("src/app/actions/documents.py",
    code.replace("uploaded_at, processing_status", "uploaded_at, cover, processing_status"))
lab.dev.run("git add -A && git commit -qm 'feat: a cover'")
lab.dev.run("npx supabase db push && git push origin main")
lab.advance(37)
"""


def _deploy(attempt: Attempt) -> Deploy:
    """Look back to the moment since which visitors come: who has broken something begins again."""
    records = attempt.seen.timeline.records
    came = [
        place
        for place, record in enumerate(records)
        if isinstance(record, CommandRan) and _COME.fullmatch(record.command)
    ]
    return read_deploy(Timeline(records[came[-1] :] if came else ()))


def _shows_language(attempt: Attempt) -> bool:
    if "language" not in attempt.seen.cloud.columns or not _deploy(attempt).passed:
        return False
    engine = attempt.world.engine
    document, insists = attempt.ask_cloud(
        "SELECT (SELECT id::text FROM documents ORDER BY id LIMIT 1), attnotnull FROM pg_attribute"
        " WHERE attrelid = 'documents'::regclass AND attname = 'language'"
    )
    if not insists:
        return False
    page = engine.visitors.open(f"{engine.host.address}/read/{document}").text
    return re.search(r"\ben\b", re.sub(r"<[^>]*>", " ", page)) is not None


def _dropped_file_type(attempt: Attempt) -> bool:
    if "file_type" in attempt.seen.cloud.columns or not _deploy(attempt).passed:
        return False
    return attempt.world.upload("The Book of the Check").status == 200  # noqa: PLR2004 - HTTP's own number


def _insists_on_both(attempt: Attempt) -> bool:
    if "viewed_by" not in attempt.seen.cloud.columns or not _deploy(attempt).passed:
        return False
    with attempt.world.engine.server.connect("cloud") as connection:
        return all(_is_refused(connection, half) for half in _HALVES)


def _is_refused(connection: psycopg.Connection, sql: bytes) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(sql)
    except psycopg.errors.IntegrityError:
        return True
    return False


def _shipped_something(attempt: Attempt) -> bool:
    deploy = _deploy(attempt)
    switches = code_switches(deploy.timeline), schema_switches(deploy.timeline)
    return all(switches) and deploy.passed


EXERCISES_11 = (
    Exercise(
        number="11a",
        task="Give every document a language, which the reader's page shows; no view may break.",
        phase=8,
        holds=_shows_language,
        missing="documents.language, NOT NULL, in the cloud, its 'en' on the page, visitors all the while, "
        "and not one broken view.",
        done="the old code did not mind the column, and the new code found it there.",
        hints=(
            (
                "Two files of code: the action that reads the row, and the component that shows it. "
                "Which of the two codes, old or new, can live with which of the two schemas?"
            ),
            (
                "judge(lab).measure() knows: NOT NULL with a default is a column more for the old code, and "
                "a column missing for the new one. Schema first."
            ),
        ),
        solution=_LANGUAGE,
        before=_VISITORS,
    ),
    Exercise(
        number="11b",
        task="Take file_type out of the code and out of the table; no view and no upload may break.",
        phase=8,
        holds=_dropped_file_type,
        missing="the column gone from the cloud, visitors all the while, not one broken view, and an upload "
        "that still works.",
        done="code first: when the column went, nobody who was running missed it.",
        hints=(
            (
                "git grep -n file_type src shows who uses it. Two files talk to the table or show its row; "
                "the one that takes the upload may go on to ask for it."
            ),
            (
                "Push the code, let it become live, lab.advance(36), and only then npx supabase db push. "
                "A && between the two would be too early by the whole build."
            ),
        ),
        solution=_FILE_TYPE,
        before=_VISITORS,
    ),
    Exercise(
        number="11c",
        task="Note in viewed_by who opened a document last; the database insists: both columns, or neither.",
        phase=8,
        holds=_insists_on_both,
        missing="documents.viewed_by in the cloud, a constraint that refuses one column without the other, "
        "visitors all the while, and not one broken view.",
        done="expand, code, contract: three steps, and each was safe for all that was running.",
        hints=(
            (
                "Column and constraint in one migration: old code meets the constraint, new code misses the "
                "column. Neither order is safe, so it must be two migrations."
            ),
            (
                "Add the column; push it. Write both columns, with current_user_id(); push that, and wait. "
                "Then fill viewed_by from user_id where it is missing, and ADD CONSTRAINT … CHECK (…)."
            ),
        ),
        solution=_VIEWED_BY,
        before=_VISITORS,
    ),
    Exercise(
        number="11d",
        task="Ship a change of your own, code and schema, and break no view.",
        phase=8,
        holds=_shipped_something,
        missing="a migration in the cloud and new code live, visitors before and after, and not one broken "
        "view since they came.",
        done="a change that nobody had ready for you, and nobody noticed it but you.",
        hints=(
            (
                "Take something small: a column that the page shows, a table less, a word in a constraint. "
                "judge(lab) tells you what is there, and judge(lab).measure() what to do with it."
            ),
            "If you have already broken a view, lab.reset(8) and lab.visitors(rate=20) begin again.",
        ),
        solution=_COVER,
        before=_VISITORS,
    ),
)
