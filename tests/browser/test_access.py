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
    """From the notebook's command mode, by Tab, arrows, Space, Enter and digits: answer, deploy, stop."""
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

    build = panel.root.get_by_role("slider", name="Build time")
    tab_to(build)
    keyboard.press("ArrowRight")
    expect(build).to_have_attribute("aria-valuenow", "1.5")

    tab_to(panel.choice("yes"))
    keyboard.press("Space")
    tab_to(panel.seconds)
    keyboard.press("ControlOrMeta+a")
    keyboard.type("1")
    tab_to(panel.choice("silently"))
    keyboard.press("Space")
    keyboard.press("ArrowDown")
    expect(panel.choice("loudly")).to_be_checked()
    tab_to(panel.button("Commit my answer"))
    keyboard.press("Enter")
    panel.says("Your answer is noted.")

    tab_to(panel.button("Deploy for real"))
    keyboard.press("Enter")
    panel.says("Deploying")
    tab_to(panel.button("Stop"))
    keyboard.press("Space")
    panel.says("Stopped.")
    tab_to(panel.root.get_by_label("Show the predicted window"))
    keyboard.press("Space")
    expect(panel.root.get_by_label("Show the predicted window")).to_be_checked()


def test_axe_finds_nothing_serious(panel: Panel, need: Callable[[object, str], None]) -> None:
    """Before a run, and after it with all of its tables, in both themes; contrast is one of axe's rules."""
    need(AXE.is_file(), "axe-core (npm install --no-save)")
    found = [barriers(panel.root)]
    panel.answer(1, "silently")
    panel.deploy()
    panel.says("Done.")
    expect(panel.root.get_by_text("Your answer beside the measurement")).to_be_visible()
    for theme in ("dark", "light"):
        show_theme(panel.page, theme)
        found.append(barriers(panel.root))

    assert found == [[], [], []]


def test_nothing_moves_where_motion_is_not_wanted(panel: Panel) -> None:
    tapped = panel.root.locator(".noUi-target").first
    tapped.evaluate(
        "e => e.classList.add('noUi-state-tap')"
    )  # as a click on its track does: the handle glides
    assert moving(panel.root) != []
    panel.page.emulate_media(reduced_motion="reduce")
    try:
        assert moving(panel.root) == []
    finally:
        panel.page.emulate_media(reduced_motion=None)
