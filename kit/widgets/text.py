"""A plan in plain ASCII: what a reader sees of the panel where there are no widgets."""

from __future__ import annotations

from operator import itemgetter

from kit.scenario import Plan
from kit.widgets.axis import Axis, say_instant, say_seconds
from kit.widgets.prediction import planned_pushes, planned_span, predict
from kit.widgets.words import describe

_NAME, _CELLS = 10, 80


def draw_text_panel(plan: Plan) -> str:
    """Return what a plan should lead to as lines of ASCII, the same for the same plan.

    Args:
        plan: what is to be rehearsed.
    """
    expected = predict(plan)
    pushes = planned_pushes(plan)
    axis = Axis(*planned_span(plan))

    def cell(at: float) -> int:
        return round(axis.x(at) / 100 * _CELLS)

    def lane(change: float, old: str, new: str, building: float | None = None) -> str:
        cells = ["-"] * cell(change) + ["="] * (_CELLS - cell(change))
        if building is not None:
            cells[cell(building) : cell(change)] = "~" * (cell(change) - cell(building))
            _write(cells, cell(building) + 1, cell(change), "building")
        _write(cells, 1, cell(change if building is None else building), old)
        _write(cells, cell(change) + 1, _CELLS, new)
        return "".join(cells)

    lines = [
        "Deploy panel. Run this cell in JupyterLab to press Deploy for real; until then, the prediction:",
        describe(plan),
        "",
        _marks(plan, cell(pushes[0]), cell(pushes[1])),
        f"{'code':{_NAME}}{lane(expected.code_live, ' old ', ' new ', 0.0)}",
        f"{'schema':{_NAME}}{lane(expected.schema_new, ' old ', ' new ')}",
    ]
    views = ["."] * _CELLS
    verdict = "never broken"
    if expected.window:
        start, end = cell(expected.window.start), cell(expected.window.end)
        views[start:end] = ("o" if expected.outcome == "lost" else "x") * (end - start)
        verdict = (
            f"broken for {say_seconds(expected.broken_s)}, "
            f"from {say_instant(expected.window.start)} to {say_instant(expected.window.end)}"
        )
    lines += [f"{'visitors':{_NAME}}{''.join(views)}", f"{'':{_NAME}}predicted: {verdict}"]
    return "\n".join(line.rstrip() for line in lines)


def _marks(plan: Plan, git: int, database: int) -> str:
    """Return the line of the two pushes, each at its cell; side by side where they are at the same one."""
    if plan.order == "together":
        return f"{'commands':{_NAME}}{' ' * git}v git push && db push"
    (first, one), (second, other) = sorted([(database, "v db push"), (git, "v git push")], key=itemgetter(0))
    line = " " * first + one
    return f"{'commands':{_NAME}}{line:{max(second, len(line) + 1)}}{other}"


def _write(cells: list[str], start: int, end: int, text: str) -> None:
    """Put a text upon a lane, if there is room."""
    if end - start > len(text):
        cells[start : start + len(text)] = text
