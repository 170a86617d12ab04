"""Strings in, strings out: texts on one line, tables, places on a drawing, the one sheet of styles.

A drawing has no width of its own: x is a share of the space, text keeps its size. So a text is
judged for three ranges of space, and a class of the style sheet below says in which of them it is shown.

Nothing is told by colour alone: each outcome and each kind of window has a pattern of its own.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from itertools import zip_longest

# Texts for a drawing: times, durations, and foreign text that cannot break a layout


_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_EXACT = 10 * _MINUTE
_LATIN, _BASIC = 0xFF, 0xFFFF


def show(text: str) -> str:
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


def show_commit(commit: str) -> str:
    """Return the first seven characters of a commit id, or a word for none."""
    return show(commit[:7]) or "none"


def show_offset(seconds: float) -> str:
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


def show_span(seconds: float) -> str:
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


def format_columns(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as text, each column as wide as its widest cell; "" for no rows."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _show_character(character: str) -> str:
    if character.isprintable() and not unicodedata.category(character).startswith("M"):
        return character
    code = ord(character)
    named = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(character)
    if named is not None:
        return named
    if code <= _LATIN:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _BASIC else f"\\U{code:08x}"


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Return texts in columns that are as wide as they must be; a text may have several lines."""
    cells = [[text.split("\n") for text in row] for row in rows]
    widths = [max(len(line) for lines in column for line in lines) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for row in cells
        for line in zip_longest(*row, fillvalue="")
    )


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


def say_seconds(seconds: float) -> str:
    """Return a number of seconds as the panel shows it: "4.36 s", "35 s"."""
    return f"{seconds:.2f}".rstrip("0").rstrip(".") + " s"


def say_instant(seconds: float) -> str:
    """Return an instant relative to `git push`: "+3.61 s", "-2 s", "0 s"."""
    text = say_seconds(seconds)
    return f"+{text}" if seconds > 0 and text != "0 s" else text.replace("-0 s", "0 s")


# How drawings look: a style sheet and patterns, in JupyterLab's colours, with fallbacks for other places


