"""Attempts at notebook 13's exercises; the conftest beside this file says how they are run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

PUSH_BOTH = """
lab.dev.run("git push origin main && npx supabase db push")
"""

WRONG = {
    "13a": {
        "nothing": "",
        "force": """
lab.dev.run("git push --force origin main && npx supabase db push")
""",
        "whatever became of the first": """
lab.dev.run("git push origin main ; npx supabase db push")
""",
        "another branch": """
lab.dev.run("git push origin main:feature/mine && npx supabase db push")
""",
        "theirs, and mine is gone": """
lab.dev.run("npx supabase db push")
lab.dev.run("git fetch origin && git reset -q --hard origin/main && git push origin main")
""",
        "the push alone": """
lab.dev.run("git pull --no-rebase --no-edit origin main && git push origin main")
""",
        "the column by hand": """
lab.dev.run("git pull --no-rebase --no-edit origin main && git push origin main")
lab.dev.run('psql "$CLOUD_DB_URL" -f supabase/migrations/20250126153000_add_document_last_viewed.sql')
""",
        "the history alone": """
lab.dev.run("git pull --no-rebase --no-edit origin main && git push origin main")
lab.dev.run("npx supabase migration repair --status applied 20250126153000")
""",
        "a pull request that nobody merges": """
lab.dev.run("git pull --no-rebase --no-edit origin main")
lab.dev.run("npx supabase db push")
""",
        "their deletion of the page": """
lab.dev.run("git pull --no-rebase --no-edit origin main && git rm -q 'src/app/read/[id]/page.py'")
lab.dev.run("git commit -qm 'tidy up' && git push origin main && npx supabase db push")
""",
    }
}
RIGHT = {
    "13a": {
        "rebased": """
lab.dev.run("git pull --rebase origin main")
"""
        + PUSH_BOTH,
        "fetched and merged": """
lab.dev.run("git fetch origin && git merge --no-edit origin/main")
"""
        + PUSH_BOTH,
        "picked onto theirs": """
lab.dev.run("git fetch -q origin && git checkout -q -b mine origin/main")
lab.dev.run("git cherry-pick origin/main..main && git push origin HEAD:main")
lab.dev.run("npx supabase db push")
""",
        "merged again from the beginning, schema first": """
lab.dev.run("git fetch -q origin && git reset -q --hard origin/main")
lab.dev.run("git merge --no-edit feature/document-last-viewed")
lab.dev.run("npx supabase db push && git push origin main")
""",
        "by the colleague": """
lab.production.run("git fetch -q origin && git merge --no-edit origin/feature/document-last-viewed")
lab.production.run("git push origin main && npx supabase db push")
""",
    }
}


def test_each_is_tried_often_enough(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)


def test_what_is_wrong_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*wrong)

    assert not assessment.holds, repr(assessment)


def test_what_is_right_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)

    assert assessment.holds, repr(assessment)
