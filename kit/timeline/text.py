"""A timeline as text: a journal of events, visitors summed up, lanes below."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from kit.draw import count_cells, cut, format_commit, format_line, format_offset, format_span
from kit.errors import BadInput
from kit.timeline.lanes import LEGEND, format_lanes
from kit.timeline.queries import (
    Window,
    broken_seconds,
    broken_windows,
    count_outcomes,
    find_delay,
    find_runs,
    first_push,
    last_push,
    page_views,
)
from kit.timeline.records import (
    LAST_STAGES,
    CommandRan,
    Deployed,
    MigrationApplied,
    PageView,
    Record,
    RefMoved,
    SchemaChanged,
    WorkerChanged,
)

Edge = Literal["", "opens", "closes"]

_WHO = 11


class Entry(NamedTuple):
    """One line of a journal, before it is laid out.

    Args:
        at: when, in seconds of the clock; None for a line that says what the lines before add up to.
        who: where it happened: "dev$", "github", "host", "cloud", "visitors".
        text: what happened; cut where there is no room.
        note: what follows the text and is not cut.
        edge: whether a broken window opens or closes with this line.
        key: worth keeping when not every event has room.
    """

    at: float | None
    who: str
    text: str
    note: str = ""
    edge: Edge = ""
    key: bool = False


def _describe(record: Record) -> Entry:
    """Return what the journal says about an event."""
    at = record.instant
    match record:
        case CommandRan():
            note = f"  (exit {record.exit})" if record.exit else ""
            who = "you" if record.clone == "world" else f"{record.clone}$"
            return Entry(at, who, format_line(record.command), note)
        case RefMoved():
            end = f"-> {format_commit(record.new)}" if record.new else "deleted"
            who, text = cut(format_line(record.repository), _WHO), f"{format_line(record.branch)} {end}"
            return Entry(at, who, text, key=record.repository == "github")
        case Deployed():
            key = record.target == "production" and record.stage in LAST_STAGES
            return Entry(at, "host", _say_stage(record), key=key)
        case MigrationApplied() | SchemaChanged():
            return Entry(at, record.database, _say_schema(record), key=record.database == "cloud")
        case WorkerChanged():
            text = f"started with {format_commit(record.commit)}" if record.running else "stopped"
            return Entry(at, "worker", text)
    return Entry(at, "", type(record).__name__)


def _say_schema(record: MigrationApplied | SchemaChanged) -> str:
    if isinstance(record, SchemaChanged):
        return f"documents {format_line(record.change)}"
    return f"+ {format_line(record.version)}_{format_line(record.name)}"


def _say_stage(record: Deployed) -> str:
    stage = "FAILED" if record.stage == "failed" else record.stage
    text = f"{stage} {format_commit(record.commit)}"
    if record.target == "preview":
        text += f" (preview of {format_line(record.branch)})"
    return f"{text}: {format_line(record.detail)}" if record.detail else text


_PAUSE_S = 300.0
"""Page views further apart than so many seconds belong to different sittings."""
_MOST_STRETCHES = 8
_MOST_KINDS = 4
_WORTH_AN_END = 1.0


class _Stretch(NamedTuple):
    """Page views in a row, good ones if there are no windows."""

    views: tuple[PageView, ...]
    windows: tuple[Window, ...]


def _sum_up_visitors(records: Iterable[Record], zero: float) -> Mapping[int, Sequence[Entry]]:
    """Return what to say about the page views, by the number of the view at which it is to be said."""
    entries: dict[int, list[Entry]] = defaultdict(list)
    first = 0
    for stretch in _find_stretches(tuple(records)):
        after = first + len(stretch.views)
        said = _say_broken(stretch) if stretch.windows else _say_good(stretch.views, zero)
        for offset, entry in said:
            entries[first + offset].append(entry)
        if stretch.windows:
            still = stretch.windows[-1].open
            closing = Entry(None, "", _say_length(stretch.windows), edge="closes", key=True)
            # What ended the window happened before the first good view, so the line goes there.
            entries[after - 1 if still else after].append(closing)
        first = after
    return entries


def split_sittings(views: Iterable[PageView]) -> Iterator[tuple[PageView, ...]]:
    """Yield the page views in groups that lie no more than `_PAUSE_S` apart."""
    group: list[PageView] = []
    for view in views:
        if group and view.at - group[-1].at > _PAUSE_S:
            yield tuple(group)
            group = []
        group.append(view)
    if group:
        yield tuple(group)


def _find_stretches(records: Sequence[Record]) -> Sequence[_Stretch]:
    """Return the runs of page views with their windows, those that alternate too often joined."""
    windows = iter(broken_windows(records))
    stretches = [_Stretch(run.views, (next(windows),) if run.broken else ()) for run in find_runs(records)]
    broken = [index for index, stretch in enumerate(stretches) if stretch.windows]
    if len(broken) <= _MOST_STRETCHES:
        return stretches
    middle = stretches[broken[0] : broken[-1] + 1]
    joined = _Stretch(
        tuple(itertools.chain.from_iterable(stretch.views for stretch in middle)),
        tuple(itertools.chain.from_iterable(stretch.windows for stretch in middle)),
    )
    return [*stretches[: broken[0]], joined, *stretches[broken[-1] + 1 :]]


def _say_good(views: Sequence[PageView], zero: float) -> Iterator[tuple[int, Entry]]:
    first = 0
    for sitting in split_sittings(views):
        start, end = sitting[0].at, sitting[-1].at
        until = f", until {format_offset(end - zero)}" if end - start >= _WORTH_AN_END else ""
        yield first, Entry(start, "visitors", f"{len(sitting)} ok{until}")
        first += len(sitting)


def _say_broken(stretch: _Stretch) -> Iterator[tuple[int, Entry]]:
    kinds = Counter(_say_kind(view) for view in stretch.views)
    seen: set[str] = set()
    for offset, view in enumerate(stretch.views):
        kind = _say_kind(view)
        if kind in seen:
            continue
        seen.add(kind)
        edge: Edge = "opens" if offset == 0 else ""
        if len(seen) > _MOST_KINDS:
            rest = kinds.total() - sum(kinds[known] for known in seen - {kind})
            others = len(kinds) - _MOST_KINDS
            yield offset, Entry(view.at, "visitors", f"{rest} more, of {others} other kinds", key=True)
            return
        yield offset, Entry(view.at, "visitors", f"{kinds[kind]} {kind}", edge=edge, key=True)


def _say_kind(view: PageView) -> str:
    if view.outcome == "ok":
        return "ok, in between"
    word = view.outcome.upper()
    if view.outcome == "failed":
        word += f" ({view.status})" if view.status else " (no answer)"
    reason = f"{view.sqlstate} {view.message}".strip()
    return format_line(f"{word}  {reason}" if reason else word)


def _say_length(windows: Sequence[Window]) -> str:
    seconds = broken_seconds(windows)
    length = f"broken for {format_span(seconds)}" if seconds else "broken"
    if len(windows) > 1:
        length = f"broken {len(windows)} times, {format_span(seconds)} in all"
    return f"{length}, not over at the last view" if windows[-1].open else length


_LATER = 4 * 3600.0
_MOST_ENTRIES = 66  # the whole workflow, phases 1 to 7, takes 63


def format_journal(records: Sequence[Record], zero: float, width: int) -> list[str]:
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
    times = _align(["" if at is None else format_offset(at - zero) for at in instants])
    names = max((count_cells(entries[index].who) for index in kept), default=0)
    lines = []
    previous, last = -1, zero
    for index, time in zip(kept, times, strict=True):
        entry = entries[index]
        if index > previous + 1:
            count = index - previous - 1
            lines.append(f"{'':{len(time)}}  ... {count} more event{'s' if count > 1 else ''} ...")
        elif entry.at is not None and previous >= 0 and entry.at - last > _LATER:
            lines.append(f"{'':{len(time)}}  ... {format_span(entry.at - last)} later ...")
        head = f"{time}  {margins[index]} {entry.who}{' ' * (names - count_cells(entry.who))}  "
        if entry.at is None:
            head = f"{time}  {margins[index]} "
        text = cut(entry.text, max(0, width - count_cells(head) - len(entry.note)))
        lines.append(f"{head}{text}{entry.note}")
        previous, last = index, last if entry.at is None else entry.at
    return [cut(line, width).rstrip() for line in lines]


def _list_entries(records: Sequence[Record], zero: float) -> Iterator[Entry]:
    visitors = _sum_up_visitors(records, zero)
    number = 0
    for record in records:
        if isinstance(record, PageView):
            yield from visitors.get(number, ())
            number += 1
        else:
            yield _describe(record)


def _draw_margins(entries: Iterable[Entry]) -> Iterator[str]:
    inside = False
    for entry in entries:
        if entry.edge:
            inside = entry.edge == "opens"
            yield "┌" if inside else "└"
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


NARROWEST = 50
"""Fewer columns than these cannot hold a time, a name and a word of text."""
_MOST_LANES = 3
_MEANINGS = {
    "lost": "lost: status 200, yet nothing in the database",
    "blocked": "blocked: waited for a lock longer than the limit",
}
"""What the outcomes mean that are not plain from their names."""


def format_timeline(timeline: Iterable[Record], *, width: int = 100, zero: float | None = None) -> str:
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
    zero = find_zero(records) if zero is None else zero
    lines = [format_title(records, zero), *_pack(format_counts(records), width, "; "), ""]
    lines += format_journal(records, zero, width)
    sittings = [views for views in split_sittings(page_views(records)) if views[-1].at > views[0].at]
    for views in sittings[-_MOST_LANES:]:
        lines += ["", *format_lanes(records, views, zero, width)]
    if sittings:
        counts = count_outcomes(records)._asdict()
        lines += ["", *_pack(LEGEND, width, "    ")]
        lines += [text for outcome, text in _MEANINGS.items() if counts[outcome]]
    return "\n".join(cut(line, width) for line in lines)


def find_zero(records: Sequence[Record]) -> float:
    """Return the instant to show as 00:00: of the last push of main to GitHub, or of the first record."""
    push = last_push(records)
    return records[0].instant if push is None else push


def format_title(records: Sequence[Record], zero: float) -> str:
    """Say which event the zero is, if it is one."""
    events = {
        records[0].instant: "the first event",
        first_push(records): "the first push of main to GitHub",
        last_push(records): "the last push of main to GitHub",
    }
    return f"Timeline; 00:00 is {events[zero]}" if zero in events else "Timeline"


def format_counts(records: Sequence[Record]) -> list[str]:
    """Return sentences about the page views; none where there are none."""
    counts = count_outcomes(records)
    if not counts.total:
        return []
    parts = [f"{number} {name}" for name, number in counts._asdict().items() if number and name != "total"]
    said = [f"{counts.total} page view{'s' if counts.total > 1 else ''}: {', '.join(parts)}"]
    windows = broken_windows(records)
    if seconds := broken_seconds(windows):
        times = f"{len(windows)} times, " if len(windows) > 1 else ""
        said.append(f"broken {times}for {format_span(seconds)}{' in all' if times else ''}")
    if delay := find_delay(records):
        said.append(f"served up to {format_span(delay)} late")
    return said


def _pack(items: Iterable[str], width: int, separator: str) -> list[str]:
    """Return the items side by side, on as few lines as hold them."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(separator) + len(item) <= width:
            lines[-1] += separator + item
        else:
            lines.append(item)
    return lines
