"""A plan in plain ASCII: what a reader sees of the panel where there are no widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kit.experiments.changes import Columns
from kit.experiments.prediction import SHORT, Turn, planned_pushes, planned_span, predict
from kit.experiments.rehearsal import Plan
from kit.widgets.axis import Axis, say_instant, say_seconds
from kit.widgets.words import describe, say_has, say_writes

_NAME, _CELLS = 10, 80


def draw_text_panel(plan: Plan) -> str:
    """Return what a plan should lead to as lines of ASCII, the same for the same plan.

    Args:
        plan: what is to be rehearsed.
    """
    expected = predict(plan)
    axis = Axis(*planned_span(plan))

    def cell(at: float) -> int:
        return round(axis.x(at) / 100 * _CELLS)

    def lane(turns: Sequence[Turn], say: Callable[[Columns], str], builds: Sequence[float] = ()) -> str:
        # A deployment that leaves the columns as they are is none that matters here.
        turns = [
            turn
            for number, turn in enumerate(turns)
            if not number or turn.columns != turns[number - 1].columns
        ]
        starts = [0, *(cell(turn.at) for turn in turns[1:])]
        ends = [*starts[1:], _CELLS]
        cells = ["-"] * ends[0] + ["="] * (_CELLS - ends[0])
        several = len(turns) > 2  # noqa: PLR2004 - more than an old and a new one
        old = min([starts[1], *map(cell, builds)])
        labels = [" old ", *(f" {say(turn.columns)} " if several else " new " for turn in turns[1:])]
        for number, (start, end, label) in enumerate(zip(starts, ends, labels, strict=True)):
            if number > 1:
                cells[start] = "|"
            _write(cells, start + 1, old if number == 0 else end, label)
        if not several:
            for start in map(cell, builds):
                cells[start : starts[1]] = "~" * (starts[1] - start)
                _write(cells, start + 1, starts[1], "building")
        return "".join(cells)

    builds = [] if plan.order == "expand-contract" else [0.0]
    lines = [
        "Deploy panel. Run this cell in JupyterLab to press Deploy for real; until then, the prediction:",
        describe(plan),
        "",
        _marks(plan, cell),
        f"{'code':{_NAME}}{lane(expected.code, say_writes, builds)}",
        f"{'schema':{_NAME}}{lane(expected.schema, say_has)}",
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


def _marks(plan: Plan, cell: Callable[[float], int]) -> str:
    """Return the line of the pushes, each at its cell; side by side where there is no room for that."""
    line = f"{'commands':{_NAME}}"
    pushes = planned_pushes(plan)
    room = _CELLS // len(pushes)
    for push in pushes:
        texts = (f"v {push.text}", f"v {SHORT[push.text]}", "v")
        text = next(text for text in texts if len(text) < room or text == "v")
        column = _NAME + cell(push.at)
        line = f"{line:{column}}{text}" if len(line) <= column else f"{line} {text}"
    return line


def _write(cells: list[str], start: int, end: int, text: str) -> None:
    """Put a text upon a lane, if there is room."""
    if end - start > len(text):
        cells[start : start + len(text)] = text
