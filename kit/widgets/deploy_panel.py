"""The deploy panel: knobs, a forecast first, Deploy for real, the picture of what happened."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Literal, cast

import ipywidgets

from kit.draw import draw_style
from kit.errors import KitError, Stopped
from kit.experiments.changes import ChangeName
from kit.experiments.orders import DEPLOY_ORDERS, ORDERS, DeployOrder
from kit.experiments.prediction import MeasuredDeploy, measure, planned_span, predict
from kit.experiments.rehearsal import Plan, rehearse
from kit.repos import Handling
from kit.timeline import Timeline
from kit.widgets.accessibility import Accessibility, Readable
from kit.widgets.answers import LOUDNESS_NAMES, Forecast, draw_grades, entry, grade
from kit.widgets.cell_events import replace_former
from kit.widgets.deploy_picture import (
    CHANGE_NAMES,
    HANDLING_NAMES,
    draw_panel,
    draw_picture,
    format_headline,
    format_panel,
)
from kit.world.home import remember

FRAME_S = 0.25
"""Seconds between two frames at least, while a run goes on or a slider moves."""
_Event = Literal["plan", "deploy", "stop", "commit", "show", "run", "close"]
_SWARMS: tuple[_Event, ...] = ("plan", "run")
_DEFAULT = Plan(build=4, wait=8, rate=20, clock="wall")
_WIDE = {"description_width": "176px"}
_MARGIN = "2px 22px 2px 2px"


class DeployPanel(Readable, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no type information
    """A panel on which one deploys for real, in a scratch world of its own, as often as one likes.

    Callbacks only put down what was clicked; one thread of the panel's own does the rest.

    Args:
        plan: what it shows first; it is carried out on the wall clock.
        predict_first: keep the predicted window back until the learner has committed to an answer.
    """

    def __init__(self, plan: Plan = _DEFAULT, *, predict_first: bool = True) -> None:
        """Make the widgets; nothing runs yet."""
        self._first = plan
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._run: LiveRun | None = None
        self._forecast: Forecast | None = None
        self._graded: LiveRun | None = None
        self._said = ""
        self._note = ""
        self._closed = False
        self._controls = PlanControls(plan, changed=lambda: self._events.put("plan"))
        self._answers = AnswerControls(commit=lambda: self._events.put("commit"))
        self._show = ipywidgets.Checkbox(
            value=not predict_first, description="Show the predicted window", indent=False
        )
        self._show.observe(lambda _: self._events.put("show"), "value")
        self._deploy = ipywidgets.Button(description="Deploy for real", button_style="primary")
        self._deploy.on_click(lambda _: self._events.put("deploy"))
        self._stop = ipywidgets.Button(description="Stop", disabled=True)
        self._stop.on_click(lambda _: self._events.put("stop"))
        self._bar = ipywidgets.FloatProgress(
            value=0, min=0, max=1, layout={"width": "160px", "margin": "2px 16px"}
        )
        self._bar.add_class("kw-progress")
        self._live, self._view, self._verdict = (ipywidgets.HTML("") for _ in range(3))
        self._live.add_class("kw-live")
        wrap = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        super().__init__(
            [
                ipywidgets.HTML(draw_style(__file__, "deploy_picture", "panel", "deploy_panel")),
                self._controls.box,
                self._answers.box,
                ipywidgets.HBox([self._deploy, self._stop, self._bar, self._show], layout=wrap),
                self._live,
                self._view,
                self._verdict,
                Accessibility(),
            ]
        )
        self.add_class("kw-deploy")
        self._ident = f"kw{self.model_id[:8]}"
        self._paint()
        replace_former(self)
        self._thread = threading.Thread(target=self._loop, name="kit-panel", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        """Draw the first plan's prediction in ASCII; always the same."""
        return format_panel(self._first)

    def picture(self) -> str:
        """Draw the first plan's prediction."""
        return draw_picture((), self._first, predict(self._first))

    def close(self) -> None:
        """Stop what runs, and take the panel away."""
        if not self._closed:
            self._closed = True
            if self._run:
                self._run.stop()
            self._events.put("close")
        super().close()

    # The panel's own thread

    @property
    def _running(self) -> bool:
        return self._run is not None and self._run.active

    def _loop(self) -> None:
        due = 0.0
        while not self._closed:
            try:
                for event in self._gather(due):
                    self._handle(event)
                if not self._closed:
                    self._paint()
            except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
                self._live.value = escape(f"The panel failed: {type(error).__name__}: {error}")
            due = time.monotonic() + FRAME_S

    def _gather(self, due: float) -> list[_Event]:
        """Return what was put down, each kind once: at once with a click, else when a frame is due."""
        events: list[_Event] = []
        try:
            events.append(self._events.get(timeout=FRAME_S if self._running else None))
            while events[-1] in _SWARMS and (left := due - time.monotonic()) > 0:
                events.append(self._events.get(timeout=left))
        except queue.Empty:
            events = events or ["run"]
        return list(dict.fromkeys(events))

    def _handle(self, event: _Event) -> None:
        if event == "stop" and self._run is not None:
            self._run.stop()
        if self._running:
            return
        if event == "deploy":
            self._note = ""
            self._run = LiveRun(self._controls.plan(), changed=lambda: self._events.put("run"))
        elif event == "plan":
            self._run, self._forecast, self._note = None, None, ""
        elif event == "commit":
            forecast = self._answers.read()
            if isinstance(forecast, str):
                self._note = forecast
            else:
                self._forecast, self._run = forecast, None
                self._note = "Your answer is noted. Now deploy for real."

    # What it shows

    def _paint(self) -> None:
        run, active = self._run, self._running
        plan = run.plan if run else self._controls.plan()
        timeline = run.timeline if run else Timeline()
        now = run.now(timeline) if run else None
        seen = measure(timeline, plan, now=now)
        foreseen = predict(plan) if run or self._forecast or self._show.value else None
        self._view.value = draw_panel(timeline, plan, foreseen, now=now, ident=self._ident, sheet=False)
        self._controls.enable(enabled=not active)
        self._answers.enable(enabled=not active and (self._forecast is None or run is not None))
        self._stop.disabled = not active or (run is not None and run.state == "stopping")
        self._deploy.description = "Deploying..." if active else "Deploy for real"
        self._bar.value = _share(run, seen)
        self._verdict.value = self._grade(run, seen)
        said = self._say(run, plan, seen)
        if said != self._said:
            self._said, self._live.value = said, f"<span>{escape(said)}</span>"

    def _grade(self, run: LiveRun | None, seen: MeasuredDeploy | None) -> str:
        if run is None or seen is None or self._forecast is None or run.state != "done":
            return ""
        grades = grade(self._forecast, seen)
        if self._graded is not run:
            self._graded = run
            remember("prediction", entry(self._forecast, grades, run.plan, seen))
        return draw_grades(grades, run.plan)

    def _say(self, run: LiveRun | None, plan: Plan, seen: MeasuredDeploy | None) -> str:
        """Return what is announced: it changes with the state only, not with every frame."""
        if run is None or (self._note and not run.active):
            return self._note or "Choose a plan, answer the questions, then deploy for real."
        head = format_headline(plan, seen)
        now = "works"
        if seen and seen.windows:
            now = "is broken" if seen.windows[-1].open else "works again"
        return {
            "preparing": run.said,
            "deploying": f"Deploying: production {now}.",
            "stopping": "Stopping.",
            "stopped": "Stopped. Nothing of it is left running.",
            "failed": f"It failed. {run.error}",
            "done": f"Done. {head.text}: {head.detail}.",
        }[run.state]


