from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

MERGE = 'lab.dev.run("git checkout -q main && git merge -q feature/document-last-viewed --no-edit")'
CODE, SCHEMA = 'lab.dev.run("git push -q origin main")', 'lab.dev.run("npx supabase db push")'
BY_HAND = (
    """lab.dev.run('psql "$CLOUD_DB_URL" -c "ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ"')"""
)
WRONG = {
    "5a": {
        "nothing": "",
        "as the workflow has it": f"{MERGE}\n{CODE}\nlab.advance(36)\n{SCHEMA}\nlab.advance(2)",
        "nobody comes": f"lab.visitors(rate=0)\n{MERGE}\n{CODE}\nlab.advance(36)\n{SCHEMA}",
        "nobody comes in the window": f"""
{MERGE}
{CODE}
lab.advance(34)
lab.visitors(rate=0)
lab.advance(2)
{SCHEMA}
lab.visitors(rate=20)
lab.advance(2)""",
        "too few come to fall into the window": f"""
lab.visitors(rate=0.05)
{MERGE}
{CODE}
lab.advance(36)
{SCHEMA}
lab.visitors(rate=20)
lab.advance(2)""",
        "only the schema": f"{MERGE}\n{SCHEMA}\nlab.advance(36)",
        "not live yet": f"{MERGE}\n{SCHEMA}\n{CODE}\nlab.advance(20)",
        "the shell sleeps instead": f'{MERGE}\n{SCHEMA}\n{CODE}\nlab.dev.run("sleep 0.36")',
        "nobody comes afterwards": f"""
{MERGE}
{SCHEMA}
{CODE}
lab.advance(30)
lab.visitors(rate=0)
lab.advance(6)""",
        "a column by hand": f"{MERGE}\n{BY_HAND}\n{CODE}\nlab.advance(36)",
        "a column by hand, written off": f"""
{MERGE}
{BY_HAND}
lab.dev.run("npx supabase migration repair --status applied 20250126153000")
{CODE}
lab.advance(36)""",
        "without the feature": f"""
{MERGE}
lab.dev.run("git checkout -q HEAD~1 -- 'src/app/read/[id]/page.py' && git commit -qm 'no view, no loss'")
{SCHEMA}
{CODE}
lab.advance(36)""",
        "only the feature's branch": f"""
{SCHEMA}
lab.dev.run("git push -q origin feature/document-last-viewed")
lab.advance(36)""",
    },
    "5b": {
        "nothing typed": "answer = ...",
        "when the code is live": "answer = 90",
        "a second too early": "answer = 87",
        "as with the other host": "answer = 33",
        "both added": "answer = 92",
        "a span": 'answer = "86 to 88"',
        "a word": 'answer = "never"',
    },
}
RIGHT = {
    "5a": {
        "in two steps": f"{MERGE}\n{SCHEMA}\nlab.advance(10)\n{CODE}\nlab.advance(40)",
        "a race that the slow build lets one win": f"""
{MERGE}
lab.dev.run("git push -q origin main ; npx supabase db push")
lab.advance(37)""",
        "the schema before the merge": f"{SCHEMA}\n{MERGE}\n{CODE}\nlab.advance(18)\nlab.advance(18)",
        "straight from the branch": f"""
{SCHEMA}
lab.dev.run("git push -q origin feature/document-last-viewed:main")
lab.advance(36)""",
        "with more people, who may go in the end": f"""
lab.visitors(rate=40)
{MERGE}
lab.dev.run("npx supabase db push && git push origin main")
lab.advance(36)
lab.visitors(rate=0)""",
        "the build awaited to the second": f"{MERGE}\n{CODE}\nlab.advance(30)\n{SCHEMA}\nlab.advance(4)",
    },
    "5b": {
        "text": 'answer = "88"',
        "a float": "answer = 88.0",
        "with its unit": 'answer = "88 s"',
        "in a sentence": 'answer = "at 88 seconds."',
        "reckoned": "answer = 90 - 2",
    },
}


def test_a_wrong_solution_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assert not solve(*wrong).holds


def test_an_unusual_solution_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)
    assert assessment.holds, repr(assessment)


def test_there_are_enough_of_both(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)


def test_who_has_the_shell_sleep_is_told_what_to_type(solve: Callable[..., Assessment]) -> None:
    said = repr(solve("5a", WRONG["5a"]["the shell sleeps instead"]))

    assert "It is live in 35 s. You slept 0.36 real seconds; the lab's clock has not moved" in said
    assert "lab.advance(0.36)" in said


def test_what_was_lost_is_counted_and_cannot_come_right_any_more(solve: Callable[..., Assessment]) -> None:
    said = repr(solve("5a", WRONG["5a"]["as the workflow has it"]))

    assert "60 lost of" in said
    assert "Begin again: lab.reset(5), and then the cell that sets exercise 5a up." in said
