"""The panel without a mouse, without colours, without motion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from kit.lab import ROOT
from pictures.jupyter import show_theme
from pictures.panel import Panel

pytestmark = pytest.mark.browser
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
_MOVES = """e => [e, ...e.querySelectorAll('*')].filter(one => {
    const style = getComputedStyle(one);
    return parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none';
}).map(one => one.className)"""


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
    panel.page.evaluate(AXE.read_text(encoding="utf-8"))

    found = [serious(panel)]
    panel.answer(1, "silently")
    panel.deploy()
    panel.says("Done.")
    expect(panel.root.get_by_text("Your answer beside the measurement")).to_be_visible()
    for theme in ("dark", "light"):
        show_theme(panel.page, theme)
        found.append(serious(panel))

    assert found == [[], [], []]


def serious(panel: Panel) -> list[object]:
    found: list[dict[str, Any]] = panel.page.evaluate("async () => (await axe.run('.kw-deploy')).violations")
    return [
        (one["id"], one["help"], [(node["target"], node["failureSummary"]) for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_nothing_moves_where_motion_is_not_wanted(panel: Panel) -> None:
    tapped = panel.root.locator(".noUi-target").first
    tapped.evaluate(
        "e => e.classList.add('noUi-state-tap')"
    )  # as a click on its track does: the handle glides
    assert panel.root.evaluate(_MOVES) != []
    panel.page.emulate_media(reduced_motion="reduce")
    try:
        assert panel.root.evaluate(_MOVES) == []
    finally:
        panel.page.emulate_media(reduced_motion=None)
