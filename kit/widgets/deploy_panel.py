"""The deploy panel: set a plan on the picture itself, predict, deploy for real, look into what happened.

`scene/` draws it in the browser, where a drag needs no kernel; this is what runs, measures and remembers.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import traitlets

from kit.draw import draw_patterns, pack_style
from kit.errors import KitError
from kit.experiments.changes import CHANGES, Recipe, columns_after, recipe
from kit.experiments.orders import DEPLOY_ORDERS, ORDERS
from kit.experiments.prediction import PUSH_TAKES_S, MeasuredDeploy, measure, predict
from kit.experiments.rehearsal import LEAD_S, MARGIN_S, Plan
from kit.timeline import find_delay
from kit.timeline.drawing import STACKED
from kit.widgets.accessibility import DrawnWidget
from kit.widgets.answers import Forecast, entry, grade
from kit.widgets.cell_events import replace_former
from kit.widgets.deploy_picture import (
    CHANGE_NAMES,
    HANDLING_NAMES,
    draw_picture,
    format_headline,
    format_panel,
    format_reason,
)
from kit.widgets.live_run import LiveRun, SeenVisit
from kit.world.home import remember

FRAME_S = 0.1
"""Seconds between two messages at least, while a run goes on."""
CLOCK_NAMES = {"wall": "real time", "virtual": "fast"}
Knob = Literal["wait", "build", "rate"]
_DEFAULT = Plan(build=4, wait=8, rate=20, clock="wall")
_OUTCOMES = tuple(STACKED)  # `scene/run.js` numbers them likewise
_LONGEST_S = 120.0  # of a forecast


class _Event(NamedTuple):
    """Something to do on the panel's thread; `run` and `id` name a page view."""

    name: Literal["deploy", "stop", "hello", "view", "run", "close"]
    blindly: bool = False
    run: int = 0
    id: int = 0


@dataclass
class _Kept:
    """A run with what it was predicted to come to, and how much of it the page has been told."""

    number: int
    run: LiveRun
    forecast: Forecast | None
    visits: list[SeenVisit]
    told: int = 0
    graded: bool = False


