"""An exercise's check and the progress table as a person meets them, with a mouse or without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from pictures.jupyter import show_theme
from pictures.looks import AXE

pytestmark = pytest.mark.browser
NARROW = 320
EVIL = "<img src=x onerror=window.evil=1>"
SETUP, ANSWER, ASK_A, DO_B, ASK_B, PROGRESS = range(6)
CELLS = (
    "from kit import exercise, open_world\nlab = open_world(phase=2, scratch=True)",
    f'answer = "{EVIL}"',
    'exercise(lab, "1a", answer)',
    "# Your turn",
    'exercise(lab, "1b")',
    "from kit.widgets import ProgressTable\nProgressTable()",
)
SOLUTION = 'lab.dev.run("git checkout -b feature/clean-start main && git cherry-pick homepage-and-search")'


@pytest.fixture(scope="module")
def shared(open_page: Callable[..., Any]) -> Page:
    page: Page = open_page("check", *CELLS).page
    return page


@pytest.fixture
def page(shared: Page) -> Page:
    """Run all cells anew, which replaces the panels of the test before."""
    for number, source in enumerate(CELLS):
        put(shared, number, source)
    execute(shared, "notebook:run-all-cells")
    expect(shared.get_by_role("group", name="Check 1")).to_have_count(2)
    return shared


def put(page: Page, number: int, source: str) -> None:
    page.evaluate(
        """([number, source]) => window.jupyterapp.shell.currentWidget.content.widgets[number]
        .model.sharedModel.setSource(source)""",
        [number, source],
    )


def execute(page: Page, command: str) -> None:
    """Execute one of JupyterLab's commands, and wait for its end."""
    page.evaluate("command => window.jupyterapp.commands.execute(command).then(() => null)", command)


def choose(page: Page, number: int, source: str) -> None:
    """Make one cell the active one, with this text."""
    put(page, number, source)
    page.evaluate(
        "number => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = number }", number
    )


def run(page: Page, number: int, source: str) -> None:
    """Run one cell with this text to its end."""
    choose(page, number, source)
    execute(page, "notebook:run-cell")


def panel(page: Page, number: str) -> Locator:
    return page.get_by_role("group", name=f"Check {number}")


def button(page: Page, number: str, name: str) -> Locator:
    return panel(page, number).get_by_role("button", name=name)


def test_a_double_click_is_one_hint(page: Page) -> None:
    one = panel(page, "1b")
    expect(one).not_to_contain_text("Hint 1 of 3:")
    button(page, "1b", "Hint").dblclick()
    expect(one).to_contain_text("Hint 1 of 3:")
    button(page, "1b", "Check").click()  # the kernel gets to know of it after both of these clicks
    expect(one).to_contain_text("Asked again: nothing has changed.")
    expect(one).not_to_contain_text("Hint 2 of 3:")


def test_check_asks_the_world_again(page: Page) -> None:
    one = panel(page, "1b")
    expect(one).to_contain_text("Not yet:")
    run(page, DO_B, SOLUTION)
    button(page, "1b", "Check").click()

    expect(one).to_contain_text("Done:")
    expect(one).not_to_contain_text("of 3:")
    expect(button(page, "1b", "Hint")).to_be_disabled()


def test_a_click_during_a_running_cell_is_carried_out_after_it(page: Page) -> None:
    choose(page, DO_B, "import time; time.sleep(2)\n" + SOLUTION)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")  # waits for nothing
    button(page, "1b", "Check").click()

    expect(panel(page, "1b")).to_contain_text("Done:")


