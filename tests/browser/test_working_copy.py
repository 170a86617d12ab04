"""A learner's copy of a notebook in a JupyterLab that `kit lab` starts, and what a saved copy keeps."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from kit.lesson.notebooks import clean
from kit.names import ROOT
from pictures.jupyter import Jupyter, Watched, execute, jupyter, open_notebook
from pictures.panel import Panel

pytestmark = pytest.mark.browser
FIRST = "00_start_here"
CELLS = (
    """from kit import open_world, Plan
from kit.widgets import DeployPanel
DeployPanel(Plan(build=1, wait=2, rate=20, clock="wall"))""",
    """world = open_world(phase=5, scratch=True, clock="virtual")
world.stage()""",
    """world.dev.run("git checkout -q main && git merge -q feature/document-last-viewed")
world.dev.run("git push -q origin main")
world.visitors(rate=20)
world.advance(36)""",
)
PANEL, STAGE, DEPLOY = range(len(CELLS))
_CHOOSE_CODE = """() => {
    const { content } = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = content.widgets.findIndex(cell => cell.model.type === 'code');
}"""
_LISTED = (
    "() => fetch('/api/contents/').then(got => got.json()).then(got => got.content.map(each => each.name))"
)
# A stage that is docked takes the focus.
_NOTEBOOK = """() => {
    for (const widget of window.jupyterapp.shell.widgets('main'))
        if (widget.sessionContext) window.jupyterapp.shell.activateById(widget.id);
}"""
_SHUTDOWN = "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a checkout of what is here, whether committed or not."""
    checkout = tmp_path_factory.mktemp("checkout") / "broken-window-kit"
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in filter(None, subprocess.check_output(listed, text=True).split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "a version of the kit"]):
        git(checkout, *words)
    return checkout


def git(checkout: Path, *words: str) -> str:
    return subprocess.check_output(["git", "-C", str(checkout), *words], text=True)


def save(page: Page) -> None:
    page.evaluate(_NOTEBOOK)
    execute(page, "docmanager:save")
    expect(page.locator(".jp-NotebookPanel .jp-mod-dirty")).to_have_count(0)


def run_cell(page: Page, cell: int) -> None:
    page.evaluate(_NOTEBOOK)
    page.evaluate("cell => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = cell }", cell)
    execute(page, "notebook:run-cell")


def find_widgets(page: Page) -> tuple[Panel, Locator]:
    """Return the deploy panel, and the stage's count of page views."""
    root = page.locator(".kw-deploy")
    return Panel(root.filter(has=page.get_by_role("group", name="Timeline."))), root.locator(
        ".kw-stage .kw-tally"
    )


@pytest.fixture(scope="module")
def kit_lab(browser: Browser, checkout: Path) -> Iterator[Jupyter]:
    assert browser
    with jupyter(checkout) as running:
        yield running


def test_what_one_does_in_a_copy_leaves_the_checkout_clean(
    browser: Browser, kit_lab: Jupyter, checkout: Path
) -> None:
    watched = open_notebook(browser, kit_lab, FIRST, width=1100, height=1500)
    page = watched.page
    listed = page.evaluate(_LISTED)
    assert {"my-notebooks", "docs"} <= set(listed)
    assert "notebooks" not in listed
    assert page.locator(".jp-OutputArea-output").count() == 0
    assert page.locator(".jp-InputPrompt", has_text="[ ]:").count() > 0

    page.evaluate(_CHOOSE_CODE)
    execute(page, "notebook:run-cell")
    expect(page.locator(".jp-InputPrompt", has_text="[1]:")).to_have_count(1)
    execute(page, "notebook:insert-cell-below")
    save(page)

    saved = json.loads((kit_lab.notebooks / f"{FIRST}.ipynb").read_text())
    stored = json.loads((checkout / "notebooks" / f"{FIRST}.ipynb").read_text())
    assert len(saved["cells"]) == len(stored["cells"]) + 1
    assert git(checkout, "status", "--porcelain") == ""
    assert watched.errors == []
    page.close()


def test_a_saved_copy_shows_what_its_widgets_showed_last(
    open_page: Callable[..., Watched], lab: Jupyter
) -> None:
    page = open_page("kept", *CELLS).page
    run_cell(page, PANEL)
    panel, stage = find_widgets(page)
    panel.deploy()
    panel.says("Done. Broken for")
    run_cell(page, STAGE)
    run_cell(page, DEPLOY)
    expect(stage).to_contain_text("20 lost")
    expect(page.locator(".kw-stage").get_by_role("status")).to_have_text("Nothing runs.")
    told = panel.head.inner_text(), panel.views("lost")
    save(page)
    page.evaluate(_SHUTDOWN)
    page.close()
    # What is kept is the learner's alone.
    saved = nbformat.read(lab.notebooks / "kept.ipynb", as_version=4)
    assert saved.metadata.widgets
    assert "widgets" not in clean(saved).metadata

    page = open_page("kept").page
    panel, stage = find_widgets(page)
    expect(stage).to_contain_text("20 lost")
    panel.says("Done. Broken for")
    assert (panel.head.inner_text(), panel.views("lost")) == told
    # A new stage takes the place of the kept one, of which this kernel knows nothing.
    run_cell(page, PANEL)
    run_cell(page, STAGE)
    expect(stage).not_to_contain_text("lost")
    expect(page.locator(".jupyterlab-sidecar .kw-stage")).to_have_count(1)
    page.close()
