"""A timeline as a picture: commands, code, schema and visitors on one axis of time, the broken window on top.

The lanes come first, one picture for each sitting of visitors; the list of events is folded behind them.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from kit.draw import (
    SPACES,
    Axis,
    Markup,
    count_cells,
    cut,
    draw_beside,
    draw_box,
    draw_element,
    draw_gaps,
    draw_image,
    draw_line,
    draw_text,
    fill_with,
    fit,
    format_commit,
    format_instant,
    format_line,
    format_offset,
    format_seconds,
    format_span,
    show_in,
)
from kit.timeline.queries import (
    Window,
    broken_seconds,
    broken_windows,
    code_switches,
    count_outcomes,
    first_error,
    page_views,
)
from kit.timeline.records import (
    BUILD_WORDS,
    LAST_STAGES,
    CommandRan,
    Deployed,
    MigrationApplied,
    Outcome,
    PageView,
    Record,
    RefMoved,
    SchemaChanged,
)
from kit.timeline.text import find_zero, format_counts, format_journal, format_title, split_sittings

STACKED: dict[Outcome, str] = {
    "ok": "answered, and written",
    "lost": "status 200, nothing written",
    "failed": "status 500, or no answer",
    "blocked": "waited for a lock",
}
"""The outcomes from the bottom of a bar to its top, and what each means."""
_MOST_PICTURES = 3
_COLUMNS = 100  # of the folded list
_PAUSE_S = 300.0  # records further apart belong to different pictures, as page views do
_MARKS = (13, 29)
_STRIP, _LANE, _BUILD, _BARS_HIGH = 14, 22, 13, 56
_BARS = 64
_WIDE_LETTER, _SWATCH, _BETWEEN = 8.3, 18, 16
_HOURS = 600.0  # from here on an instant is told as "+10:00", not in seconds
_MOST_WINDOWS, _MOST_MARKS, _MOST_RUNS = 8, 12, 20


def draw_timeline(timeline: Iterable[Record], *, zero: float | None = None) -> Markup:
    """Return a timeline as HTML that every viewer of notebooks shows, whether it trusts it or not.

    The same records give the same text; times are relative to the zero. What came from elsewhere is escaped.

    Args:
        timeline: a timeline, or records in order of time.
        zero: the instant to show as 00:00, in seconds of the clock; by default the one that the text shows.
    """
    records = sorted(timeline, key=lambda record: record.instant)
    if not records:
        return draw_element("p", "Nothing has happened yet.")
    zero = find_zero(records) if zero is None else zero
    pictures = [_Picture(records, views, zero) for views in _choose_sittings(records)]
    return draw_element(
        "div",
        _draw_headline(records, zero),
        *(picture.image() for picture in pictures),
        *_draw_error(records, zero),
        _draw_list(records, zero),
        style="max-width:1000px",
    )


def draw_visits(timeline: Iterable[Record]) -> Markup:
    """Return page views as a strip in the order of time, each stretch in the pattern of how it ended.

    Where they alternate too often to be told apart, the strip shows the shares alone.
    """
    views = page_views(timeline)
    counts = count_outcomes(views)._asdict()
    runs = [(outcome, len(list(run))) for outcome, run in itertools.groupby(view.outcome for view in views)]
    if len(runs) > _MOST_RUNS:
        runs = [(outcome, counts[outcome]) for outcome in STACKED if counts[outcome]]
    parts, done = [], 0
    for outcome, number in runs:
        start, end = (round(100 * views_before / len(views), 2) for views_before in (done, done + number))
        parts.append(draw_box(start, end - start, 1, _STRIP - 2, fill_with(outcome)))
        done += number
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in STACKED if counts[outcome])
    return draw_element("div", draw_image(*parts, height=_STRIP, alt=told), style="max-width:600px")


def _draw_headline(records: Sequence[Record], zero: float) -> Markup:
    views, windows = count_outcomes(records), broken_windows(records)
    if not views.total:
        words = "Nobody visited"
    elif not windows:
        words = "Never broken"
    elif seconds := broken_seconds(windows):
        words = f"Broken for {format_span(seconds)}{', and still' if windows[-1].open else ''}"
    else:
        words = "Broken"
    said = "; ".join([*format_counts(records)[:1], *format_counts(records)[2:], format_title(records, zero)])
    strong = draw_element("strong", words, style="font-size:16px")
    return draw_element("p", strong, f"  {said.replace('Timeline; ', '')}", style="margin:0 0 4px")


def _draw_error(records: Sequence[Record], zero: float) -> Iterator[Markup]:
    view = first_error(records)
    if view is not None:
        code = draw_element("code", format_line(view.sqlstate)), " ", format_line(view.message)
        met = f": the first error, at {_format_time(view.at - zero)}; the visitor got status {view.status}"
        yield draw_element("p", *code, met, style="margin:4px 0")


def _draw_list(records: Sequence[Record], zero: float) -> Markup:
    others = sum(not isinstance(record, PageView) for record in records)
    lines = "\n".join(format_journal(records, zero, _COLUMNS))
    summary = f"All {others} events" if others > 1 else "What happened"
    listed = draw_element("pre", lines, style="white-space:pre-wrap;font-size:12px;margin:4px 0")
    shown = draw_element("summary", summary, style="cursor:pointer")
    return draw_element("details", shown, listed, style="margin-top:6px")


def _format_time(seconds: float) -> str:
    return format_instant(seconds) if abs(seconds) < _HOURS else format_offset(seconds)


def _choose_sittings(records: Sequence[Record]) -> list[tuple[PageView, ...]]:
    """Return the last sittings in which something changed; the last one where nothing did; () for none."""
    sittings = [views for views in split_sittings(page_views(records)) if views[-1].at > views[0].at]
    if not sittings:
        return [()]
    changes = [record.instant for record in records if _changes_production(record)]
    telling = [
        views
        for views in sittings
        if any(views[0].at <= at <= views[-1].at for at in changes)
        or any(view.outcome != "ok" for view in views)
    ]
    return (telling or sittings[-1:])[-_MOST_PICTURES:]


def _changes_production(record: Record) -> bool:
    if isinstance(record, Deployed):
        return (record.target, record.stage) == ("production", "live")
    return isinstance(record, MigrationApplied | SchemaChanged) and record.database == "cloud"


class _Part(NamedTuple):
    """What a lane holds from one instant to another, relative to the zero."""

    start: float
    end: float
    texts: Sequence[str]
    fresh: bool


class _Mark(NamedTuple):
    """A command, and whether GitHub or the cloud database changed before the next one."""

    at: float
    text: str
    reached: bool


@dataclass(frozen=True)
class _Picture:
    """The lanes of one sitting, or of the last that happened where nobody visited.

    Args:
        records: everything, in order of time.
        views: of the sitting; () where nobody visited.
        zero: in seconds of the clock.
    """

    records: Sequence[Record]
    views: tuple[PageView, ...]
    zero: float

    def image(self) -> Markup:
        """Return the picture."""
        windows = self.windows
        # Several windows have what is said of them on a row of its own, else it would lie upon them.
        strip = 6 + 16 * (min(len(_MARKS), len(self.marks)) + (len(windows) > 1))
        code = strip + 16 + (_STRIP + 8 if windows else 0)
        schema = code + _LANE + (_BUILD + 4 if self.builds else 0) + 24
        visitors = schema + _LANE + 24
        floor = visitors + _BARS_HIGH if self.views else schema + _LANE + 8
        legend, rows = self._legend(floor + 38)
        return draw_image(
            *(self._shade(window, strip + _STRIP, floor) for window in self._joined()),
            *self._draw_marks(floor),
            *self._lane("Code", "live on production", code, self.code, round_=2),
            *self._builds(code + _LANE + 3),
            *self._lane("Schema", "of the cloud database", schema, self.schema, round_=10),
            *(self._visitors(visitors, floor) if self.views else ()),
            *self._strip(strip),
            *self._ticks(floor),
            *legend,
            height=floor + 24 + 18 * rows,
            alt=self._describe(),
        )

    def _describe(self) -> str:
        code = [f"{part.texts[0]} from {_format_time(part.start)}" for part in self.code]
        schema = [f"{part.texts[0]} from {_format_time(part.start)}" for part in self.schema]
        seen = [f"{number} {name}" for name, number in self.counts.items()]
        broken = [
            f"broken from {_format_time(round(window.start, 1))} to {_format_time(round(window.end, 1))}"
            for window in self.windows[:_MOST_WINDOWS]
        ]
        return "; ".join(["Timeline", *code, *schema, f"visitors: {', '.join(seen) or 'none'}", *broken])

    @cached_property
    def axis(self) -> Axis:
        """From the first view to the last, with a command directly before; else the last group of records."""
        views = self.views
        if views:
            gap = (views[-1].at - views[0].at) / (len(views) - 1)
            typed = [record.at for record in self.records if _is_typed(record)]
            start = min([views[0].at, *(at for at in typed if 0 <= views[0].at - at <= gap)])
            return self._lay(start, views[-1].at)
        group = [self.records[-1]]
        for record in reversed(self.records[:-1]):
            if group[-1].instant - record.instant > _PAUSE_S:
                break
            group.append(record)
        ends = [record.until if isinstance(record, CommandRan) else record.instant for record in group]
        return self._lay(group[-1].instant, max(ends))

    def _lay(self, first: float, last: float) -> Axis:
        start, end = first - self.zero, last - self.zero
        return Axis(start, end) if end > start else Axis(start - 1, start + 1)

    @cached_property
    def windows(self) -> list[Window]:
        """The broken windows of the sitting, relative to the zero."""
        start, end, zero = self.axis.start, self.axis.end, self.zero
        found = [
            Window(window.start - zero, window.end - zero, window.open)
            for window in broken_windows(self.records)
            if window.start - zero <= end and window.end - zero >= start
        ]
        return found if self.views else []

    def _joined(self) -> list[Window]:
        """Return the windows, very many as one."""
        found = self.windows
        if len(found) <= _MOST_WINDOWS:
            return found
        return [Window(found[0].start, found[-1].end, found[-1].open)]

    @cached_property
    def changes(self) -> bool:
        """Whether code or schema changed, or was about to: then what was before is the old one."""
        inside = (record for record in self.records if _changes_production(record))
        axis = self.axis
        return bool(self.builds) or any(
            axis.start < record.instant - self.zero <= axis.end for record in inside
        )

    @cached_property
    def counts(self) -> dict[str, int]:
        """The page views of the sitting by outcome, those that there are."""
        counts = count_outcomes(self.views)._asdict()
        return {name: counts[name] for name in STACKED if counts[name]}

    @cached_property
    def code(self) -> list[_Part]:
        """What production served."""
        axis, switches = self.axis, code_switches(self.records)
        before = [switch.commit for switch in switches if switch.at - self.zero <= axis.start]
        first = self.views[0].commit if self.views else before[-1] if before else ""
        inside = [switch for switch in switches if axis.start < switch.at - self.zero <= axis.end]
        starts = [axis.start, *(switch.at - self.zero for switch in inside)]
        parts = []
        for start, end, commit in zip(
            starts, [*starts[1:], axis.end], [first, *(switch.commit for switch in inside)], strict=True
        ):
            fresh = commit != first
            word = "new " if fresh else "old " if self.changes else ""
            name = format_commit(commit) if commit else ""
            texts = [f"{word}code {name}".strip(), name or f"{word}code", word.strip() or "code"]
            parts.append(_Part(start, end, texts, fresh))
        return parts

    @cached_property
    def builds(self) -> list[_Part]:
        """The builds of production, each from its push to its end; `fresh` is whether it ended well."""
        stages = [
            record
            for record in self.records
            if isinstance(record, Deployed) and record.target == "production"
        ]
        found = []
        for number, stage in enumerate(stages):
            if stage.stage not in ("queued", "building") or (
                stage.stage == "building" and any(former.commit == stage.commit for former in stages[:number])
            ):
                continue
            ends = [later for later in stages[number:] if later.commit == stage.commit]
            end = next((later for later in ends if later.stage in LAST_STAGES), None)
            word = "build" if end is None else BUILD_WORDS[end.stage]
            start, until = stage.at - self.zero, (end.at - self.zero if end else self.axis.end)
            if start < self.axis.end and until > self.axis.start:
                texts = [f"{word} {format_commit(stage.commit)}", word]
                ended_well = end is None or end.stage not in ("failed", "canceled")
                found.append(_Part(start, until, texts, ended_well))
        return found

    @cached_property
    def schema(self) -> list[_Part]:
        """What the cloud database looked like: changes that cannot be told apart on the axis are one."""
        axis = self.axis
        groups: list[list[MigrationApplied | SchemaChanged]] = []
        for record in self.records:
            if not isinstance(record, MigrationApplied | SchemaChanged) or record.database != "cloud":
                continue
            at = record.instant - self.zero
            if not axis.start < at <= axis.end:
                continue
            if groups and axis.width(groups[-1][0].instant - self.zero, at) < 1:
                groups[-1].append(record)
            else:
                groups.append([record])
        starts = [axis.start, *(group[0].instant - self.zero for group in groups)]
        texts = [["old schema", "old"] if self.changes else ["schema"]]
        for group in groups:
            # What changed says more than the version that changed it.
            seen = [format_line(change.change) for change in group if isinstance(change, SchemaChanged)]
            made = [format_line(change.version) for change in group if isinstance(change, MigrationApplied)]
            what = cut(" ".join(dict.fromkeys(seen or made)), 60)
            texts.append([f"new schema: {what}", what, "new"])
        return [
            _Part(start, end, words, bool(number))
            for number, (start, end, words) in enumerate(
                zip(starts, [*starts[1:], axis.end], texts, strict=True)
            )
        ]

    # What is drawn

    def _place(self, start: float, end: float) -> tuple[float, float]:
        return self.axis.x(start), self.axis.width(start, end)

    def _label(self, part: _Part, y: int) -> str:
        x, width = self._place(part.start, part.end)
        return "".join(
            draw_text(x, y, text, show_in(spaces), dx=7) for text, spaces in fit(part.texts, width)
        )

    def _lane(self, name: str, note: str, y: int, parts: Sequence[_Part], *, round_: int) -> Iterator[str]:
        yield _draw_name(name, note, y)
        for part in parts:
            look = f"rx='{round_}' class='{'kw-fresh' if part.fresh else 'kw-old'}'"
            yield draw_box(*self._place(part.start, part.end), y, _LANE, look)
            yield self._label(part, y + _LANE - 6)

    def _builds(self, y: int) -> Iterator[str]:
        for build, after in itertools.zip_longest(self.builds, self.builds[1:]):
            place = self._place(build.start, build.end)
            pattern, edge = ("build", "kw-unknown") if build.fresh else ("window", "kw-edge")
            yield draw_box(*place, y, _BUILD, f"{fill_with(pattern)} opacity='.7'")
            yield draw_box(*place, y, _BUILD, f"fill='none' class='{edge}'")
            # Where pushes follow each other closely, each build's text ends where the next one begins.
            yield self._label(build._replace(end=min(build.end, after.start)) if after else build, y + 11)

    def _visitors(self, top: int, floor: int) -> Iterator[str]:
        """Yield the bars: so many seconds each as there is room for, stacked by outcome."""
        axis, views = self.axis, self.views
        gap = (views[-1].at - views[0].at) / (len(views) - 1)
        step = axis.step(_BARS, least=gap)
        yield _draw_name("Visitors", f"page views in {format_seconds(step)} each", top)
        span = axis.end - axis.start
        last = max(0, math.ceil(span / step - 1e-9) - 1)
        counts = Counter(
            (min(last, int((view.at - self.zero - axis.start) / step + 1e-9)), view.outcome) for view in views
        )
        totals: Counter[int] = Counter()
        for (bucket, _), number in counts.items():
            totals[bucket] += number
        most, share = max(totals.values()), step / span
        whole = f"width='100%' height='{floor - top}' y='{top}'"
        bottoms: Counter[int] = Counter()
        for outcome in STACKED:
            tops = Counter(bottoms)
            for bucket in range(last + 1):
                tops[bucket] += counts[bucket, outcome]
            if tops != bottoms:
                yield _clip(outcome, _steps(bottoms, tops, most, share))
                yield f"<rect {whole} {fill_with(outcome)} clip-path='url(#{outcome})'/>"
            bottoms = tops
        # Paper between the bars, upon them only: the shade of a window goes on behind.
        yield _clip("all", _steps(Counter(), totals, most, share))
        yield draw_gaps(share, floor - top)
        yield f"<rect {whole} fill='url(#gap)' clip-path='url(#all)'/>"

    def _shade(self, window: Window, top: int, floor: int) -> str:
        x, width = self._place(window.start, window.end)
        edges = draw_line(x, top, floor, "kw-edge")
        edges += "" if window.open else draw_line(round(x + width, 2), top, floor, "kw-edge")
        ground = draw_box(x, width, top, floor - top, "class='kw-shade'")
        return ground + draw_box(x, width, top, floor - top, f"{fill_with('window')} opacity='.6'") + edges

    def _strip(self, y: int) -> Iterator[str]:
        """Yield the windows as hatched boxes above the lanes, with their length beside them."""
        windows = self.windows
        if not windows:
            return
        for window in self._joined():
            place = self._place(window.start, window.end)
            yield draw_box(*place, y, _STRIP, fill_with("window", "kw-edge"))
        length = format_span(broken_seconds(windows))
        still = ", not over" if windows[-1].open else ""
        texts = [f"broken window: {length}{still}", f"broken {length}"]
        if len(windows) > 1:
            texts = [f"broken {len(windows)} times, {length} in all{still}", f"broken {length}"]
        start, end = self.axis.x(windows[0].start), self.axis.x(windows[-1].end)
        if len(windows) > 1:
            yield draw_beside(texts, start, start, y - 4, style="kw-told", letter=_WIDE_LETTER)
        else:
            yield draw_beside(texts, start, end, y + 12, style="kw-told", letter=_WIDE_LETTER)

    @cached_property
    def marks(self) -> list[_Mark]:
        """The commands that reached GitHub or the cloud; where there are none, all that were typed."""
        found: list[_Mark] = []
        for record in self.records:
            if isinstance(record, CommandRan):
                at = record.at - self.zero
                if _is_typed(record) and self.axis.start <= at <= self.axis.end:
                    found.append(_Mark(at, format_line(record.command), reached=False))
            elif found and _reaches_production(record):
                found[-1] = found[-1]._replace(reached=True)
        return ([mark for mark in found if mark.reached] or found)[-_MOST_MARKS:]

    def _draw_marks(self, floor: int) -> Iterator[str]:
        telling = self.marks
        for number, mark in enumerate(telling):
            yield draw_line(self.axis.x(mark.at), _MARKS[number % len(_MARKS)] - 9, floor, "kw-mark")
        for number, mark in enumerate(telling):
            x, y = self.axis.x(mark.at), _MARKS[number % len(_MARKS)]
            texts = _shorten(mark.text)
            if len(telling) <= len(_MARKS):
                yield draw_beside(texts, x, x, y, sign="▾")
                continue
            after = telling[number + 2].at if number + 2 < len(telling) else self.axis.end
            shown = [*(f"▾ {text}" for text in texts), "▾"]
            for label, spaces in fit(shown, self.axis.width(mark.at, after)):
                yield draw_text(x, y, label, f"kw-bold {show_in(spaces)}", dx=5)

    def _ticks(self, floor: int) -> Iterator[str]:
        yield f"<g transform='translate(0 {floor})'><path d='M0 0h9999' class='kw-axis'/>"
        for at, spaces in self.axis.ticks():
            x, shown = self.axis.x(at), show_in(spaces)
            edge = "start" if x < 4 else "end" if x > 96 else ""  # noqa: PLR2004 - percent
            anchor = f" style='text-anchor:{edge}'" if edge else ""
            yield (
                f"<rect x='{x:g}%' width='1' height='4' class='{f'kw-soft {shown}'.strip()}'/>"
                f"<text x='{x:g}%' y='17'{anchor} class='{f'kw-tick {shown}'.strip()}'>"
                f"{_format_time(at)}</text>"
            )
        yield "</g>"

    def _legend(self, y: int) -> tuple[list[str], int]:
        """Return what the patterns of the bars mean, and on how many rows at most."""
        drawn: dict[str, str] = {}
        most = 0
        for space, pixels in SPACES.items():
            long = [f"{number} {name}: {STACKED[name]}" for name, number in self.counts.items()]  # type: ignore[index]  # the names are outcomes
            short = [f"{number} {name}" for name, number in self.counts.items()]
            texts = long if _rows_of(long, pixels) == 1 else short
            x, row, parts = 0.0, 0, []
            for name, text in zip(self.counts, texts, strict=True):
                width = _width_of(text)
                if x and x + width > pixels:
                    x, row = 0.0, row + 1
                square = f"x='{x + 1:g}' y='{y - 11 + 18 * row}' width='12' height='12'"
                label = draw_element("text", text, x=f"{x + _SWATCH:g}", y=str(y + 18 * row - 1))
                parts.append(f"<rect {square} {fill_with(name)}/>{label}")
                x += width
            most = max(most, row + 1 if parts else 0)
            key = "".join(parts)
            drawn[key] = f"{drawn.get(key, '')} {space}".strip()
        groups = [draw_element("g", Markup(parts), class_=show_in(spaces)) for parts, spaces in drawn.items()]
        return [*groups] if most else [], most


def _width_of(text: str) -> float:
    return _SWATCH + 6.9 * count_cells(text) + _BETWEEN


def _rows_of(texts: Sequence[str], pixels: int) -> int:
    return 1 if sum(map(_width_of, texts)) <= pixels else 2


def _draw_name(name: str, note: str, y: int) -> Markup:
    return draw_text(0, y - 6, Markup(f"{name}<tspan class='kw-note' dx='6'>{note}</tspan>"), "kw-name")


def _clip(ident: str, path: str) -> str:
    return f"<clipPath id='{ident}' clipPathUnits='objectBoundingBox'><path d='{path}'/></clipPath>"


def _steps(bottoms: Counter[int], tops: Counter[int], most: int, share: float) -> str:
    """Return the area between two heights, bars of the same one joined; all in shares of the whole box."""
    path = []
    heights = [(bottoms[bucket], tops[bucket]) for bucket in range(max(tops, default=0) + 1)]
    start = 0
    for (low, high), run in itertools.groupby(heights):
        end = start + len(list(run))
        if high > low:
            left, right = _share(start * share), _share(end * share)
            path.append(f"M{left} {_share(1 - low / most)}V{_share(1 - high / most)}H{right}")
            path.append(f"V{_share(1 - low / most)}z")
        start = end
    return "".join(path)


def _share(number: float) -> str:
    return f"{min(1.0, number):.4f}".rstrip("0").rstrip(".").removeprefix("0") or "0"


def _is_typed(record: Record) -> bool:
    return isinstance(record, CommandRan) and record.clone != "world"


def _reaches_production(record: Record) -> bool:
    if isinstance(record, RefMoved):
        return record.repository == "github"
    return isinstance(record, MigrationApplied) and record.database == "cloud"


_PUSHES = re.compile(r"git push|db push")


def _shorten(command: str) -> list[str]:
    """Return a command from its full text to the least that still says what it is."""
    pushes = " && ".join(_PUSHES.findall(command))
    return [
        cut(command, 90),
        *([pushes, *(["pushes"] if "&" in pushes else [])] if pushes else [cut(command, 24)]),
    ]
