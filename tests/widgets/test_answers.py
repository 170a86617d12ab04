from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kit.experiments.prediction import MeasuredDeploy, measure
from kit.experiments.rehearsal import Plan, Rehearsal
from kit.timeline import PageView, Timeline
from kit.widgets.answers import Forecast, entry, grade

PLAN = Plan(build=7, wait=9)


@pytest.fixture(scope="module")
def timeline(rehearsed: Callable[[Plan], Rehearsal]) -> Timeline:
    return rehearsed(PLAN).timeline


def seen(timeline: Timeline) -> MeasuredDeploy:
    measured = measure(timeline, PLAN)
    assert measured is not None
    return measured


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (Forecast(breaks=True, seconds=4, loudness="silent"), [True, True, True]),
        (Forecast(breaks=True, seconds=4.7, loudness="loud"), [True, True, False]),
        (Forecast(breaks=True, seconds=9, loudness="silent"), [True, False, True]),
        (Forecast(breaks=False), [False, False, False]),
    ],
)
def test_an_answer_is_judged_question_by_question(
    timeline: Timeline, answer: Forecast, right: list[bool]
) -> None:
    assert [mark.right for mark in grade(answer, seen(timeline))] == right


def test_where_nothing_breaks_there_is_one_question(timeline: Timeline) -> None:
    fine = [
        replace(view, outcome="ok", sqlstate="") if isinstance(view, PageView) else view for view in timeline
    ]
    grades = grade(Forecast(breaks=True, seconds=3, loudness="loud"), seen(Timeline.of(fine)))
    assert [(mark.said, mark.was, mark.right) for mark in grades] == [("yes", "no", False)]


def test_an_entry_holds_plan_answer_and_measurement(timeline: Timeline) -> None:
    answer = Forecast(breaks=True, seconds=4, loudness="silent")
    kept = entry(answer, grade(answer, seen(timeline)), PLAN, seen(timeline))
    assert kept["plan"]["build"] == 7
    assert kept["answer"] == {"breaks": True, "seconds": 4, "loudness": "silent"}
    assert kept["measured"]["broken_s"] == pytest.approx(4, abs=0.1)
    assert kept["right"] == [True, True, True]
