"""The learner's progress over all notebooks, as a table."""

from __future__ import annotations

import ipywidgets

from kit.draw import Markup, TableRow, draw_element, draw_paragraph, draw_style, draw_table
from kit.errors import KitError
from kit.lesson.exercises import EXERCISES
from kit.lesson.progress import Overview, read_progress
from kit.widgets.accessibility import Readable
from kit.widgets.cell_events import replace_former

_STATES = {
    "done": "✓ done",
    "not yet": "not yet",
    "not asked": draw_element("span", "not asked", class_="kw-soft"),
}


class ProgressTable(Readable, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no type information
    """Which exercises are done, which predictions were right, what comes next; as of when the cell ran."""

    def __init__(self) -> None:
        """Read the progress file; an error about it is shown in the table's place."""
        try:
            shown = draw_progress(read_progress(EXERCISES))
        except KitError as error:
            shown = draw_element("div", draw_paragraph(str(error)), class_="kw-panel")
        style = draw_style(__file__, "deploy_picture", "panel", "progress")
        super().__init__([ipywidgets.HTML(style), ipywidgets.HTML(shown)])
        self.add_class("kw-progress-table")
        replace_former(self)

    def __repr__(self) -> str:
        """Say where to see it; always the same, so that a stored notebook tells of nobody's progress."""
        return "Your progress. Run this cell in JupyterLab to see it, or type: python -m kit progress"


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
    if overview.predictions:
        rows = [TableRow((foretold.score, str(foretold))) for foretold in overview.predictions]
        parts.append(
            draw_table("Predictions", ("answers", "deploy"), rows, kinds={0: "kw-name"}, row_headers=False)
        )
    return draw_element("div", *parts, class_="kw-panel kw-progressed")
