"""What a journal says about page views: not one by one, but summed up as runs."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from kit.timeline.entries import Edge, Entry
from kit.timeline.labels import show, show_offset, show_span
from kit.timeline.records import PageView, Record
from kit.timeline.windows import Window, broken_seconds, broken_windows, find_runs

PAUSE = 300.0
"""Page views further apart than so many seconds belong to different sittings."""
_MOST_STRETCHES = 8
_MOST_KINDS = 4
_WORTH_AN_END = 1.0


class _Stretch(NamedTuple):
    """Page views in a row, good ones if there are no windows."""

    views: tuple[PageView, ...]
    windows: tuple[Window, ...]


def sum_up_visitors(records: Iterable[Record], zero: float) -> Mapping[int, Sequence[Entry]]:
    """Return what to say about the page views, by the number of the view at which it is to be said.

    Args:
        records: what happened, in order.
        zero: the instant that is shown as 00:00, in seconds of the clock.
    """
    entries: dict[int, list[Entry]] = defaultdict(list)
    stretches = _find_stretches(tuple(records))
    first = 0
    for stretch in stretches:
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
    """Yield the page views in groups that lie no more than `PAUSE` apart."""
    group: list[PageView] = []
    for view in views:
        if group and view.at - group[-1].at > PAUSE:
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
        until = f", until {show_offset(end - zero)}" if end - start >= _WORTH_AN_END else ""
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
    return show(f"{word}  {reason}" if reason else word)


def _say_length(windows: Sequence[Window]) -> str:
    seconds = broken_seconds(windows)
    length = f"broken for {show_span(seconds)}" if seconds else "broken"
    if len(windows) > 1:
        length = f"broken {len(windows)} times, {show_span(seconds)} in all"
    return f"{length}, not over at the last view" if windows[-1].open else length
