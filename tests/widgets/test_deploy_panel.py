from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.experiments.rehearsal import Plan
from kit.process import wait_until
from kit.widgets import DeployPanel
from kit.widgets.answers import NEAR_S, NEAR_SHARE
from kit.widgets.deploy_panel import LiveRun
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
    return wait_until(lambda: words in panel._live.value, seconds=seconds, every=0.02)


def test_the_text_is_always_the_same_and_ascii(make: Callable[[Plan], DeployPanel]) -> None:
    first, second = make(SHORT), make(SHORT)
    assert repr(first) == repr(second)
    assert repr(first).isascii()
    assert "predicted: broken for 1 s, from +1 s to +2 s" in repr(first)
    bundle = first._repr_mimebundle_()
    assert bundle["text/plain"] == repr(first)
    assert 'src="data:image/svg+xml,%3Csvg' in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_deploy_is_predicted_run_and_judged(make: Callable[[Plan], DeployPanel]) -> None:
    panel = make(SHORT)
    before = len(recall("prediction"))
    assert "predicted:" not in panel._view.value
    panel._answers.button.click()
    assert says(panel, "First choose")
    panel._answers.breaks.value = True
    panel._answers.seconds.value = 1
    panel._answers.loudness.value = "loud"
    panel._answers.button.click()
    assert says(panel, "Your answer is noted")
    assert "predicted:" in panel._view.value
    panel._deploy.click()
    assert says(panel, "production is broken")
    assert "so far" in panel._view.value
    assert says(panel, "Done. Broken for")
    assert "42703" in panel._view.value
    assert panel._bar.value == 1
    (entry,) = recall("prediction")[before:]
    broken_s = entry["measured"]["broken_s"]  # on a busy machine, longer than planned
    assert entry["right"] == [True, abs(1 - broken_s) <= max(NEAR_S, NEAR_SHARE * broken_s), False]
    assert panel._verdict.value.count("not so</td>") == entry["right"].count(False)


def test_a_slider_redraws_the_prediction(make: Callable[[Plan], DeployPanel]) -> None:
    panel = make(SHORT)
    panel._show.value = True
    assert wait_until(lambda: "predicted: broken 1 s" in panel._view.value, seconds=60, every=0.02)
    for wait in (5.0, 6.0, 7.0):
        panel._controls.wait.value = wait
    assert wait_until(lambda: "predicted: broken 6 s" in panel._view.value, seconds=60, every=0.02)
    panel._controls.order.value = "together"
    assert wait_until(lambda: "predicted: not broken" in panel._view.value, seconds=60, every=0.02)
    assert panel._controls.wait.disabled


def test_two_clicks_are_one_deploy_and_stop_ends_it(
    make: Callable[[Plan], DeployPanel], folder: Path
) -> None:
    panel = make(LONG)
    panel._deploy.click()
    panel._deploy.click()
    assert says(panel, "Deploying")
    first = panel._run
    assert len([path for path in folder.iterdir() if path.name.startswith("kit-")]) == 1
    assert panel._controls.build.disabled
    panel._deploy.click()
    panel._stop.click()
    panel._stop.click()
    assert says(panel, "Stopped. Nothing")
    assert panel._run is first
    assert not panel._controls.build.disabled
    assert not list(folder.iterdir())


def test_a_panel_that_is_closed_in_mid_run_leaves_nothing(
    make: Callable[[Plan], DeployPanel], folder: Path
) -> None:
    panel = make(LONG)
    panel._deploy.click()
    assert says(panel, "Deploying")
    panel.close()
    assert wait_until(lambda: not list(folder.iterdir()), seconds=60, every=0.05)


def test_a_run_that_fails_says_what_to_do(
    make: Callable[[Plan], DeployPanel], monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = make(SHORT)
    monkeypatch.setenv("TMPDIR", "/nowhere<b>")
    panel._deploy.click()
    assert says(panel, "It failed.")
    assert "What to do" in panel._live.value
    assert "<b>" not in panel._live.value


def test_a_run_tells_of_every_change(folder: Path) -> None:
    states: list[str] = []
    run = LiveRun(SHORT, changed=lambda: states.append(run.state))
    assert run.join(60)
    assert states[-1] == "done"
    assert "deploying" in states
    assert run.now(run.timeline) is None
    assert not list(folder.iterdir())
