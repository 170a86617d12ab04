from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kit.lesson.exercises import EXERCISES
from kit.lesson.progress import read_progress
from kit.widgets import PredictionTable, ProgressTable
from kit.widgets.progress import draw_progress
from kit.world.home import progress_file, remember

PLAN = {"change": "add", "order": "code-first", "wait": 8.0, "build": 4.0, "rate": 20.0}
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_HOME", str(tmp_path))


def shown(table: ProgressTable | PredictionTable) -> str:
    return str(table.children[1].value)


def test_it_shows_what_is_done_and_what_comes_next() -> None:
    remember("exercise", {"number": "0a", "done": True})
    remember("prediction", {"plan": PLAN, "right": [True, False, True]})
    html = shown(ProgressTable())
    assert html.count("✓ done") == 1
    assert html.count("not asked") == len(EXERCISES) - 1
    assert html.count("class='kw-marked'") == 1
    assert "Next: 1a in 01_prepare_feature." in html
    assert "2 of 3 right" in html


def test_its_text_tells_of_nobodys_progress() -> None:
    """A stored notebook is compared with another learner's run."""
    before = ProgressTable()._repr_mimebundle_()
    remember("exercise", {"number": "1a", "done": True})
    after = ProgressTable()._repr_mimebundle_()
    assert before["text/plain"] == after["text/plain"] == repr(ProgressTable())
    assert set(before) == {"text/plain", "application/vnd.jupyter.widget-view+json"}


def test_a_file_that_cannot_be_read_is_told_in_its_place() -> None:
    progress_file().mkdir()
    html = shown(ProgressTable())
    assert "your progress cannot be used" in html
    assert "What to do:" in html


def believe(key: str, *, said: str = "70 views", right: bool | None = False, question: str = "Many?") -> None:
    facts = {"said": said, "was": "60 views", "right": right, "answer": 70 if said else None}
    remember("predicted", {"key": key, "question": question, "measured": 60, **facts})


@pytest.mark.parametrize("notebook", ["05", "5", 5])
def test_a_notebook_ends_with_what_one_believed_in_it(notebook: str | int) -> None:
    believe("5.2", right=True)
    believe("5.3")
    believe("5.4", said="", right=None)
    believe("6.1", question="Elsewhere?")
    html = shown(PredictionTable(notebook))
    assert "1 of 2 predictions right." in html
    assert (html.count("✓ yes"), html.count("✗ no"), html.count("not predicted")) == (1, 1, 1)
    assert "Elsewhere?" not in html
    assert "Elsewhere?" in shown(ProgressTable())


def test_the_text_of_that_is_the_same_for_everybody() -> None:
    before = PredictionTable("05")._repr_mimebundle_()
    believe("5.3")
    after = PredictionTable("05")._repr_mimebundle_()
    assert before["text/plain"] == after["text/plain"] == repr(PredictionTable("05"))
    assert "Nothing predicted yet." in shown(PredictionTable("06"))


def test_a_question_of_a_file_is_escaped() -> None:
    believe("5.3", question=EVIL)
    assert EVIL not in shown(PredictionTable("05"))


def test_every_text_is_escaped() -> None:
    evil = replace(EXERCISES["1a"], task=EVIL, number="1<b>")
    assert EVIL not in draw_progress(read_progress({"1<b>": evil}))
    assert "<b>" not in draw_progress(read_progress({"1<b>": evil}))
