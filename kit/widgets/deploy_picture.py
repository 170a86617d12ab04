"""Draw one deploy: lanes for code and schema, the broken window, what visitors saw."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from html import escape

from kit.experiments.measured import Build, Measured, Segment, measure
from kit.experiments.prediction import DB, SHORT, Prediction, planned_pushes, planned_span, predict
from kit.experiments.rehearsal import Plan
from kit.timeline import Record, Window
from kit.widgets.axis import Axis, fit, say_instant, say_seconds
from kit.widgets.bars import bar_seconds, draw_bars
from kit.widgets.lanes import draw_beside, draw_build, draw_lane, draw_line, draw_rest, draw_strip, draw_text
from kit.widgets.style import DRAWING, SHEET, patterns
from kit.widgets.tables import draw_error, draw_tables
from kit.widgets.turns import Turns
from kit.widgets.words import headline, say_has, say_writes

HEIGHT = 294
"""Of the drawing, in CSS pixels; the same before, during and after a run, so that nothing jumps."""
_MARKS = (13, 29)
_FORESEEN, _MEASURED, _CODE, _BUILD, _SCHEMA, _VISITORS, _FLOOR = 37, 56, 98, 123, 163, 211, 271


def draw_panel(
    timeline: Iterable[Record],
    plan: Plan,
    prediction: Prediction | None = None,
    *,
    width: str = "100%",
    now: float | None = None,
    ident: str = "kw",
    sheet: bool = True,
) -> str:
    """Return one deploy as HTML that is safe to show: a headline, a drawing, the first error, tables.

    The same arguments give the same text. It is readable from 280 CSS pixels on, holds nothing
    that takes the focus, and everything that came from elsewhere is escaped.

    Args:
        timeline: what happened so far, maybe nothing.
        plan: what is to be carried out.
        prediction: drawn below what was measured; None to keep it back.
        width: of the whole, in CSS.
        now: the time, in seconds of the clock, while the deploy goes on; None before and after.
        ident: letters and digits, other ones for each drawing of a page.
        sheet: with the style sheet; leave it out where the page has it already.
    """
    seen = measure(timeline, plan, now=now)
    running, several = now is not None, plan.order == "expand-contract"
    head = headline(plan, seen, running=running)
    style = f"<style>{SHEET}</style>" if sheet else ""
    return (
        f"<div class='kw-panel' style='width:{escape(width)}'>{style}"
        f"<p class='kw-head'><strong>{escape(head.text)}</strong>"
        f"<span class='kw-soft'>{escape(head.detail)}</span></p>"
        f"{_draw_svg(seen, plan, prediction, running=running, ident=ident)}"
        f"{draw_error(seen, running=running)}"
        f"{draw_tables(seen, prediction, ident, running=running, several=several)}</div>"
    )


def draw_picture(
    timeline: Iterable[Record], plan: Plan, prediction: Prediction | None = None, *, width: int = 900
) -> str:
    """Return the drawing alone as an SVG file, on paper of its own: for where there is no kernel.

    Args:
        timeline: what happened, maybe nothing.
        plan: what is to be carried out.
        prediction: drawn below what was measured, unless None.
        width: of the picture, in pixels.
    """
    seen = measure(timeline, plan)
    head = headline(plan, seen, running=False)
    inner = _draw_svg(seen, plan, prediction, running=False, ident="kwp").replace(
        "width='100%'", f"x='12' y='34' width='{width - 24}'", 1
    )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' class='kw-drawing' viewBox='0 0 {width} {HEIGHT + 44}' "
        f"width='{width}' height='{HEIGHT + 44}'><style>{DRAWING}</style>"
        "<rect width='100%' height='100%' style='fill:var(--kw-paper)'/>"
        f"<text x='12' y='22' class='kw-bold'>{escape(head.text)}"
        f"<tspan class='kw-note' dx='8'>{escape(head.detail)}</tspan></text>{inner}</svg>"
    )


def _draw_svg(
    seen: Measured | None, plan: Plan, prediction: Prediction | None, *, running: bool, ident: str
) -> str:
    axis = _axis(seen, plan)
    head = headline(plan, seen, running=running)
    label = escape(f"Timeline. {head.text}: {head.detail}.")
    parts = [
        f"<svg class='kw-drawing' role='img' width='100%' height='{HEIGHT}' aria-label='{label}'>",
        patterns(ident),
        _draw_windows(axis, seen, prediction, ident),
        *_draw_marks(axis, seen, plan),
        *_draw_names(axis, seen, plan),
        *_draw_code(axis, seen, prediction, plan, running=running, ident=ident),
        *_draw_schema(axis, seen, prediction, plan, running=running),
        *(draw_bars(axis, seen, plan, top=_VISITORS, floor=_FLOOR, ident=ident) if seen else ()),
        *_draw_axis(axis),
    ]
    if seen and running:
        parts.append(draw_line(axis.x(seen.now), _CODE - 6, _FLOOR, "kw-hand"))
    return "".join(parts) + "</svg>"


def _axis(seen: Measured | None, plan: Plan) -> Axis:
    """Return the plan's own span, so that the axis stands still meanwhile, or more if it takes longer."""
    start, end = planned_span(plan)
    if seen:
        start, end = min(start, seen.start), max(end, seen.now)
    return Axis(start, end)


