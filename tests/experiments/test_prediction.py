from __future__ import annotations

import pytest

from kit.experiments.prediction import measure, planned_pushes, planned_span, predict
from kit.experiments.rehearsal import CHANGES, ORDERS, Change, Order, Plan, rehearse
from kit.timeline import Window


def test_the_workflows_own_three_seconds() -> None:
    expected = predict(Plan())
    assert expected.window == Window(35.0, 38.0)
    assert expected.broken_s == 3.0
    assert expected.outcome == "lost"


@pytest.mark.parametrize("order", ["together", "schema-first"])
def test_a_schema_that_is_there_first_breaks_nothing(order: Order) -> None:
    assert predict(Plan(order=order)).window is None
    assert predict(Plan(order=order)).broken_s == 0.0


def test_a_short_wait_is_as_good_as_none() -> None:
    assert predict(Plan(build=10, wait=3)).window is None
    assert predict(Plan(build=10, wait=12, clock="wall")).window == Window(10.0, 12.0)


def test_a_loud_page_fails_instead() -> None:
    assert predict(Plan(handling="loud")).outcome == "failed"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("order", ORDERS)
def test_the_rule_agrees_with_what_is_measured(order: Order, change: Change) -> None:
    plan, expected = (
        Plan(change=change, order=order, build=7),
        predict(Plan(change=change, order=order, build=7)),
    )
    measured = rehearse(plan)
    seen = measure(measured.timeline, plan)
    assert seen
    assert measured.facts()["broken_s"] == pytest.approx(expected.broken_s, abs=0.05)
    assert [mark.text for mark in seen.marks] == [push.text for push in planned_pushes(plan)]
    assert [mark.at for mark in seen.marks] == pytest.approx([push.at for push in planned_pushes(plan)])
    assert [one.start for one in seen.code[1:]] == pytest.approx([turn.at for turn in expected.code[1:]])
    assert [one.start for one in seen.schema[1:]] == pytest.approx([turn.at for turn in expected.schema[1:]])
    assert (seen.start, seen.now) == pytest.approx(planned_span(plan), abs=0.1)
