from __future__ import annotations

import pytest

from kit.experiments.orders import DeployOrder
from kit.experiments.prediction import predict
from kit.experiments.rehearsal import Plan
from kit.timeline import Window


def test_the_workflows_own_three_seconds() -> None:
    expected = predict(Plan())
    assert expected.window == Window(35.0, 38.0)
    assert expected.broken_s == 3.0
    assert expected.outcome == "lost"


@pytest.mark.parametrize("order", ["together", "schema-first"])
def test_a_schema_that_is_there_first_breaks_nothing(order: DeployOrder) -> None:
    assert predict(Plan(order=order)).window is None
    assert predict(Plan(order=order)).broken_s == 0.0


def test_a_short_wait_is_as_good_as_none() -> None:
    assert predict(Plan(build=10, wait=3)).window is None
    assert predict(Plan(build=10, wait=12, clock="wall")).window == Window(10.0, 12.0)


def test_a_loud_page_fails_instead() -> None:
    assert predict(Plan(handling="loud")).outcome == "failed"
