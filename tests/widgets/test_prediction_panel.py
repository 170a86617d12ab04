from __future__ import annotations

from pathlib import Path

import pytest

from kit import predict
from kit.errors import BadInput
from kit.experiments.matrix import Age, Cell, Tried, TwoByTwo
from kit.lesson import prediction as module
from kit.lesson.prediction import Prediction
from kit.timeline import Outcome
from kit.widgets.prediction_panel import AskedPrediction, PredictionPanel

AGES: tuple[Age, Age] = ("old", "new")
ROWS, COLUMNS = ("old code", "new code"), ("old schema", "new schema")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_HOME", str(tmp_path))
    monkeypatch.setattr(module, "_measured", set())


def views() -> Prediction:
    return predict("5.3", "How many views are lost?", unit="views")


def stored(prediction: Prediction) -> dict[str, object]:
    assert isinstance(prediction, AskedPrediction)
    return prediction._repr_mimebundle_()[0]


def broken(*pairs: tuple[Age, Age]) -> TwoByTwo:
    def cell(code: Age, schema: Age) -> Cell:
        outcome: Outcome = "lost" if (code, schema) in pairs else "ok"
        return Cell(code=code, schema=schema, tried=(Tried(what="view", outcome=outcome),))

    return TwoByTwo(title="a change", cells=tuple(cell(code, schema) for code in AGES for schema in AGES))


def test_the_page_is_told_how_the_answer_stands() -> None:
    asked = views()
    panel = PredictionPanel(asked)
    assert panel.state == {"value": None, "note": "", "fixed": False, "right": None}
    panel._receive(None, {"answer": "70 views"}, None)
    assert panel.state["value"] == 70
    assert panel.state["note"].startswith("You say: 70 views.")
    panel._receive(None, {"answer": "many"}, None)
    assert panel.state["note"].startswith("Not understood: 'many'")
    assert panel.state["value"] == 70

    asked.was(60)

    assert panel.state["fixed"]
    assert panel.state["right"] is False
    panel.close()


@pytest.mark.parametrize(
    "content", [{}, {"do": "x"}, {"answer": None}, {"answer": {"a": [1]}}, {"answer": []}]
)
def test_nothing_that_a_page_sends_raises(content: dict[str, object]) -> None:
    for asked in (
        views(),
        predict("5.4", "Which?", rows=ROWS, columns=COLUMNS),
        predict("5.5", "Which?", "a", "b"),
    ):
        panel = PredictionPanel(asked)
        panel._receive(None, content, None)
        panel.close()


def test_what_is_stored_is_the_text_alone_and_the_same_for_everybody() -> None:
    first = stored(views())
    views().commit(60)
    second = stored(views())
    assert first["text/plain"] == second["text/plain"] == repr(views())
    assert set(first) == {"text/plain", "application/vnd.jupyter.widget-view+json"}


def test_a_two_by_two_is_shown_and_judges() -> None:
    measured = broken(("new", "old"))
    judged = predict("9.1", "Which break?", rows=ROWS, columns=COLUMNS, answer="new code, old schema").was(
        measured
    )
    assert judged.right
    assert repr(judged).startswith(repr(measured).rstrip("\n"))
    none = predict("9.2", "Which break?", rows=ROWS, columns=COLUMNS, answer="none").was(broken())
    assert none.text == "You said: none of them, and so it was."


def test_the_kind_follows_from_what_is_given() -> None:
    kinds = [
        predict("5.1", "How many?").question,
        predict("5.1", "Which?", "a", "b").question,
        predict("5.1", "Which?", "a", "b", several=True).question,
        predict("5.1", "Which?", rows=ROWS, columns=COLUMNS).question,
    ]
    assert [question.facts()["kind"] for question in kinds] == ["number", "choice", "several", "grid"]


@pytest.mark.parametrize("options", [("one",), ("a", "b")])
def test_a_question_of_two_kinds_is_refused(options: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        predict("5.1", "Which?", *options, rows=("r", "s"))
