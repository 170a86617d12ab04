"""The upper part of a drawing: what happened, a line an event, with broken windows in the margin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kit.timeline.entries import Entry, describe
from kit.timeline.labels import count_cells, cut, show_offset, show_span
from kit.timeline.records import PageView, Record
from kit.timeline.visitors import sum_up_visitors

_LATER = 4 * 3600.0
_MOST_ENTRIES = 66  # the whole workflow, phases 1 to 7, takes 63


def draw_journal(records: Sequence[Record], zero: float, width: int) -> list[str]:
    """Return the lines of the journal.

    Args:
        records: what happened, in order of their instants.
        zero: the instant that is shown as 00:00, in seconds of the clock.
        width: the most columns of a line.
    """
    entries = list(_list_entries(records, zero))
    margins = list(_draw_margins(entries))
    kept = _choose(entries)
    instants = [entries[index].at for index in kept]
    times = _align(["" if at is None else show_offset(at - zero) for at in instants])
    names = max((count_cells(entries[index].who) for index in kept), default=0)
    lines = []
    previous, last = -1, zero
    for index, time in zip(kept, times, strict=True):
        entry = entries[index]
        if index > previous + 1:
            count = index - previous - 1
            lines.append(f"{'':{len(time)}}  ... {count} more event{'s' if count > 1 else ''} ...")
        elif entry.at is not None and previous >= 0 and entry.at - last > _LATER:
            lines.append(f"{'':{len(time)}}  ... {show_span(entry.at - last)} later ...")
        head = f"{time}  {margins[index]} {entry.who}{' ' * (names - count_cells(entry.who))}  "
        if entry.at is None:
            head = f"{time}  {margins[index]} "
        text = cut(entry.text, max(0, width - count_cells(head) - len(entry.note)))
        lines.append(f"{head}{text}{entry.note}")
        previous, last = index, last if entry.at is None else entry.at
    return [cut(line, width).rstrip() for line in lines]


def _list_entries(records: Sequence[Record], zero: float) -> Iterator[Entry]:
    visitors = sum_up_visitors(records, zero)
    number = 0
    for record in records:
        if isinstance(record, PageView):
            yield from visitors.get(number, ())
            number += 1
        else:
            yield describe(record)


def _draw_margins(entries: Iterable[Entry]) -> Iterator[str]:
    inside = False
    for entry in entries:
        if entry.edge == "opens":
            inside = True
            yield "┌"
        elif entry.edge == "closes":
            inside = False
            yield "└"
        else:
            yield "│" if inside else " "


def _choose(entries: Sequence[Entry]) -> list[int]:
    """Return which entries to show: the latest ones that matter, then the latest of all."""
    matter = [index for index, entry in enumerate(entries) if entry.key][-_MOST_ENTRIES // 2 :]
    others = [index for index in range(len(entries)) if index not in set(matter)]
    room = _MOST_ENTRIES - len(matter)
    return sorted([*matter, *others[-room:]])


def _align(times: Sequence[str]) -> list[str]:
    """Return the times in one width, the seconds below each other, whether with tenths or not."""
    parts = [time.partition(".") for time in times]
    whole = max((len(seconds) for seconds, _, _ in parts), default=0)
    tail = max((len(dot + tenth) for _, dot, tenth in parts), default=0)
    return [f"{seconds:>{whole}}{dot + tenth:<{tail}}" for seconds, dot, tenth in parts]
