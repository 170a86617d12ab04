from __future__ import annotations

from pathlib import Path

import pytest

from kit.lesson.exercise import Assessment, Condition
from kit.lesson.exercises import EXERCISES
from kit.lesson.progress import find_asked, record
from kit.world.home import progress_file, recall, remember


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_HOME", str(tmp_path))


def say(number: str, *, done: bool) -> None:
    record(Assessment(exercise=EXERCISES[number], conditions=(Condition("It is so.", met=done),)))


def test_the_first_not_yet_and_the_first_done_are_kept_and_nothing_else() -> None:
    for done in (False, False, True, True, False):
        say("1a", done=done)
    say("1b", done=True)
    assert [(one["number"], one["done"]) for one in recall("exercise")] == [
        ("1a", False),
        ("1a", True),
        ("1b", True),
    ]
    assert find_asked() == {"1a": True, "1b": True}


def test_what_two_writers_wrote_at_the_same_time_is_one_answer() -> None:
    for done in (True, False, True):
        remember("exercise", {"number": "1a", "done": done})
    assert find_asked() == {"1a": True}


def test_entries_of_another_form_are_passed_over() -> None:
    remember("exercise", {"number": ["1a"], "done": True})
    remember("exercise", {"number": "1b", "done": "yes"})
    remember("exercise", {})
    assert find_asked() == {}


def test_a_verdict_is_given_where_nothing_can_be_kept() -> None:
    progress_file().mkdir()
    say("1a", done=True)
    assert progress_file().is_dir()