def _draw_windows(axis: Axis, seen: Measured | None, prediction: Prediction | None, ident: str) -> str:
    parts = []
    foreseen = prediction.window if prediction else None
    if prediction:
        length = say_seconds(prediction.broken_s)
        texts = (
            [f"predicted: broken {length}", f"predicted {length}"] if foreseen else ["predicted: not broken"]
        )
        parts.append(draw_strip(axis, [foreseen] if foreseen else [], _FORESEEN, texts, f"{ident}-foreseen"))
        if foreseen and seen is None:
            parts.append(_shade(axis, foreseen, f"{ident}-foreseen", "kw-foreseen", "kw-dashed"))
    if seen:
        length = say_seconds(seen.broken_s)
        texts = [f"broken window: {length}", f"broken {length}"] if seen.windows else ["measured: not broken"]
        parts.append(draw_strip(axis, seen.windows, _MEASURED, texts, f"{ident}-window"))
        parts += [_shade(axis, one, f"{ident}-window", "kw-shade", "kw-edge") for one in seen.windows]
    return "".join(parts)


def _shade(axis: Axis, window: Window, pattern: str, ground: str, edge: str) -> str:
    x, width = axis.x(window.start), axis.width(window.start, window.end)
    top = _MEASURED + 14
    box = f"x='{x}%' y='{top}' width='{width}%' height='{_FLOOR - top}'"
    return (
        f"<rect {box} class='{ground}'/><rect {box} fill='url(#{pattern})' opacity='.6'/>"
        f"{draw_line(x, top, _FLOOR, edge)}{draw_line(axis.x(window.end), top, _FLOOR, edge)}"
    )


def _draw_names(axis: Axis, seen: Measured | None, plan: Plan) -> Iterable[str]:
    step = say_seconds(bar_seconds(axis, plan))
    rows = (
        (_CODE, "Code", "live on production"),
        (_SCHEMA, "Schema", "of the cloud database"),
        (_VISITORS, "Visitors", f"page views in {step} each" if seen else "nobody yet"),
    )
    for y, name, note in rows:
        yield draw_text(0, y - 6, f"{name}<tspan class='kw-note' dx='6'>{note}</tspan>", "kw-name", raw=True)


def _draw_code(
    axis: Axis, seen: Measured | None, prediction: Prediction | None, plan: Plan, *, running: bool, ident: str
) -> Iterable[str]:
    code = list(seen.code) if seen else [Segment(axis.start, 0.0, "", new=False)]
    turns = Turns(name="code", turns=predict(plan).code, say=say_writes)
    yield from draw_lane(axis, code, _CODE, turns.tell)
    if running or seen is None:
        done = len(code) - 1
        rest = turns.rest(done, shown=prediction is not None)
        yield from draw_rest(axis, code[-1], rest, y=_CODE, texts=turns.before(done))
    builds: list[Build | float] = [*(seen.builds if seen else ())]
    if running or seen is None:
        builds += [push.at for push in planned_pushes(plan) if push.text != DB][len(builds) :]
    for build in builds:
        now = seen.now if seen else 0.0
        yield draw_build(axis, build, now=now, takes=plan.build, y=_BUILD, ident=ident)


def _draw_schema(
    axis: Axis, seen: Measured | None, prediction: Prediction | None, plan: Plan, *, running: bool
) -> Iterable[str]:
    schema = list(seen.schema) if seen else [Segment(axis.start, planned_pushes(plan)[0].at, "", new=False)]
    turns = Turns(name="schema", turns=predict(plan).schema, say=say_has)
    yield from draw_lane(axis, schema, _SCHEMA, partial(turns.tell, sign=":"))
    if running or seen is None:
        done = len(schema) - 1
        rest = turns.rest(done, shown=prediction is not None)
        yield from draw_rest(axis, schema[-1], rest, y=_SCHEMA, texts=turns.before(done))


def _draw_marks(axis: Axis, seen: Measured | None, plan: Plan) -> Iterable[str]:
    marks = [(mark.at, mark.text) for mark in (seen.marks if seen else planned_pushes(plan))]
    rows = len(_MARKS)
    for number, (at, text) in enumerate(marks):
        x, y = axis.x(at), _MARKS[number % rows]
        yield draw_line(x, y - 9, _FLOOR, "kw-mark")
        longer = [] if seen else [f"{text} at {say_instant(at)}"]
        if len(planned_pushes(plan)) <= rows:
            yield draw_beside([*longer, text], x, x, y, sign="▾")
            continue
        # Several: each has the room up to the next one of its row.
        after = marks[number + rows][0] if number + rows < len(marks) else axis.end
        texts = [*(f"▾ {one}" for one in (*longer, text, SHORT[text])), "▾"]
        for label, spaces in fit(texts, axis.width(at, after)):
            yield draw_text(x, y, label, f"kw-bold kw-fit {spaces}", dx=5)


def _draw_axis(axis: Axis) -> Iterable[str]:
    floor = f"y1='{_FLOOR}' y2"
    yield f"<line x1='0' x2='100%' {floor}='{_FLOOR}' class='kw-axis'/>"
    for at, spaces in axis.ticks():
        x, label = axis.x(at), say_instant(at)
        anchor = "start" if x < 4 else "end" if x > 96 else "middle"  # noqa: PLR2004 - percent, at the edges
        yield (
            f"<g class='kw-fit {spaces}'>"
            f"<line x1='{x}%' x2='{x}%' {floor}='{_FLOOR + 4}' class='kw-axis'/>"
            f"<text x='{x}%' y='{_FLOOR + 17}' text-anchor='{anchor}' class='kw-note'>{label}</text></g>"
        )
