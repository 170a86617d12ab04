from __future__ import annotations

from dataclasses import replace

import pytest

from kit.host import Deployment
from kit.timeline import Outcome, PageView, RefMoved, Timeline
from kit.world.snapshot import Snapshot
from kit.world.workflow import PHASES

HOLDS = {
    predicate.says: predicate.holds
    for phase in PHASES
    for step in phase.steps
    for predicate in step.predicates
}
LOSES_SILENTLY = HOLDS["Visitors lose something, and nobody sees an error: every page answered 200."]
OPEN_FOR_THREE_SECONDS = HOLDS["The window was open for 3 seconds, from live to applied."]
BUILDING = HOLDS["The host took the push; production still serves the old code."]
PUSH = RefMoved(at=0.0, repository="github", branch="main", old="a", new="b")


def views(*outcomes: tuple[Outcome, int], gap: float = 0.5) -> Timeline:
    """A push, then visitors with these outcomes, so many of each."""
    met = [outcome for outcome, count in outcomes for _ in range(count)]
    return Timeline.of(
        [
            PUSH,
            *(
                PageView(
                    at=(number + 0.5) * gap, took=0.01, document="d", commit="b", status=200, outcome=outcome
                )
                for number, outcome in enumerate(met)
            ),
        ]
    )


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [
        (views(("ok", 10), ("lost", 6), ("ok", 4)), True),
        (views(("ok", 10), ("lost", 5), ("ok", 4)), True),  # within one gap
        (views(("ok", 10), ("lost", 7), ("ok", 4)), True),
        (views(("ok", 10), ("lost", 4), ("ok", 4)), False),
        (views(("ok", 10), ("lost", 8), ("ok", 4)), False),
        (views(("ok", 2), ("lost", 6), ("ok", 4), ("lost", 6), ("ok", 1)), False),
        (views(("ok", 10)), False),
        (views(("lost", 1)), False),
        (views(), False),
        (Timeline(), False),
    ],
)
def test_a_window_of_three_seconds_to_within_one_gap(
    beginning: Snapshot, timeline: Timeline, *, expected: bool
) -> None:
    assert OPEN_FOR_THREE_SECONDS(replace(beginning, timeline=timeline)) is expected


def test_silent_is_lost_with_nothing_but_200(beginning: Snapshot) -> None:
    silent = replace(beginning, timeline=views(("ok", 2), ("lost", 2)))
    assert LOSES_SILENTLY(silent)

    loud = [
        replace(one, status=500) if isinstance(one, PageView) and one.outcome == "lost" else one
        for one in silent.timeline
    ]
    assert not LOSES_SILENTLY(replace(silent, timeline=Timeline.of(loud)))
    assert not LOSES_SILENTLY(replace(silent, timeline=views(("ok", 2))))
    assert not LOSES_SILENTLY(replace(silent, timeline=Timeline()))


def test_only_views_since_the_last_push_count(beginning: Snapshot) -> None:
    lost_earlier = [*views(("lost", 4)), replace(PUSH, at=10.0)]

    assert not LOSES_SILENTLY(replace(beginning, timeline=Timeline.of(lost_earlier)))


@pytest.mark.parametrize(
    ("branch", "stage", "expected"),
    [
        ("main", "queued", True),
        ("main", "built", True),
        ("main", "live", False),
        ("feature", "queued", False),
    ],
)
def test_production_is_building_while_its_newest_deployment_is(
    beginning: Snapshot, branch: str, stage: str, *, expected: bool
) -> None:
    newest = Deployment(commit="b", branch=branch, pushed_at=0, takes=35, stage=stage)  # type: ignore[arg-type]  # parametrized

    assert BUILDING(replace(beginning, deployments=(newest,))) is expected
    assert not BUILDING(replace(beginning, deployments=()))
