from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.experiments.changes import CHANGES
from kit.experiments.orders import DEPLOY_ORDERS
from kit.experiments.rehearsal import Plan
from kit.process import wait_until
from kit.widgets import DeployPanel
from kit.widgets.answers import NEAR_S, NEAR_SHARE
from kit.widgets.deploy_panel import _OUTCOMES, _read_plan
from kit.widgets.live_run import LiveRun
from kit.world.home import recall
from kit.world.open import open_at

SHORT = Plan(build=1, wait=2, rate=20, clock="wall")
LONG = Plan(build=30, wait=40, rate=10, clock="wall")


@pytest.fixture(scope="module", autouse=True)
def checkpoints() -> None:
    """Build the checkpoints once."""
    open_at(5, scratch=True).engine.close()


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the worlds of one test a folder with a short path of its own."""
    with tempfile.TemporaryDirectory(prefix="p-") as name:
        Path(name).chmod(0o711)
        monkeypatch.setenv("TMPDIR", name)
        yield Path(name)


@pytest.fixture
def make(folder: Path) -> Iterator[Callable[[Plan], DeployPanel]]:
    """Make panels; all are closed, and nothing of theirs runs, after the test."""
    made: list[DeployPanel] = []

    def make(plan: Plan) -> DeployPanel:
        made.append(DeployPanel(plan))
        return made[-1]

    yield make
    for panel in made:
        panel.close()
    assert wait_until(lambda: not list(folder.iterdir()), seconds=60, every=0.1)
    names = ("kit-panel", "kit-deploy")
    assert wait_until(lambda: not any(t.name in names for t in threading.enumerate()), seconds=60, every=0.1)


def says(panel: DeployPanel, words: str, *, seconds: float = 60) -> bool:
    return wait_until(lambda: words in panel.status["said"], seconds=seconds, every=0.02)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Collect what pages are told."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(DeployPanel, "send", lambda _, message, __=None: told.append(message))
    return told


def test_the_text_is_always_the_same_and_ascii(make: Callable[[Plan], DeployPanel]) -> None:
    first, second = make(SHORT), make(SHORT)
    assert repr(first) == repr(second)
    assert repr(first).isascii()
    assert "predicted: broken for 1 s, from +1 s to +2 s" in repr(first)
    data, _ = first._repr_mimebundle_()
    assert data["text/plain"] == repr(first)
    assert 'src="data:image/svg+xml,%3Csvg' in data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in data


def test_every_change_can_be_set_in_every_order(make: Callable[[Plan], DeployPanel]) -> None:
    panel = make(SHORT)
    for change in CHANGES:
        for order in DEPLOY_ORDERS:
            plan = _read_plan({**panel.plan, "change": change, "order": order})
            assert (plan.change, plan.order) == (change, order)


def test_a_deploy_is_predicted_run_and_judged(
    make: Callable[[Plan], DeployPanel], sent: list[dict[str, Any]]
) -> None:
    panel = make(SHORT)
    before = len(recall("prediction"))
    panel.answer = {"kind": "loud", "seconds": 1}
    panel.deploy()
    assert says(panel, "production is broken")
    assert says(panel, "Done. Broken for")
    (run,) = panel.runs
    assert (run["end"], run["seen"]["error"]["sqlstate"]) == ("done", "42703")
    (entry,) = recall("prediction")[before:]
    broken_s = entry["measured"]["broken_s"]  # on a busy machine, longer than planned
    right = [True, abs(1 - broken_s) <= max(NEAR_S, NEAR_SHARE * broken_s), False]
    assert entry["right"] == right == [each["right"] for each in run["grades"]]
    assert "new code runs on the old schema, which breaks" in run["reason"]
    assert panel.answer["kind"] == "", "the next run is to be predicted anew"

    live = [message for message in sent if message["type"] == "run"]
    assert len(live) > 3
    told: list[tuple[int, float, int]] = []
    for message in live:  # none is left out, none comes twice
        assert message["first"] == len(told)
        told += message["rows"]
    assert told == run["rows"][: len(told)]
    assert any(message["seen"]["head"]["text"].endswith("so far") for message in live)


def test_a_page_view_can_be_looked_into(
    make: Callable[[Plan], DeployPanel], sent: list[dict[str, Any]]
) -> None:
    panel = make(replace(SHORT, clock="virtual"))
    panel.deploy(blindly=True)
    assert says(panel, "Done. Broken for")
    (run,) = panel.runs
    lost = next(number for number, _, outcome in run["rows"] if _OUTCOMES[outcome] == "lost")
    fine = next(number for number, _, outcome in run["rows"] if _OUTCOMES[outcome] == "ok")
    for number in (lost, fine, 10**9):
        panel._receive(panel, {"do": "view", "run": 1, "id": number}, [])
    panel._receive(panel, {"do": "view", "run": "<b>", "id": None}, [])
    assert wait_until(lambda: len([m for m in sent if m["type"] == "view"]) == 2, seconds=60, every=0.02)
    views = {message["id"]: message["view"] for message in sent if message["type"] == "view"}
    assert "SET last_viewed" in views[lost]["statement"]
    assert views[lost]["error"] == '42703 column "last_viewed" of relation "documents" does not exist'
    assert views[lost]["answer"].startswith("200 from ")
    assert "<h1" in views[lost]["page"]
    assert "last_viewed" not in views[lost]["row"]
    assert views[lost]["missing"]
    assert (views[fine]["statement"], views[fine]["error"], views[fine]["missing"]) == ("", "", "")


def test_a_plan_that_is_none_is_refused_in_words(make: Callable[[Plan], DeployPanel]) -> None:
    panel = make(SHORT)
    panel.plan = {**panel.plan, "rate": 1e9}
    panel.deploy()
    assert says(panel, "This cannot be deployed. rate cannot be 1000000000.0.")
    assert panel.runs == []


def test_a_small_one_asks_nothing_and_hides_nothing(make: Callable[[Plan], DeployPanel]) -> None:
    assert make(SHORT).setup["predict_first"]
    small = DeployPanel(SHORT, knob="wait")
    assert (small.setup["knob"], small.setup["predict_first"], small.shown) == ("wait", False, True)
    small.close()


def test_two_clicks_are_one_deploy_and_stop_ends_it(
    make: Callable[[Plan], DeployPanel], folder: Path
) -> None:
    panel = make(LONG)
    panel.deploy()
    panel.deploy()
    assert says(panel, "Deploying")
    assert len([path for path in folder.iterdir() if path.name.startswith("kit-")]) == 1
    panel.deploy()
    panel.stop()
    panel.stop()
    assert says(panel, "Stopped. Nothing")
    (run,) = panel.runs
    assert run["end"] == "stopped"
    assert run["seen"]["head"]["text"] == "Nothing was measured"
    assert not list(folder.iterdir())


def test_a_panel_that_is_closed_in_mid_run_leaves_nothing(
    make: Callable[[Plan], DeployPanel], folder: Path
) -> None:
    panel = make(LONG)
    panel.deploy()
    assert says(panel, "Deploying")
    panel.close()
    assert wait_until(lambda: not list(folder.iterdir()), seconds=60, every=0.05)


def test_a_run_that_fails_says_what_to_do(
    make: Callable[[Plan], DeployPanel], monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = make(SHORT)
    monkeypatch.setenv("TMPDIR", "/nowhere")
    panel.deploy()
    assert says(panel, "It failed.")
    assert "What to do" in panel.status["said"]


def test_a_run_tells_of_every_change(folder: Path) -> None:
    states: list[str] = []
    run = LiveRun(SHORT, changed=lambda: states.append(run.state))
    assert run.join(60)
    assert states[-1] == "done"
    assert "deploying" in states
    assert run.now(run.timeline) is None
    assert not list(folder.iterdir())
