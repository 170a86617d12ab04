"""Attempts at notebook 09's exercises; the conftest beside this file says how they are run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

CODE_FIRST = """
lab.dev.run("git push -q origin main")
lab.advance(36)
"""
SCHEMA = """
lab.dev.run("npx supabase db push")
lab.advance(2)
"""

WRONG = {
    "9a": {
        "nothing": "",
        "the workflow's line": """
lab.dev.run("git push -q origin main && npx supabase db push")
lab.advance(36)
""",
        "schema first": """
lab.dev.run("npx supabase db push && git push -q origin main")
lab.advance(36)
""",
        "pushed, but not live": """
lab.dev.run("git push -q origin main")
lab.advance(30)
lab.dev.run("npx supabase db push")
lab.advance(36)
""",
        "nobody is there": "lab.visitors(rate=0)" + CODE_FIRST + SCHEMA,
        "everybody is sent away for the window": """
lab.advance(1)
lab.visitors(rate=0)
lab.dev.run("git push -q origin main && npx supabase db push")
lab.advance(36)
lab.visitors(rate=5)
lab.advance(2)
""",
        "a visitor an hour": """
lab.visitors(rate=0.01)
lab.dev.run("git push -q origin main && npx supabase db push")
lab.advance(200)
""",
        "the window, and then a clean deploy": """
lab.dev.run("git push -q origin main && npx supabase db push")
lab.advance(36)
lab.visitors(rate=5)
lab.dev.run("git commit -q --allow-empty -m again && git push -q origin main")
lab.advance(36)
""",
        "the column by hand": CODE_FIRST
        + """
lab.dev.run('psql "$CLOUD_DB_URL" -c "ALTER TABLE documents DROP COLUMN last_viewed"')
lab.advance(2)
""",
        "the code only": CODE_FIRST,
        "another column": CODE_FIRST
        + """
lab.dev.write("supabase/migrations/20250126160000_drop_document_last_viewed.sql",
    "ALTER TABLE documents RENAME COLUMN last_viewed TO last_seen;")
"""
        + SCHEMA,
    },
    "9b": {
        "nothing": "answer = ...",
        "all the same": 'answer = dict.fromkeys("ABCD", "schema-first")',
        "the site alone is thought of": """
answer = {"A": "any", "B": "expand-contract", "C": "any", "D": "schema-first"}
""",
        "one is left out": 'answer = {"A": "any", "B": "expand-contract", "C": "code-first"}',
        "drop and add mixed up": """
answer = {"A": "any", "B": "expand-contract", "C": "schema-first", "D": "code-first"}
""",
        "a word of one's own": 'answer = dict.fromkeys("ABCD", "carefully")',
    },
}
RIGHT = {
    "9a": {
        "two commits": """
lab.dev.run("git reset -q --soft HEAD~1 && git commit -qm 'feat: stop tracking views' -- src")
lab.dev.run("git push -q origin main")
lab.advance(36)
lab.dev.run("git add -A && git commit -qm 'refactor: drop last_viewed'")
lab.dev.run("npx supabase db push && git push -q origin main")
lab.advance(36)
""",
        "IF EXISTS, another name, in a transaction": """
lab.dev.run("cd supabase/migrations && git mv 20250126160000_drop_document_last_viewed.sql "
            "20250126170000_tidy.sql")
lab.dev.write("supabase/migrations/20250126170000_tidy.sql",
    "BEGIN; ALTER TABLE public.documents DROP COLUMN IF EXISTS last_viewed CASCADE; COMMIT;")
lab.dev.run("git commit -qa --amend --no-edit")
"""
        + CODE_FIRST
        + SCHEMA,
        "as soon as it is live, from a subfolder": """
lab.dev.run("cd src && git push origin HEAD:main")
lab.advance(20)
lab.advance(15)
lab.dev.run("cd supabase/migrations && npx supabase db push --linked")
lab.advance(1)
""",
        "index first, more people": """
lab.visitors(rate=20)
lab.dev.write("supabase/migrations/20250126160000_drop_document_last_viewed.sql",
    "SET lock_timeout = '2s'; DROP INDEX idx_documents_last_viewed;"
    "ALTER TABLE documents DROP COLUMN last_viewed;")
lab.dev.run("git commit -qa -m 'the index, too'")
"""
        + CODE_FIRST
        + SCHEMA,
        "a day later": CODE_FIRST + "lab.advance(60)\n" + SCHEMA,
    },
    "9b": {
        "in words": """
answer = {"a": "Any", "b": "Expand, contract", "c": "code first", "d": "Schema first"}
""",
        "with spaces": """
answer = {"A ": " any ", "B": "EXPAND_CONTRACT", "C": "Code-First.", "D": "schema-first"}
""",
        "either": 'answer = {"D": "schema", "C": "code", "B": "expand and contract", "A": "any order"}',
    },
}


def test_each_is_tried_often_enough(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)


def test_what_is_wrong_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*wrong)

    assert not assessment.holds, repr(assessment)


def test_what_is_right_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)

    assert assessment.holds, repr(assessment)
