"""What one sets on the deploy panel: the plan, and the answer before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import ipywidgets

from kit.experiments.rehearsal import CHANGES, ORDERS, Change, Order, Plan
from kit.repos import Handling
from kit.widgets import words
from kit.widgets.answers import Answer

_WIDE = {"description_width": "176px"}
_HANDLINGS: tuple[Handling, ...] = ("silent", "loud")


def _radio(name: str, options: list[tuple[str, object]], value: object) -> ipywidgets.RadioButtons:
    widget = ipywidgets.RadioButtons(
        options=options, value=value, description=name, style={"description_width": "initial"}
    )
    widget.layout.width = "auto"
    widget.layout.margin = "2px 22px 2px 2px"
    return widget


def _slider(name: str, value: float, low: float, high: float, *, step: float, unit: str) -> Any:  # noqa: ANN401 - ipywidgets is not typed
    widget = ipywidgets.FloatSlider(
        value=min(high, max(low, value)),
        min=low,
        max=high,
        step=step,
        description=f"{name} ({unit})",
        readout_format=".1f" if step < 1 else ".0f",
        style=_WIDE,
    )
    widget.layout.width = "560px"
    widget.layout.max_width = "100%"
    return widget


class PlanControls:
    """Choices and sliders that make a plan.

    Args:
        plan: what they show first; always carried out on the wall clock.
        changed: called when one of them has been changed.
    """

    def __init__(self, plan: Plan, *, changed: Callable[[], None]) -> None:
        """Make the widgets."""
        self.change = _radio("Change", [(words.CHANGES[one], one) for one in CHANGES], plan.change)
        self.order = _radio("Order", [(words.ORDERS[one], one) for one in ORDERS], plan.order)
        self.handling = _radio(
            "On an error", [(words.HANDLING[one], one) for one in _HANDLINGS], plan.handling
        )
        wait = plan.wait_s if plan.order == "code-first" else plan.build + 4
        self.wait = _slider("Wait before db push", wait, 0, 45, step=0.5, unit="s")
        self.build = _slider("Build time", plan.build, 1, 40, step=0.5, unit="s")
        self.rate = _slider("Visitors", plan.rate, 2, 60, step=1, unit="a second")
        self._all = (self.change, self.order, self.handling, self.wait, self.build, self.rate)
        for widget in self._all:
            widget.observe(lambda _: changed(), "value")
        self.enable(enabled=True)
        row = ipywidgets.Layout(flex_flow="row wrap")
        self.box = ipywidgets.VBox(
            [
                ipywidgets.HBox([self.change, self.order, self.handling], layout=row),
                self.wait,
                self.build,
                self.rate,
            ]
        )

    def plan(self) -> Plan:
        """Return what they say."""
        order = cast("Order", self.order.value)
        return Plan(
            change=cast("Change", self.change.value),
            order=order,
            wait=float(self.wait.value) if order == "code-first" else None,
            build=float(self.build.value),
            rate=float(self.rate.value),
            handling=cast("Handling", self.handling.value),
            clock="wall",
        )

    def enable(self, *, enabled: bool) -> None:
        """Let them be changed or not; a wait exists only where the code goes first."""
        for widget in self._all:
            wanted = enabled and (widget is not self.wait or self.order.value == "code-first")
            if widget.disabled == wanted:
                widget.disabled = not wanted


class AnswerControls:
    """Three questions before a run.

    Args:
        commit: called when the learner commits to an answer.
    """

    def __init__(self, *, commit: Callable[[], None]) -> None:
        """Make the widgets; nothing is chosen."""
        self.breaks = _radio("Will production break?", [("yes", True), ("no", False)], None)
        self.seconds = ipywidgets.BoundedFloatText(
            value=0, min=0, max=120, step=0.5, description="For how many seconds?", style=_WIDE
        )
        self.seconds.layout.width = "270px"
        self.seconds.layout.margin = "2px 22px 2px 2px"
        self.loudness = _radio(
            "How?",
            [("silently: the page looks fine", "silent"), ("loudly: visitors see an error", "loud")],
            None,
        )
        self.button = ipywidgets.Button(description="Commit my answer")
        self.button.on_click(lambda _: commit())
        self._all = (self.breaks, self.seconds, self.loudness)
        self.box = ipywidgets.VBox(
            [
                ipywidgets.HTML("<b>Predict first</b>"),
                ipywidgets.HBox(
                    [self.breaks, self.seconds, self.loudness, self.button],
                    layout=ipywidgets.Layout(flex_flow="row wrap", align_items="flex-start"),
                ),
            ]
        )
        self.box.add_class("kw-answer")

    def read(self) -> Answer | str:
        """Return the answer, or in a sentence what is missing."""
        if self.breaks.value is None:
            return "First choose whether production will break."
        if not self.breaks.value:
            return Answer(breaks=False)
        if not self.seconds.value:
            return "If it breaks: for how many seconds?"
        if self.loudness.value is None:
            return "If it breaks: will visitors see an error, or will it happen silently?"
        return Answer(
            breaks=True,
            seconds=float(self.seconds.value),
            loudness=cast("Handling", self.loudness.value),
        )

    def enable(self, *, enabled: bool) -> None:
        """Let the answer be changed or not."""
        for widget in (*self._all, self.button):
            if widget.disabled == enabled:
                widget.disabled = not enabled
