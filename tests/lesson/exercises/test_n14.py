"""Attempts at notebook 14's exercises; the conftest beside this file says how they are run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

CODE = """
lab.dev.run("git checkout HEAD~1 -- src/ && git commit -q -m 'rollback: the code'")
lab.dev.run("git push -q origin main")
"""
DROP = "supabase/migrations/20250126160000_rollback_last_viewed.sql"
COLUMN = f"""
lab.dev.write("{DROP}", "ALTER TABLE documents DROP COLUMN last_viewed;")
lab.dev.run("git add supabase/ && git commit -q -m 'rollback: the column'")
lab.dev.run("git push -q origin main && npx supabase db push")
"""
LIVE = """
lab.advance(36)
"""
SEEN = """
lab.advance(2)
"""
SCHEMA = """
lab.dev.run("npx supabase db push")
lab.advance(2)
"""
BACK = "supabase/migrations/20250126170000_bring_back_last_viewed.sql"
ADD = f"""
lab.dev.write("{BACK}", "ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ;")
"""
PUSH = """lab.dev.run("npx supabase db push")
"""
ROLL_BACK = """
lab.rollback("1f31094")
lab.advance(2)
"""

WRONG = {
    "14a": {
        "nothing": "",
        "the button at once": ROLL_BACK + ADD + SCHEMA,
        "the button alone": ROLL_BACK,
        "the column by hand": """
lab.dev.run('psql "$CLOUD_DB_URL" -c "ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ"')
"""
        + ROLL_BACK,
        "the old migration once more": """
lab.dev.run("npx supabase migration repair --status reverted 20250126153000")
lab.dev.run("npx supabase db push --include-all")
"""
        + ROLL_BACK,
        "the column, and nothing else": ADD + SCHEMA,
        "sent away for the window": """
lab.advance(1)
lab.visitors(rate=0)
lab.rollback("1f31094")
lab.advance(10)
"""
        + ADD
        + PUSH
        + """
lab.visitors(rate=5)
lab.advance(2)
""",
        "the history rewritten": """
lab.dev.run("rm supabase/migrations/20250126160000_*")
lab.dev.run("npx supabase migration repair --status reverted 20250126160000")
"""
        + ADD
        + PUSH
        + ROLL_BACK,
        "a column of the wrong kind": f"""
lab.dev.write("{BACK}", "ALTER TABLE documents ADD COLUMN last_viewed DATE;")
"""
        + PUSH
        + ROLL_BACK,
    },
}
RIGHT = {
    "14a": {
        "another name, IF NOT EXISTS": """
lab.dev.run("npx supabase migration new undo_the_drop")
lab.dev.run("echo 'ALTER TABLE documents ADD COLUMN IF NOT EXISTS last_viewed timestamptz;' "
            "> supabase/migrations/20250126170000_undo.sql")
lab.dev.run("find supabase/migrations -empty -delete")
lab.dev.run("npx supabase db push")
"""
        + ROLL_BACK,
        "column and index in two migrations": ADD
        + """
lab.dev.write("supabase/migrations/20250126170100_index.sql",
    "CREATE INDEX CONCURRENTLY idx_documents_last_viewed ON documents(user_id, last_viewed DESC NULLS LAST);")
lab.dev.run("npx supabase db push")
lab.rollback("1f3109")
lab.advance(10)
""",
        "by a commit, not by the button": ADD
        + """
lab.dev.run("git checkout 1f31094 -- src && git add -A && git commit -qm 'revert: track views again'")
lab.dev.run("npx supabase db push && git push -q origin main")
lab.advance(36)
""",
        "everything by a revert that keeps the past": ADD
        + """
lab.dev.run("git revert -n HEAD && git checkout -q HEAD -- supabase && git add -A")
lab.dev.run("git commit -qm 'revert the code'")
lab.dev.run("npx supabase db push")
lab.advance(5)
lab.dev.run("git push -q origin main")
lab.advance(40)
""",
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
