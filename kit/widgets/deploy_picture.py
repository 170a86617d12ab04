"""The picture of a deploy: lanes, bars, verdict, tables, and the same in text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import NamedTuple

from kit.draw import DRAWING, SHEET, SPACES, Axis, fit, patterns, say_instant, say_seconds
from kit.experiments.changes import Columns
from kit.experiments.orders import ORDERS
from kit.experiments.prediction import (
    DB,
    SHORT,
    BuildSpan,
    MeasuredDeploy,
    Prediction,
    Segment,
    Turn,
    measure,
    planned_pushes,
    planned_span,
    predict,
)
from kit.experiments.rehearsal import Plan
from kit.timeline import Outcome, Record, Window

# What a deploy comes to, in words: a headline, and why


CHANGE_WORDS = {"add": "Add a column", "drop": "Drop a column", "rename": "Rename a column"}
HANDLING = {"silent": "logs it, answers 200 (silent)", "loud": "answers 500 (loud)"}


class Headline(NamedTuple):
    """The result, and a line about it."""

    text: str
    detail: str


def headline(plan: Plan, seen: MeasuredDeploy | None, *, running: bool = False) -> Headline:
    """Say what a deploy has come to so far.

    Args:
        plan: what is carried out.
        seen: what happened; None before it begins.
        running: whether it still goes on.
    """
    if seen is None:
        return Headline("Not deployed yet", describe(plan))
    bad = seen.outcomes.total - seen.outcomes.ok
    counts = [
        f"{number} {name}"
        for name, number in seen.outcomes._asdict().items()
        if number and name not in ("total", "ok")
    ]
    views = (
        f"{' and '.join(counts)} of {seen.outcomes.total} page views"
        if bad
        else (f"{seen.outcomes.total} page views, all ok")
    )
    if any(build.failed for build in seen.builds):
        views += "; a build failed, so the code before it serves on"
    if not bad:
        return Headline("Not broken so far" if running else "Never broken", views)
    text = f"Broken for {say_seconds(seen.broken_s)}{' so far' if running else ''}"
    return Headline(text, f"{cause(seen)}; {views}")


def describe(plan: Plan) -> str:
    """Return a plan in one line."""
    wait = f" after {say_seconds(plan.wait_s)}" if plan.order == "code-first" else ""
    return (
        f"{CHANGE_WORDS[plan.change]}: {ORDERS[plan.order].typed}{wait}; "
        f"a build of {say_seconds(plan.build)}; {plan.rate:g} page views a second"
    )


def cause(seen: MeasuredDeploy) -> str:
    """Say in which order code and schema changed, as far as they have."""
    if seen.code_live is None and seen.schema_new is None:
        return "neither code nor schema has changed"
    if seen.schema_new is None:
        return "the code is live, its schema is not there yet"
    if seen.code_live is None:
        return "the schema has changed, the code has not"
    if seen.code_live < seen.schema_new:
        return "the code went live before its schema"
    return "the schema was there before the code went live"


def say_writes(columns: Columns) -> str:
    """Say which columns of `documents` a code writes: "writes viewed_at", "writes both"."""
    return f"writes {name_columns(columns)}" if columns else "does not write last_viewed"


def say_has(columns: Columns) -> str:
    """Say which columns of `documents` there are: "has last_viewed", "no last_viewed"."""
    return f"has {name_columns(columns)}" if columns else "no last_viewed"


def name_columns(columns: Columns) -> str:
    """Name columns of `documents`: "viewed_at", "both", "none"."""
    return "none" if not columns else "both" if len(columns) > 1 else next(iter(columns))


def explain(plan: Plan, expected: Prediction) -> str:
    """Say why a plan leads to a broken window or not.

    Args:
        plan: what was carried out.
        expected: what the rule says about it.
    """
    if plan.order == "expand-contract":
        return (
            f"{len(planned_pushes(plan))} pushes, each of which changes the code or the schema, never both. "
            "After each of them the live code writes only columns that are there, so nothing breaks."
        )
    code, schema = (
        f"the code is live at {say_instant(expected.code_live)}",
        (f"the schema is there at {say_instant(expected.schema_new)}"),
    )
    if expected.code_live < expected.schema_new:
        order = f"{code.capitalize()}, {schema}: in between, new code runs on the old schema"
    else:
        order = f"{schema.capitalize()}, {code}: in between, old code runs on the new schema"
    if expected.window is None:
        return f"{order}, which works for this change."
    if plan.handling == "loud":
        return f"{order}, which breaks. The page does not hide the error: visitors get status 500."
    return (
        f"{order}, which breaks. The action catches the error and logs it, the page answers 200: "
        "nobody sees an error, the view is lost."
    )


# What a lane says about code or schema: what was before, what came, what is still to come


@dataclass(frozen=True, kw_only=True)
class Turns:
    """The turns of the code or of the schema, in words; texts go from the longest to the shortest.

    Attributes:
        name: "code" or "schema".
        turns: as planned; the first is what was before.
        say: puts columns into words.
    """

    name: str
    turns: tuple[Turn, ...]
    say: Callable[[Columns], str]

    @property
    def several(self) -> bool:
        """Whether there is more than an old and a new one."""
        return len(self.turns) > 2  # noqa: PLR2004 - an old and a new one

    def tell(self, number: int, one: Segment, *, sign: str = "") -> list[str]:
        """Return the texts for what held after so many turns.

        Args:
            number: of turns before it.
            one: what held.
            sign: between the name and what is said of it.
        """
        number = min(number, len(self.turns) - 1)
        says, name = self._say(number), one.name[:14] if self.name == "schema" else one.name[:7]
        if self.several and number:
            return [f"{name}{sign} {says[0]}".strip(), *says]
        word = "new" if number else "old"
        whole = " ".join(f"{word} {self.name} {name}".split())
        return [f"{whole}{sign} {says[0]}", f"{word}{sign} {says[0]}", word]

    def rest(self, done: int, *, shown: bool) -> list[tuple[float, list[str]]] | None:
        """Return what is still to come: when, and its texts.

        Args:
            done: how many turns have come.
            shown: the prediction may be seen.

        Returns:
            None where it is kept back.
        """
        numbers = range(done + 1, len(self.turns))
        if numbers and not shown:
            return None
        return [
            (self.turns[number].at, self._say(number) if self.several else [f"new {self.name}", "new"])
            for number in numbers
        ]

    def before(self, done: int) -> list[str]:
        """Return what the lane says between now and the next turn."""
        return [] if done else [f"old {self.name}", "old"]

    def _say(self, number: int) -> list[str]:
        columns = self.turns[number].columns
        if number and columns == self.turns[number - 1].columns:
            return ["unchanged", "same"]
        return [self.say(columns), name_columns(columns)]


# Page views as bars: as many seconds a bar as there is room for, stacked by outcome


_BARS = 64
_ORDER: tuple[Outcome, ...] = ("ok", "lost", "failed", "blocked")


def bar_seconds(axis: Axis, plan: Plan) -> float:
    """Return how many seconds one bar stands for: a round number, with a visitor in each at least."""
    return axis.step(_BARS, least=1 / plan.rate)


def draw_bars(
    axis: Axis, seen: MeasuredDeploy, plan: Plan, *, top: int, floor: int, ident: str
) -> Iterable[str]:
    """Return the bars of each outcome as SVG, on a scale that stands still while more views come.

    Args:
        axis: the time.
        seen: what happened.
        plan: its rate of visitors gives the scale.
        top: of the highest bar, in pixels.
        floor: on which the bars stand, in pixels.
        ident: of the patterns.
    """
    step = bar_seconds(axis, plan)
    first = seen.zero + axis.start
    counts = Counter((int((view.at - first) // step), view.outcome) for view in seen.views)
    heights: Counter[int] = Counter()
    for (bucket, _), number in counts.items():
        heights[bucket] += number
    scale = (floor - top) / max(1.25 * plan.rate * step, *heights.values(), 1.0)
    width = round(0.84 * axis.width(axis.start, axis.start + step), 2)
    bottoms: Counter[int] = Counter()
    for outcome in _ORDER:
        bars = []
        for bucket in sorted(bucket for bucket, kind in counts if kind == outcome):
            number = counts[bucket, outcome]
            x, y = axis.x(axis.start + bucket * step), floor - scale * (bottoms[bucket] + number)
            wide = min(width, round(100 - x, 2))  # the last one, if the axis ends within it
            bars.append(f"<rect x='{x}%' y='{y:.1f}' width='{wide}%' height='{scale * number:.1f}'/>")
            bottoms[bucket] += number
        if bars:
            fill = "" if outcome == "ok" else f" fill='url(#{ident}-{outcome})'"
            yield f"<g class='kw-{outcome}'{fill}>{''.join(bars)}</g>"


# Pieces of a drawing in SVG: a lane, a strip, a line, a text; places are percentages of the width


_CHARACTER = 7.0


def draw_text(
    x: float, y: float, text: str, style: str = "", *, dx: float = 0, end: bool = False, raw: bool = False
) -> str:
    """Return a text at a place.

    Args:
        x: percent of the width.
        y: of its base line, in pixels.
        text: anything; escaped.
        style: class names.
        dx: pixels to the right of `x`.
        end: it ends there instead of starting there.
        raw: it is SVG of our own, not to be escaped.
    """
    anchor = " text-anchor='end'" if end else ""
    shift = f" dx='{dx:g}'" if dx else ""
    return f"<text x='{x}%' y='{y:g}'{shift}{anchor} class='{style}'>{text if raw else escape(text)}</text>"


def draw_line(x: float, top: float, bottom: float, style: str) -> str:
    """Return an upright line at `x` percent, from `top` to `bottom` pixels."""
    return f"<line x1='{x}%' x2='{x}%' y1='{top:g}' y2='{bottom:g}' class='{style}'/>"


def draw_lane(
    axis: Axis, segments: Sequence[Segment], y: int, texts: Callable[[int, Segment], list[str]]
) -> Iterable[str]:
    """Return what held when, one box each, with as much text as fits.

    Args:
        axis: the time.
        segments: in order.
        y: of the upper edge, in pixels.
        texts: what to write into a box, given its place in the order, from the longest to the shortest.
    """
    for number, one in enumerate(segments):
        x, width = axis.x(one.start), axis.width(one.start, one.end)
        if width <= 0:
            continue
        style = "kw-fresh" if one.new else "kw-old"
        yield f"<rect x='{x}%' y='{y}' width='{width}%' height='22' class='{style}'/>"
        for text, spaces in fit(texts(number, one), width):
            yield draw_text(x, y + 15, text, f"kw-fit {spaces}", dx=7)


def draw_rest(
    axis: Axis, last: Segment, turns: Sequence[tuple[float, list[str]]] | None, *, y: int, texts: list[str]
) -> Iterable[str]:
    """Return what is still to come, dashed: as predicted, as it is now, or as a question.

    Args:
        axis: the time.
        last: what holds now, to whose end the lane is drawn.
        turns: when it should change, and what to write from then on; None where that is kept back.
        y: of the upper edge, in pixels.
        texts: what to write before the first of them, from the longest to the shortest.
    """
    if turns is None:
        yield _plan(axis, (last.end, axis.end), y, "kw-unknown", ["old or new?", "?"])
        return
    start, style = last.end, "kw-fresh" if last.new else "kw-old"
    for at, following in [*turns, (axis.end, [])]:
        end = max(start, at)
        yield _plan(axis, (start, end), y, f"{style} kw-plan", texts)
        start, style, texts = end, "kw-fresh", following


def _plan(axis: Axis, span: tuple[float, float], y: int, style: str, texts: list[str]) -> str:
    x, width = axis.x(span[0]), axis.width(*span)
    if width <= 0:
        return ""
    labels = [draw_text(x, y + 15, text, f"kw-fit {spaces}", dx=7) for text, spaces in fit(texts, width)]
    return f"<rect x='{x}%' y='{y}' width='{width}%' height='22' class='{style}'/>{''.join(labels)}"


def draw_build(axis: Axis, build: BuildSpan | float, *, now: float, takes: float, y: int, ident: str) -> str:
    """Return a build under the code's lane: hatched as far as it is done, dashed what is left.

    Args:
        axis: the time.
        build: before its push, when that is planned.
        now: in seconds since the first push.
        takes: what the plan says, in seconds.
        y: of the upper edge, in pixels.
        ident: of the patterns.
    """
    style, pattern = "kw-unknown", f"{ident}-build"
    if isinstance(build, BuildSpan):
        start, end = build.start, build.start + takes if build.end is None else build.end
        done = now if build.end is None else build.end
        word = "build failed" if build.failed else "build" if build.end is None else "built"
        commit = f" {build.commit[:7]}"
        if build.failed:
            style, pattern = "kw-unknown kw-edge", f"{ident}-window"
    else:
        start, end, done, word, commit = build, build + takes, build, "build", ""
    x, whole = axis.x(start), axis.width(start, end)
    parts = [f"<rect x='{x}%' y='{y}' width='{whole}%' height='13' class='{style}'/>"]
    if done > start:
        width = axis.width(start, min(done, end))
        parts.append(
            f"<rect x='{x}%' y='{y}' width='{width}%' height='13' fill='url(#{pattern})' opacity='.7'/>"
        )
    for text, spaces in fit([f"{word}{commit}", word], whole):
        parts.append(draw_text(x, y + 11, text, f"kw-fit {spaces}", dx=7))
    return "".join(parts)


def draw_strip(axis: Axis, windows: Sequence[Window], y: int, texts: Sequence[str], pattern: str) -> str:
    """Return windows as a strip of hatched boxes with one text beside them.

    Args:
        axis: the time.
        windows: maybe none.
        y: of the upper edge, in pixels.
        texts: what to say about them, from the longest to the shortest.
        pattern: the id of the hatch.
    """
    style = "kw-dashed" if pattern.endswith("foreseen") else "kw-edge"
    parts = [
        f"<rect x='{axis.x(one.start)}%' y='{y}' width='{axis.width(one.start, one.end)}%' height='14' "
        f"class='{style}' style='fill:url(#{pattern})'/>"
        for one in windows
    ]
    start = axis.x(windows[0].start) if windows else axis.x(0)
    end = axis.x(windows[-1].end) if windows else axis.x(0)
    return "".join(parts) + draw_beside(texts, start, end, y + 11)


def draw_beside(texts: Sequence[str], start: float, end: float, y: int, *, sign: str = "") -> str:
    """Return a text at the side of something where there is room for it.

    Args:
        texts: the same, from the longest to the shortest.
        start: where that begins, in percent of the width.
        end: where it ends.
        y: of the base line, in pixels.
        sign: put between the text and what it is about.
    """
    places: dict[tuple[str, float, bool], str] = {}
    signed = [f"{sign} {text}" if sign else text for text in texts]
    for space, pixels in SPACES.items():
        place = _place(signed, start, end, pixels)
        places[place] = f"{places.get(place, '')} {space}".strip()
    parts = []
    for (text, x, leftward), spaces in places.items():
        shown = f"{text.removeprefix(f'{sign} ')} {sign}" if sign and leftward else text
        parts.append(
            draw_text(x, y, shown, f"kw-bold kw-fit {spaces}", dx=-6 if leftward else 6, end=leftward)
        )
    return "".join(parts)


def _place(texts: Sequence[str], start: float, end: float, pixels: int) -> tuple[str, float, bool]:
    """Return the longest text that has room beside a strip, with its place, and whether it ends there."""
    for text in texts:
        need = 100 * (len(text) * _CHARACTER + 8) / pixels
        if 100 - end >= need:
            return text, end, False
        if start >= need:
            return text, start, True
    return texts[-1], start, False  # upon the strip: the text has a rim of paper


# The numbers of a deploy as real tables, and its first error


_MEANS = {
    "ok": "answered, and written",
    "lost": "status 200, nothing written",
    "failed": "status 500, or no answer",
    "blocked": "waited for a lock",
}
_NONE = "-"
_NOTHING = (None, None, None)


def draw_error(seen: MeasuredDeploy | None, *, running: bool) -> str:
    """Return the first error that a visitor met as a line of HTML, a line without one otherwise."""
    if seen is None or seen.error is None:
        none = "No error of the database so far." if running else "No error of the database."
        text = none if seen else "Nobody has visited yet."
        return f"<p class='kw-error kw-soft'>{text}</p>"
    view = seen.error
    return (
        f"<p class='kw-error'><code class='kw-state'>{escape(view.sqlstate)}</code> "
        f"<code>{escape(view.message)}</code> "
        f"<span class='kw-soft'>The first error, at {say_instant(view.at - seen.zero)}; "
        f"the visitor got status {view.status}.</span></p>"
    )


def draw_tables(
    seen: MeasuredDeploy | None,
    prediction: Prediction | None,
    ident: str,
    *,
    running: bool,
    several: bool = False,
) -> str:
    """Return two tables: predicted beside measured, and the page views by outcome.

    Args:
        seen: what happened, None for nothing.
        prediction: None where it is kept back.
        ident: of the patterns that the legend shows.
        running: the window may still grow.
        several: pushes of the code, so that only the last of them ends the change.
    """
    compared = _compare(seen, prediction, running=running, several=several)
    return f"<div class='kw-tables'>{compared}{_count(seen, ident)}</div>"


def _compare(
    seen: MeasuredDeploy | None, prediction: Prediction | None, *, running: bool, several: bool
) -> str:
    expected = (prediction.code_live, prediction.schema_new, prediction.broken_s) if prediction else _NOTHING
    found = (seen.code_live, seen.schema_new, seen.broken_s) if seen else _NOTHING
    word = "last" if several else "new"
    body = "".join(
        _row(name, one, other, say, final=not running or (say is say_instant and not several))
        for name, one, other, say in zip(
            (f"{word} code live", f"{word} schema there", "broken for"),
            expected,
            found,
            (say_instant, say_instant, say_seconds),
            strict=True,
        )
    )
    return (
        "<table><caption>Predicted beside measured</caption><thead><tr>"
        "<th scope='col'>since git push</th>"
        "<th scope='col'>predicted</th><th scope='col'>measured</th>"
        "<th scope='col'>missed by</th></tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _row(
    name: str, expected: float | None, found: float | None, say: Callable[[float], str], *, final: bool
) -> str:
    missed = _NONE if expected is None or found is None or not final else f"{found - expected:+z.2f} s"
    cells = [_NONE if value is None else say(value) for value in (expected, found)]
    return f"<tr><th scope='row'>{name}</th>{''.join(f'<td>{cell}</td>' for cell in (*cells, missed))}</tr>"


def _count(seen: MeasuredDeploy | None, ident: str) -> str:
    numbers = seen.outcomes._asdict() if seen else dict.fromkeys(("total", *_MEANS), 0)
    total = numbers["total"]
    rows = []
    for outcome, means in _MEANS.items():
        number = numbers[outcome]
        share = f"{100 * number / total:.0f} %" if total else _NONE
        rows.append(
            f"<tr><th scope='row'>{_swatch(outcome, ident)}{outcome}</th><td>{number}</td><td>{share}</td>"
            f"<td class='kw-words'>{means}</td></tr>"
        )
    rows.append(f"<tr><th scope='row'>all</th><td>{total}</td><td></td><td class='kw-words'></td></tr>")
    return (
        "<table><caption>Page views</caption><thead><tr>"
        "<th scope='col'>outcome</th><th scope='col'>number</th>"
        "<th scope='col'>share</th><th scope='col' class='kw-words'>meaning</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _swatch(outcome: str, ident: str) -> str:
    fill = "" if outcome == "ok" else f" fill='url(#{ident}-{outcome})'"
    return (
        "<svg class='kw-drawing kw-swatch' width='14' height='14' aria-hidden='true'>"
        f"<rect x='1' y='1' width='12' height='12' class='kw-{outcome}'{fill}/></svg>"
    )


# A plan in plain ASCII: what a reader sees of the panel where there are no widgets


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


# Draw one deploy: lanes for code and schema, the broken window, what visitors saw


_HEIGHT = 294
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
        f"<svg xmlns='http://www.w3.org/2000/svg' class='kw-drawing' viewBox='0 0 {width} {_HEIGHT + 44}' "
        f"width='{width}' height='{_HEIGHT + 44}'><style>{DRAWING}</style>"
        "<rect width='100%' height='100%' style='fill:var(--kw-paper)'/>"
        f"<text x='12' y='22' class='kw-bold'>{escape(head.text)}"
        f"<tspan class='kw-note' dx='8'>{escape(head.detail)}</tspan></text>{inner}</svg>"
    )


def _draw_svg(
    seen: MeasuredDeploy | None, plan: Plan, prediction: Prediction | None, *, running: bool, ident: str
) -> str:
    axis = _axis(seen, plan)
    head = headline(plan, seen, running=running)
    label = escape(f"Timeline. {head.text}: {head.detail}.")
    parts = [
        f"<svg class='kw-drawing' role='img' width='100%' height='{_HEIGHT}' aria-label='{label}'>",
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


def _axis(seen: MeasuredDeploy | None, plan: Plan) -> Axis:
    """Return the plan's own span, so that the axis stands still meanwhile, or more if it takes longer."""
    start, end = planned_span(plan)
    if seen:
        start, end = min(start, seen.start), max(end, seen.now)
    return Axis(start, end)