COLOURS = """
--kw-text:var(--jp-ui-font-color1,var(--vscode-foreground,#1f2328));
--kw-soft:var(--jp-ui-font-color2,var(--vscode-descriptionForeground,#57606a));
--kw-paper:var(--jp-layout-color0,var(--vscode-editor-background,#fff));
--kw-line:var(--jp-border-color1,#8c959f);
--kw-new:var(--jp-brand-color1,#1f6feb);
--kw-bad:var(--jp-error-color1,#cf222e);
font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;color:var(--kw-text)
""".replace("\n", "")
"""Declarations for whatever holds a drawing: the theme's colours and letters."""
_DRAWING = (
    f".kw-panel,.kw-drawing{{{COLOURS}}}"
    """
.kw-drawing{display:block;width:100%;overflow:hidden}
.kw-drawing text{font-size:12px;fill:var(--kw-text);
paint-order:stroke;stroke:var(--kw-paper);stroke-width:3px;
stroke-linejoin:round}
.kw-drawing .kw-name{font-weight:700}
.kw-drawing .kw-note{fill:var(--kw-soft);font-weight:400}
.kw-drawing .kw-bold{font-weight:700}
.kw-drawing .kw-inside text{stroke:none}
.kw-drawing .kw-old{fill:var(--kw-text);fill-opacity:.08;stroke:var(--kw-line)}
.kw-drawing .kw-fresh{fill:var(--kw-new);fill-opacity:.22;stroke:var(--kw-new);stroke-width:2}
.kw-drawing .kw-plan{stroke-dasharray:4 3;fill-opacity:.05}
.kw-drawing .kw-unknown{fill:none;stroke:var(--kw-line);stroke-dasharray:2 4}
.kw-drawing .kw-shade{fill:var(--kw-bad);fill-opacity:.1}
.kw-drawing .kw-edge{stroke:var(--kw-bad);stroke-width:1.5}
.kw-drawing .kw-foreseen{fill:var(--kw-text);fill-opacity:.04}
.kw-drawing .kw-dashed{stroke:var(--kw-text);stroke-dasharray:5 3;fill:none}
.kw-drawing .kw-mark{stroke:var(--kw-text);stroke-dasharray:2 3}
.kw-drawing .kw-axis{stroke:var(--kw-line)}
.kw-drawing .kw-hand{stroke:var(--kw-text);stroke-width:2}
.kw-drawing .kw-ok,.kw-panel .kw-ok{fill:var(--kw-new);fill-opacity:.6}
.kw-drawing .kw-lost,.kw-drawing .kw-failed{stroke:var(--kw-bad)}
.kw-drawing .kw-blocked{stroke:var(--kw-text)}
.kw-fit{display:none}
.kw-fit.L{display:inline}
@container (max-width:LARGEpx){.kw-fit.L{display:none}.kw-fit.M{display:inline}}
@container (max-width:MEDIUMpx){.kw-fit.L,.kw-fit.M{display:none}.kw-fit.S{display:inline}}
"""
)
_PANEL = """
.kw-panel{container-type:inline-size;line-height:1.4;margin:0;padding:2px 0}
.kw-panel p{margin:0 0 4px;min-height:1.4em}
.kw-panel .kw-head strong{font-size:17px;margin-right:8px}
.kw-panel .kw-soft{color:var(--kw-soft)}
.kw-panel .kw-error{min-height:2.8em}
.kw-panel .kw-error .kw-soft{display:block}
.kw-panel code{font-family:var(--jp-code-font-family,monospace);font-size:12px;background:none;
color:inherit;padding:0;overflow-wrap:anywhere}
.kw-panel .kw-state{font-weight:700;border:1px solid var(--kw-line);border-radius:3px;padding:0 4px}
.kw-panel .kw-tables{display:flex;flex-wrap:wrap;gap:4px 32px;margin-top:4px;align-items:flex-start}
.kw-panel table{border-collapse:collapse;margin:0;font-size:13px;border:0;table-layout:auto}
.kw-panel caption{text-align:left;font-weight:700;padding:4px 0;color:var(--kw-text);caption-side:top}
.kw-panel thead{border-bottom:1px solid var(--kw-line)}
.kw-panel th,.kw-panel td{padding:2px 12px 2px 0;text-align:right;font-variant-numeric:tabular-nums;border:0;
background:none;white-space:nowrap;vertical-align:top;color:var(--kw-text);max-width:none}
.kw-panel thead th{color:var(--kw-soft);font-weight:400}
.kw-panel.kw-judged td{white-space:normal}
.kw-panel tbody tr,.kw-panel tbody tr:hover{background:none}
.kw-panel th:first-child,.kw-judged td,.kw-judged thead th{text-align:left;font-weight:400}
.kw-panel .kw-words,.kw-panel thead .kw-words{text-align:left;white-space:normal;color:var(--kw-soft)}
.kw-panel th svg{display:inline-block;width:14px;vertical-align:-2px;
margin-right:6px}
@container (max-width:LARGEpx){.kw-panel .kw-head{min-height:3.4em}}
@container (max-width:MEDIUMpx){.kw-panel .kw-words{display:none}.kw-panel table{font-size:12px}
.kw-panel .kw-head{min-height:5em}.kw-panel .kw-error{min-height:5.6em}
.kw-panel .kw-tables th:first-child{min-width:72px}
.kw-panel th,.kw-panel thead th:first-child{white-space:normal}
.kw-panel th,.kw-panel td{padding-right:8px}}
@media (prefers-reduced-motion:reduce){.kw-panel *{animation:none!important;transition:none!important}}
"""
_CONTROLS = """
.kw-deploy{container-type:inline-size}
.kw-deploy .widget-inline-hbox .widget-label{text-align:left;padding-left:0}
.kw-deploy .widget-html-content{line-height:1.4}
.kw-deploy .kw-live .widget-html-content{min-height:1.4em}
.kw-deploy .jupyter-button{width:auto;min-width:126px}
.kw-deploy .jupyter-button.mod-primary{background:#1565c0;color:#fff}
.kw-deploy .progress-bar{background:#1565c0}
.kw-deploy .jupyter-button:focus-visible,.kw-deploy input:focus-visible,.kw-deploy .noUi-handle:focus-visible{
outline:2px solid var(--jp-ui-font-color1,#1f2328);outline-offset:2px}
@container (max-width:MEDIUMpx){
.kw-deploy .widget-hslider,.kw-deploy .widget-text{flex-wrap:wrap;height:auto;width:auto!important}
.kw-deploy .kw-live .widget-html-content{min-height:4.2em}
.kw-deploy .widget-hslider .widget-label,.kw-deploy .widget-text .widget-label{width:100%!important}}
@media (prefers-reduced-motion:reduce){.kw-deploy *{animation:none!important;transition:none!important}}
"""


