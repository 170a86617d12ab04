from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from kit.timeline import (
    Deployed,
    MigrationApplied,
    Outcome,
    Outcomes,
    PageView,
    RefMoved,
    Timeline,
    code_switches,
    count_outcomes,
    find_delay,
    first_error,
    first_push,
    last_push,
    page_views,
    schema_switches,
)


def test_nothing_has_no_answers() -> None:
    nothing = Timeline()
    assert count_outcomes(nothing) == Outcomes(0, 0, 0, 0, 0)
    assert first_error(nothing) is None
    assert first_push(nothing) is None
    assert last_push(nothing) is None
    assert code_switches(nothing) == ()
    assert schema_switches(nothing) == ()


def test_a_rehearsal_of_code_first(rehearse: Callable[..., Timeline]) -> None:
    timeline = rehearse(zero=100)
    assert count_outcomes(timeline) == Outcomes(total=840, ok=780, failed=0, lost=60, blocked=0)
    error = first_error(timeline)
    assert error is not None
    assert (error.sqlstate, error.message) == (
        "42703",
        'column "last_viewed" of relation "documents" does not exist',
    )
    assert last_push(timeline) == 100
    (code,), (schema,) = code_switches(timeline), schema_switches(timeline)
    assert (code.at, code.commit[:7]) == (135, "3f2a1c9")
    assert (schema.instant, schema.version) == (138, "20250126153000")


@given(st.from_type(Timeline))
def test_every_page_view_is_counted_once(timeline: Timeline) -> None:
    counts = count_outcomes(timeline)
    assert counts.total == sum(counts[1:]) == len(page_views(timeline)) == len(timeline.only(PageView))
    assert counts.lost == sum(view.outcome == "lost" for view in page_views(timeline))


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
    assert first_error(Timeline.of(views)) == views[2]
    assert first_error(Timeline.of(views[:2])) is None


def test_how_late_visitors_were_served_counts_from_when_they_should_have_asked() -> None:
    def view(took: float, late: float | None, outcome: Outcome = "ok") -> PageView:
        return PageView(at=1, took=took, document="d", commit="", status=200, outcome=outcome, late=late)

    assert find_delay([view(0.3, 0.5), view(0.4, 0.1)]) == 0.8
    assert find_delay([view(0.01, 0.02)]) == 0  # as on an idle machine
    assert find_delay([view(2, 0, "blocked")]) == 0  # that was the lock
    assert find_delay([view(2, None)]) == 0  # on the virtual clock


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
    assert code_switches(records) == (records[0],)


def test_only_the_cloud_database_is_productions() -> None:
    cloud = MigrationApplied(at=5, database="cloud", version="071", name="x", committed=4)
    local = MigrationApplied(at=6, database="local", version="072", name="y")
    assert schema_switches([cloud, local]) == (cloud,)
