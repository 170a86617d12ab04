from __future__ import annotations

from kit.experiments.changes import CHANGES
from kit.experiments.orders import DEPLOY_ORDERS
from kit.experiments.rehearsal import Plan
from kit.widgets.deploy_panel import PlanControls


def test_every_change_can_be_chosen_in_every_order() -> None:
    for change in CHANGES:
        for order in DEPLOY_ORDERS:
            plan = PlanControls(Plan(change=change, order=order), changed=lambda: None).plan()
            assert (plan.change, plan.order) == (change, order)
