"""Runs of the deploy panel, recorded: all that it shows of them, for a page that has no kernel."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from kit.experiments.prediction import measure
from kit.experiments.rehearsal import Plan
from kit.widgets import DeployPanel
from kit.widgets.deploy_panel import Knob
from kit.widgets.live_run import SeenVisit

_PATIENCE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What to record for one panel.

    Attributes:
        plans: the runs, by what a button calls them; the first one is shown before anybody presses one.
        knob: as for the panel.
    """

    plans: dict[str, Plan]
    knob: Knob | None = None


def _fast(**facts: Any) -> Plan:  # noqa: ANN401 - a plan's own
    return replace(Plan(build=4, rate=20, clock="virtual"), **facts)


RECORDINGS = {
    "00-panel": Recording(
        plans={
            "db push 20 s after the push": _fast(build=35, wait=20),
            "36 s after": _fast(build=35, wait=36),
            "60 s after": _fast(build=35, wait=60),
        },
        knob="wait",
    ),
    "05-85": Recording(
        plans={
            "db push 8 s after the push": _fast(wait=8),
            "both at once": _fast(order="together"),
            "the schema first": _fast(order="schema-first"),
            "apart: expand, then contract": _fast(order="expand-contract"),
        }
    ),
    "09-22": Recording(
        plans={
            "drop: both at once": _fast(change="drop", order="together"),
            "drop: the code first": _fast(change="drop", wait=8),
            "drop: the schema first": _fast(change="drop", order="schema-first"),
            "rename: the code first": _fast(change="rename", wait=8),
        }
    ),
}
"""By the cell that shows the panel."""


def record(recording: Recording) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Deploy each plan for real; return what the page needs to show it.

    Returns:
        What it draws, and what one can look into of each run's visits, which it loads when somebody does.

    Raises:
        RuntimeError: if a run does not come to its end.
    """
    first, *_ = recording.plans.values()
    panel = DeployPanel(first, predict_first=False, knob=recording.knob)
    setup, plan = panel.setup, panel.plan
    runs: list[dict[str, Any]] = []
    said: list[str] = []
    details: list[dict[str, Any]] = []
    try:
        for each in recording.plans.values():
            panel.plan = _facts(each)
            kept = _deploy(panel, len(runs) + 1)
            facts = panel.runs[-1]
            runs.append({**facts, "seen": {**facts["seen"], "measured": _measured(kept)}})
            said.append(panel.status["said"])
            details.append(_pack(kept.run.visits))
    finally:
        panel.close()
    status = {"state": "done", "said": said[0], "run": 1}
    state = {
        "plan": plan,
        "answer": {"kind": "", "seconds": 0},
        "shown": True,
        "status": status,
        "runs": runs[:1],
        "setup": setup,
    }
    return {"state": state, "runs": runs, "said": said, "names": list(recording.plans)}, details


def _facts(plan: Plan) -> dict[str, Any]:
    panel = DeployPanel(plan, predict_first=False)
    try:
        facts: dict[str, Any] = panel.plan
        return facts
    finally:
        panel.close()


def _deploy(panel: DeployPanel, number: int) -> Any:  # noqa: ANN401 - the panel's own
    panel.deploy(blindly=True)
    deadline = time.monotonic() + _PATIENCE_S
    while len(panel.runs) < number:
        if time.monotonic() > deadline or panel.status["state"] == "failed":
            raise RuntimeError(f"a run was not recorded: {panel.status['said']}")
        time.sleep(0.05)
    return panel._kept[-1]  # noqa: SLF001 - what the page asks for one by one


def _measured(kept: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    seen = measure(kept.run.timeline, kept.run.plan, now=None)
    if seen is None:
        raise RuntimeError("a run was recorded in which nobody came")
    loudness = "loud" if seen.outcomes.failed > seen.outcomes.lost else "silent"
    return {"broken_s": seen.broken_s, "loudness": loudness}


def _pack(visits: list[SeenVisit]) -> dict[str, Any]:
    """Return what one can look into, each line of a text once: pages differ in a line or two."""
    lines: dict[str, int] = {}
    views = [
        {
            name: [lines.setdefault(line, len(lines)) for line in text.split("\n")]
            for name, text in visit.describe().items()
        }
        for visit in visits
    ]
    return {"lines": list(lines), "views": views}
