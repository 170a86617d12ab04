"""The lower part of a drawing: code, schema and visitors side by side on one axis of time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kit.draw import count_cells, cut, format_commit, format_line, format_offset, format_span
from kit.timeline.queries import Window, broken_seconds, broken_windows
from kit.timeline.records import (
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

_NAME_WIDTH = 10
"""Columns that the names of the lanes take."""
MARKS: Mapping[Outcome, str] = {"ok": "·", "lost": "o", "failed": "x", "blocked": "#"}
"""How each outcome is drawn, from the most harmless to the worst: a column shows its worst view."""
LEGEND = ("code, schema: - old  ~ old, new in build  = new", "visitors: · ok  o lost  x failed  # blocked")
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_MOST_BRACKETS = 8


class _Part(NamedTuple):
    """From `at` on, a lane is filled with `fill`."""

    at: float
    fill: str
    label: str = ""


class ColumnAxis(NamedTuple):
    """Seconds of the clock to columns."""

    start: float
    end: float
    columns: int

    def column(self, at: float) -> int:
        """Return the column of an instant; instants outside belong to the nearest column."""
        share = min(1, max(0, (at - self.start) / (self.end - self.start)))
        return min(self.columns - 1, math.floor(share * self.columns))

    def covers(self, at: float) -> bool:
        """Whether the instant is on the axis."""
        return self.start <= at <= self.end


def format_lanes(records: Sequence[Record], views: Sequence[PageView], zero: float, width: int) -> list[str]:
    """Return the lines of the lanes, from the first to the last of some page views.

    Args:
        records: what happened, in order of their instants.
        views: the page views to draw, in order; two at least, not all of one instant.
        zero: the instant that is shown as 00:00, in seconds of the clock.
        width: the most columns of a line.
    """
    gap = (views[-1].at - views[0].at) / (len(views) - 1)
    # What was done directly before the first view belongs to the picture: the push, above all.
    typed = [ran.at for ran in records if isinstance(ran, CommandRan) and ran.clone != "world"]
    before = [at for at in typed if 0 <= views[0].at - at <= gap]
    axis = ColumnAxis(min([views[0].at, *before]), views[-1].at, width - _NAME_WIDTH)
    lanes = (
        ("time", _draw_ticks(axis, zero)),
        ("commands", _draw_commands(records, axis)),
        ("code", _draw_parts(_find_code(records, axis, views[0].commit), axis)),
        ("schema", _draw_parts(_find_schema(records, axis), axis)),
        ("visitors", _draw_views(views, axis)),
        ("", _draw_windows(records, axis)),
    )
    texts = ((name, "".join(cells).rstrip()) for name, cells in lanes)
    return [f"{name:<{_NAME_WIDTH}}{text}" for name, text in texts if text]


def _draw_ticks(axis: ColumnAxis, zero: float) -> list[str]:
    longest = max(len(format_offset(at - zero)) for at in (axis.start, axis.end))
    least = (axis.end - axis.start) * (longest + len("| .0")) / axis.columns
    step = next((step for step in _STEPS if step >= least), _STEPS[-1] * math.ceil(least / _STEPS[-1]))
    cells = [" "] * axis.columns
    tick = math.ceil((axis.start - zero) / step)
    while axis.covers(at := zero + tick * step):
        _put(cells, axis.column(at), "|")
        _put(cells, axis.column(at), f"|{format_offset(tick * step)}")
        tick += 1
    return cells


def _draw_commands(records: Iterable[Record], axis: ColumnAxis) -> list[str]:
    """Return a "v" at the start of each command, with its text to the right or left of it."""
    commands: dict[int, list[str]] = {}
    for column, group in _group_commands(records, axis).items():
        # Where several were typed at one instant, those count that reached GitHub or the cloud.
        telling = [text for text, reached in group if reached]
        commands[column] = telling or [text for text, _ in group]
    cells = [" "] * axis.columns
    free = 0
    for start, end in itertools.pairwise([*sorted(commands), axis.columns]):
        text = " ; ".join(commands[start])
        right, left = end - start - len("v  "), start - free - len("  ")
        if count_cells(text) > right and count_cells(text) <= left:
            _put(cells, start - 1 - count_cells(text), f"{text} v")
            free = start + 1
        else:
            short = cut(text, right) if right > _NAME_WIDTH else ""
            _put(cells, start, f"v {short}".rstrip())
            free = start + len("v ") + count_cells(short)
    return cells


def _group_commands(records: Iterable[Record], axis: ColumnAxis) -> dict[int, list[tuple[str, bool]]]:
    """Return by column each command, and whether GitHub or the cloud database changed before the next one."""
    commands: dict[int, list[tuple[str, bool]]] = {}
    column = None
    for record in records:
        if isinstance(record, CommandRan):
            column = axis.column(record.at) if record.clone != "world" and axis.covers(record.at) else None
            if column is not None:
                commands.setdefault(column, []).append((format_line(record.command), False))
        elif column is not None and _reaches_production(record):
            commands[column][-1] = (commands[column][-1][0], True)
    return commands


def _reaches_production(record: Record) -> bool:
    if isinstance(record, RefMoved):
        return record.repository == "github"
    return isinstance(record, MigrationApplied) and record.database == "cloud"


def _find_code(records: Iterable[Record], axis: ColumnAxis, first: str) -> list[_Part]:
    """Return what production ran: the commit that answered first, then builds, switches, failed builds."""
    fill, label = "-", format_commit(first) if first else ""
    parts = [_Part(axis.start, fill, label)]
    building: list[str] = []
    for record in records:
        if not isinstance(record, Deployed) or record.target != "production" or record.at > axis.end:
            continue
        if record.stage == "building":
            building.append(format_commit(record.commit))
        elif record.stage in LAST_STAGES:
            building = [commit for commit in building if commit != format_commit(record.commit)]
            if record.stage == "live":
                fill, label = "-" if record.at <= axis.start else "=", format_commit(record.commit)
        else:
            continue
        if building:
            parts.append(_Part(record.at, "~", f"building {building[-1]}"))
        else:
            parts.append(_Part(record.at, fill, label))
    return parts


def _find_schema(records: Iterable[Record], axis: ColumnAxis) -> list[_Part]:
    """Return the changes of the cloud database's schema, those of one column as one."""
    changes: dict[int, list[Record]] = {}
    for record in records:
        if not isinstance(record, MigrationApplied | SchemaChanged) or record.database != "cloud":
            continue
        if axis.start < record.instant <= axis.end:
            changes.setdefault(axis.column(record.instant), []).append(record)
    parts = [_Part(axis.start, "-", "old")]
    for group in changes.values():
        # What changed says more than the version that changed it.
        seen = [format_line(change.change) for change in group if isinstance(change, SchemaChanged)]
        versions = [format_line(change.version) for change in group if isinstance(change, MigrationApplied)]
        parts.append(_Part(group[0].instant, "=", " ".join(seen or versions)))
    return parts