def _draw_windows(axis: Axis, seen: MeasuredDeploy | None, prediction: Prediction | None, ident: str) -> str:
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


def _draw_names(axis: Axis, seen: MeasuredDeploy | None, plan: Plan) -> Iterable[str]:
    step = say_seconds(bar_seconds(axis, plan))
    rows = (
        (_CODE, "Code", "live on production"),
        (_SCHEMA, "Schema", "of the cloud database"),
        (_VISITORS, "Visitors", f"page views in {step} each" if seen else "nobody yet"),
    )
    for y, name, note in rows:
        yield draw_text(0, y - 6, f"{name}<tspan class='kw-note' dx='6'>{note}</tspan>", "kw-name", raw=True)


def _draw_code(
    axis: Axis,
    seen: MeasuredDeploy | None,
    prediction: Prediction | None,
    plan: Plan,
    *,
    running: bool,
    ident: str,
) -> Iterable[str]:
    code = list(seen.code) if seen else [Segment(axis.start, 0.0, "", new=False)]
    turns = Turns(name="code", turns=predict(plan).code, say=say_writes)
    yield from draw_lane(axis, code, _CODE, turns.tell)
    if running or seen is None:
        done = len(code) - 1
        rest = turns.rest(done, shown=prediction is not None)
        yield from draw_rest(axis, code[-1], rest, y=_CODE, texts=turns.before(done))
    builds: list[BuildSpan | float] = [*(seen.builds if seen else ())]
    if running or seen is None:
        builds += [push.at for push in planned_pushes(plan) if push.text != DB][len(builds) :]
    for build in builds:
        now = seen.now if seen else 0.0
        yield draw_build(axis, build, now=now, takes=plan.build, y=_BUILD, ident=ident)


def _draw_schema(
    axis: Axis, seen: MeasuredDeploy | None, prediction: Prediction | None, plan: Plan, *, running: bool
) -> Iterable[str]:
    schema = list(seen.schema) if seen else [Segment(axis.start, planned_pushes(plan)[0].at, "", new=False)]
    turns = Turns(name="schema", turns=predict(plan).schema, say=say_has)
    yield from draw_lane(axis, schema, _SCHEMA, partial(turns.tell, sign=":"))
    if running or seen is None:
        done = len(schema) - 1
        rest = turns.rest(done, shown=prediction is not None)
        yield from draw_rest(axis, schema[-1], rest, y=_SCHEMA, texts=turns.before(done))


def _draw_marks(axis: Axis, seen: MeasuredDeploy | None, plan: Plan) -> Iterable[str]:
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