def _pack(sheet: str) -> str:
    """Return a style sheet on one line, with the widths at which a space is a larger one."""
    return re.sub(
        r"\n", "", sheet.replace("LARGE", str(SPACES["L"] - 1)).replace("MEDIUM", str(SPACES["M"] - 1))
    )


DRAWING, CONTROLS = _pack(_DRAWING), _pack(_CONTROLS)
SHEET = DRAWING + _pack(_PANEL)
"""The style sheets of a drawing alone, of a drawing with its words and tables, and of the widgets around it,
on one line each."""

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


def patterns(ident: str) -> str:
    """Return the patterns as SVG, with ids of their own.

    Args:
        ident: letters and digits, other ones for each drawing of a page.
    """
    drawn = []
    for name, (size, path, colour, opacity) in _LINES.items():
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


# A real table of texts from anywhere, escaped; it can be read without its style too


_T = ".kw-view.kw-view.kw-view"  # thrice: it must weigh more than JupyterLab's own rules for tables
TABLE_SHEET = (
    f".kw-view{{{COLOURS};container-type:inline-size;line-height:1.4;max-width:1000px}}"
    ".kw-view p{margin:4px 0}"
    f"{_T} table{{border-collapse:collapse;margin:4px 0;border:0;font-size:13px;table-layout:auto}}"
    f"{_T} caption{{caption-side:top;text-align:left;font-weight:700;padding:4px 0;color:var(--kw-text)}}"
    f"{_T} thead{{border-bottom:1px solid var(--kw-line)}}"
    f"{_T} tbody tr{{background:none}}"
    f"{_T} th,{_T} td{{padding:2px 14px 2px 0;border:0;text-align:left;vertical-align:top;max-width:none;"
    "background:none;color:var(--kw-text);white-space:normal;font-weight:400}"
    f"{_T} .kw-long{{overflow-wrap:anywhere}}"
    f"{_T} thead th{{color:var(--kw-soft)}}"
    f"{_T} tr.kw-marked>*{{font-weight:700;border-bottom:1px solid var(--kw-line)}}"
    f"{_T} tr.kw-marked>:first-child{{box-shadow:inset 4px 0 var(--kw-text);padding-left:10px}}"
    f"{_T}.kw-code td{{font-family:var(--jp-code-font-family,monospace);font-size:12px}}"
    f"@container (max-width:479px){{{_T} .kw-wide{{display:none}}"
    f"{_T} th,{_T} td{{padding-right:8px;font-size:12px}}}}"
)
"""For everything that is made of such tables."""


@dataclass(frozen=True)
class Row:
    """Cells, the first of them the row's header; marked in words by them, and in the drawing too."""

    cells: Sequence[str]
    marked: bool = False


def draw_grid(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Row],
    *,
    long: Collection[int],
    wide: Collection[int] = (),
) -> str:
    """Return a table with its caption and headers.

    Args:
        caption: what it shows.
        head: a header for each column.
        rows: from top to bottom.
        long: the columns, from 0, whose texts may be broken anywhere.
        wide: the columns that are left out where there is little room.
    """
    kinds = [
        " ".join(name for name, places in (("kw-long", long), ("kw-wide", wide)) if number in places)
        for number in range(len(head))
    ]
    marks = [f" class='{kind}'" if kind else "" for kind in kinds]
    tops = "".join(
        f"<th scope='col'{mark}>{escape(cell)}</th>" for mark, cell in zip(marks, head, strict=True)
    )
    body = "".join(_row(row, marks) for row in rows)
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{tops}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _row(row: Row, marks: Sequence[str]) -> str:
    first, *rest = (f"{mark}>{escape(cell)}" for mark, cell in zip(marks, row.cells, strict=True))
    kind = " class='kw-marked'" if row.marked else ""
    return f"<tr{kind}><th scope='row'{first}</th>{''.join(f'<td{cell}</td>' for cell in rest)}</tr>"


def draw_text_grid(head: Sequence[str], rows: Sequence[Row]) -> str:
    """Return the same in plain ASCII; a marked row begins with `*`.

    Args:
        head: a header for each column.
        rows: from top to bottom.
    """
    table = [(" ", *head)] + [("*" if row.marked else " ", *row.cells) for row in rows]
    plain = [[cell.encode("ascii", "backslashreplace").decode() for cell in row] for row in table]
    return format_columns(plain)
