from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.timeline import (
    MigrationApplied,
    Outcome,
    PageView,
    Timeline,
    Window,
    broken_seconds,
    broken_windows,
    page_views,
    true_windows,
)
from kit.timeline.queries import find_runs

Rehearse = Callable[..., Timeline]
VERSION = "20250126153000"
LETTERS: dict[str, Outcome] = {".": "ok", "o": "lost", "x": "failed", "#": "blocked"}


def see(outcomes: str, *, gap: float = 1.0) -> Timeline:
    return Timeline.of(
        PageView(at=10 + number * gap, took=0, document="d", commit="", status=200, outcome=LETTERS[letter])
        for number, letter in enumerate(outcomes)
    )


def code_needs_column(commit: str, versions: frozenset[str]) -> bool:
    return VERSION in versions or not commit.startswith("3f2a1c9")


def old_code_needs_column(commit: str, versions: frozenset[str]) -> bool:
    return VERSION not in versions or commit.startswith("3f2a1c9")


@pytest.mark.parametrize(
    ("outcomes", "windows"),
    [
        ("", ()),
        ("....", ()),
        ("..oo..", (Window(11.5, 13.5),)),
        (".o.", (Window(10.5, 11.5),)),
        ("o..", (Window(10, 10.5),)),
        ("..o", (Window(11.5, 12, open=True),)),
        ("ooo", (Window(10, 12, open=True),)),
        ("o", (Window(10, 10, open=True),)),
        (".ox#.", (Window(10.5, 13.5),)),
        (".o.x.", (Window(10.5, 11.5), Window(12.5, 13.5))),
    ],
)
def test_windows_lie_between_views(outcomes: str, windows: tuple[Window, ...]) -> None:
    assert broken_windows(see(outcomes)) == windows


def test_the_workflow_is_broken_for_three_seconds(rehearse: Rehearse) -> None:
    (window,) = broken_windows(rehearse())
    assert window.start == pytest.approx(34.975)
    assert window.end == pytest.approx(37.975)
    assert not window.open
    assert broken_seconds([window]) == pytest.approx(3)


@given(st.from_type(Timeline))
def test_windows_are_disjoint_and_in_order_and_among_the_views(timeline: Timeline) -> None:
    windows = broken_windows(timeline)
    views = page_views(timeline)
    for window in windows:
        assert views[0].at <= window.start <= window.end <= views[-1].at
    for earlier, later in itertools.pairwise(windows):
        assert earlier.end <= later.start
        assert not earlier.open
    assert bool(windows) == any(view.outcome != "ok" for view in views)
    assert bool(windows and windows[-1].open) == bool(views and views[-1].outcome != "ok")


@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from("..ox#")), min_size=1, max_size=40))
def test_zero_seconds_are_broken_only_if_no_view_was(arrivals: list[tuple[int, str]]) -> None:
    views = []
    at = 0
    for gap, letter in [(0, "."), *arrivals]:
        at += gap
        views.append(PageView(at=at, took=0, document="d", commit="", status=200, outcome=LETTERS[letter]))
    seconds = broken_seconds(broken_windows(views))
    assert (seconds == 0) == all(view.outcome == "ok" for view in views)
    assert seconds <= at


@given(st.from_type(Timeline))
def test_runs_take_turns_and_leave_no_view_out(timeline: Timeline) -> None:
    runs = find_runs(timeline)
    assert tuple(itertools.chain.from_iterable(run.views for run in runs)) == page_views(timeline)
    assert all(first.broken != second.broken for first, second in itertools.pairwise(runs))


@pytest.mark.parametrize(
    ("instants", "windows"),
    [
        ({"live": 35, "applied": 38}, (Window(35, 38),)),
        ({"live": 35, "applied": 2}, ()),
        ({"live": 35, "applied": 35}, ()),
        ({"live": 38, "applied": 35}, ()),
        ({"live": 35, "applied": 40}, (Window(35, 40),)),
    ],
)
def test_code_that_needs_a_new_column(
    rehearse: Rehearse, instants: dict[str, float], windows: tuple[Window, ...]
) -> None:
    assert true_windows(rehearse(**instants), code_needs_column) == windows


def test_old_code_that_needs_a_dropped_column(rehearse: Rehearse) -> None:
    assert true_windows(rehearse(applied=2), old_code_needs_column) == (Window(2, 35),)
    assert true_windows(rehearse(), old_code_needs_column) == ()


def test_a_rename_breaks_in_either_order(rehearse: Rehearse) -> None:
    def works(commit: str, versions: frozenset[str]) -> bool:
        return commit.startswith("3f2a1c9") == (VERSION in versions)

    assert true_windows(rehearse(), works) == (Window(35, 38),)
    assert true_windows(rehearse(applied=2), works) == (Window(2, 35),)


def test_page_views_do_not_count_for_the_truth(rehearse: Rehearse) -> None:
    timeline = rehearse()
    without = Timeline.of(record for record in timeline if not isinstance(record, PageView))
    assert true_windows(without, code_needs_column) == true_windows(timeline, code_needs_column)


def test_the_commit_time_of_the_database_counts(rehearse: Rehearse) -> None:
    timeline = Timeline.of(
        dataclasses.replace(record, committed=37.5) if isinstance(record, MigrationApplied) else record
        for record in rehearse()
    )
    assert true_windows(timeline, code_needs_column) == (Window(35, 37.5),)


def test_a_window_without_an_end_is_open(rehearse: Rehearse) -> None:
    timeline = rehearse().between(-2, 37)
    (window,) = true_windows(timeline, code_needs_column)
    assert (window.start, window.open) == (35, True)
    assert window.end == timeline.records[-1].at
    assert true_windows(timeline, code_needs_column, end=36) == (Window(35, 36, open=True),)
    assert true_windows(timeline, code_needs_column, end=35) == (Window(35, 35, open=True),)
    assert true_windows(timeline, code_needs_column, end=34) == ()
    assert true_windows(timeline, code_needs_column, end=-50) == ()


def test_what_was_there_before_the_first_record_is_given(rehearse: Rehearse) -> None:
    timeline = rehearse()
    assert true_windows(timeline, code_needs_column, versions=frozenset({VERSION})) == ()
    assert true_windows(timeline, code_needs_column, commit="3f2a1c9") == (Window(-2, 38),)
    assert true_windows(Timeline(), code_needs_column, commit="3f2a1c9") == ()


@given(st.from_type(Timeline))
def test_any_predicate_gives_disjoint_windows(timeline: Timeline) -> None:
    windows = true_windows(timeline, lambda commit, versions: (len(commit) + len(versions)) % 2 == 0)
    for earlier, later in itertools.pairwise(windows):
        assert earlier.end < later.start
        assert not earlier.open
    assert all(window.start <= window.end for window in windows)
    everything = true_windows(timeline, lambda _commit, _versions: False)
    assert len(everything) == bool(timeline)
