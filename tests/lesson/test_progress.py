from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.lesson.exercises import EXERCISES
from kit.lesson.notebooks import find_notebooks
from kit.lesson.progress import Overview, read_progress
from kit.world.home import progress_file, remember

PLAN: dict[str, Any] = {"change": "add", "order": "code-first", "wait": 8.0, "build": 4.0, "rate": 20.0}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_HOME", str(tmp_path))


def solve(*numbers: str, done: bool = True) -> None:
    for number in numbers:
        remember("exercise", {"number": number, "done": done})


def look() -> Overview:
    return read_progress(EXERCISES)


def test_at_first_nothing_is_done_and_the_first_exercise_comes_next() -> None:
    seen = look()
    assert seen.done == 0
    assert {line.state for line in seen.exercises} == {"not asked"}
    assert seen.next is not None
    assert seen.next.number == next(iter(EXERCISES))
    assert "Nothing predicted yet." in repr(seen)


def test_every_exercise_there_is_is_listed_in_its_notebook() -> None:
    """By what is registered: an exercise that comes tomorrow is listed without a change here."""
    stems = {path.stem[:2]: path.stem for path in find_notebooks()}
    late = replace(EXERCISES["1a"], number="99a", task="One more.")
    seen = read_progress({**EXERCISES, "99a": late})
    assert [line.number for line in seen.exercises] == [*EXERCISES, "99a"]
    assert [line.notebook for line in seen.exercises[:-1]] == [stems[one[:-1].zfill(2)] for one in EXERCISES]
    assert seen.exercises[-1].notebook == "99"


def test_what_is_done_is_told_from_what_was_only_asked() -> None:
    solve("0a", "1a", "2a", "5b")
    solve("1b", "2a", done=False)
    solve("99z")
    seen = look()
    states = {line.number: line.state for line in seen.exercises}
    assert (states["1a"], states["1b"], states["2a"], states["2b"]) == (
        "done",
        "not yet",
        "done",
        "not asked",
    )
    assert seen.done == 4
    assert seen.next is not None
    assert seen.next.number == "1b"


def test_when_all_is_done_nothing_comes_next() -> None:
    solve(*EXERCISES)
    assert look().next is None
    assert "Everything is done." in repr(look())


def test_predictions_are_counted_answer_by_answer() -> None:
    remember("prediction", {"plan": PLAN, "right": [True, False, True]})
    remember("prediction", {"plan": {**PLAN, "order": "schema-first", "wait": None}, "right": [True]})
    seen = look()
    assert "3 of 4 predictions right." in repr(seen)
    assert [one.score for one in seen.predictions] == ["2 of 3 right", "1 of 1 right"]
    assert "2 of 3 right  add a column, code-first, db push after 8 s, a build of 4 s" in repr(seen)


NO_PREDICTIONS: list[dict[str, Any]] = [
    {"right": "yes", "plan": PLAN},
    {"right": [], "plan": PLAN},
    {"right": [True, 1], "plan": PLAN},
    {"right": [True], "plan": {**PLAN, "order": "<img src=x onerror=alert(1)>"}},
    {"right": [True], "plan": {**PLAN, "wait": ""}},
    {"right": [True], "plan": {**PLAN, "later": 1}},
    {"right": [True], "plan": ["add"]},
    {"right": [True], "plan": {**PLAN, "build": "4"}},
]


@pytest.mark.parametrize("entry", NO_PREDICTIONS)
def test_a_prediction_that_cannot_be_one_is_passed_over(entry: dict[str, Any]) -> None:
    remember("prediction", entry)
    assert look().predictions == ()
    assert look().facts()["predictions"] == []


def test_broken_lines_change_nothing() -> None:
    solve("1a")
    with progress_file().open("ab") as file:
        file.write(b'\xff\xfe\n[]\n"x"\n{"kind": "exercise"}\n{"kind": "exercise", "number": "1b", "do')
    solve("2a")
    assert look().done == 2


def test_the_forms_say_the_same() -> None:
    solve("0a", "1a")
    solve("1b", done=False)
    remember("prediction", {"plan": PLAN, "right": [True, False, True]})
    seen = look()
    facts = json.loads(seen.json())
    assert facts == seen.facts()
    assert (facts["done"], facts["total"]) == (2, len(EXERCISES))
    assert facts["next"]["number"] == "1b"
    assert facts["predictions"][0]["right"] == [True, False, True]
    text = seen.markdown()
    assert text.count("- [x] ") == 2
    assert text.count("- [ ] ") == len(EXERCISES) - 2
    assert text.count("(asked, not yet done)") == 1
    assert "2 of 3 right" in text


BELIEVED: dict[str, Any] = {
    "key": "5.3",
    "question": "How many?",
    "answer": 70,
    "said": "70 views",
    "measured": 60,
    "was": "60 views",
    "right": False,
}
UNANSWERED: dict[str, Any] = {**BELIEVED, "key": "5.4", "answer": None, "said": "", "right": None}
UNMEASURED: dict[str, Any] = {**BELIEVED, "key": "2.1", "measured": None, "was": "", "right": None}


def test_what_cells_asked_counts_with_what_the_panel_asked_and_stands_by_notebook() -> None:
    remember("prediction", {"plan": PLAN, "right": [True, False, True]})
    for entry in (BELIEVED, {**BELIEVED, "key": "5.2", "right": True}, UNANSWERED, UNMEASURED):
        remember("predicted", entry)
    seen = look()
    assert "3 of 5 predictions right." in repr(seen)
    assert seen.believed_rows() == [
        ("02", "2.1", "-", "How many?", "said 70 views, not measured yet"),
        ("05", "5.2", "✓", "How many?", "said 70 views, was 60 views"),
        ("", "5.3", "✗", "How many?", "said 70 views, was 60 views"),
        ("", "5.4", "-", "How many?", "not predicted, was 60 views"),
    ]
    facts = json.loads(seen.json())
    assert len(facts["predictions"]) == 1
    assert facts["believed"][2] == {
        "key": "5.3",
        "notebook": "05",
        "question": "How many?",
        "said": "70 views",
        "was": "60 views",
        "right": False,
    }
    assert (facts["believed"][0]["was"], facts["believed"][3]["said"]) == (None, None)
    assert "- ✗ **5.3** How many? said 70 views, was 60 views" in seen.markdown()


def test_what_a_file_holds_besides_text_stays_there() -> None:
    remember("predicted", {**BELIEVED, "question": "\x1b[2J\nmany?"})
    assert "\x1b" not in repr(look())
    assert "\n" not in look().believed[0].question
