"""A deploy where there is no browser to draw it: its words, its picture as an SVG file, its plan in ASCII."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import NamedTuple

from kit.draw import (
    Axis,
    Markup,
    draw_beside,
    draw_line,
    draw_patterns,
    draw_style,
    draw_text,
    fit,
    format_instant,
    format_seconds,
)
from kit.experiments.changes import Columns
from kit.experiments.orders import ORDERS
from kit.experiments.prediction import (
    DB,
    SHORT,
    BuildSpan,
    ExpectedDeploy,
    MeasuredDeploy,
    Segment,
    Turn,
    measure,
    planned_pushes,
    planned_span,
    predict,
)
from kit.experiments.rehearsal import Plan
from kit.timeline import Record, Window, find_delay
from kit.timeline.drawing import STACKED

CHANGE_NAMES = {"add": "Add a column", "drop": "Drop a column", "rename": "Rename a column"}
HANDLING_NAMES = {"silent": "logs it, answers 200 (silent)", "loud": "answers 500 (loud)"}
_HEIGHT = 294  # of the drawing, in CSS pixels; the same before, during and after a run: nothing jumps
_MARKS = (13, 29)
_FORESEEN, _MEASURED, _CODE, _BUILD, _SCHEMA, _VISITORS, _FLOOR = 37, 56, 98, 123, 163, 211, 271
_BARS = 64
_NONE = "-"


def draw_picture(
    timeline: Iterable[Record], plan: Plan, prediction: ExpectedDeploy | None = None, *, width: int = 900
) -> str:
    """Return the drawing alone as an SVG file, on paper of its own: for where there is no kernel.

    Args:
        timeline: what happened, maybe nothing.
        plan: what is to be carried out.
        prediction: drawn below what was measured, unless None.
        width: of the picture, in pixels.
    """
    seen = measure(timeline, plan)
    drawing = _Drawing(plan=plan, seen=seen, prediction=prediction, ident="kwp")
    inner = drawing.svg().replace("width='100%'", f"x='12' y='34' width='{width - 24}'", 1)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' class='kw-drawing' viewBox='0 0 {width} {_HEIGHT + 44}' "
        f"width='{width}' height='{_HEIGHT + 44}'>{draw_style(__file__, 'deploy_picture')}"
        "<rect width='100%' height='100%' style='fill:var(--kw-paper)'/>"
        f"<text x='12' y='22' class='kw-bold'>{escape(drawing.head.text)}"
        f"<tspan class='kw-note' dx='8'>{escape(drawing.head.detail)}</tspan></text>{inner}</svg>"
    )


# What a deploy comes to, in words


class Headline(NamedTuple):
    """The result, and a line about it."""

    text: str
    detail: str


def format_headline(
    plan: Plan, seen: MeasuredDeploy | None, *, running: bool = False, stopped: bool = False
) -> Headline:
    """Say what a deploy has come to so far.

    Args:
        plan: what is carried out.
        seen: what happened; None before it begins.
        running: whether it still goes on.
        stopped: whether it ended before its end.
    """
    if seen is None:
        return Headline("Not deployed yet", _format_plan(plan))
    if stopped and not seen.windows:
        missing = "its code was live" if seen.code_live is None else "it was through"
        return Headline("Nothing was measured", f"the deploy was stopped before {missing}")
    total, *counts = seen.outcomes._asdict().items()
    bad = [f"{number} {name}" for name, number in counts if number and name != "ok"]
    views = f"{total[1]} page views"
    views = f"{' and '.join(bad)} of {views}" if bad else f"{views}, all ok"
    if any(build.failed for build in seen.builds):
        views += "; a build failed, so the code before it serves on"
    if not bad:
        return Headline("Not broken so far" if running else "Never broken", views)
    text = f"Broken for {format_seconds(seen.broken_s)}{' so far' if running else ''}"
    return Headline(text, f"{_format_cause(seen)}; {views}")


def format_reason(plan: Plan, expected: ExpectedDeploy) -> str:
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
    code = f"the code is live at {format_instant(expected.code_live)}"
    schema = f"the schema is there at {format_instant(expected.schema_new)}"
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


def _format_plan(plan: Plan) -> str:
    wait = f" after {format_seconds(plan.wait_s)}" if plan.order == "code-first" else ""
    return (
        f"{CHANGE_NAMES[plan.change]}: {ORDERS[plan.order].typed}{wait}; "
        f"a build of {format_seconds(plan.build)}; {plan.rate:g} page views a second"
    )


def _format_cause(seen: MeasuredDeploy) -> str:
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


def _format_writes(columns: Columns) -> str:
    """Say which columns of `documents` a code writes: "writes viewed_at", "writes both"."""
    return f"writes {_format_columns(columns)}" if columns else "does not write last_viewed"


def _format_has(columns: Columns) -> str:
    """Say which columns of `documents` there are: "has last_viewed", "no last_viewed"."""
    return f"has {_format_columns(columns)}" if columns else "no last_viewed"


def _format_columns(columns: Columns) -> str:
    return "none" if not columns else "both" if len(columns) > 1 else next(iter(columns))


# What a lane says about code or schema; its texts go from the longest to the shortest


@dataclass(frozen=True, kw_only=True)
class _Lane:
    """The turns of the code or of the schema, as planned; the first is what was before.

    Attributes:
        name: "code" or "schema".
        sign: between a name and what is said of it.
        y: of the upper edge, in pixels.
        turns: as planned.
        say: puts columns into words.
    """

    name: str
    sign: str
    y: int
    turns: tuple[Turn, ...]
    say: Callable[[Columns], str]

    @property
    def several(self) -> bool:
        """Whether there is more than an old and a new one."""
        return len(self.turns) > 2  # noqa: PLR2004 - an old and a new one

    def held(self, number: int, segment: Segment) -> list[str]:
        """Return the texts for what held after so many turns."""
        number = min(number, len(self.turns) - 1)
        says, name = self._say(number), segment.name[:14] if self.name == "schema" else segment.name[:7]
        if self.several and number:
            return [f"{name}{self.sign} {says[0]}".strip(), *says]
        word = "new" if number else "old"
        whole = " ".join(f"{word} {self.name} {name}".split())
        return [f"{whole}{self.sign} {says[0]}", f"{word}{self.sign} {says[0]}", word]

    def rest(self, done: int) -> list[tuple[float, list[str]]]:
        """Return what is still to come after so many turns: when, and its texts."""
        return [
            (self.turns[number].at, self._say(number) if self.several else [f"new {self.name}", "new"])
            for number in range(done + 1, len(self.turns))
        ]

    def _say(self, number: int) -> list[str]:
        columns = self.turns[number].columns
        if number and columns == self.turns[number - 1].columns:
            return ["unchanged", "same"]
        return [self.say(columns), _format_columns(columns)]


# Draw one deploy; places are percentages of the width


@dataclass(frozen=True, kw_only=True)
class _Drawing:
    """One deploy as far as it has come.

    Attributes:
        plan: what is to be carried out.
        seen: what happened; None before it begins.
        prediction: None where it is kept back.
        ident: of the patterns.
    """

    plan: Plan
    seen: MeasuredDeploy | None
    prediction: ExpectedDeploy | None
    ident: str

    @cached_property
    def head(self) -> Headline:
        """What it has come to."""
        return format_headline(self.plan, self.seen)

    @cached_property
    def axis(self) -> Axis:
        """The plan's own span, so that the axis stands still meanwhile, or more if it takes longer."""
        start, end = planned_span(self.plan)
        if self.seen:
            start, end = min(start, self.seen.start), max(end, self.seen.now)
        return Axis(start, end)

    @property
    def unfinished(self) -> bool:
        """Whether something is still to come."""
        return self.seen is None

    def svg(self) -> str:
        """Return the drawing."""
        label = escape(f"Timeline. {self.head.text}: {self.head.detail}.")
        seen, expected, start = self.seen, predict(self.plan), self.axis.start
        code = seen.code if seen else (Segment(start, 0.0, "", new=False),)
        first = planned_pushes(self.plan)[0].at
        schema = seen.schema if seen else (Segment(start, first, "", new=False),)
        lanes = (
            (_Lane(name="code", sign="", y=_CODE, turns=expected.code, say=_format_writes), code),
            (_Lane(name="schema", sign=":", y=_SCHEMA, turns=expected.schema, say=_format_has), schema),
        )
        parts = [
            f"<svg class='kw-drawing' role='img' width='100%' height='{_HEIGHT}' aria-label='{label}'>",
            draw_patterns(self.ident),
            *self._windows(),
            *self._marks(),
            *self._names(),
            *self._lane(*lanes[0]),
            *self._builds(),
            *self._lane(*lanes[1]),
            *(self._bars(seen) if seen else ()),
            *self._ticks(),
        ]
        return "".join(parts) + "</svg>"

    def _filled(self, outcome: str) -> str:
        fill = "" if outcome == "ok" else f" fill='url(#{self.ident}-{outcome})'"
        return f"class='kw-{outcome}'{fill}"

    # Windows, predicted and measured: a strip above the lanes, a shade upon them

    def _windows(self) -> Iterator[str]:
        if self.prediction:
            window, length = self.prediction.window, format_seconds(self.prediction.broken_s)
            texts = [f"predicted: broken {length}", f"predicted {length}"]
            foreseen = [window] if window else []
            yield self._strip(
                foreseen, _FORESEEN, texts if window else ["predicted: not broken"], "foreseen", "kw-dashed"
            )
            if window and self.seen is None:
                yield self._shade(window, "foreseen", "kw-foreseen", "kw-dashed")
        if self.seen:
            windows, length = self.seen.windows, format_seconds(self.seen.broken_s)
            texts = [f"broken window: {length}", f"broken {length}"]
            yield self._strip(
                windows, _MEASURED, texts if windows else ["measured: not broken"], "window", "kw-edge"
            )
            for window in windows:
                yield self._shade(window, "window", "kw-shade", "kw-edge")

    def _strip(self, windows: Sequence[Window], y: int, texts: Sequence[str], pattern: str, edge: str) -> str:
        """Return windows as hatched boxes, with one text beside them."""
        axis = self.axis
        parts = [
            f"<rect x='{axis.x(window.start)}%' y='{y}' width='{axis.width(window.start, window.end)}%' "
            f"height='14' class='{edge}' style='fill:url(#{self.ident}-{pattern})'/>"
            for window in windows
        ]
        start, end = (windows[0].start, windows[-1].end) if windows else (0, 0)
        return "".join(parts) + draw_beside(texts, axis.x(start), axis.x(end), y + 11)

    def _shade(self, window: Window, pattern: str, ground: str, edge: str) -> str:
        x, width = self.axis.x(window.start), self.axis.width(window.start, window.end)
        top = _MEASURED + 14
        box = f"x='{x}%' y='{top}' width='{width}%' height='{_FLOOR - top}'"
        return (
            f"<rect {box} class='{ground}'/><rect {box} fill='url(#{self.ident}-{pattern})' opacity='.6'/>"
            f"{draw_line(x, top, _FLOOR, edge)}{draw_line(self.axis.x(window.end), top, _FLOOR, edge)}"
        )

    # Lanes: what held when, what is still to come

    def _names(self) -> Iterator[str]:
        step = format_seconds(self._bar_seconds)
        delay = find_delay(self.seen.views) if self.seen else 0.0
        visits = (
            f"{step} a bar, up to {format_seconds(delay)} late" if delay else f"page views in {step} each"
        )
        for y, name, note in (
            (_CODE, "Code", "live on production"),
            (_SCHEMA, "Schema", "of the cloud database"),
            (_VISITORS, "Visitors", visits if self.seen else "nobody yet"),
        ):
            yield draw_text(
                0, y - 6, Markup(f"{name}<tspan class='kw-note' dx='6'>{note}</tspan>"), "kw-name"
            )

    def _lane(self, lane: _Lane, segments: Sequence[Segment]) -> Iterator[str]:
        for number, segment in enumerate(segments):
            style = "kw-fresh" if segment.new else "kw-old"
            yield self._box(segment.start, segment.end, lane.y, style, lane.held(number, segment))
        if not self.unfinished:
            return
        last, rest = segments[-1], lane.rest(len(segments) - 1)
        if rest and self.prediction is None:  # kept back
            yield self._box(last.end, self.axis.end, lane.y, "kw-unknown", ["old or new?", "?"])
            return
        # Dashed: what holds now up to the next turn, then each turn up to the one after it.
        start, style = last.end, "kw-fresh" if last.new else "kw-old"
        texts = [] if len(segments) > 1 else [f"old {lane.name}", "old"]
        for at, following in [*rest, (self.axis.end, [])]:
            end = max(start, at)
            yield self._box(start, end, lane.y, f"{style} kw-plan", texts)
            start, style, texts = end, "kw-fresh", following

    def _box(self, start: float, end: float, y: int, style: str, texts: Sequence[str]) -> str:
        """Return one box of a lane, with as much text as fits."""
        x, width = self.axis.x(start), self.axis.width(start, end)
        if width <= 0:
            return ""
        labels = [draw_text(x, y + 15, text, f"kw-fit {spaces}", dx=7) for text, spaces in fit(texts, width)]
        return f"<rect x='{x}%' y='{y}' width='{width}%' height='22' class='{style}'/>{''.join(labels)}"

    def _builds(self) -> Iterator[str]:
        """Yield the builds under the code's lane; before its push one is planned, by its instant."""
        builds: list[BuildSpan | float] = [*(self.seen.builds if self.seen else ())]
        if self.unfinished:
            builds += [push.at for push in planned_pushes(self.plan) if push.text != DB][len(builds) :]
        return map(self._build, builds)

    def _build(self, build: BuildSpan | float) -> str:
        """Return a build: hatched as far as it is done, dashed what is left."""
        axis, takes, style, pattern = self.axis, self.plan.build, "kw-unknown", "build"
        if isinstance(build, BuildSpan):
            start, end = build.start, build.start + takes if build.end is None else build.end
            done = (self.seen.now if self.seen else 0.0) if build.end is None else build.end
            word = "build failed" if build.failed else "build" if build.end is None else "built"
            commit = f" {build.commit[:7]}"
            if build.failed:
                style, pattern = "kw-unknown kw-edge", "window"
        else:
            start, end, done, word, commit = build, build + takes, build, "build", ""
        x, whole = axis.x(start), axis.width(start, end)
        parts = [f"<rect x='{x}%' y='{_BUILD}' width='{whole}%' height='13' class='{style}'/>"]
        if done > start:
            parts.append(
                f"<rect x='{x}%' y='{_BUILD}' width='{axis.width(start, min(done, end))}%' height='13' "
                f"fill='url(#{self.ident}-{pattern})' opacity='.7'/>"
            )
        for text, spaces in fit([f"{word}{commit}", word], whole):
            parts.append(draw_text(x, _BUILD + 11, text, f"kw-fit {spaces}", dx=7))
        return "".join(parts)

    # Page views as bars: as many seconds a bar as there is room for, stacked by outcome

    @property
    def _bar_seconds(self) -> float:
        """How many seconds one bar stands for: a round number, with a visitor in each at least."""
        return self.axis.step(_BARS, least=1 / self.plan.rate)

    def _bars(self, seen: MeasuredDeploy) -> Iterator[str]:
        """Yield the bars of each outcome, on a scale that stands still while more views come."""
        axis, step = self.axis, self._bar_seconds
        first = seen.zero + axis.start
        counts = Counter((int((view.at - first) // step), view.outcome) for view in seen.views)
        heights: Counter[int] = Counter()
        for (bucket, _), number in counts.items():
            heights[bucket] += number
        scale = (_FLOOR - _VISITORS) / max(1.25 * self.plan.rate * step, *heights.values(), 1.0)
        width = round(0.84 * axis.width(axis.start, axis.start + step), 2)
        bottoms: Counter[int] = Counter()
        for outcome in STACKED:
            bars = []
            for bucket in sorted(bucket for bucket, kind in counts if kind == outcome):
                number = counts[bucket, outcome]
                x, y = axis.x(axis.start + bucket * step), _FLOOR - scale * (bottoms[bucket] + number)
                wide = min(width, round(100 - x, 2))  # the last one, if the axis ends within it
                bars.append(f"<rect x='{x}%' y='{y:.1f}' width='{wide}%' height='{scale * number:.1f}'/>")
                bottoms[bucket] += number
            if bars:
                yield f"<g {self._filled(outcome)}>{''.join(bars)}</g>"

    # The pushes above, the instants below

    def _marks(self) -> Iterator[str]:
        pushes = planned_pushes(self.plan)
        marks = [(mark.at, mark.text) for mark in (self.seen.marks if self.seen else pushes)]
        rows = len(_MARKS)
        for number, (at, text) in enumerate(marks):
            x, y = self.axis.x(at), _MARKS[number % rows]
            yield draw_line(x, y - 9, _FLOOR, "kw-mark")
            longer = [] if self.seen else [f"{text} at {format_instant(at)}"]
            if len(pushes) <= rows:
                yield draw_beside([*longer, text], x, x, y, sign="▾")
                continue
            # Several: each has the room up to the next one of its row.
            after = marks[number + rows][0] if number + rows < len(marks) else self.axis.end
            texts = [*(f"▾ {words}" for words in (*longer, text, SHORT[text])), "▾"]
            for label, spaces in fit(texts, self.axis.width(at, after)):
                yield draw_text(x, y, label, f"kw-bold kw-fit {spaces}", dx=5)

    def _ticks(self) -> Iterator[str]:
        floor = f"y1='{_FLOOR}' y2"
        yield f"<line x1='0' x2='100%' {floor}='{_FLOOR}' class='kw-axis'/>"
        for at, spaces in self.axis.ticks():
            x, label = self.axis.x(at), format_instant(at)
            anchor = "start" if x < 4 else "end" if x > 96 else "middle"  # noqa: PLR2004 - percent, at the edges
            yield (
                f"<g class='kw-fit {spaces}'>"
                f"<line x1='{x}%' x2='{x}%' {floor}='{_FLOOR + 4}' class='kw-axis'/>"
                f"<text x='{x}%' y='{_FLOOR + 17}' text-anchor='{anchor}' class='kw-note'>{label}</text></g>"
            )


# A plan in plain ASCII: what a reader sees of the panel where there are no widgets


_NAME, _CELLS = 10, 80


def format_panel(plan: Plan) -> str:
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
        _format_plan(plan),
        "",
        _format_marks(plan, cell),
        f"{'code':{_NAME}}{lane(expected.code, _format_writes, builds)}",
        f"{'schema':{_NAME}}{lane(expected.schema, _format_has)}",
    ]
    views = ["."] * _CELLS
    verdict = "never broken"
    if expected.window:
        start, end = cell(expected.window.start), cell(expected.window.end)
        views[start:end] = ("o" if expected.outcome == "lost" else "x") * (end - start)
        verdict = (
            f"broken for {format_seconds(expected.broken_s)}, "
            f"from {format_instant(expected.window.start)} to {format_instant(expected.window.end)}"
        )
    lines += [f"{'visitors':{_NAME}}{''.join(views)}", f"{'':{_NAME}}predicted: {verdict}"]
    return "\n".join(line.rstrip() for line in lines)


def _format_marks(plan: Plan, cell: Callable[[float], int]) -> str:
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
