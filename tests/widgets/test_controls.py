from __future__ import annotations

import pytest

from kit.errors import BadInput
from kit.scenario import CHANGES, PLAIN_ORDERS, Plan
from kit.widgets.controls import PlanControls


def test_every_change_can_be_chosen_in_every_order_that_can_be_drawn() -> None:
    for change in CHANGES:
        for order in PLAIN_ORDERS:
            plan = PlanControls(Plan(change=change, order=order), changed=lambda: None).plan()
            assert (plan.change, plan.order) == (change, order)


def test_an_order_with_several_pushes_is_refused_with_a_way_out() -> None:
    with pytest.raises(BadInput, match="does not draw expand-contract") as refused:
        PlanControls(Plan(order="expand-contract"), changed=lambda: None)
    assert refused.value.remedy.startswith("Use rehearse(Plan(order='expand-contract'))")
