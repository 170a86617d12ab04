from __future__ import annotations

from dataclasses import replace

import pytest

from kit.lesson.exercise import Assessment, Condition
from kit.lesson.exercises import EXERCISES

EVIL = "<img src=x onerror=alert(1)>"
MET = Condition("The column is there.", met=True, seen="It is.")
UNMET = Condition("Nobody lost a view.", met=False, seen="3 of 60 views were lost.")
FINAL = replace(UNMET, final=True)


def assess(*conditions: Condition, hint: int | None = None, number: str = "5a") -> Assessment:
    return Assessment(exercise=EXERCISES[number], conditions=conditions, hint=hint)


def test_what_is_done_says_why_and_what_holds() -> None:
    done = assess(MET, MET)

    assert done.holds
    assert repr(done).splitlines() == [f"Done: {EXERCISES['5a'].done}", *["✓ The column is there."] * 2]
    shown = done._repr_html_()
    assert "✓ Done:" in shown
    assert shown.count("4px solid") == 2
    assert "6px double" not in shown


def test_what_is_not_says_what_holds_what_does_not_and_what_was_seen_instead() -> None:
    undone = assess(MET, UNMET)

    assert not undone.holds
    assert repr(undone).splitlines() == [
        "Not yet:",
        "✓ The column is there.",
        "✗ Nobody lost a view.",
        "  3 of 60 views were lost.",
        "For a hint, add hint=1 to this call.",
    ]
    shown = undone._repr_html_()
    assert "○ Not yet:" in shown
    assert (shown.count("4px solid"), shown.count("6px double")) == (1, 1)
    assert "3 of 60 views were lost." in shown
    assert "It is." not in shown


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("5a", "lab.reset(5), and then the cell that sets exercise 5a up."),
        ("1b", "lab.reset(2)."),
    ],
)
def test_what_cannot_come_right_any_more_says_what_to_type(number: str, words: str) -> None:
    lost = assess(MET, FINAL, number=number)

    assert f"From here it cannot come right any more. Begin again: {words}" in repr(lost)
    assert "cannot come right any more" in lost._repr_html_()
    assert "cannot come right any more" not in repr(assess(replace(FINAL, met=True)))


def test_an_answer_that_cannot_be_judged_is_not_judged() -> None:
    asked = Assessment(exercise=EXERCISES["1a"], unclear="there is no answer yet. Give a number.")

    assert not asked.holds
    assert repr(asked).splitlines()[0] == "Not judged: there is no answer yet. Give a number."
    assert "Not yet" not in repr(asked) + asked._repr_html_()


@pytest.mark.parametrize("hint", [1, 2, 3])
def test_a_hint_that_was_asked_for_is_shown_and_the_way_to_the_next(hint: int) -> None:
    undone = assess(UNMET, hint=hint)
    shown = undone._repr_html_()

    assert f"Hint {hint} of 3: {EXERCISES['5a'].hint(hint)}" in repr(undone)
    assert f"Hint {hint} of 3: " in shown
    assert (f"add hint={hint + 1} to this call." in shown) == (hint < 3)
    assert ("<pre " in shown) == (hint == 3)
    assert "Hint" not in repr(assess(MET, hint=hint))


def test_the_texts_are_escaped() -> None:
    evil = replace(EXERCISES["5a"], hints=(EVIL, EVIL), solution=EVIL, done=EVIL)
    for met, hint in ((True, 1), (False, None), (False, 1), (False, 3)):
        condition = Condition(EVIL, met=met, seen=EVIL, final=True)
        shown = Assessment(exercise=evil, conditions=(condition,), hint=hint)._repr_html_()
        assert "<img" not in shown
        assert "&lt;img" in shown
    assert "<img" not in Assessment(exercise=evil, unclear=EVIL)._repr_html_()
