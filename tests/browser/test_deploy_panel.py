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
    panel.choose("db push, then git push")
    wait = panel.root.locator(".noUi-target", has=panel.page.get_by_role("slider", name="Wait"))
    expect(wait).to_have_attribute("disabled", "true")
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


def test_an_answer_is_judged_by_the_run(panel: Panel) -> None:
    expect(panel.drawing.get_by_text("predicted")).to_have_count(0)
    panel.button("Commit my answer").click()
    panel.says("First choose whether production will break.")
    panel.answer(30, "silently")
    panel.deploy()

    panel.says("Done. Broken for")
    verdict = panel.root.get_by_role("table", name="Your answer beside the measurement")
    rows = verdict.get_by_role("row")
    expect(rows.filter(has_text="Will production break?")).to_contain_text("right")
    expect(rows.filter(has_text="For how long?")).to_contain_text("not so")
    expect(rows.filter(has_text="Silently or loudly?")).to_contain_text("right")


def test_a_double_click_is_one_deploy_and_stop_leaves_nothing(
    panel: Panel, remains: Callable[[], list[str]]
) -> None:
    panel.button("Deploy for real").dblclick()
    panel.says("Deploying")
    assert len([one for one in remains() if one.startswith("kit-")]) == 1
    panel.button("Stop").dblclick()

    panel.says("Stopped. Nothing of it is left running.")
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
    panel.deploy()
    panel.says("Done.")
    said: list[str] = panel.page.evaluate("window.said")

    assert len(said) == len(set(said)) <= 8
    assert said[-1].startswith("Done. Broken for")
    assert "Deploying: production works." in said
