from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from kit.timeline import (
    Deployed,
    MigrationApplied,
    Outcomes,
    PageView,
    RefMoved,
    SeenError,
    Timeline,
    count_outcomes,
    first_error,
    first_push,
    last_push,
    live_commit_at,
    lost_views,
    page_views,
    versions_at,
)


def test_nothing_has_no_answers() -> None:
    nothing = Timeline()
    assert count_outcomes(nothing) == Outcomes(0, 0, 0, 0, 0)
    assert lost_views(nothing) == ()
    assert first_error(nothing) is None
    assert first_push(nothing) is None
    assert last_push(nothing) is None
    assert live_commit_at(nothing, 0) == ""
    assert versions_at(nothing, 0) == frozenset()


def test_a_rehearsal_of_code_first(rehearse: Callable[..., Timeline]) -> None:
    timeline = rehearse(zero=100)
    assert count_outcomes(timeline) == Outcomes(total=840, ok=780, failed=0, lost=60, blocked=0)
    assert len(lost_views(timeline)) == 60
    assert first_error(timeline) == SeenError(
        "42703", 'column "last_viewed" of relation "documents" does not exist'
    )
    assert last_push(timeline) == 100
    assert live_commit_at(timeline, 134.99) == ""
    assert live_commit_at(timeline, 135).startswith("3f2a1c9")
    assert versions_at(timeline, 137.99) == frozenset()
    assert versions_at(timeline, 138) == {"20250126153000"}
    assert versions_at(timeline, 138, "local") == frozenset()


@given(st.from_type(Timeline))
def test_every_page_view_is_counted_once(timeline: Timeline) -> None:
    counts = count_outcomes(timeline)
    assert counts.total == sum(counts[1:]) == len(page_views(timeline)) == len(timeline.only(PageView))
    assert counts.lost == len(lost_views(timeline))


def test_an_error_without_a_code_is_passed_over() -> None:
    views = [
        PageView(
            at=1, took=0, document="d", commit="", status=200, outcome="ok", sqlstate="00000", message="fine"
        ),
        PageView(at=2, took=0, document="d", commit="", status=0, outcome="failed", message="no answer"),
        PageView(
            at=3, took=0, document="d", commit="", status=500, outcome="failed", sqlstate="42P01", message="x"
        ),
    ]
    assert first_error(Timeline.of(views)) == SeenError("42P01", "x")
    assert first_error(Timeline.of(views[:2])) is None


def test_only_a_commit_on_the_branch_of_github_is_a_push() -> None:
    moves = [
        RefMoved(at=1, repository="github", branch="main", old="", new="a"),
        RefMoved(at=2, repository="github", branch="main", old="a", new="b"),
        RefMoved(at=3, repository="dev", branch="main", old="b", new="c"),
        RefMoved(at=4, repository="github", branch="feature/x", old="", new="c"),
        RefMoved(at=5, repository="github", branch="main", old="b", new=""),
    ]
    assert first_push(moves) == 1
    assert last_push(moves) == 2
    assert first_push(moves, branch="feature/x") == last_push(moves, branch="feature/x") == 4


def test_only_the_production_alias_serves() -> None:
    records = [
        Deployed(at=1, commit="a", branch="main", target="production", stage="live"),
        Deployed(at=2, commit="b", branch="x", target="preview", stage="live"),
        Deployed(at=3, commit="c", branch="main", target="production", stage="built"),
        Deployed(at=4, commit="c", branch="main", target="production", stage="failed"),
    ]
    assert live_commit_at(records, 9) == "a"


def test_versions_count_from_their_commit() -> None:
    records = [MigrationApplied(at=5, database="cloud", version="071", name="x", committed=4)]
    assert versions_at(records, 4) == {"071"}
    assert versions_at(records, 3.9) == frozenset()