def test_check_asks_with_the_answer_as_it_is_by_then(page: Page) -> None:
    one = panel(page, "1a")
    expect(one).to_contain_text("Your answer: '<img")
    run(page, ANSWER, "answer = 1")
    button(page, "1a", "Check").click()

    expect(one).to_contain_text("Done:")
    expect(one).to_contain_text("Your answer: 1")
    assert page.evaluate("window.evil") is None


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    page.locator(".jp-Cell").nth(ASK_B).focus()

    def tab_to(target: Locator) -> None:
        for _ in range(40):
            if target.evaluate("e => e === document.activeElement"):
                return
            page.keyboard.press("Tab")
        pytest.fail(f"Tab does not reach {target}")

    tab_to(button(page, "1b", "Hint"))
    page.keyboard.press("Enter")
    expect(panel(page, "1b")).to_contain_text("Hint 1 of 3:")
    expect(button(page, "1b", "Hint")).to_be_focused()
    tab_to(button(page, "1b", "Hint"))
    page.keyboard.press("Shift+Tab")
    expect(button(page, "1b", "Check")).to_be_focused()
    page.keyboard.press("Space")
    expect(panel(page, "1b")).to_contain_text("Asked again")


def test_a_change_is_announced_by_the_part_that_changed(page: Page) -> None:
    one = panel(page, "1b")
    expect(one).to_have_attribute("aria-live", "polite")
    expect(one).to_have_attribute("aria-atomic", "false")
    assert one.locator("[aria-live]").count() == 0
    one.evaluate(
        """e => { window.said = [];
        new MutationObserver(seen => window.said.push(...seen.map(one => one.target.innerText)))
            .observe(e, {childList: true, characterData: true, subtree: true}); }"""
    )
    button(page, "1b", "Check").click()
    expect(one).to_contain_text("Asked again: nothing has changed.")

    assert page.evaluate("window.said") == ["Asking the world.", "Asked again: nothing has changed."]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious(page: Page, need: Callable[[object, str], None], theme: str) -> None:
    need(AXE.is_file(), "axe-core (npm install --no-save)")
    show_theme(page, theme)
    page.evaluate(AXE.read_text(encoding="utf-8"))

    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run({include: ['.kw-check', '.kw-progress-table']})).violations"
    )

    assert [
        (one["id"], one["help"], [node["target"] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ] == []


def test_nothing_is_cut_at_320_pixels(page: Page) -> None:
    """Which is also a page of 640 pixels at a zoom of 200 %."""
    before = page.viewport_size
    assert before
    try:
        page.set_viewport_size({"width": NARROW, "height": before["height"]})
        button(page, "1b", "Hint").click()
        expect(panel(page, "1b")).to_contain_text("Hint 1 of 3:")
        for one in (panel(page, "1a"), panel(page, "1b"), page.locator(".kw-progress-table")):
            assert one.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
            assert one.evaluate("e => e.getBoundingClientRect().right") <= NARROW
    finally:
        page.set_viewport_size(before)


def test_progress_tells_what_is_done_once_the_cell_is_run_again(page: Page) -> None:
    table = page.get_by_role("table", name="Exercises")
    row = table.get_by_role("row").filter(has=page.get_by_role("cell", name="1b", exact=True))
    run(page, DO_B, SOLUTION)
    button(page, "1b", "Check").click()
    expect(panel(page, "1b")).to_contain_text("Done:")
    run(page, PROGRESS, CELLS[PROGRESS])

    expect(row).to_contain_text("done")


def test_a_world_that_was_closed_is_told_in_words(page: Page) -> None:
    run(page, DO_B, "lab.close()")
    button(page, "1b", "Check").click()

    expect(panel(page, "1b")).to_contain_text("This world is closed.")
    expect(panel(page, "1b")).to_contain_text("Then run this cell again.")


def test_a_kernel_that_was_restarted_is_told_in_words(page: Page) -> None:
    """The last test: whoever comes next runs all cells in the new kernel."""
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => null)"
    )
    expect(page.locator(".kw-check.jupyter-widgets-disconnected")).to_have_count(2)
    said = page.locator(".kw-check").first.evaluate("e => getComputedStyle(e, '::after').content")

    assert "The kernel was restarted" in said
    assert not page.locator(".kw-check button").first.is_visible()
