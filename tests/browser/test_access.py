"""The panel without a mouse, without colours, without motion."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from pictures.jupyter import show_theme
from pictures.looks import AXE, barriers, moving
from pictures.panel import Panel

pytestmark = pytest.mark.browser


def test_the_keyboard_alone_is_enough(panel: Panel) -> None:
    """From the notebook's command mode: answer, set, deploy, stop, play back, look into it."""
    keyboard = panel.page.keyboard

    def tab_to(target: Locator) -> None:
        for _ in range(60):
            if target.evaluate("e => e === document.activeElement"):
                return
            keyboard.press("Tab")
        pytest.fail(f"Tab does not reach {target}")

    panel.page.locator(".jp-Cell").first.focus()
    tab_to(panel.choice("git push, then db push"))
    keyboard.press("ArrowDown")
    expect(panel.choice("db push, then git push")).to_be_checked()
    keyboard.press("ArrowDown")
    expect(panel.choice("git push && db push")).to_be_checked()
    keyboard.press("ArrowUp")
    keyboard.press("ArrowLeft")
    expect(panel.choice("git push, then db push")).to_be_checked()
    expect(panel.choice("git push, then db push")).to_be_focused()
    keyboard.press("Tab")  # one stop a choice: the next one is another question
    expect(panel.choice("logs it, answers 200")).to_be_focused()

    build = panel.knob("Build")
    tab_to(build)
    keyboard.press("ArrowRight")
    expect(build).to_have_attribute("aria-valuenow", "1.5")
    expect(build).to_be_focused()

    keyboard.press("Shift+Tab")
    tab_to(panel.choice("never breaks"))
    keyboard.press("ArrowRight")
    expect(panel.choice("breaks silently")).to_be_checked()
    tab_to(panel.root.get_by_label("For how many seconds?"))
    keyboard.press("ControlOrMeta+a")
    keyboard.type("1")
    tab_to(panel.button("Deploy for real"))
    keyboard.press("Enter")
    panel.says("Deploying")
    tab_to(panel.button("Stop"))
    keyboard.press("Space")
    panel.says("Stopped.")
    tab_to(panel.root.get_by_label("Show the prediction"))
    keyboard.press("Space")
    expect(panel.root.get_by_label("Show the prediction")).to_be_checked()
    tab_to(panel.player)
    keyboard.press("Home")
    expect(panel.head).to_contain_text("Works at")
    tab_to(panel.button("Look into this instant"))
    keyboard.press("Enter")
    expect(panel.root.get_by_role("region", name="Page views of a bar")).to_be_visible()
    tab_to(panel.button("Close"))
    keyboard.press("Enter")


def test_axe_finds_nothing_serious(panel: Panel, need: Callable[[object, str], None]) -> None:
    """Before a run, and after it with all of its tables, in both themes; contrast is one of axe's rules."""
    need(AXE.is_file(), "axe-core (npm install --no-save)")
    found = [barriers(panel.root)]
    panel.answer(1, "silently")
    panel.deploy()
    panel.says("Done.")
    expect(panel.root.get_by_role("table", name="Your answer")).to_be_visible()
    panel.button("Look into this instant").click()
    panel.root.locator(".kw-view").first.click()
    expect(panel.root.get_by_title("The page as this visitor saw it")).to_be_visible()
    for theme in ("dark", "light"):
        show_theme(panel.page, theme)
        found.append(barriers(panel.root))

    assert found == [[], [], []]


def test_nothing_moves_where_motion_is_not_wanted(panel: Panel) -> None:
    """No animation in the style, and a run that is not played back, but stands at what is known."""
    panel.page.emulate_media(reduced_motion="reduce")
    try:
        assert moving(panel.root) == []
        panel.choose("fast")
        panel.deploy()
        panel.says("Done. Broken for")
        expect(panel.head).to_contain_text("Broken for")
        expect(panel.button("Play it again")).to_be_disabled()
    finally:
        panel.page.emulate_media(reduced_motion="no-preference")
