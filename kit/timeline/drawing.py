"""A timeline as plain text: what a reader sees where there are no widgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kit.errors import BadInput
from kit.timeline.journal_text import draw_journal
from kit.timeline.labels import cut, show_span
from kit.timeline.lanes import LEGEND, draw_lanes
from kit.timeline.questions import count_outcomes, first_push, last_push, page_views
from kit.timeline.records import Record
from kit.timeline.visitors import split_sittings
from kit.timeline.windows import broken_seconds, broken_windows

NARROWEST = 50
"""Fewer columns than these cannot hold a time, a name and a word of text."""
_MOST_LANES = 3


def draw(timeline: Iterable[Record], *, width: int = 100, zero: float | None = None) -> str:
    """Return a readable drawing of a timeline, without a newline at its end.

    First a journal: a line an event, page views summed up, broken windows bracketed
    in the margin. Then, for each sitting of visitors, lanes on one axis of time: the
    commands, the code, the schema, and what visitors saw. Equal records give equal
    drawings; times are relative to the zero, so no time of day is in it.

    Args:
        timeline: a timeline, or records in order of time.
        width: the most columns of a line, `NARROWEST` at least.
        zero: the instant to show as 00:00, in seconds of the clock. By default the last
            push of main to GitHub; if there was none, the first record.

    Raises:
        BadInput: if `width` is less than `NARROWEST`.
    """
    if width < NARROWEST:
        raise BadInput(
            f"A timeline cannot be drawn in {width} columns.",
            remedy=f"Give a width of {NARROWEST} or more.",
        )
    records = sorted(timeline, key=lambda record: record.instant)
    if not records:
        return "Timeline: nothing has happened yet."
    if zero is None:
        push = last_push(records)
        zero = records[0].instant if push is None else push
    lines = [_title(records, zero), *_pack(_sum_up(records), width, "; "), ""]
    lines += draw_journal(records, zero, width)
    sittings = [views for views in split_sittings(page_views(records)) if views[-1].at > views[0].at]
    for views in sittings[-_MOST_LANES:]:
        lines += ["", *draw_lanes(records, views, zero, width)]
    if sittings:
        lines += ["", *_pack(LEGEND, width, "    "), *_explain(records)]
    return "\n".join(cut(line, width) for line in lines)


def _title(records: Sequence[Record], zero: float) -> str:
    if zero == last_push(records):
        return "Timeline; 00:00 is the last push of main to GitHub"
    if zero == first_push(records):
        return "Timeline; 00:00 is the first push of main to GitHub"
    if zero == records[0].instant:
        return "Timeline; 00:00 is the first event"
    return "Timeline"


def _sum_up(records: Sequence[Record]) -> list[str]:
    counts = count_outcomes(records)
    if not counts.total:
        return []
    parts = [f"{number} {name}" for name, number in counts._asdict().items() if number and name != "total"]
    said = [f"{counts.total} page view{'s' if counts.total > 1 else ''}: {', '.join(parts)}"]
    windows = broken_windows(records)
    if seconds := broken_seconds(windows):
        times = f"{len(windows)} times, " if len(windows) > 1 else ""
        said.append(f"broken {times}for {show_span(seconds)}{' in all' if times else ''}")
    return said


def _explain(records: Sequence[Record]) -> list[str]:
    """Return what the outcomes mean that are not plain from their names, as far as they occur."""
    counts = count_outcomes(records)
    lines = []
    if counts.lost:
        lines.append("lost: status 200, yet nothing in the database")
    if counts.blocked:
        lines.append("blocked: waited for a lock longer than the limit")
    return lines


def _pack(items: Iterable[str], width: int, separator: str) -> list[str]:
    """Return the items side by side, on as few lines as hold them."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(separator) + len(item) <= width:
            lines[-1] += separator + item
        else:
            lines.append(item)
    return lines
