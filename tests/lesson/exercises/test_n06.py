from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

PUSH, SCHEMA = 'lab.dev.run("git push -q origin main")', 'lab.dev.run("npx supabase db push")'
PULL = 'lab.production.run("git pull -q origin main")'
START = 'lab.production.run("cd worker && npm start")'
BOOK = 'lab.upload("A Book in Peace")'
BY_HAND = (
    """lab.dev.run('psql "$CLOUD_DB_URL" -c "ALTER TABLE documents DROP COLUMN processing_completed_at"')"""
)
NEW = f"{PUSH}\n{PULL}\n{START}"
WRONG = {
    "6a": {
        "nothing": "",
        "the schema first": f"{PUSH}\n{SCHEMA}\n{BOOK}",
        "the schema first, the worker before the book": f"{PUSH}\n{SCHEMA}\n{PULL}\n{START}\n{BOOK}",
        "all at once": f"""
lab.dev.run("git push -q origin main && npx supabase db push")
lab.advance(36)
{PULL}
{START}
{BOOK}""",
        "pulled and not restarted": f"{PUSH}\n{PULL}\nlab.advance(36)\n{SCHEMA}\n{BOOK}",
        "restarted and not pulled": f"{PUSH}\n{START}\nlab.advance(36)\n{SCHEMA}\n{BOOK}",
        "the book before the column went": f"{NEW}\n{BOOK}\n{SCHEMA}",
        "no book": f"{NEW}\n{SCHEMA}",
        "the column by hand": f"{NEW}\n{BY_HAND}\n{BOOK}",
        "the column stays": f"{NEW}\n{BOOK}",
        "never pushed": f"""
lab.production.run("git pull -q ../rhizome-v2-dev-1 main")
{START}
{SCHEMA}
{BOOK}""",
        "dropped, added, and dropped in peace": f"""
{PUSH}
{SCHEMA}
{BOOK}
{PULL}
{START}
lab.upload("Another Book")""",
    },
    "6b": {
        "nothing typed": "answer = ...",
        "the index": 'answer = "A"',
        "the addition": 'answer = "c"',
        "two of them": 'answer = "B and C"',
        "a number": "answer = 2",
    },
}
RIGHT = {
    "6a": {
        "at once, as the site does not mind": f"{NEW}\n{SCHEMA}\n{BOOK}",
        "the worker's code ahead of everything": f"""
lab.dev.run("git push -q origin main")
lab.production.run("git fetch -q && git merge -q --ff-only origin/main && cd worker && npm start")
lab.advance(60)
lab.dev.run("npx supabase db push && git status")
{BOOK}
lab.upload("Another Book")""",
        "restarted twice": f"{PUSH}\n{START}\n{PULL}\n{START}\n{BOOK}\n{SCHEMA}\n{BOOK}",
        "from the production clone": f"""
{NEW}
lab.production.run("npx supabase db push")
{BOOK}""",
        "tried, then waited": f"{NEW}\nlab.advance(35)\n{SCHEMA}\nlab.advance(5)\n{BOOK}",
    },
    "6b": {
        "lower case": 'answer = "b"',
        "with a space and a full stop": 'answer = " B. "',
        "in brackets": 'answer = "(b)"',
        "in a sentence": 'answer = "It is B"',
        "in its own words": 'answer = "drop a column"',
    },
}


def test_a_wrong_solution_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assert not solve(*wrong).holds


def test_an_unusual_solution_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)
    assert assessment.holds, repr(assessment)


def test_there_are_enough_of_both(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)


def test_the_forbidden_order_is_told_although_nothing_has_failed(solve: Callable[..., Assessment]) -> None:
    said = repr(solve("6a", WRONG["6a"]["the schema first, the worker before the book"]))

    assert "✓ The worker's log has no error." in said
    assert "When the column went, the worker that was running still wrote it." in said
    assert "Begin again: lab.reset(6)" in said
