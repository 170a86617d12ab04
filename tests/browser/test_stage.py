"""The stage beside a notebook: what it shows while cells run, and when its kernel has gone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from pictures.jupyter import Watched, execute, show_theme, wait_for_kernel
from pictures.looks import AXE, SIZES, barriers, misfits, moving, resize

pytestmark = pytest.mark.browser
CELLS = (
    'from kit import open_world, rehearse, Plan\nworld = open_world(phase=5, scratch=True, clock="virtual")',
    "world.stage()",
    """world.dev.run("git checkout -q main && git merge -q feature/document-last-viewed")
world.visitors(rate=20)""",
    'world.dev.run("git push -q origin main")',
    "world.advance(36)",
    'world.dev.run("npx supabase db push")\nworld.advance(4)',
    "other = open_world(phase=1, scratch=True)\nother.advance(1)",
    "rehearse(Plan(rate=2))",
    "world.reset(5)",
    "world.stage(dock=False)",
)
OPEN, STAGE, MERGE, PUSH, WAIT, DATABASE, OTHER, REHEARSAL, RESET, HERE = range(len(CELLS))
# What the clock and the status line say from now on, each once.
_LISTEN = """root => {
    window.heard = {clock: [], live: []};
    const look = () => ['clock', 'live'].forEach(part => {
        const text = root.querySelector(`.kw-${part}${part === 'clock' ? ' strong' : ''}`).textContent;
        if (text !== window.heard[part].at(-1)) window.heard[part].push(text);
    });
    new MutationObserver(look).observe(root, {childList: true, characterData: true, subtree: true});
}"""
_RESTART = (
    "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => null)"
)
_NOTEBOOK = """() => {
    for (const widget of window.jupyterapp.shell.widgets('main'))
        if (widget.sessionContext) window.jupyterapp.shell.activateById(widget.id);
}"""


def run(page: Page, cell: int) -> None:
    """Run a cell, and wait until it has ended."""
    page.evaluate(_NOTEBOOK)
    page.evaluate("cell => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = cell }", cell)
    execute(page, "notebook:run-cell")


def docked(page: Page) -> Locator:
    return page.locator(".jupyterlab-sidecar .kw-deploy")


@pytest.fixture(scope="module")
def watched(open_page: Callable[..., Watched]) -> Watched:
    watched = open_page("stage", *CELLS)
    watched.page.set_viewport_size({"width": 1280, "height": 800})
    for cell in (OPEN, STAGE):
        run(watched.page, cell)
    return watched


@pytest.fixture
def stage(watched: Watched) -> Iterator[Locator]:
    yield docked(watched.page)
    assert watched.errors == []


def test_each_command_of_a_deploy_changes_it(stage: Locator) -> None:
    page = stage.page
    beside = page.locator(".jp-NotebookPanel").bounding_box()
    there = stage.bounding_box()
    assert beside
    assert there
    assert there["x"] >= beside["x"] + beside["width"]
    assert beside["width"] >= 500
    expect(page.locator(".jp-Notebook")).to_contain_text("The stage is on the right; it follows whatever")

    head, tally = stage.locator(".kw-head"), stage.locator(".kw-tally")
    run(page, MERGE)
    expect(stage.locator("svg.kw-world text", has_text="new code")).to_have_count(1)
    run(page, PUSH)
    expect(stage.locator("svg.kw-world text", has_text="new code")).to_have_count(2)
    expect(head).not_to_contain_text("GAP")
    stage.evaluate(_LISTEN)
    run(page, WAIT)
    expect(head).to_contain_text("GAP")
    expect(tally).to_contain_text(re.compile(r"700 ok\s*20 lost"))
    heard = page.evaluate("window.heard")
    instants = [float(text.strip("+ s")) for text in heard["clock"]]
    assert len(instants) > 4, "the clock is seen to pass"
    assert instants == sorted(instants)
    assert "wait 36 s" in heard["live"]
    expect(stage.get_by_role("status")).to_have_text("Nothing runs.")
    run(page, DATABASE)
    expect(head).to_contain_text("The production site writes last_viewed, and the cloud database has it.")
    expect(stage).not_to_contain_text("GAP")
    expect(tally).to_contain_text("60 lost")


def test_it_is_readable_in_both_themes_whole_at_any_width_and_still_where_that_is_wanted(
    stage: Locator, need: Callable[[object, str], None]
) -> None:
    need(AXE.is_file(), "axe-core (npm install --no-save)")
    page = stage.page
    found = {}
    for theme in ("dark", "light"):
        show_theme(page, theme)
        found[theme] = barriers(stage)
    assert found == {"dark": [], "light": []}
    assert moving(stage) == []
    page.emulate_media(reduced_motion="reduce")
    stage.evaluate(_LISTEN)
    run(page, DATABASE)
    expect(stage.get_by_role("status")).to_have_text("Nothing runs.")
    expect(stage.locator(".kw-visitor")).to_have_count(0)
    expect(stage.locator(".kw-clock strong")).to_have_text(re.compile(r"\+4\d"))
    page.emulate_media(reduced_motion="no-preference")


def test_beside_the_notebook_it_is_whole_narrow_and_magnified(stage: Locator) -> None:
    page = stage.page
    before = page.viewport_size
    assert before
    assert misfits(stage) == {size: [] for size in SIZES}
    expect(stage.locator("svg.kw-world")).to_contain_text("production clone")
    resize(page, "320 px")
    expect(stage.get_by_role("listitem").filter(has_text="production clone")).to_contain_text("old code")
    page.set_viewport_size(before)


def test_it_follows_whatever_world_works_without_being_asked(stage: Locator) -> None:
    page = stage.page
    facts = stage.locator("svg.kw-world")
    run(page, OTHER)
    expect(facts).to_contain_text("no migration file")
    expect(stage.locator(".kw-tally")).not_to_contain_text("lost")
    run(page, REHEARSAL)
    expect(stage.locator(".kw-tally")).to_contain_text("lost")
    run(page, RESET)
    expect(stage.locator(".kw-tally")).not_to_contain_text("lost")
    expect(facts).to_contain_text("no column last_viewed")


def test_a_second_tab_shows_the_same(watched: Watched, open_page: Callable[..., Watched]) -> None:
    page = watched.page
    run(page, RESET)
    execute(page, "docmanager:save")
    other = open_page("stage").page
    expect(docked(other).locator(".kw-head")).to_contain_text("The production site does not write")
    run(page, MERGE)
    for there in (page, other):
        expect(docked(there).locator("svg.kw-world text", has_text="new code")).to_have_count(1)
    other.close()


def test_after_a_restart_the_last_picture_stays_until_there_is_one_live_stage(stage: Locator) -> None:
    page = stage.page
    page.evaluate(_NOTEBOOK)
    page.evaluate(_RESTART)
    expect(stage).to_contain_text("The kernel of this stage has gone")
    expect(stage.locator(".kw-head")).to_contain_text("The production site")
    wait_for_kernel(page)
    for cell in (OPEN, STAGE, MERGE):
        run(page, cell)
    expect(stage).to_have_count(1)
    expect(stage.locator("svg.kw-world text", has_text="new code")).to_have_count(1)
    run(page, STAGE)
    expect(stage).to_have_count(1)
    expect(stage.locator("svg.kw-world text", has_text="new code")).to_have_count(1)


def test_it_is_whole_in_a_cell_of_any_width(stage: Locator) -> None:
    page = stage.page
    run(page, HERE)
    expect(stage).to_have_count(0)
    here = page.locator(".jp-Notebook .kw-deploy:has(.kw-stage)")
    expect(here.locator(".kw-head")).to_contain_text("The production site")
    assert misfits(here) == {size: [] for size in SIZES}
