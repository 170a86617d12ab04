"""The deploy panel as a person meets it: in JupyterLab, in a browser, with a mouse or without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, Locator, expect, sync_playwright

from kit.lab import ROOT
from kit.opening import open_at
from pictures.jupyter import Jupyter, Watched, chromium, find_browser, jupyter, open_notebook, run_notebook

pytestmark = pytest.mark.browser
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RUN_MS = 30_000
CELL = """
from kit import Plan
from kit.widgets import DeployPanel
DeployPanel(Plan(build=2, wait=3, rate=20, clock="wall"))
""".strip()


@pytest.fixture(scope="module")
def browser(need: Callable[[object, str], None], kit_home: Path) -> Iterator[Browser]:
    path = find_browser()
    need(path, "Chromium (apt install chromium, or set CHROMIUM)")
    assert path
    assert kit_home
    open_at(5, scratch=True).engine.close()  # builds the checkpoints, so that no test waits for them
    with sync_playwright() as playwright, chromium(playwright, path) as running:
        yield running


@pytest.fixture(scope="module")
def server(browser: Browser) -> Iterator[Jupyter]:
    assert browser
    with jupyter([CELL]) as running:
        yield running


@pytest.fixture(scope="module")
def watched(browser: Browser, server: Jupyter) -> Watched:
    return open_notebook(browser, server, width=1100, height=1400)


@pytest.fixture
def panel(watched: Watched) -> Iterator[Locator]:
    """Run the cell (again, which replaces the panel); afterwards nothing was asked of another host."""
    former = watched.page.locator(".kw-deploy [data-former]")
    watched.page.evaluate("document.querySelectorAll('.kw-deploy *').forEach(e => e.dataset.former = '')")
    run_notebook(watched.page)
    expect(former).to_have_count(0, timeout=RUN_MS)
    panel = watched.page.locator(".kw-deploy")
    expect(panel.get_by_role("status")).to_contain_text("Choose a plan", timeout=RUN_MS)
    yield panel
    assert watched.hosts <= {"", "127.0.0.1"}
    assert watched.errors == []


def deploy(panel: Locator) -> None:
    panel.get_by_role("button", name="Deploy for real").click()


def wait_for(panel: Locator, words: str) -> None:
    expect(panel.get_by_role("status")).to_contain_text(words, timeout=RUN_MS)


def views(panel: Locator, outcome: str) -> int:
    table = panel.get_by_role("table", name="Page views")
    row = table.get_by_role("row").filter(has=panel.page.get_by_role("rowheader", name=outcome, exact=True))
    return int(row.get_by_role("cell").first.inner_text())


def drawing(panel: Locator) -> Locator:
    return panel.get_by_role("img", name="Timeline.")


def test_code_first_opens_the_window_and_loses_views(panel: Locator) -> None:
    deploy(panel)

    wait_for(panel, "Done. Broken for")
    expect(drawing(panel).locator("text", has_text="broken window:").first).to_be_attached()
    expect(panel.get_by_text("42703", exact=True)).to_be_visible()
    assert views(panel, "lost") > 0
    assert views(panel, "failed") == 0
    assert views(panel, "all") == views(panel, "ok") + views(panel, "lost")


def test_schema_first_opens_none(panel: Locator) -> None:
    panel.get_by_role("radio", name="db push, then git push").check()
    wait = panel.locator(".noUi-target", has=panel.page.get_by_role("slider", name="Wait"))
    expect(wait).to_have_attribute("disabled", "true")
    deploy(panel)

    wait_for(panel, "Done. Never broken")
    expect(drawing(panel)).to_contain_text("measured: not broken")
    assert views(panel, "ok") == views(panel, "all") > 0
    assert views(panel, "lost") == 0


def test_stop_in_mid_run_leaves_nothing_running(panel: Locator, server: Jupyter) -> None:
    deploy(panel)
    wait_for(panel, "Deploying")
    assert remains(server)
    panel.get_by_role("button", name="Stop").click()

    wait_for(panel, "Stopped. Nothing of it is left running.")
    assert remains(server) == []
    expect(panel.get_by_role("button", name="Deploy for real")).to_be_enabled()


def remains(server: Jupyter) -> list[str]:
    """Return the worlds' folders, and the processes that work for one of them."""
    folders = [path.name for path in server.worlds.glob("kit-*")]
    running = [
        str(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline"])
        if any(f"{server.worlds}/kit-" in word for word in process.info["cmdline"] or ())
    ]
    return folders + running


def test_an_answer_is_judged_by_the_run(panel: Locator) -> None:
    foreseen = drawing(panel).get_by_text("predicted")
    expect(foreseen).to_have_count(0)
    panel.get_by_role("button", name="Commit my answer").click()
    wait_for(panel, "First choose whether production will break.")
    panel.get_by_role("radio", name="yes").check()
    seconds = panel.get_by_label("For how many seconds?")
    seconds.fill("30")
    seconds.press("Tab")
    panel.get_by_role("radio", name="silently: the page looks fine").check()
    panel.get_by_role("button", name="Commit my answer").click()
    wait_for(panel, "Your answer is noted.")
    deploy(panel)

    wait_for(panel, "Done. Broken for")
    verdict = panel.get_by_role("table", name="Your answer beside the measurement")
    rows = verdict.get_by_role("row")
    expect(rows.filter(has_text="Will production break?")).to_contain_text("right")
    expect(rows.filter(has_text="For how long?")).to_contain_text("not so")
    expect(rows.filter(has_text="Silently or loudly?")).to_contain_text("right")


def test_the_keyboard_alone_is_enough(panel: Locator) -> None:
    keyboard = panel.page.keyboard
    panel.get_by_role("radio", name="Add a column").focus()  # from here on, keys only

    def tab_to(target: Locator) -> None:
        for _ in range(20):
            if target.evaluate("e => e === document.activeElement"):
                return
            keyboard.press("Tab")
        pytest.fail(f"Tab does not reach {target}")

    tab_to(panel.get_by_role("radio", name="db push, then git push"))
    keyboard.press("Space")
    expect(panel.get_by_role("radio", name="db push, then git push")).to_be_checked()
    build = panel.get_by_role("slider", name="Build time")
    tab_to(build)
    before = float(build.get_attribute("aria-valuenow") or "nan")
    keyboard.press("ArrowLeft")
    expect(build).not_to_have_attribute("aria-valuenow", str(before))
    tab_to(panel.get_by_label("Show the predicted window"))
    keyboard.press("Space")
    expect(drawing(panel)).to_contain_text("predicted: not broken")
    panel.get_by_role("button", name="Deploy for real").focus()
    keyboard.press("Enter")
    wait_for(panel, "Deploying")
    tab_to(panel.get_by_role("button", name="Stop"))
    keyboard.press("Space")
    wait_for(panel, "Stopped.")


def test_axe_finds_nothing_serious(panel: Locator, need: Callable[[object, str], None]) -> None:
    need(AXE.is_file(), "axe-core (npm install --no-save)")
    page = panel.page
    page.evaluate(AXE.read_text(encoding="utf-8"))

    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run('.kw-deploy')).violations")

    assert [
        (one["id"], one["help"], [node["target"] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ] == []
