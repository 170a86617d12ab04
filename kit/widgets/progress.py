"""The learner's progress over all notebooks, and what they predicted in one of them, as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import ipywidgets

from kit.draw import Markup, TableRow, draw_element, draw_paragraph, draw_style, draw_table
from kit.errors import KitError
from kit.lesson.exercises import EXERCISES
from kit.lesson.prediction import Believed, find_believed
from kit.lesson.progress import Overview, read_progress
from kit.widgets.accessibility import Readable
from kit.widgets.cell_events import replace_former

_STATES = {
    "done": "✓ done",
    "not yet": "not yet",
    "not asked": draw_element("span", "not asked", class_="kw-soft"),
}
_MARKS = {True: "✓ yes", False: "✗ no", None: "-"}


class _StoredTable(Readable, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no type information
    """A table of what the progress file says when the cell runs; what is stored tells of nobody's progress.

    Args:
        draw: reads the file; an error about it is shown in the table's place.
    """

    def __init__(self, draw: Callable[[], Markup]) -> None:
        """Read the file."""
        try:
            shown = draw()
        except KitError as error:
            shown = draw_element("div", draw_paragraph(str(error)), class_="kw-panel")
        style = draw_style(__file__, "deploy_picture", "panel", "progress")
        super().__init__([ipywidgets.HTML(style), ipywidgets.HTML(shown)])
        self.add_class("kw-progress-table")
        replace_former(self)


class ProgressTable(_StoredTable):
    """Which exercises are done, which predictions were right, what comes next; as of when the cell ran."""

    def __init__(self) -> None:
        """Read the progress file; an error about it is shown in the table's place."""
        super().__init__(lambda: draw_progress(read_progress(EXERCISES)))

    def __repr__(self) -> str:
        """Say where to see it; always the same, so that a stored notebook tells of nobody's progress."""
        return "Your progress. Run this cell in JupyterLab to see it, or type: python -m kit progress"


class PredictionTable(_StoredTable):
    """What one believed in a notebook, beside what its runs measured; as of when the cell ran.

    Args:
        notebook: its number: "05".
    """

    def __init__(self, notebook: str | int) -> None:
        """Read the progress file; an error about it is shown in the table's place."""
        number = str(notebook).zfill(2)
        super().__init__(lambda: draw_believed([each for each in find_believed() if each.notebook == number]))

    def __repr__(self) -> str:
        """Say where to see it; always the same, so that a stored notebook tells of nobody's predictions."""
        return "What you believed, and what was. Run this cell in JupyterLab, or type: python -m kit progress"


def draw_progress(overview: Overview) -> Markup:
    """Return the progress as HTML."""
    rows = []
    for notebook, lines in overview.by_notebook():
        rows.append(TableRow((notebook,)))
        for line in lines:
            cells = (line.number, _STATES[line.state], line.task)
            rows.append(TableRow(cells, marked=line == overview.next))
    names = {0: "kw-name", 1: "kw-name"}
    parts = [draw_paragraph(sentence) for sentence in overview.sentences]
    parts.append(draw_table("Exercises", ("exercise", "state", "task"), rows, kinds=names, row_headers=False))
    if overview.believed:
        parts.append(_draw_predictions("Predictions", overview.believed))
    if overview.predictions:
        rows = [TableRow((foretold.score, str(foretold))) for foretold in overview.predictions]
        parts.append(
            draw_table(
                "Predictions in the deploy panel",
                ("answers", "deploy"),
                rows,
                kinds={0: "kw-name"},
                row_headers=False,
            )
        )
    return draw_element("div", *parts, class_="kw-panel kw-progressed")


def draw_believed(believed: Sequence[Believed]) -> Markup:
    """Return one notebook's predictions as HTML."""
    judged = [each.right for each in believed if each.right is not None]
    said = f"{sum(judged)} of {len(judged)} predictions right." if judged else "Nothing predicted yet."
    parts = [draw_paragraph(said)]
    if believed:
        parts.append(_draw_predictions("What you believed, and what was", believed))
    return draw_element("div", *parts, class_="kw-panel kw-progressed")


def _draw_predictions(caption: str, believed: Iterable[Believed]) -> Markup:
    rows = []
    for each in believed:
        said = each.said or draw_element("span", "not predicted", class_="kw-soft")
        was = each.was or draw_element("span", "not measured yet", class_="kw-soft")
        rows.append(TableRow((each.key, _MARKS[each.right], each.question, said, was)))
    names = {0: "kw-name", 1: "kw-name"}
    head = ("step", "right", "question", "you said", "it was")
    return draw_table(caption, head, rows, kinds=names, row_headers=False)
