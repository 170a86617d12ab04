from __future__ import annotations

import pytest

from kit.scenario import CHANGES, PLAIN_ORDERS, Change, Order, Plan, rehearse
from kit.timeline import Window
from kit.widgets.prediction import BREAKS, predict


def test_every_change_has_a_rule() -> None:
    assert set(CHANGES) <= set(BREAKS)


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
@pytest.mark.parametrize("order", PLAIN_ORDERS)
def test_the_rule_agrees_with_what_is_measured(order: Order, change: Change) -> None:
    plan = Plan(change=change, order=order, build=7)
    assert rehearse(plan).facts()["broken_s"] == pytest.approx(predict(plan).broken_s, abs=0.05)
