"""A prediction as a person meets it, with a mouse or without."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from pictures.jupyter import execute, show_theme
from pictures.looks import AXE, barriers

pytestmark = pytest.mark.browser
MANY, SAYS, BREAKS, WHERE = "How many views are lost?", "What will it say?", "Which break?", "Where is it?"
NUMBER, CHOICE, GRID, SEVERAL, LOST, SAID, BROKE, TABLE = range(8)
CELLS = (
    f'from kit import predict\nlost = predict("5.1", "{MANY}", unit="views")\nlost',
    f'says = predict("5.2", "{SAYS}", "an error", "nothing to do", "<b>071</b>")\nsays',
    f"""pairs = {{'rows': ('old code', 'new code'), 'columns': ('old schema', 'new schema')}}
breaks = predict("5.3", "{BREAKS}", **pairs)
breaks""",
    f'where = predict("5.4", "{WHERE}", "a file", "local", "cloud", several=True)\nwhere',
    "# measured below",
    "# measured below",
    "# measured below",
    'from kit.widgets import PredictionTable\nPredictionTable("05")',
)

_numbers = itertools.count(100)  # of notebooks: a test's own, since the progress file is one for all


@pytest.fixture
def page(open_page: Callable[..., Any], request: pytest.FixtureRequest) -> Page:
    """Open a notebook of the test's own, with a kernel of its own, in which nothing was measured."""
    name = f"prediction-{request.node.name}"
    number = next(_numbers)
    cells = [source.replace('"5.', f'"{number}.').replace('"05"', f'"{number}"') for source in CELLS]
    page: Page = open_page(name, *cells).page
    execute(page, "notebook:run-all-cells")
    expect(question(page, WHERE)).to_be_visible()
    return page


def question(page: Page, text: str) -> Locator:
    return page.locator(".kw-predict", has=page.get_by_role("group", name=text))


def run(page: Page, number: int, source: str) -> None:
    page.evaluate(
        """([number, source]) => {
        const content = window.jupyterapp.shell.currentWidget.content;
        content.widgets[number].model.sharedModel.setSource(source);
        content.activeCellIndex = number }""",
        [number, source],
    )
    execute(page, "notebook:run-cell")


def test_what_is_committed_can_be_changed_until_the_run_judges_it(page: Page) -> None:
    lost = question(page, MANY)
    field = lost.get_by_role("textbox", name=MANY)
    field.fill("~80 views")
    field.press("Enter")
    expect(lost.get_by_role("status")).to_contain_text("You say: 80 views.")
    field.fill("many")
    lost.get_by_role("button", name="Predict").click()
    expect(lost.get_by_role("status")).to_contain_text("Not understood: 'many'")
    field.fill("70")
    field.press("Enter")
    expect(lost.get_by_role("status")).to_contain_text("You say: 70 views.")
    run(page, LOST, "lost.was(60)")
    expect(lost.get_by_role("status")).to_have_text(
        "✗ You said 70 views; it was 60 views: 10 views too many. Your first answer stays."
    )
    expect(field).to_be_disabled()

    says = question(page, SAYS)
    says.get_by_label("an error").check()
    says.get_by_label("<b>071</b>").check()
    expect(says.get_by_role("status")).to_contain_text("You say: <b>071</b>.")
    run(page, SAID, 'says.was("<b>071</b>")')
    expect(says.get_by_role("status")).to_contain_text("✓ You said: <b>071</b>, and so it was.")
    expect(says.get_by_label("an error")).to_be_disabled()

    breaks = question(page, BREAKS)
    breaks.get_by_label("new code + old schema").check()
    breaks.get_by_role("button", name="Predict").click()
    expect(breaks.get_by_role("status")).to_contain_text("You say: new code + old schema.")
    run(page, BROKE, 'breaks.was([("new code", "old schema")])')
    expect(breaks.get_by_role("status")).to_contain_text("✓")

    execute(page, "notebook:run-all-cells")  # the first answer is there, and stays
    expect(question(page, MANY).get_by_role("textbox")).to_have_value("70")
    expect(question(page, MANY).get_by_role("textbox")).to_be_disabled()
    expect(page.locator(".kw-progress-table")).to_contain_text("2 of 3 predictions right.")


def test_an_answer_after_the_measurement_does_not_count(page: Page) -> None:
    run(page, LOST, "lost.was(60)")
    lost = question(page, MANY)
    expect(lost.get_by_role("status")).to_contain_text("It was 60 views.")
    lost.get_by_role("textbox").fill("60")
    lost.get_by_role("textbox").press("Enter")
    expect(lost.get_by_role("status")).to_contain_text("the answer does not count")


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    """From the first field on, by Tab: a number, a choice by arrows, boxes by Space."""
    keyboard = page.keyboard

    def tab_to(target: Locator) -> None:
        for _ in range(60):
            if target.evaluate("e => e === document.activeElement"):
                return
            keyboard.press("Tab")
        pytest.fail(f"Tab does not reach {target}")

    page.locator(".jp-Cell").first.focus()
    tab_to(question(page, MANY).get_by_role("textbox"))
    keyboard.type("60")
    keyboard.press("Enter")
    expect(question(page, MANY).get_by_role("status")).to_contain_text("You say: 60 views.")
    expect(question(page, MANY).get_by_role("textbox")).to_be_focused()
    tab_to(question(page, SAYS).get_by_label("an error"))
    keyboard.press("ArrowDown")
    expect(question(page, SAYS).get_by_role("status")).to_contain_text("You say: nothing to do.")
    tab_to(question(page, BREAKS).get_by_label("new code + old schema"))
    keyboard.press("Space")
    tab_to(question(page, BREAKS).get_by_role("button", name="Predict"))
    keyboard.press("Enter")
    expect(question(page, BREAKS).get_by_role("status")).to_contain_text("You say: new code + old schema.")
    tab_to(question(page, WHERE).get_by_role("button", name="Predict"))
    keyboard.press("Space")
    expect(question(page, WHERE).get_by_role("status")).to_contain_text("You say: none of them.")


def test_axe_finds_nothing_serious(page: Page, need: Callable[[object, str], None]) -> None:
    """Before an answer, and judged, in both themes."""
    need(AXE.is_file(), "axe-core (npm install --no-save)")
    panels = [question(page, text) for text in (MANY, SAYS, BREAKS, WHERE)]
    found = [barriers(panel) for panel in panels]
    panels[0].get_by_role("textbox").fill("60")
    panels[0].get_by_role("textbox").press("Enter")
    expect(panels[0].get_by_role("status")).to_contain_text("You say: 60 views.")
    panels[1].get_by_label("an error").check()
    expect(panels[1].get_by_role("status")).to_contain_text("You say: an error.")
    run(page, LOST, "lost.was(60)")
    run(page, SAID, 'says.was("nothing to do")')
    expect(panels[1].get_by_role("status")).to_contain_text("✗")
    run(page, TABLE, f"{CELLS[TABLE]}")
    for theme in ("light", "dark"):
        show_theme(page, theme)
        found += [barriers(panel) for panel in panels]
    assert [barrier for barriers_found in found for barrier in barriers_found] == []


def test_a_kernel_that_has_gone_is_told(page: Page) -> None:
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => null)"
    )
    expect(question(page, MANY).get_by_role("status")).to_contain_text("The kernel was restarted")
    expect(question(page, MANY).get_by_role("textbox")).to_be_disabled()
