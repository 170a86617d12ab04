"""Attempts at notebook 00's exercise; the conftest beside this file says how they are run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit import World, exercise
from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

IMPORTS = "from kit import Plan, rehearse\n"
WRONG = {
    "0a": {
        "nothing": "answer = ...",
        "a number, which is no run": "answer = 43",
        "a plan that nobody ran": "answer = Plan(wait=43)",
        "the function itself": "answer = rehearse",
        "a table": 'answer = {"wait": 43, "lost": 200}',
        "nothing in a list": "answer = []",
        "the seconds of the window": "answer = rehearse(Plan(wait=10))",
        "without the two seconds of db push": "answer = rehearse(Plan(wait=45))",
        "half a second too late": "answer = rehearse(Plan(wait=43.5))",
        "another host instead": "answer = rehearse(Plan(wait=36, build=28))",
        "error pages instead": 'answer = rehearse(Plan(wait=43, handling="loud"))',
    }
}
RIGHT = {
    "0a": {
        "with a decimal point": "answer = rehearse(Plan(wait=43.0))",
        "all knobs named": """
answer = rehearse(Plan(change="add", order="code-first", wait=35 + 10 - 2, build=35, rate=20))""",
        "the last of several": "answer = [rehearse(Plan(wait=wait)) for wait in (42, 43)]",
        "its numbers": "answer = rehearse(Plan(wait=43)).facts()",
    }
}


def test_each_is_tried_often_enough(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)


def test_what_is_wrong_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(wrong[0], IMPORTS + wrong[1])

    assert not assessment.holds, repr(assessment)


def test_what_is_right_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(right[0], IMPORTS + right[1])

    assert assessment.holds, repr(assessment)


def test_what_the_run_lost_is_told_and_which_knob_was_turned(solve: Callable[..., Assessment]) -> None:
    said = repr(solve("0a", f"{IMPORTS}answer = rehearse(Plan(wait=45, rate=5))"))

    assert "In this run rate is 5" in said
    assert "This run lost 60, with a wait of 45 s: production was broken for 12 s." in said


def test_it_needs_no_world_which_another_one_does(lab: World) -> None:
    assert "there is no answer yet" in repr(exercise(None, "0a", ...))
    assert "Not judged: there is no world to ask. Name it" in repr(exercise(None, "1b"))
    assert repr(exercise(lab, "0a", ...)) == repr(exercise(None, "0a", ...))
