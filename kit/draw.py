"""Strings in, strings out: texts on one line, tables, places on a drawing, its shapes and its palette.

A drawing has no width of its own: x is a share of the space, text keeps its size. So a text is
judged for three ranges of space, and a class of the style sheet below says in which of them it is shown.

Nothing is told by colour alone: each outcome and each kind of window has a pattern of its own.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import zip_longest
from pathlib import Path
from urllib.parse import quote

# Texts for a drawing: times, durations, and foreign text that cannot break a layout


_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_EXACT = 10 * _MINUTE


def format_line(text: str) -> str:
    r"""Return text of any origin on one line, with what a terminal would act on as escapes.

    Control characters, newlines, ANSI sequences, invisible and combining characters
    become what Python would write for them (`\n`, `\x1b`, `\u202e`).
    """
    return "".join(_show_character(character) for character in unicodedata.normalize("NFC", text))


def count_cells(text: str) -> int:
    """Return the columns that shown text takes: two for each wide East Asian character."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def cut(text: str, cells: int) -> str:
    """Return shown text in at most so many columns; "..." stands for what was left out."""
    if count_cells(text) <= cells:
        return text
    dots = "..." if cells > len("...") else ""
    room = cells - len(dots)
    kept = []
    for character in text:
        room -= count_cells(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + dots


def format_commit(commit: str) -> str:
    """Return the first seven characters of a commit id, or a word for none."""
    return format_line(commit[:7]) or "none"


def format_offset(seconds: float) -> str:
    """Return a time relative to a zero: "-00:02", "00:00", "+00:35", "+00:35.4", "+2d 03:00:00"."""
    tenths = round(seconds * 10)
    sign = "-" if tenths < 0 else "+" if tenths > 0 else ""
    whole, tenth = divmod(abs(tenths), 10)
    days, rest = divmod(whole, _DAY)
    hours, rest = divmod(rest, _HOUR)
    clock = f"{rest // _MINUTE:02}:{rest % _MINUTE:02}"
    if days:
        clock = f"{days}d {hours:02}:{clock}"
    elif hours:
        clock = f"{hours}:{clock}"
    return f"{sign}{clock}.{tenth}" if tenth else f"{sign}{clock}"


def format_span(seconds: float) -> str:
    """Return a duration as one would say it: "0.05 s", "3.0 s", "12 min", "3 h 10 min", "2 d 4 h"."""
    if seconds < 1:
        return f"{seconds:.2f} s" if seconds > 0 else "0 s"
    if seconds < _EXACT:
        return f"{seconds:.1f} s"
    minutes = round(seconds / _MINUTE)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _show_character(character: str) -> str:
    if character.isprintable() and not unicodedata.category(character).startswith("M"):
        return character
    return character.encode("unicode_escape").decode()


# Where an instant lies on a drawing of any width, and which text fits between two of them


SPACES: dict[str, int] = {"S": 260, "M": 480, "L": 760}
"""The narrowest space of each range, in CSS pixels; a range ends where the next one begins."""
_CHARACTER, _PADDING = 6.9, 12.0  # pixels, at the drawing's 12 px
_TICKS = {"S": 5, "M": 8, "L": 14}
_STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Axis:
    """A span of time, in seconds since `git push`, laid over the whole width."""

    start: float
    end: float

    def x(self, at: float) -> float:
        """Return the place of an instant as a percentage of the width, within the drawing."""
        share = (at - self.start) / (self.end - self.start)
        return round(100 * min(1.0, max(0.0, share)), 2)

    def width(self, start: float, end: float) -> float:
        """Return the width from one instant to another as a percentage."""
        return round(self.x(end) - self.x(start), 2)

    def step(self, count: int, *, least: float = 0.0) -> float:
        """Return a round number of seconds that cuts the axis into `count` pieces at most."""
        need = max((self.end - self.start) / count, least, 1e-3)
        size = 10.0 ** math.floor(math.log10(need))
        return next(size * step for step in (*_STEPS, 10) if size * step >= need * (1 - 1e-9))

    def ticks(self) -> list[tuple[float, str]]:
        """Return round instants, each with the ranges of space in which there is room for its label."""
        steps = {space: self.step(count, least=0.5) for space, count in _TICKS.items()}
        found: dict[float, str] = {}
        for space, step in steps.items():
            for number in range(math.ceil(self.start / step), math.floor(self.end / step) + 1):
                at = round(number * step, 3)
                found[at] = f"{found.get(at, '')} {space}".strip()
        return sorted(found.items())


def fit(texts: Sequence[str], share: float) -> list[tuple[str, str]]:
    """Choose for each range of space the longest text that fits.

    Args:
        texts: from the longest to the shortest.
        share: the percentage of the width there is for it.

    Returns:
        Pairs of a text and the ranges in which it is shown; a range in which none fits is left out.
    """
    chosen: dict[str, str] = {}
    for space, pixels in SPACES.items():
        room = share / 100 * pixels - _PADDING
        text = next((text for text in texts if len(text) * _CHARACTER <= room), None)
        if text:
            chosen[text] = f"{chosen.get(text, '')} {space}".strip()
    return list(chosen.items())


def format_seconds(seconds: float) -> str:
    """Return a number of seconds as the panel shows it: "4.36 s", "35 s"."""
    return f"{seconds:.2f}".rstrip("0").rstrip(".") + " s"


def format_instant(seconds: float) -> str:
    """Return an instant relative to `git push`: "+3.61 s", "-2 s", "0 s"."""
    text = format_seconds(seconds)
    return f"+{text}" if seconds > 0 and text != "0 s" else text.replace("-0 s", "0 s")


# How drawings look: the theme's colours with fallbacks for other places, style sheets, patterns


PALETTE = {
    "text": "var(--jp-ui-font-color1,var(--vscode-foreground,#1f2328))",
    "soft": "var(--jp-ui-font-color2,var(--vscode-descriptionForeground,#57606a))",
    "paper": "var(--jp-layout-color0,var(--vscode-editor-background,#fff))",
    "line": "var(--jp-border-color1,#8c959f)",
    "new": "var(--jp-brand-color1,#1f6feb)",
    "bad": "var(--jp-error-color1,#cf222e)",
}
"""Every colour that is drawn: `--kw-text` and so on in a style sheet."""
_DARK = {
    "text": "#e6edf3",
    "soft": "#9da7b3",
    "paper": "#111",
    "line": "#6e7681",
    "new": "#58a6ff",
    "bad": "#ff7b72",
}
"""The same in an image, on a dark page; on a light one it has the last fallbacks of `PALETTE`."""
INKS = {"new": "#3b82f6", "bad": "#e5484d", "line": "rgba(128,128,128,.6)"}
"""For borders of HTML where a `var()` may be dropped: each stands out from white and from black paper."""
_DECLARED = (
    *(f"--kw-{name}:{colour}" for name, colour in PALETTE.items()),
    "font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;color:var(--kw-text)",
)


@cache
def pack_style(module: str, *names: str) -> str:
    """Return the style sheets beside a module on one line, with the palette where they say so.

    Args:
        module: its `__file__`.
        names: of the sheets, without `.css`.
    """
    sheets = (Path(module).with_name(f"{name}.css").read_text(encoding="utf-8") for name in names)
    whole = "".join(sheets).replace("/* palette */", ";".join(_DECLARED))
    return re.sub(r"/\*.*?\*/|\n", "", whole, flags=re.DOTALL)


def draw_style(module: str, *names: str) -> Markup:
    """Return what `pack_style` returns as an element."""
    return Markup(f"<style>{pack_style(module, *names)}</style>")


_LINES = {
    # A window, measured: dense lines that rise; predicted: sparse ones that fall.
    "window": (8, "M-2 10L10 -2M-2 2L2 -2M6 10L10 6", "--kw-bad", ".35"),
    "foreseen": (12, "M-2 -2L14 14M-2 10L2 14M10 -2L14 2", "--kw-text", ".3"),
    "build": (6, "M0 0V6", "--kw-new", ".8"),
    "lost": (6, "M-2 8L8 -2M-2 2L2 -2M4 8L8 4", "--kw-bad", "1"),
    "failed": (4, "M0 0H4M0 0V4", "--kw-paper", ".9"),
    "blocked": (4, "M0 2H4", "--kw-text", "1"),
}
_GROUNDS = {"lost": ("--kw-bad", ".12"), "failed": ("--kw-bad", "1"), "blocked": ("--kw-text", ".06")}


def draw_patterns(ident: str, names: Iterable[str] = tuple(_LINES)) -> str:
    """Return patterns as SVG, with ids of their own.

    Args:
        ident: letters and digits, other ones for each drawing of a page.
        names: which: "window" and "foreseen", "build", "lost", "failed", "blocked".
    """
    drawn = []
    for name in names:
        size, path, colour, opacity = _LINES[name]
        box, ground = f"width='{size}' height='{size}'", ""
        if name in _GROUNDS:
            fill, share = _GROUNDS[name]
            ground = f"<rect {box} style='fill:var({fill});fill-opacity:{share}'/>"
        lines = f"stroke:var({colour});stroke-opacity:{opacity};stroke-width:1.3;fill:none"
        drawn.append(
            f"<pattern id='{ident}-{name}' {box} patternUnits='userSpaceOnUse'>{ground}"
            f"<path d='{path}' style='{lines}'/></pattern>"
        )
    return f"<defs>{''.join(drawn)}</defs>"


# Images: drawings that look the same in every viewer, and follow the page from light to dark


def draw_image(*parts: str, height: int, alt: str, width: str = "100%") -> Markup:
    """Return a drawing as an `<img>` that holds all of it.

    Viewers of notebooks differ in what they keep of HTML that they do not trust. JupyterLab drops
    `<svg>`, `<style>` and each style with a gradient or a `var()` in it; GitHub drops `<svg>` and
    every style. An image whose address is its content is kept by all of them, and may hold a style
    sheet: `prefers-color-scheme` in it follows the page's theme, as JupyterLab gives its body a
    `color-scheme`. Where it does not, the image has paper of its own.

    What is in it may use the classes of `draw.css`, of which it gets those that it uses, patterns of
    `fill_with`, and the ranges of `SPACES` as classes.

    Args:
        parts: SVG, laid out in CSS pixels and percentages.
        height: in CSS pixels.
        alt: what is to be seen, in words.
        width: in CSS pixels, or a percentage of what there is.
    """
    inner = "".join(parts)
    size = f"width='{width}' height='{height}'"
    named = [name for name in _LINES if f"url(#{_OWN}-{name})" in inner]
    drawn = f"{draw_patterns(_OWN, named) if named else ''}<rect {_WHOLE} class='kw-paper'/>{inner}"
    shapes = "".join(rule for used, rule in _read_shapes() if any(name in drawn for name in used))
    style = _declare_colours(drawn + shapes) + shapes + (_draw_ranges() if "kw-fit" in inner else "")
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' {size}><style>{style}</style>{drawn}</svg>"
    return _embed(svg, alt, size)


def draw_file(svg: str, *, alt: str) -> Markup:
    """Return an SVG file of the kit's, which has the palette's colours, as an `<img>` that holds all of it.

    Args:
        svg: with its size in pixels; it gets the colours for a dark page.
        alt: what is to be seen, in words.
    """
    dark = ";".join(f"--kw-{name}:{colour}" for name, colour in _DARK.items())
    style = f"<style>@media(prefers-color-scheme:dark){{svg[class]{{{dark}}}}}</style></svg>"
    size = re.search(r"width='\d+' height='\d+'", svg)
    return _embed(svg.removesuffix("</svg>") + style, alt, size.group() if size else "")


def _embed(svg: str, alt: str, size: str) -> Markup:
    return Markup(f'<img src="data:image/svg+xml,{quote(svg, safe=_PLAIN)}" alt="{escape(alt)}" {size}/>')


_OWN = "p"
_WHOLE = "width='100%' height='100%'"
_PLAIN = " !$'()*+,-./:;=?@[]^_`{|}~"  # may stand in an attribute within double quotes


def fill_with(name: str, style: str = "") -> str:
    """Return the attributes of a shape of a name: "ok" is plain, of the others each has its pattern.

    Args:
        name: of an outcome, of a window, or "build".
        style: a class for its edge, instead of the name's own.
    """
    fill = f" fill='url(#{_OWN}-{name})'" if name in _LINES else ""
    return f"class='{style or f'kw-{name}'}'{fill}"


def draw_gaps(share: float, height: int) -> str:
    """Return a pattern with the id `gap`: lines of paper that part a bar into pieces.

    Args:
        share: of the bar's width, from one line to the next.
        height: of the bar, in pixels.
    """
    line = f"<rect width='1.5' height='{height}' class='kw-paper'/>"
    return f"<pattern id='gap' width='{share:.5g}' height='1'>{line}</pattern>"


def draw_swatch(name: str) -> Markup:
    """Return a square in the pattern of an outcome or of a window, for a line of text that names it."""
    square = f"<rect x='1' y='1' width='12' height='12' {fill_with(name)}/>"
    return draw_image(square, height=14, width="14", alt="")


@cache
def _read_shapes() -> tuple[tuple[tuple[str, ...], str], ...]:
    """Return the rules of the style sheet, each with what is looked for to see whether it is needed."""
    sheet = Path(__file__).with_name("draw.css").read_text(encoding="utf-8").replace("\n", "")
    rules = ((rule, rule.partition("{")[0]) for rule in re.findall(r"[^}]+}", sheet))
    return tuple((tuple(re.findall(r"kw-\w+", names)) or (f"<{names}",), rule) for rule, names in rules)


def _declare_colours(drawn: str) -> str:
    """Return the colours that are used in a drawing, on a light page and on a dark one."""
    light = {name: re.sub(r".*,(#\w+)\)+$", r"\1", colour) for name, colour in PALETTE.items()}
    plain, dark = (
        ";".join(f"--kw-{name}:{colour}" for name, colour in colours.items() if f"--kw-{name}" in drawn)
        for colours in (light, _DARK)
    )
    return f"svg{{{plain}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}"


def _draw_ranges() -> str:
    rules = [".kw-fit{display:none}"]
    for (space, least), above in zip(SPACES.items(), [*list(SPACES.values())[1:], None], strict=True):
        bounds = [f"(min-width:{least}px)"] if least > min(SPACES.values()) else []
        bounds += [f"(max-width:{above - 1}px)"] if above else []
        rules.append(f"@media{' and '.join(bounds)}{{.kw-fit.{space}{{display:inline}}}}")
    return "".join(rules)


# Texts and lines of a drawing whose places are percentages of its width


_LETTER = 7.0  # the width of one in a bold text, in CSS pixels


def show_in(ranges: str) -> str:
    """Return the class of what is shown in these ranges of space, "" for what is shown in all of them."""
    return "" if len(ranges.split()) == len(SPACES) else f"kw-fit {ranges}"


def draw_text(x: float, y: float, text: str, style: str, *, dx: float = 0, end: bool = False) -> Markup:
    """Return a text of a drawing that begins `dx` pixels beside `x` percent, or ends there."""
    place = {
        "x": f"{x:g}%",
        "y": f"{y:g}",
        "dx": f"{dx:g}" if dx else "",
        "text-anchor": "end" if end else "",
    }
    return draw_element("text", text, **place, class_=style.strip())


def draw_line(x: float, top: float, bottom: float, style: str) -> str:
    """Return an upright line of a drawing, at `x` percent of the width, between two heights in pixels."""
    return f"<line x1='{x:g}%' x2='{x:g}%' y1='{top:g}' y2='{bottom:g}' class='{style}'/>"


def draw_box(x: float, width: float, y: float, height: float, look: str) -> str:
    """Return a box of a drawing: `x` and `width` in percent, `y` and `height` in pixels, with attributes."""
    return f"<rect x='{x:g}%' y='{y:g}' width='{width:g}%' height='{height:g}' {look}/>"


def draw_beside(
    texts: Sequence[str],
    start: float,
    end: float,
    y: float,
    *,
    sign: str = "",
    style: str = "kw-bold",
    letter: float = _LETTER,
) -> str:
    """Return a text at the side of something where there is room for it.

    Args:
        texts: the same, from the longest to the shortest.
        start: where that begins, in percent of the width.
        end: where it ends.
        y: of the base line, in pixels.
        sign: put between the text and what it is about.
        style: the text's class.
        letter: the width of one of its letters, in pixels.
    """
    places: dict[tuple[str, float, bool], str] = {}
    for space, pixels in SPACES.items():
        place = _find_room(texts, start, end, pixels / letter, len(f"{sign} ") if sign else 0)
        places[place] = f"{places.get(place, '')} {space}".strip()
    parts = []
    for (text, x, leftward), spaces in places.items():
        shown = (f"{text} {sign}" if leftward else f"{sign} {text}") if sign else text
        dx = -6 if leftward else 6
        parts.append(draw_text(x, y, shown, f"{style} {show_in(spaces)}", dx=dx, end=leftward))
    return "".join(parts)


def _find_room(
    texts: Sequence[str], start: float, end: float, letters: float, sign: int
) -> tuple[str, float, bool]:
    """Return the longest text that has room, with its sign's letters; its place; whether it ends there."""
    needs = {text: 100 * (count_cells(text) + sign + 2) / letters for text in texts}
    for text, need in needs.items():
        if 100 - end >= need:
            return text, end, False
        if start >= need:
            return text, start, True
    # Upon what it is about: the text has a rim of paper.
    return next((text for text, need in needs.items() if 100 - start >= need), texts[-1]), start, False


# HTML of texts from anywhere, escaped; tables can be read without their style too


class Markup(str):
    """HTML or SVG of the kit's own, which is not escaped again."""

    __slots__ = ()


def draw_element(name: str, *content: str, **attributes: str) -> Markup:
    """Return an element.

    Args:
        name: of its tag.
        content: escaped, unless it is markup already.
        attributes: escaped; one that is "" is left out; `class_` is `class`, `aria_hidden` is `aria-hidden`.
    """
    names = {key: key.rstrip("_").replace("_", "-") for key in attributes}
    start = "".join(f" {names[key]}='{escape(value)}'" for key, value in attributes.items() if value)
    inner = "".join(part if isinstance(part, Markup) else escape(part) for part in content)
    return Markup(f"<{name}{start}>{inner}</{name}>")


NARROW = "table-layout:fixed;width:100%;max-width"
"""Of a table that is whole in a narrow window, too: begins its style, which goes on with a width."""
BREAKING = "text-align:left;overflow-wrap:break-word;white-space:normal"
"""Of the cells of such a table."""
DOTS = {"yes": "● yes", "no": "○ no", "-": "-"}
"""What a table of places says, with the marks of the map."""


def draw_verdict(*content: str, good: bool) -> Markup:
    """Return a paragraph beside an edge: a plain one where all is well, a double one where it is not."""
    edge = f"4px solid {INKS['new']}" if good else f"6px double {INKS['bad']}"
    return draw_element("p", *content, style=f"margin:3px 0;padding-left:8px;border-left:{edge}")


_TAGS = {"code": "2px", "schema": "11px"}
_TAG = "display:inline-block;max-width:100%;box-sizing:border-box;padding:1px 8px;font-weight:700;border"


def draw_tag(kind: str, age: str, text: str = "") -> Markup:
    """Return a name as code and schema are drawn: code with corners, a schema round; the new one stronger.

    Args:
        kind: "code" or "schema".
        age: "old" or "new".
        text: instead of both words.
    """
    border = f"2px solid {INKS['new']}" if age == "new" else f"1px solid {INKS['line']}"
    style = f"{_TAG}:{border};border-radius:{_TAGS[kind]}"
    return draw_element("span", text or f"{age} {kind}", style=style)


def draw_paragraph(text: str, *, strong: bool = False) -> Markup:
    """Return a paragraph, each line of the text a line."""
    return draw_element("p", draw_element("strong", _break(text)) if strong else _break(text))


def draw_list(texts: Iterable[str], *, numbered: bool = False) -> Markup:
    """Return a list, each line of a text a line."""
    items = [draw_element("li", _break(text)) for text in texts]
    return draw_element("ol" if numbered else "ul", *items)


def _break(text: str) -> Markup:
    return Markup("<br>".join(map(escape, text.splitlines())))


@dataclass(frozen=True)
class TableRow:
    """A row's cells; one that is marked says so in words too. A single cell is the heading of rows below."""

    cells: Sequence[str]
    marked: bool = False


def draw_table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[TableRow],
    *,
    kinds: Mapping[int, str] | None = None,
    style: str = "",
    whole: str = "",
    row_headers: bool = True,
) -> Markup:
    """Return a table with its caption and headers.

    Args:
        caption: what it shows, "" for none.
        head: a header for each column.
        rows: from top to bottom.
        kinds: classes for the cells of a column, from 0: `kw-long` may be broken anywhere, `kw-wide` is left
            out where there is little room.
        style: of every cell.
        whole: the table's own style.
        row_headers: the first cell of a row is its header.
    """
    looks = [{"class_": (kinds or {}).get(number, ""), "style": style} for number in range(len(head))]

    def draw_row(row: TableRow) -> Markup:
        marked = "kw-marked" if row.marked else ""
        if len(row.cells) == 1:
            heading = draw_element("th", *row.cells, scope="rowgroup", colspan=str(len(head)))
            return draw_element("tr", heading, class_=marked)
        cells = [
            draw_element("th", cell, scope="row", **look)
            if row_headers and not number
            else draw_element("td", cell, **look)
            for number, (cell, look) in enumerate(zip(row.cells, looks, strict=True))
        ]
        return draw_element("tr", *cells, class_=marked)

    top = [draw_element("th", cell, scope="col", **look) for cell, look in zip(head, looks, strict=True)]
    return draw_element(
        "table",
        *([draw_element("caption", caption)] if caption else ()),
        draw_element("thead", draw_element("tr", *top)),
        draw_element("tbody", *map(draw_row, rows)),
        style=whole,
    )


# Tables in text


def format_columns(rows: Iterable[Sequence[str]]) -> str:
    """Return rows below each other, each column as wide as its widest line; a cell may have several lines."""
    lines = [
        parts for row in rows for parts in zip_longest(*(cell.split("\n") for cell in row), fillvalue="")
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, parts, widths)).rstrip() for parts in lines)


def format_table(head: Sequence[str], rows: Iterable[TableRow]) -> str:
    """Return the table in plain ASCII; a marked row begins with `*`."""
    table = [(" ", *head), *(("*" if row.marked else " ", *row.cells) for row in rows)]
    return format_columns([[format_ascii(cell) for cell in row] for row in table])


def format_ascii(text: str) -> str:
    """Return a text with escapes for everything that is not ASCII."""
    return text.encode("ascii", "backslashreplace").decode()
