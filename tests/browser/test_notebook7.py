"""Notebook 7 in the place of JupyterLab: it docks nothing, and shows the same widgets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from pictures.jupyter import Jupyter, Watched, execute, jupyter, open_notebook
from pictures.panel import Panel

pytestmark = pytest.mark.browser
CELLS = (
    "from kit import open_world, Plan\nworld = open_world(phase=5, scratch=True)\nworld.visitors(rate=20)",
    "world.stage()",
    """world.dev.run("git checkout -q main && git merge -q feature/document-last-viewed")
world.dev.run("git push -q origin main")""",
    "world.advance(36)",
    'from kit.widgets import DeployPanel\nDeployPanel(Plan(build=1, wait=2, rate=20, clock="wall"))',
)
OPEN, STAGE, PUSH, WAIT, PANEL = range(len(CELLS))


@pytest.fixture(scope="module")
def server(browser: Browser) -> Iterator[Jupyter]:
    assert browser
    with jupyter(program="notebook") as running:
        yield running


@pytest.fixture(scope="module")
def watched(browser: Browser, server: Jupyter) -> Iterator[Watched]:
    server.write("seven", CELLS)
    watched = open_notebook(browser, server, "seven", width=1280, height=800)
    watched.errors.clear()  # what Notebook itself says while it starts
    yield watched
    assert watched.errors == []
    assert watched.hosts <= {"", "127.0.0.1"}
    watched.page.close()


def run(page: Page, cell: int) -> None:
    """Run a cell, and wait until it has ended."""
    page.evaluate("cell => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = cell }", cell)
    execute(page, "notebook:run-cell")


def test_the_stage_is_in_the_cell_and_each_command_changes_it(watched: Watched) -> None:
    page = watched.page
    for cell in (OPEN, STAGE):
        run(page, cell)
    stage = page.locator(".kw-deploy:has(.kw-stage)")
    expect(stage.locator(".kw-head")).to_contain_text("The production site does not write last_viewed")
    run(page, PUSH)
    expect(stage.locator("svg.kw-world text", has_text="new code")).to_have_count(2)
    run(page, WAIT)
    expect(stage.locator(".kw-head")).to_contain_text("GAP")
    expect(stage.locator(".kw-tally")).to_contain_text("20 lost")
    expect(stage.get_by_role("status")).to_have_text("Nothing runs.")


def test_the_panel_deploys(watched: Watched) -> None:
    run(watched.page, PANEL)
    panel = Panel(watched.page.locator(".kw-deploy:not(:has(.kw-stage))"))
    panel.says("Choose a plan")
    panel.deploy()
    panel.says("Done. Broken for")
    expect(panel.drawing.locator("text", has_text="broken window:").first).to_be_attached()
    assert panel.views("lost") > 0