class DeployPanel(DrawnWidget):
    """A panel on which one deploys for real, in a scratch world of its own, as often as one likes.

    Callbacks only put down what was asked; one thread of the panel's own does the rest.

    Args:
        plan: what it shows first; on the wall clock, unless it says otherwise.
        predict_first: keep the prediction back until the learner has answered, or asks for it.
        knob: make it a small one, on which nothing but this can be changed.
    """

    _esm = Path(__file__).with_name("deploy.js")
    _css = pack_style(__file__, "deploy_picture", "deploy_panel")
    plan = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)
    shown = traitlets.Bool().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)
    runs: traitlets.List[Any] = traitlets.List().tag(sync=True)
    setup = traitlets.Dict().tag(sync=True)

    def __init__(
        self, plan: Plan = _DEFAULT, *, predict_first: bool = True, knob: Knob | None = None
    ) -> None:
        """Make the widget; nothing runs yet."""
        self._first = plan
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._kept: list[_Kept] = []
        self._closed = False
        predict_first = predict_first and knob is None
        super().__init__(
            plan=_plan_facts(plan),
            answer={"kind": "", "seconds": 0},
            shown=not predict_first,
            status={"state": "", "said": _greeting(predict_first=predict_first, knob=knob), "run": 0},
            setup={
                "rules": _rules(),
                "patterns": draw_patterns("IDENT"),
                "names": {
                    "change": CHANGE_NAMES,
                    "order": {order: ORDERS[order].typed for order in DEPLOY_ORDERS},
                    "handling": HANDLING_NAMES,
                    "clock": CLOCK_NAMES,
                },
                "means": STACKED,
                "predict_first": predict_first,
                "knob": knob or "",
            },
        )
        self.on_msg(self._receive)
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
            if self._kept:
                self._kept[-1].run.stop()
            self._events.put(_Event("close"))
        super().close()

    def deploy(self, *, blindly: bool = False) -> None:
        """Do what the button does: deploy the plan that is set, unless a run goes on.

        Args:
            blindly: without an answer, even if there is one.
        """
        self._events.put(_Event("deploy", blindly=blindly))

    def stop(self) -> None:
        """Do what the button does: end the run before its end."""
        self._events.put(_Event("stop"))

    def _receive(self, _: object, content: Mapping[str, Any], __: object) -> None:
        """Put down what the page asks; what it may send is known, and anything else is nothing."""
        numbers = {key: number for key in ("run", "id") if isinstance(number := content.get(key), int)}
        name = content.get("do")
        if name in ("deploy", "stop", "hello", "view"):
            self._events.put(_Event(name, blindly=content.get("blindly") is True, **numbers))

    # The panel's own thread

    @property
    def _running(self) -> _Kept | None:
        return self._kept[-1] if self._kept and not self._kept[-1].graded else None

    def _loop(self) -> None:
        due = 0.0
        while not self._closed:
            try:
                for event in self._gather(due):
                    self._handle(event)
                if not self._closed and (kept := self._running):
                    self._show(kept)
            except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
                self._say("failed", f"The panel failed: {type(error).__name__}: {error}")
            due = time.monotonic() + FRAME_S

    def _gather(self, due: float) -> list[_Event]:
        """Return what was put down, each once: at once with a click, else when a frame is due."""
        events: list[_Event] = []
        try:
            events.append(self._events.get(timeout=FRAME_S if self._running else None))
            while events[-1].name == "run" and (left := due - time.monotonic()) > 0:
                events.append(self._events.get(timeout=left))
        except queue.Empty:
            pass
        return list(dict.fromkeys(events))

    def _handle(self, event: _Event) -> None:
        running = self._running
        if event.name == "stop" and running:
            running.run.stop()
        elif event.name == "deploy" and not running:
            self._begin(blindly=event.blindly)
        elif event.name == "hello" and running:
            running.told = 0
        elif event.name == "view":
            self._tell_view(event)

    def _begin(self, *, blindly: bool) -> None:
        try:
            plan = _read_plan(self.plan)
            forecast = None if blindly else _read_forecast(self.answer)
        except KitError as error:
            self._say("failed", f"This cannot be deployed. {error}")
            return
        run = LiveRun(plan, changed=lambda: self._events.put(_Event("run")))
        self._kept.append(_Kept(len(self._kept) + 1, run, forecast, []))

    def _tell_view(self, event: _Event) -> None:
        kept = next((kept for kept in self._kept if kept.number == event.run), None)
        visits = kept.run.visits if kept else []
        if event.id in range(len(visits)):
            view = visits[event.id].describe()
            self.send({"type": "view", "run": event.run, "id": event.id, "view": view})

    # What the page is told

    def _show(self, kept: _Kept) -> None:
        """Tell of a run what is new: its page views, and what they come to."""
        run = kept.run
        state = run.state  # before its records: a run that has ended has all of them
        ended = not run.active
        timeline = run.timeline
        seen = measure(timeline, run.plan, now=None if ended else run.now(timeline))
        visits = run.visits
        fresh = [_row(number, visits[number]) for number in range(kept.told, len(visits))]
        facts = _facts(run.plan, seen, state) if seen else None
        if seen and not ended:
            self.send(
                {
                    "type": "run",
                    "id": kept.number,
                    "plan": _plan_facts(run.plan),
                    "seen": facts,
                    "first": kept.told,
                    "rows": fresh,
                }
            )
            kept.told = len(visits)
        if ended:
            kept.graded = True
            grades = grade(kept.forecast, seen) if kept.forecast and seen and state == "done" else ()
            if kept.forecast and seen and grades:
                remember("prediction", entry(kept.forecast, grades, run.plan, seen))
            whole = {
                "id": kept.number,
                "plan": _plan_facts(run.plan),
                "ended": True,
                "end": state,
                "seen": facts,
                "rows": [_row(number, visit) for number, visit in enumerate(visits)],
                "grades": [asdict(each) for each in grades],
                "reason": format_reason(run.plan, predict(run.plan)) if state == "done" else "",
            }
            self.runs = [*self.runs, whole]
            self.answer = {"kind": "", "seconds": 0}
        self._say(state, _sentence(run, state, seen), kept.number)

    def _say(self, state: str, said: str, number: int = 0) -> None:
        """Announce: a text that changes with the state only, not with every frame."""
        status = {"state": state, "said": said, "run": number}
        if status != self.status:
            self.status = status


