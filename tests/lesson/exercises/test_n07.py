from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises


def psql(words: str, url: str = "CLOUD_DB_URL") -> str:
    command = f'psql "${url}" {words}'
    return f"lab.dev.run({command!r})"


def sql(statement: str, url: str = "CLOUD_DB_URL") -> str:
    return psql(f'-c "{statement}"', url)


def migrate(*statements: str, name: str = "20250126160000_restore.sql") -> str:
    path, text = f"supabase/migrations/{name}", "\n".join(statements)
    return f"lab.dev.write({path!r}, {text!r})\nlab.dev.run('npx supabase db push')"


STANDARD_INPUT = r"echo '\d documents' | psql $CLOUD_DB_URL"
NAMED = "SELECT indexname FROM pg_indexes WHERE tablename = 'documents'"
COLUMN = "ALTER TABLE documents ADD COLUMN IF NOT EXISTS last_viewed TIMESTAMPTZ;"
INDEX = (
    "CREATE INDEX IF NOT EXISTS idx_documents_last_viewed ON documents(user_id, last_viewed DESC NULLS LAST);"
)
WRONG = {
    "7a": {
        "nothing": "",
        "the local database": sql(NAMED, "LOCAL_DB_URL"),
        "the history's list": 'lab.dev.run("npx supabase migration list --linked")',
        "the history's own text": sql("SELECT statements FROM supabase_migrations.schema_migrations"),
        "the file": 'lab.dev.run("grep -r idx_documents_last_viewed supabase # --linked")',
        "a name that one gives oneself": sql("SELECT 'idx_documents_last_viewed'"),
        "a name, and a catalog for the looks of it": sql(
            "SELECT 'idx_documents_last_viewed' FROM pg_indexes LIMIT 1"
        ),
        "both, so that one cannot tell": psql(
            r'-c "\d documents"; echo $CLOUD_DB_URL | wc -l', "LOCAL_DB_URL"
        ),
        "the columns alone": sql("SELECT attname FROM pg_attribute WHERE attrelid = 'documents'::regclass"),
        "another table": psql('-c "\\d chunks"'),
        "the time of day": sql("SELECT now(), 'idx_documents_last_viewed'"),
        "a question that fails": sql("SELECT idx_documents_last_viewed"),
    },
    "7b": {
        "nothing": "",
        "by hand again": sql(COLUMN) + "\n" + sql(INDEX),
        "the column alone": migrate(COLUMN),
        "the index on another column": migrate(
            COLUMN, "CREATE INDEX IF NOT EXISTS idx_documents_last_viewed ON documents (title);"
        ),
        "the index on two others of these": migrate(
            COLUMN,
            "CREATE INDEX IF NOT EXISTS idx_documents_last_viewed ON documents (last_viewed, user_id);",
        ),
        "a folder that makes no new database": migrate(
            COLUMN.replace("IF NOT EXISTS ", ""), INDEX.replace("IF NOT EXISTS ", "")
        ),
        "an index of another name, beside the old one": migrate(
            COLUMN, INDEX.replace("idx_documents", "idx_new")
        ),
        "the old migration once more": """
lab.dev.run("npx supabase migration repair --status reverted 20250126153000")
lab.dev.run("npx supabase db push")""",
        "another type": migrate(COLUMN.replace("TIMESTAMPTZ", "TIMESTAMP"), INDEX),
        "written and not pushed": migrate(COLUMN, INDEX).partition("\n")[0],
        "by hand, and an empty migration": sql(COLUMN)
        + "\n"
        + sql(INDEX)
        + "\n"
        + migrate("-- see above")
        + "\nlab.dev.run('rm supabase/migrations/20250126160000_restore.sql')",
        "an edit of the old file": """
lab.dev.append("supabase/migrations/20250126153000_add_document_last_viewed.sql", "-- again")
lab.dev.run("npx supabase db push")""",
    },
}
RIGHT = {
    "7a": {
        "by supabase": f"lab.dev.run({f'npx supabase db query --linked {chr(34)}{NAMED}{chr(34)}'!r})",
        "by supabase, the other way round": (
            f"lab.dev.run({f'npx supabase db query {chr(34)}{NAMED}{chr(34)} --linked'!r})"
        ),
        "all indexes": psql('-c "\\di"'),
        "the index itself": psql('-c "\\d idx_documents_last_viewed"'),
        "counted": sql("SELECT count(*) FROM pg_indexes WHERE indexname = 'idx_documents_last_viewed'"),
        "as a class": sql("SELECT to_regclass('idx_documents_last_viewed') IS NOT NULL"),
        "through grep": psql('-c "\\d documents" | grep last_viewed'),
        "from production": 'lab.production.run(\'psql "$CLOUD_DB_URL" -c "\\\\d documents"\')',
        "from standard input": f"lab.dev.run({STANDARD_INPUT!r})",
    },
    "7b": {
        "in two files": migrate(COLUMN) + "\n" + migrate(INDEX, name="20250126170000_restore_index.sql"),
        "dropped first, wherever it is": migrate(
            "ALTER TABLE documents DROP COLUMN IF EXISTS last_viewed;",
            COLUMN.replace("IF NOT EXISTS ", ""),
            INDEX.replace("IF NOT EXISTS ", ""),
        ),
        "what was done by hand is told first": migrate(
            "ALTER TABLE documents DROP COLUMN IF EXISTS last_viewed;", name="20250126155900_tidy_up.sql"
        )
        + "\n"
        + migrate(COLUMN, INDEX, "COMMENT ON COLUMN documents.last_viewed IS 'back again';"),
        "in a block": migrate(
            "DO $$ BEGIN",
            "  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'documents'::regclass"
            " AND attname = 'last_viewed' AND NOT attisdropped) THEN",
            "    ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ;",
            "  END IF;",
            "END $$;",
            INDEX,
        ),
        "locally, too, and committed": migrate(COLUMN, INDEX)
        + "\nlab.dev.run('npx supabase migration up && git add -A && git commit -qm restore')",
        "by hand first, and then written down": sql(COLUMN) + "\n" + migrate(COLUMN, INDEX),
    },
}


def test_a_wrong_solution_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assert not solve(*wrong).holds


def test_an_unusual_solution_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)
    assert assessment.holds, repr(assessment)


def test_there_are_enough_of_both(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)
