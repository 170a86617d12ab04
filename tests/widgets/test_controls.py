from __future__ import annotations

from kit.experiments.rehearsal import CHANGES, ORDERS, Plan
from kit.widgets.deploy_panel import PlanControls


def test_every_change_can_be_chosen_in_every_order() -> None:
    for change in CHANGES:
        for order in ORDERS:
            plan = PlanControls(Plan(change=change, order=order), changed=lambda: None).plan()
            assert (plan.change, plan.order) == (change, order)
