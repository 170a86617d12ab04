"""The deploy panel: knobs, an answer first, Deploy for real, the picture of what happened."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from html import escape
from typing import Any, Literal, cast

import ipywidgets

from kit.draw import CONTROLS, SHEET
from kit.errors import KitError, Stopped
from kit.experiments.changes import CHANGES, ChangeName
from kit.experiments.orders import DEPLOY_ORDERS, ORDERS, DeployOrder
from kit.experiments.prediction import MeasuredDeploy, measure, planned_span, predict
from kit.experiments.rehearsal import Plan, rehearse
from kit.repos import Handling
from kit.timeline import Timeline
from kit.widgets import cell_events as cells
from kit.widgets import deploy_picture as words
from kit.widgets.accessibility import Accessibility
from kit.widgets.answers import Answer, draw_judged, entry, judge
from kit.widgets.deploy_picture import draw_panel, draw_picture, draw_text_panel, headline
from kit.world.home import remember

# One rehearsal on a thread of its own: watched while it runs, stopped when asked


State = Literal["preparing", "deploying", "stopping", "done", "stopped", "failed"]


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
    def state(self) -> State:
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


# What one sets on the deploy panel: the plan, and the answer before it


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
        self.change = _radio(
            "Change", [(words.CHANGE_WORDS[change], change) for change in CHANGES], plan.change
        )
        self.order = _radio("Order", [(ORDERS[order].typed, order) for order in DEPLOY_ORDERS], plan.order)
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


# The deploy panel: choose, predict, deploy for real, and see the broken window open or not


FRAME_S = 0.25
"""Seconds between two frames at least, while a run goes on or a slider moves."""
PanelEvent = Literal["plan", "deploy", "stop", "commit", "show", "run", "close"]
_SWARMS: tuple[PanelEvent, ...] = ("plan", "run")
DEFAULT = Plan(build=4, wait=8, rate=20, clock="wall")


class DeployPanel(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no type information
    """A panel on which one deploys for real, in a scratch world of its own, as often as one likes.

    Callbacks only put down what was clicked; one thread of the panel's own does the rest.

    Args:
        plan: what it shows first; it is carried out on the wall clock.
        predict_first: keep the predicted window back until the learner has committed to an answer.
    """

    def __init__(self, plan: Plan = DEFAULT, *, predict_first: bool = True) -> None:
        """Make the widgets; nothing runs yet."""
        self._first = plan
        self._events: queue.SimpleQueue[PanelEvent] = queue.SimpleQueue()
        self._run: LiveRun | None = None
        self._answer: Answer | None = None
        self._judged_run: LiveRun | None = None
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
        self._bar = ipywidgets.FloatProgress(value=0, min=0, max=1)
        self._bar.layout.width, self._bar.layout.margin = "160px", "2px 16px"
        self._bar.add_class("kw-progress")
        self._live = ipywidgets.HTML("")
        self._live.add_class("kw-live")
        self._view = ipywidgets.HTML("")
        self._verdict = ipywidgets.HTML("")
        wrap = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        super().__init__(
            [
                ipywidgets.HTML(f"<style>{SHEET}{CONTROLS}</style>"),
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
        cells.replace_former(self)
        self._thread = threading.Thread(target=self._loop, name="kit-panel", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        """Draw the first plan's prediction in ASCII; always the same."""
        return draw_text_panel(self._first)

    def _repr_mimebundle_(self, **options: object) -> dict[str, Any]:
        """Return the widget, and for where there is no kernel a picture and a text."""
        bundle: dict[str, Any] = dict(super()._repr_mimebundle_(**options) or {})
        bundle["text/plain"] = repr(self)
        bundle["image/svg+xml"] = draw_picture((), self._first, predict(self._first))
        return bundle

    def close(self) -> None:
        """Stop what runs, and take the panel away."""
        if not self._closed:
            self._closed = True
            if self._run:
                self._run.stop()
            self._events.put("close")
        super().close()

    # The panel's own thread

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

    def _gather(self, due: float) -> list[PanelEvent]:
        """Return what was put down, each kind once: at once with a click, else when a frame is due."""
        running = self._run is not None and self._run.active
        events: list[PanelEvent] = []
        try:
            events.append(self._events.get(timeout=FRAME_S if running else None))
            while events[-1] in _SWARMS and (left := due - time.monotonic()) > 0:
                events.append(self._events.get(timeout=left))
        except queue.Empty:
            events = events or ["run"]
        return list(dict.fromkeys(events))

    def _handle(self, event: PanelEvent) -> None:
        running = self._run is not None and self._run.active
        if event == "deploy" and not running:
            self._note = ""
            self._run = LiveRun(self._controls.plan(), changed=lambda: self._events.put("run"))
        elif event == "stop" and self._run is not None:
            self._run.stop()
        elif event == "plan" and not running:
            self._run, self._answer, self._note = None, None, ""
        elif event == "commit" and not running:
            answer = self._answers.read()
            if isinstance(answer, str):
                self._note = answer
            else:
                self._answer, self._run = answer, None
                self._note = "Your answer is noted. Now deploy for real."

    # What it shows

    def _paint(self) -> None:
        run = self._run
        plan = run.plan if run else self._controls.plan()
        active = run is not None and run.active
        timeline = run.timeline if run else Timeline()
        now = run.now(timeline) if run else None
        seen = measure(timeline, plan, now=now)
        foreseen = predict(plan) if run or self._answer or self._show.value else None
        self._view.value = draw_panel(timeline, plan, foreseen, now=now, ident=self._ident, sheet=False)
        self._controls.enable(enabled=not active)
        self._answers.enable(enabled=not active and (self._answer is None or run is not None))
        self._stop.disabled = not active or (run is not None and run.state == "stopping")
        self._deploy.description = "Deploying..." if active else "Deploy for real"
        self._bar.value = _share(run, seen)
        self._verdict.value = self._judge(run, seen)
        said = self._say(run, plan, seen)
        if said != self._said:
            self._said, self._live.value = said, f"<span>{escape(said)}</span>"

    def _judge(self, run: LiveRun | None, seen: MeasuredDeploy | None) -> str:
        if run is None or seen is None or self._answer is None or run.state != "done":
            return ""
        judged = judge(self._answer, seen)
        if self._judged_run is not run:
            self._judged_run = run
            remember("prediction", entry(self._answer, judged, run.plan, seen))
        return draw_judged(judged, run.plan)

    def _say(self, run: LiveRun | None, plan: Plan, seen: MeasuredDeploy | None) -> str:
        """Return what is announced: it changes with the state only, not with every frame."""
        if run is None or (self._note and not run.active):
            return self._note or "Choose a plan, answer the questions, then deploy for real."
        head = headline(plan, seen)
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
