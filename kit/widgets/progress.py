"""The learner's progress over all notebooks, as a table."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets

from kit.draw import SHEET
from kit.errors import KitError
from kit.lesson.exercises import EXERCISES
from kit.lesson.progress import Overview, look_over
from kit.widgets import cell_events as cells

_STATES = {
    "done": "&#10003; done",
    "not yet": "not yet",
    "not asked": "<span class='kw-soft'>not asked</span>",
}
_SHEET = """
.kw-progressed table{margin-top:6px}
.kw-progress-table.jupyter-widgets-disconnected::before,
.kw-progress-table .jupyter-widgets-disconnected::before{display:none}
.kw-panel.kw-progressed th,.kw-panel.kw-progressed td{text-align:left;vertical-align:top;white-space:normal;
padding:2px 16px 2px 0}
.kw-panel.kw-progressed td.kw-name{white-space:nowrap}
.kw-panel.kw-progressed tbody th{font-weight:700;border-top:1px solid var(--kw-line);padding-top:6px}
.kw-panel.kw-progressed tbody th:first-child{font-weight:700}
.kw-panel.kw-progressed tr.kw-next td{font-weight:700}
"""


class ProgressTable(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no type information
    """Which exercises are done, which predictions were right, what comes next; as of when the cell ran."""

    def __init__(self) -> None:
        """Read the progress file; an error about it is shown in the table's place."""
        try:
            shown = draw_progress(look_over(EXERCISES))
        except KitError as error:
            shown = f"<div class='kw-panel'><p>{'<br>'.join(escape(str(error)).splitlines())}</p></div>"
        super().__init__([ipywidgets.HTML(f"<style>{SHEET}{_SHEET}</style>"), ipywidgets.HTML(shown)])
        self.add_class("kw-progress-table")
        cells.replace_former(self)

    def __repr__(self) -> str:
        """Say where to see it; always the same, so that a stored notebook tells of nobody's progress."""
        return "Your progress. Run this cell in JupyterLab to see it, or type: python -m kit progress"

    def _repr_mimebundle_(self, **options: object) -> dict[str, Any]:
        """Return the widget, and the text for where there is none."""
        bundle: dict[str, Any] = dict(super()._repr_mimebundle_(**options) or {})
        bundle["text/plain"] = repr(self)
        return bundle


def draw_progress(overview: Overview) -> str:
    """Return the progress as HTML.

    Args:
        overview: what to show.
    """
    body, notebook = "", ""
    for line in overview.exercises:
        if line.notebook != notebook:
            notebook = line.notebook
            body += f"<tr><th scope='rowgroup' colspan='3'>{escape(notebook)}</th></tr>"
        mark = " class='kw-next'" if line == overview.next else ""
        body += (
            f"<tr{mark}><td class='kw-name'>{escape(line.number)}</td>"
            f"<td class='kw-name'>{_STATES[line.state]}</td><td>{escape(line.task)}</td></tr>"
        )
    head = "".join(f"<th scope='col'>{name}</th>" for name in ("exercise", "state", "task"))
    return (
        f"<div class='kw-panel kw-progressed'>{_paragraphs(overview)}"
        f"<table><caption>Exercises</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"{_predictions(overview)}</div>"
    )


def _paragraphs(overview: Overview) -> str:
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in overview.sentences)


def _predictions(overview: Overview) -> str:
    if not overview.predictions:
        return ""
    body = "".join(
        f"<tr><td class='kw-name'>{one.score}</td><td>{escape(str(one))}</td></tr>"
        for one in overview.predictions
    )
    return (
        "<table><caption>Predictions</caption><thead><tr><th scope='col'>answers</th>"
        f"<th scope='col'>deploy</th></tr></thead><tbody>{body}</tbody></table>"
    )
