"""Attempts at notebook 10's exercises, all of them on one large table; each begins with `large.undo()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kit import World, exercise, open_world
from kit.experiments.locks import LargeTable, enlarge
from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

INDEX = "supabase/migrations/20250126160000_index_document_title.sql"
PAGES = "supabase/migrations/20250126170000_add_document_pages.sql"
PUSH = "npx supabase db push"
CONCURRENTLY = "CREATE INDEX CONCURRENTLY idx_documents_title ON documents (title);"
ADD = "ALTER TABLE documents ADD COLUMN pages INTEGER;"
WATCH = f"""
answer = large.watch("{PUSH}")
"""
TWICE = f"""
answer = large.watch("{PUSH} || {PUSH}", idle=True)
"""


def write(path: str, text: str) -> str:
    """Return what writes a file."""
    return f"lab.dev.write({path!r}, {text!r})\n"


WRONG = {
    "10a": {
        "nothing": "answer = ...",
        "words": "answer = 'nobody waits'",
        "an index that writers wait for": write(INDEX, CONCURRENTLY.replace("CONCURRENTLY ", "")) + WATCH,
        "built before anybody watched": write(INDEX, CONCURRENTLY.replace("CONCURRENTLY ", ""))
        + f"""
lab.dev.run("{PUSH}")
"""
        + WATCH,
        "a watch of nothing": 'answer = large.watch("true")',
        "another column first": write(
            INDEX, "CREATE INDEX CONCURRENTLY idx_files ON documents (file_name, title);"
        )
        + WATCH,
        "of no row at all": write(INDEX, CONCURRENTLY.replace(";", " WHERE title IS NULL;")) + WATCH,
        "by hand": f"""
answer = large.watch('psql "$CLOUD_DB_URL" -c "{CONCURRENTLY}"')
""",
        "in a transaction": write(INDEX, f"BEGIN; {CONCURRENTLY} COMMIT;") + WATCH,
        "what search does with it": write(
            INDEX, "CREATE INDEX CONCURRENTLY idx_documents_title ON documents (lower(title));"
        )
        + WATCH,
    },
    "10b": {
        "nothing": "answer = ...",
        "no limit": write(PAGES, ADD) + TWICE,
        "gave up, and stayed away": write(PAGES, f"SET lock_timeout = '300ms'; {ADD}")
        + f"""
answer = large.watch("{PUSH}", idle=True)
""",
        "nobody in the way": write(PAGES, f"SET lock_timeout = '300ms'; {ADD}") + WATCH,
        "a patient migration": write(PAGES, f"SET lock_timeout = '1900ms'; {ADD}") + TWICE,
        "a limit after the fact": write(PAGES, f"{ADD} SET lock_timeout = '500ms';") + TWICE,
        "there before": write(PAGES, ADD)
        + f"""
lab.dev.run("{PUSH}")
"""
        + TWICE,
        "the wrong kind": write(
            PAGES, "SET lock_timeout = '500ms'; ALTER TABLE documents ADD COLUMN pages TEXT;"
        )
        + TWICE,
        "by hand, and not in the history": """
add = "ALTER TABLE documents ADD COLUMN pages INTEGER"
push = f'PGOPTIONS="-c lock_timeout=500" psql "$CLOUD_DB_URL" -c "{add}"'
answer = large.watch(f"{push} || {push}", idle=True)
""",
    },
}
RIGHT = {
    "10a": {
        "another name, one more column": write(
            "supabase/migrations/20250127000000_search.sql",
            "-- for the search\nCREATE INDEX CONCURRENTLY IF NOT EXISTS search ON public.documents "
            "USING btree (title text_pattern_ops, user_id);",
        )
        + WATCH,
        "with a limit, typed in the folder": f"""
lab.dev.run('''cd supabase/migrations && echo "SET lock_timeout = '5s';
{CONCURRENTLY}" > 20250126180000_i.sql''')
answer = large.watch("cd supabase/migrations && {PUSH} --linked")
""",
        "by psql, then told": write(INDEX, CONCURRENTLY)
        + f"""
answer = large.watch('psql "$CLOUD_DB_URL" -f {INDEX} && '
                     'npx supabase migration repair --status applied 20250126160000')
""",
        "tried, undone, done": write(INDEX, CONCURRENTLY.replace("CONCURRENTLY ", ""))
        + WATCH
        + "large.undo()\n"
        + write(INDEX, CONCURRENTLY)
        + WATCH,
    },
    "10b": {
        "half a second, IF NOT EXISTS": write(
            "supabase/migrations/20250127000000_pages.sql",
            "SET LOCAL lock_timeout TO 500; ALTER TABLE documents ADD COLUMN IF NOT EXISTS pages int;",
        )
        + TWICE,
        "a statement's limit": write(PAGES, f"SET statement_timeout = '800ms'; {ADD}") + TWICE,
        "until it works": write(PAGES, f"SET lock_timeout = '400ms'; {ADD}")
        + f"""
answer = large.watch("until {PUSH}; do sleep 0.1; done", idle=True)
""",
        "tried again by itself": write(
            PAGES,
            """DO $$ BEGIN
  SET lock_timeout = '300ms';
  LOOP
    BEGIN
      ALTER TABLE documents ADD COLUMN pages INTEGER;
      EXIT;
    EXCEPTION WHEN lock_not_available THEN PERFORM pg_sleep(0.1);
    END;
  END LOOP;
END $$;""",
        )
        + f"""
answer = large.watch("{PUSH}", idle=True)
""",
        "by psql, then told": write(PAGES, ADD)
        + f"""
push = 'PGOPTIONS="-c lock_timeout=500" psql -v ON_ERROR_STOP=1 "$CLOUD_DB_URL" -f {PAGES}'
told = "npx supabase migration repair --status applied 20250126170000"
answer = large.watch(f"({{push}} || {{push}}) && {{told}}", idle=True)
""",
    },
}


@pytest.fixture(scope="module")
def lab() -> Iterator[World]:
    with open_world(phase=5, scratch=True) as world:
        yield world


@pytest.fixture(scope="module")
def grown(lab: World) -> LargeTable:
    lab.dev.run(PUSH)
    return enlarge(lab)


@pytest.fixture
def solve(lab: World, grown: LargeTable) -> Callable[..., Assessment]:
    """Do an exercise on the table as it was, and ask twice."""

    def solve(number: str, code: str) -> Assessment:
        lab.dev.run("git clean -fdq supabase")
        names: dict[str, Any] = {"lab": lab, "large": grown.undo()}
        exec(code, names)  # noqa: S102 - the test's own text, as a learner types it
        records = len(lab.timeline)
        assessment = exercise(lab, number, names["answer"])
        assert repr(exercise(lab, number, names["answer"])) == repr(assessment)
        assert len(lab.timeline) == records
        return assessment

    return solve


def test_each_is_tried_often_enough(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)


def test_what_is_wrong_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*wrong)

    assert not assessment.holds, repr(assessment)


def test_what_is_right_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)

    assert assessment.holds, repr(assessment)