def _greeting(*, predict_first: bool, knob: Knob | None) -> str:
    if knob:
        return "Drag the mark, then deploy for real."
    first = "predict, then deploy for real." if predict_first else "then deploy for real."
    return f"Choose a plan, drag its marks, {first}"


def _sentence(run: LiveRun, state: str, seen: MeasuredDeploy | None) -> str:
    """Return what is announced of a run."""
    head = format_headline(run.plan, seen, stopped=state in ("stopped", "failed"))
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
    }[state]


def _plan_facts(plan: Plan) -> dict[str, Any]:
    wait = plan.wait_s if plan.order == "code-first" else plan.build + 4
    return {**asdict(plan), "wait": wait}


def _read_plan(facts: Mapping[str, Any]) -> Plan:
    """Return the plan that the page has set.

    Raises:
        BadInput: if it is none.
    """
    wait = facts.get("wait") if facts.get("order") == "code-first" else None
    return Plan(**{**facts, "wait": wait})


def _read_forecast(answer: Mapping[str, Any]) -> Forecast | None:
    """Return what the learner has answered, None where that is not all."""
    kind, seconds = answer.get("kind"), answer.get("seconds")
    if kind == "never":
        return Forecast(breaks=False)
    if (
        kind not in ("silent", "loud")
        or not isinstance(seconds, int | float)
        or not 0 < seconds <= _LONGEST_S
    ):
        return None
    return Forecast(breaks=True, seconds=float(seconds), loudness=kind)


def _row(number: int, visit: SeenVisit) -> tuple[int, float, int]:
    return number, round(visit.view.at, 4), _OUTCOMES.index(visit.view.outcome)


def _facts(plan: Plan, seen: MeasuredDeploy, state: str) -> dict[str, Any]:
    """Return a measured deploy for the page; its page views go apart."""
    stopped = state in ("stopped", "failed")
    head = format_headline(plan, seen, running=state in ("deploying", "stopping"), stopped=stopped)
    error = seen.error
    return {
        "start": seen.start,
        "now": seen.now,
        "zero": seen.zero,
        "marks": [mark._asdict() for mark in seen.marks],
        "code": [segment._asdict() for segment in seen.code],
        "builds": [build._asdict() for build in seen.builds],
        "schema": [segment._asdict() for segment in seen.schema],
        "windows": [window._asdict() for window in seen.windows],
        "error": error
        and {
            "at": error.at - seen.zero,
            "sqlstate": error.sqlstate,
            "message": error.message,
            "status": error.status,
        },
        "head": head._asdict(),
        "late": find_delay(seen.views),
    }


def _rules() -> dict[str, Any]:
    """Return what the page needs to predict by itself; `scene/plan.js` has the rule."""
    return {
        "takes": PUSH_TAKES_S,
        "margin": MARGIN_S,
        "lead": LEAD_S,
        "recipes": {change: _recipe_facts(recipe(change, "silent")) for change in CHANGES},
    }


def _recipe_facts(made: Recipe) -> dict[str, Any]:
    applied = list(made.applied)
    before = {"writes": sorted(made.writes), "has": sorted(columns_after(applied))}
    apart = []
    for commit in made.apart:
        applied += commit.versions
        apart.append(
            {
                "writes": sorted(commit.writes),
                "has": sorted(columns_after(applied)),
                "migrates": commit.migrates,
            }
        )
    whole = {
        "writes": sorted(made.whole.writes),
        "has": sorted(columns_after([*made.applied, *made.whole.versions])),
        "migrates": True,
    }
    return {**before, "whole": whole, "apart": apart}
