"""The deploy panel: choose, predict, deploy for real, and see the broken window open or not."""

from __future__ import annotations

import queue
import threading
import time
from html import escape
from typing import Any, Literal

import ipywidgets

from kit.experiments.measured import Measured, measure
from kit.experiments.prediction import planned_span, predict
from kit.experiments.rehearsal import Plan
from kit.timeline import Timeline
from kit.widgets import cell_events as cells
from kit.widgets.answers import Answer, draw_judged, entry, judge
from kit.widgets.controls import AnswerControls, PlanControls
from kit.widgets.deploy_picture import draw_panel, draw_picture
from kit.widgets.naming import NAMING
from kit.widgets.run import Run
from kit.widgets.style import CONTROLS, SHEET
from kit.widgets.text import draw_text_panel
from kit.widgets.words import headline
from kit.world.progress import remember

FRAME_S = 0.25
"""Seconds between two frames at least, while a run goes on or a slider moves."""
Event = Literal["plan", "deploy", "stop", "commit", "show", "run", "close"]
_SWARMS: tuple[Event, ...] = ("plan", "run")
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
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._run: Run | None = None
        self._answer: Answer | None = None
        self._judged_run: Run | None = None
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
                ipywidgets.HTML(NAMING),
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

    def _gather(self, due: float) -> list[Event]:
        """Return what was put down, each kind once: at once with a click, else when a frame is due."""
        running = self._run is not None and self._run.active
        events: list[Event] = []
        try:
            events.append(self._events.get(timeout=FRAME_S if running else None))
            while events[-1] in _SWARMS and (left := due - time.monotonic()) > 0:
                events.append(self._events.get(timeout=left))
        except queue.Empty:
            events = events or ["run"]
        return list(dict.fromkeys(events))

    def _handle(self, event: Event) -> None:
        running = self._run is not None and self._run.active
        if event == "deploy" and not running:
            self._note = ""
            self._run = Run(self._controls.plan(), changed=lambda: self._events.put("run"))
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

    def _judge(self, run: Run | None, seen: Measured | None) -> str:
        if run is None or seen is None or self._answer is None or run.state != "done":
            return ""
        judged = judge(self._answer, seen)
        if self._judged_run is not run:
            self._judged_run = run
            remember("prediction", entry(self._answer, judged, run.plan, seen))
        return draw_judged(judged, run.plan)

    def _say(self, run: Run | None, plan: Plan, seen: Measured | None) -> str:
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


def _share(run: Run | None, seen: Measured | None) -> float:
    """Return how much of a run is done, from 0 to 1."""
    if run is None or (seen is None and not run.active):
        return 0.0
    if run.state == "done":
        return 1.0
    if seen is None:
        return 0.03
    start, end = planned_span(run.plan)
    return min(0.99, max(0.03, (seen.now - start) / (end - start)))
