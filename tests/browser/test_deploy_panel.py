"""The deploy panel as a person meets it: in JupyterLab, in a browser, every deploy a real one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from pictures.panel import Panel

pytestmark = pytest.mark.browser


def test_code_first_opens_the_window_and_loses_views(panel: Panel) -> None:
    panel.deploy()

    panel.says("Done. Broken for")
    expect(panel.drawing.locator("text", has_text="broken window:").first).to_be_attached()
    expect(panel.root.get_by_text("42703", exact=True)).to_be_visible()
    assert panel.views("lost") > 0
    assert panel.views("failed") == 0
    assert panel.views("all") == panel.views("ok") + panel.views("lost")


def test_schema_first_opens_none(panel: Panel) -> None:
    expect(panel.knob("db push")).to_be_attached()
    panel.choose("db push, then git push")
    expect(panel.knob("db push")).to_have_count(0)
    panel.deploy()

    panel.says("Done. Never broken")
    expect(panel.drawing).to_contain_text("measured: not broken")
    assert panel.views("ok") == panel.views("all") > 0
    assert panel.views("lost") == 0


def test_expand_and_contract_are_several_pushes_and_open_none(panel: Panel) -> None:
    panel.choose("expand, then contract")
    panel.deploy()

    panel.says("Done. Never broken")
    assert panel.drawing.locator(".kw-mark").count() == 2
    assert panel.views("ok") == panel.views("all") > 0


def test_an_answer_is_asked_for_and_judged_by_the_run(panel: Panel) -> None:
    expect(panel.drawing.get_by_text("predicted")).to_have_count(0)
    panel.button("Deploy for real").click()
    panel.says("Predict first: will it break?")
    panel.choose("breaks silently")
    panel.button("Deploy for real").click()
    panel.says("For how many seconds?")
    panel.answer(30, "silently")
    panel.deploy()

    panel.says("Done. Broken for")
    rows = panel.root.get_by_role("table", name="Your answer").get_by_role("row")
    expect(rows.filter(has_text="Will production break?")).to_contain_text("right")
    expect(rows.filter(has_text="For how long?")).to_contain_text("it was")
    expect(rows.filter(has_text="Silently or loudly?")).to_contain_text("right")


def test_marks_are_dragged_and_the_prediction_follows_without_the_kernel(panel: Panel) -> None:
    """By mouse and by keys, while the kernel is told only when the hand lets go."""
    panel.root.get_by_label("Show the prediction").check()
    expect(panel.head).to_contain_text("Predicted: broken for 1 s")
    panel.knob("db push").focus()
    panel.page.keyboard.press("PageUp")
    expect(panel.knob("db push")).to_have_attribute("aria-valuetext", "7 s after git push")
    expect(panel.head).to_contain_text("Predicted: broken for 6 s")
    expect(panel.head).to_contain_text("120 page views lost")
    panel.page.keyboard.press("Home")
    expect(panel.head).to_contain_text("Predicted: never broken")
    panel.page.keyboard.press("PageUp")
    before = panel.knob("db push").get_attribute("aria-valuenow")
    panel.drag("db push", -60)
    after = panel.knob("db push").get_attribute("aria-valuenow")
    assert before is not None
    assert after is not None
    assert 0 < float(after) < float(before)
    panel.drag("Build", 40)
    assert float(panel.knob("Build").get_attribute("aria-valuenow") or 0) > 1
    panel.drag("Visitors", 0, -15)
    assert float(panel.knob("Visitors").get_attribute("aria-valuenow") or 0) > 20
    expect(panel.knob("Visitors")).to_be_focused()


def test_a_run_is_scrubbed_and_looked_into_down_to_the_page_that_was_lost(panel: Panel) -> None:
    panel.choose("fast")
    panel.deploy()
    panel.says("Done. Broken for")
    everything = panel.views("all")
    panel.player.focus()
    panel.page.keyboard.press("Home")
    expect(panel.head).to_contain_text("Works at")
    assert panel.views("all") < everything
    panel.player.fill("1.5")
    expect(panel.head).to_contain_text("Broken at +1.5 s")
    expect(panel.root.get_by_role("img", name="production runs new code")).to_be_visible()
    assert 0 < panel.views("lost") < everything
    panel.button("Play it again").click()
    expect(panel.head).to_contain_text("Broken for")

    panel.root.locator(".kw-bar:has(.kw-lost)").nth(1).locator(".kw-reach").click()
    panel.root.get_by_role("button", name="lost").first.click()
    looked = panel.root.get_by_role("region", name="Page views of a bar")
    expect(
        looked.get_by_text("UPDATE documents SET last_viewed = %s WHERE id = %s", exact=True)
    ).to_be_visible()
    expect(looked.get_by_text("no column of this row holds the instant")).to_be_visible()
    frame = looked.get_by_title("The page as this visitor saw it")
    expect(frame).to_have_attribute("sandbox", "")
    expect(frame.content_frame.locator("h1")).to_be_visible()
    panel.button("Close").click()
    expect(looked).to_have_count(0)


def test_runs_stay_and_can_be_laid_over_each_other(panel: Panel) -> None:
    panel.choose("fast")
    panel.deploy()
    panel.says("Done. Broken for")
    panel.choose("db push, then git push")
    panel.deploy()
    panel.says("Done. Never broken")
    runs = panel.root.get_by_role("region", name="Runs so far")
    expect(runs.get_by_role("listitem")).to_have_count(2)
    expect(runs).to_contain_text("Add a column: git push, then db push broken")
    runs.get_by_label("lay over").check()
    expect(panel.drawing.locator("rect.kw-ghost")).to_have_count(1)
    runs.get_by_role("button", name="git push, then db push").click()
    expect(panel.head).to_contain_text("Broken for")
    way = "The run went: old code on old schema, then new code on old schema"
    expect(panel.root.get_by_role("img", name=way)).to_be_visible()
    panel.button("Change the plan").click()
    expect(panel.knob("Build")).to_be_attached()


def test_a_double_click_is_one_deploy_and_stop_leaves_nothing(
    panel: Panel, remains: Callable[[], list[str]]
) -> None:
    panel.choose("never breaks")
    panel.button("Deploy for real").dblclick()
    panel.says("Deploying")
    worlds = [name for name in remains() if name.startswith("kit-")]
    assert len(worlds) == 1, worlds
    panel.button("Stop").dblclick()

    panel.says("Stopped. Nothing of it is left running.")
    expect(panel.head).to_contain_text("Nothing was measured")
    assert remains() == []
    expect(panel.button("Deploy for real")).to_be_enabled()


def test_only_a_change_of_state_is_announced(panel: Panel) -> None:
    """A live region that speaks with every frame cannot be listened to."""
    panel.page.evaluate(
        """() => {
        window.said = [];
        const region = document.querySelector('.kw-deploy [role=status]');
        new MutationObserver(() => window.said.push(region.innerText))
            .observe(region, {childList: true, characterData: true, subtree: true});
    }"""
    )
    panel.choose("never breaks")
    panel.deploy()
    panel.says("Done.")
    said: list[str] = panel.page.evaluate("window.said")

    assert len(said) == len(set(said)) <= 9
    assert said[-1].startswith("Done. Broken for")
    assert "Deploying: production works." in said
