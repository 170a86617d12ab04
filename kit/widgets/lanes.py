"""Pieces of a drawing in SVG: a lane, a strip, a line, a text; places are percentages of the width."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

from kit.experiments.measured import Build, Segment
from kit.timeline import Window
from kit.widgets.axis import SPACES, Axis, fit

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


def draw_build(axis: Axis, build: Build | float, *, now: float, takes: float, y: int, ident: str) -> str:
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
    if isinstance(build, Build):
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