def _share(run: LiveRun | None, seen: MeasuredDeploy | None) -> float:
    """Return how much of a run is done, from 0 to 1."""
    if run is None or (seen is None and not run.active):
        return 0.0
    if run.state == "done":
        return 1.0
    if seen is None:
        return 0.03
    start, end = planned_span(run.plan)
    return min(0.99, max(0.03, (seen.now - start) / (end - start)))


# What one sets: the plan, and the forecast before it


class PlanControls:
    """Choices and sliders that make a plan.

    Args:
        plan: what they show first; always carried out on the wall clock.
        changed: called when one of them has been changed.
    """

    def __init__(self, plan: Plan, *, changed: Callable[[], None]) -> None:
        """Make the widgets."""
        self.change = _radio("Change", CHANGE_NAMES, plan.change)
        self.order = _radio("Order", {order: ORDERS[order].typed for order in DEPLOY_ORDERS}, plan.order)
        self.handling = _radio("On an error", HANDLING_NAMES, plan.handling)
        wait = plan.wait_s if plan.order == "code-first" else plan.build + 4
        self.wait = _slider("Wait before db push (s)", wait, 0, 45, step=0.5)
        self.build = _slider("Build time (s)", plan.build, 1, 40, step=0.5)
        self.rate = _slider("Visitors (a second)", plan.rate, 2, 60, step=1)
        self._all = (self.change, self.order, self.handling, self.wait, self.build, self.rate)
        for widget in self._all:
            widget.observe(lambda _: changed(), "value")
        self.enable(enabled=True)
        row = ipywidgets.Layout(flex_flow="row wrap")
        choices = ipywidgets.HBox([self.change, self.order, self.handling], layout=row)
        self.box = ipywidgets.VBox([choices, self.wait, self.build, self.rate])

    def plan(self) -> Plan:
        """Return what they say."""
        order = cast("DeployOrder", self.order.value)
        return Plan(
            change=cast("ChangeName", self.change.value),
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
            widget.disabled = not wanted


class AnswerControls:
    """Three questions before a run.

    Args:
        commit: called when the learner commits to an answer.
    """

    def __init__(self, *, commit: Callable[[], None]) -> None:
        """Make the widgets; nothing is chosen."""
        self.breaks = _radio("Will production break?", {True: "yes", False: "no"}, None)
        self.seconds = ipywidgets.BoundedFloatText(
            value=0,
            min=0,
            max=120,
            step=0.5,
            description="For how many seconds?",
            style=_WIDE,
            layout={"width": "270px", "margin": _MARGIN},
        )
        self.loudness = _radio("How?", LOUDNESS_NAMES, None)
        self.button = ipywidgets.Button(description="Commit my answer")
        self.button.on_click(lambda _: commit())
        self._all = (self.breaks, self.seconds, self.loudness, self.button)
        wrap = ipywidgets.Layout(flex_flow="row wrap", align_items="flex-start")
        self.box = ipywidgets.VBox(
            [ipywidgets.HTML("<b>Predict first</b>"), ipywidgets.HBox(self._all, layout=wrap)]
        )
        self.box.add_class("kw-answer")

    def read(self) -> Forecast | str:
        """Return the answer, or in a sentence what is missing."""
        if self.breaks.value is None:
            return "First choose whether production will break."
        if not self.breaks.value:
            return Forecast(breaks=False)
        if not self.seconds.value:
            return "If it breaks: for how many seconds?"
        if self.loudness.value is None:
            return "If it breaks: will visitors see an error, or will it happen silently?"
        loudness = cast("Handling", self.loudness.value)
        return Forecast(breaks=True, seconds=float(self.seconds.value), loudness=loudness)

    def enable(self, *, enabled: bool) -> None:
        """Let the answer be changed or not."""
        for widget in self._all:
            widget.disabled = not enabled


def _radio(name: str, words: Mapping[Any, str], value: object) -> ipywidgets.RadioButtons:
    return ipywidgets.RadioButtons(
        options=[(says, choice) for choice, says in words.items()],
        value=value,
        description=name,
        style={"description_width": "initial"},
        layout={"width": "auto", "margin": _MARGIN},
    )


def _slider(name: str, value: float, low: float, high: float, *, step: float) -> ipywidgets.FloatSlider:
    return ipywidgets.FloatSlider(
        value=min(high, max(low, value)),
        min=low,
        max=high,
        step=step,
        description=name,
        readout_format=".1f" if step < 1 else ".0f",
        style=_WIDE,
        layout={"width": "560px", "max_width": "100%"},
    )


# One rehearsal on a thread of its own: watched while it runs, stopped when asked


class LiveRun:
    """A rehearsal that has been started; any thread may look at it.

    Args:
        plan: what to rehearse.
        changed: called, on the run's thread, whenever the state has changed.
    """

    def __init__(self, plan: Plan, *, changed: Callable[[], None]) -> None:
        """Start it."""
        self.plan = plan
        self.said = "Preparing a world of its own."
        self.error = ""
        self._changed = changed
        self._stop = threading.Event()
        self._end: Literal["done", "stopped", "failed"] | None = None
        self._look: Callable[[], Timeline] | None = None
        self._began = 0.0
        # A daemon: when the kernel ends, nobody waits for it, and the reaper ends what it has started.
        self._thread = threading.Thread(target=self._work, name="kit-deploy", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        """Say how far it is."""
        return f"LiveRun({self.state})"

    @property
    def state(self) -> Literal["preparing", "deploying", "stopping", "done", "stopped", "failed"]:
        """How far it is."""
        if self._end:
            return self._end
        if self._stop.is_set():
            return "stopping"
        return "deploying" if self._look else "preparing"

    @property
    def active(self) -> bool:
        """Whether it has not ended; until then something of it may run."""
        return self._end is None

    @property
    def timeline(self) -> Timeline:
        """What has happened so far."""
        return self._look() if self._look else Timeline()

    def now(self, timeline: Timeline) -> float | None:
        """Return the time in seconds of the timeline's clock; None before it begins and after its end."""
        if not self.active or not timeline.records:
            return None
        return timeline.records[0].at + time.monotonic() - self._began

    def stop(self) -> None:
        """Ask it to end before its end; returns at once."""
        self._stop.set()

    def join(self, seconds: float) -> bool:
        """Wait until it has ended, so many seconds at most; return whether it has."""
        self._thread.join(seconds)
        return not self.active

    def _tell(self, what: str) -> None:
        self.said = what
        self._changed()

    def _watch(self, look: Callable[[], Timeline]) -> None:
        self._began = time.monotonic()
        self._look = look
        self._changed()

    def _work(self) -> None:
        try:
            rehearse(self.plan, progress=self._tell, watch=self._watch, stop=self._stop)
        except Stopped:
            self._end = "stopped"
        except Exception as error:  # noqa: BLE001 - shown in the panel: a thread has nobody to raise to
            # Closing the clock in the middle of something may make that fail: it was stopped all the same.
            self._end = "stopped" if self._stop.is_set() else "failed"
            self.error = str(error) if isinstance(error, KitError) else f"{type(error).__name__}: {error}"
        else:
            self._end = "done"
        self._changed()