def _draw_parts(parts: Sequence[_Part], axis: ColumnAxis) -> list[str]:
    cells = [" "] * axis.columns
    starts = [axis.column(part.at) for part in parts]
    for part, start, end in zip(parts, starts, [*starts[1:], axis.columns], strict=True):
        room = end - start
        cells[start:end] = part.fill * room
        label = f" {part.label} "
        if part.label and count_cells(label) + len("====") <= room:
            _put(cells, start + (room - count_cells(label)) // 2, label)
        if room and part.at > axis.start:
            cells[start] = "|"
    return cells


def _draw_views(views: Iterable[PageView], axis: ColumnAxis) -> list[str]:
    order = list(MARKS)
    worst: dict[int, int] = {}
    for view in views:
        column = axis.column(view.at)
        worst[column] = max(worst.get(column, 0), order.index(view.outcome))
    return [MARKS[order[worst[column]]] if column in worst else " " for column in range(axis.columns)]


def _draw_windows(records: Iterable[Record], axis: ColumnAxis) -> list[str]:
    """Return a bracket below each broken window, with its length in or beside it where there is room."""
    cells = [" "] * axis.columns
    windows = [w for w in broken_windows(records) if w.start <= axis.end and w.end >= axis.start]
    spans = [(w.start, w.end, _say_broken((w,))) for w in windows]
    if len(windows) > _MOST_BRACKETS:
        spans = [(windows[0].start, windows[-1].end, _say_broken(windows))]
    brackets = [(axis.column(start), axis.column(end), text) for start, end, text in spans]
    for start, end, text in brackets:
        inside = f" {text} " if len(text) + len("└─  ─┘") <= end - start + 1 else ""
        cells[start : end + 1] = f"└{inside.center(end - start - 1, '─')}┘" if end > start else "^"
    for start, end, text in brackets:
        if text in "".join(cells[start : end + 1]):
            continue
        for place in (end + 2, start - 1 - len(text)):
            around = cells[max(0, place - 1) : place + len(text) + 1]
            if place >= 0 and place + len(text) <= axis.columns and set(around) == {" "}:
                _put(cells, place, text)
                break
    return cells


def _say_broken(windows: Sequence[Window]) -> str:
    span = format_span(broken_seconds(windows))
    return f"broken {span}" if len(windows) == 1 else f"broken {len(windows)} times, {span} in all"


def _put(cells: list[str], start: int, text: str) -> None:
    """Write text over the cells if it fits; a wide character takes two cells."""
    if start < 0 or start + count_cells(text) > len(cells):
        return
    for character in text:
        cells[start] = character
        if count_cells(character) > 1:
            cells[start + 1] = ""
        start += count_cells(character)
