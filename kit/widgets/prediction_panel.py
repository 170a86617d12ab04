"""A prediction in JupyterLab: a field, buttons or a grid to answer with, until the run has been measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import traitlets

from kit.draw import pack_style
from kit.errors import BadInput
from kit.experiments.matrix import TwoByTwo
from kit.lesson.prediction import Judgement, Prediction
from kit.lesson.questions import TENTH, ChoiceQuestion, MarksQuestion, NumberQuestion, Question
from kit.widgets.accessibility import DrawnWidget
from kit.widgets.cell_events import replace_former


class AskedPrediction(Prediction):
    """A prediction that JupyterLab shows with something to press."""

    def was(self, value: object, *, after: object = None) -> Judgement:
        """Judge the answer by what a run has measured; of a `TwoByTwo`, by the pairs that broke.

        Args:
            value: what was measured: a number, the text of an option (True and False: "yes" and "no"),
                options that hold, pairs of a row and a column, or a `TwoByTwo`, which is shown, too.
            after: the run itself, to be shown above the judgement.

        Raises:
            BadInput: if the question asks for something of another kind.
        """
        if not isinstance(value, TwoByTwo):
            return super().was(value, after=after)
        broken = [(f"{cell.code} code", f"{cell.schema} schema") for cell in value.cells if not cell.works]
        return super().was(broken, after=value if after is None else after)

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the widget and the text; only a program that shows widgets calls this."""
        return PredictionPanel(self)._repr_mimebundle_(**options)


class PredictionPanel(DrawnWidget):
    """What `prediction_panel.js` draws of a prediction; it sends back answers, and is told how they stand.

    Args:
        prediction: what is asked.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = pack_style(__file__, "prediction_panel")
    question = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, prediction: Prediction) -> None:
        """Show the question, and what was answered before."""
        self._prediction = prediction
        super().__init__(question=prediction.question.facts(), state=_read_state(prediction))
        prediction.listen(self._show)
        self.on_msg(self._receive)
        replace_former(self)

    def __repr__(self) -> str:
        """Ask in text."""
        return repr(self._prediction)

    def _show(self) -> None:
        self.state = _read_state(self._prediction)

    def _receive(self, _: object, content: Mapping[str, Any], __: object) -> None:
        """Take an answer; what is unclear about it, the prediction notes."""
        if "answer" in content:
            try:
                self._prediction.commit(content["answer"])
            except BadInput:
                self._show()


def predict(
    key: str,
    question: str,
    *options: str,
    several: bool = False,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    unit: str = "",
    within: float = TENTH,
    answer: object = None,
) -> Prediction:
    """Ask for a prediction: a number; with options, one of them; with rows and columns, crosses in a grid.

    Show what this returns, run what it is about, then call its `was` with what was measured.

    Args:
        key: notebook and step: "5.3"; used again, it replaces the former prediction.
        question: in a sentence.
        options: to choose from.
        several: whether several options, none or all may be right.
        rows: of a grid, from top to bottom.
        columns: of a grid, from left to right.
        unit: what a number counts: "views", "s".
        within: the share of what is measured by which a number may miss; 0 for not at all.
        answer: what you say, where there are no widgets: 60, "60 views", a word of an option.

    Raises:
        BadInput: if the question can be answered in no way, or in two.
    """
    asked: Question
    grid = bool(rows or columns)
    if grid and options:
        raise BadInput("A grid has no options.", remedy="Give options, or rows and columns.")
    if grid:
        asked = MarksQuestion.of_grid(question, rows, columns)
    elif several:
        asked = MarksQuestion(question, options)
    elif options:
        asked = ChoiceQuestion(question, options)
    else:
        asked = NumberQuestion(question, unit, within)
    return AskedPrediction(key, asked, answer)


def _read_state(prediction: Prediction) -> dict[str, Any]:
    """Return what the page shows of how a prediction stands."""
    value = prediction.value
    return {
        "value": value if value is None or isinstance(value, str | float) else list(value),
        "note": prediction.note,
        "fixed": prediction.fixed,
        "right": prediction.right,
    }
