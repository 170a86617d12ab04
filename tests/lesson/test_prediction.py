from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.errors import BadInput
from kit.lesson import prediction as module
from kit.lesson.prediction import Prediction, find_believed
from kit.lesson.questions import ChoiceQuestion, NumberQuestion
from kit.world.home import progress_file, remember

VIEWS = NumberQuestion("How many views are lost?", "views")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_HOME", str(tmp_path))
    restart(monkeypatch)


def restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a kernel knows."""
    monkeypatch.setattr(module, "_measured", set())


def ask(answer: object = None, key: str = "5.3") -> Prediction:
    return Prediction(key, VIEWS, answer)


def test_unanswered_it_asks_and_goes_on() -> None:
    asked = ask()
    assert repr(asked).splitlines() == [
        "Predict: How many views are lost?",
        "A number of views; within a tenth is right.",
        "Answer in JupyterLab, or here: add answer=… to this call.",
    ]
    assert repr(asked.was(60)) == "Not predicted. It was 60 views."
    assert ask(...).value is None


def test_an_answer_can_be_changed_until_the_run_judges_it() -> None:
    asked = ask()
    asked.commit("70 views")
    asked.commit("~58")
    assert asked.note == "You say: 58 views. You may change it until the run judges it."
    judged = asked.was(60)

    assert repr(judged) == "✓ You said 58 views; it was 60 views: within a tenth."
    assert asked.fixed
    asked.commit(60)
    assert asked.value == 58
    assert asked.note.endswith("Your first answer stays.")


def test_an_answer_after_the_measurement_does_not_count() -> None:
    asked = ask()
    asked.was(60)
    asked.commit(60)
    assert (
        asked.note == "That was measured before you answered, so the answer does not count. It was 60 views."
    )
    assert asked.was(60).right is None
    assert [(each.said, each.right) for each in find_believed()] == [("", None)]


def test_nor_does_one_after_the_cell_that_asks_was_run_again() -> None:
    ask().was(60)
    again = ask(60)
    assert "does not count" in repr(again)
    assert again.was(60).right is None


def test_in_a_new_kernel_one_may_answer_what_was_never_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    ask().was(60)
    restart(monkeypatch)
    assert ask(60).was(60).right


def test_run_once_more_the_first_answer_stays_and_the_last_measurement_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask(70).was(60)
    restart(monkeypatch)
    again = ask()
    assert (again.value, again.fixed, again.right) == (70, True, False)
    again.commit(60)
    assert again.value == 70
    assert again.was(71).right
    (believed,) = find_believed()
    assert (believed.said, believed.was, believed.right) == ("70 views", "71 views", True)


def test_an_answer_that_was_not_judged_is_there_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    ask(70)
    restart(monkeypatch)
    again = ask()
    assert (again.value, again.fixed) == (70, False)
    again.commit(60)
    assert again.was(60).right


def test_a_key_with_another_question_begins_anew() -> None:
    ask(70).was(60)
    other = Prediction("5.3", ChoiceQuestion("Will it break?", ("yes", "no")))
    assert other.value is None
    other.commit("y")
    other.was(True)  # noqa: FBT003 - what a run says
    assert [(each.question, each.said) for each in find_believed()] == [("Will it break?", "yes")]


def test_an_unclear_answer_is_told_and_the_former_one_stays() -> None:
    asked = ask(60)
    with pytest.raises(BadInput):
        asked.commit("many")
    assert asked.note.startswith("Not understood: 'many' holds no number.")
    assert asked.value == 60
    asked.commit("61")
    assert asked.note.startswith("You say: 61 views.")
    assert "Not understood" in repr(ask("some"))


def test_who_listens_is_told_of_every_change() -> None:
    told: list[str] = []
    asked = ask()
    asked.listen(lambda: told.append(asked.note))
    asked.commit(60)
    with pytest.raises(BadInput):
        asked.commit("many")
    asked.was(60)
    assert [text.split(maxsplit=1)[0] for text in told] == ["You", "Not", "You"]


def test_the_run_is_shown_above_the_judgement() -> None:
    class Ran:
        def __repr__(self) -> str:
            return "<done>\n"

    judged = ask(60).was(60, after=Ran())
    assert repr(judged) == "<done>\n\n✓ You said 60 views, and so it was."
    html = judged._repr_html_()
    assert html.index("&lt;done&gt;") < html.index("Right.")
    assert judged.right


def test_a_drawing_is_shown_as_it_is_drawn() -> None:
    class Drawn:
        def _repr_html_(self) -> str:
            return "<b>drawn</b>"

    assert ask().was(60, after=Drawn())._repr_html_().startswith("<b>drawn</b>")


@pytest.mark.parametrize("key", ["5", "five", "", "5.", "x5.3", "5.3-"])
def test_a_key_begins_with_the_notebooks_number(key: str) -> None:
    with pytest.raises(BadInput):
        ask(key=key)


def test_they_are_listed_in_the_order_of_their_keys() -> None:
    for key in ("10.1", "5.3b", "5.3", "5.10"):
        ask(60, key)
    assert [(each.key, each.notebook) for each in find_believed()] == [
        ("5.3", "05"),
        ("5.3b", "05"),
        ("5.10", "05"),
        ("10.1", "10"),
    ]


@pytest.mark.parametrize(
    "entry",
    [{}, {"key": 5}, {"key": "5.3", "question": "?", "said": "", "was": None}, {"key": "x", "right": True}],
)
def test_an_entry_of_nobodys_is_passed_over(entry: dict[str, Any]) -> None:
    remember("predicted", entry)
    assert find_believed() == ()
    assert ask().value is None


def test_without_a_file_that_can_be_written_the_lesson_goes_on() -> None:
    progress_file().mkdir()
    asked = ask(60)
    assert asked.was(60).right


def test_an_answer_of_another_version_of_the_question_is_forgotten() -> None:
    facts = {"key": "5.3", "question": VIEWS.text, "said": "x", "was": "", "right": None}
    remember("predicted", {**facts, "answer": "x", "measured": None})
    assert ask().value is None
