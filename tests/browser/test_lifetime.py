"""Cells that are run again, kernels that restart, two tabs, busy kernels, no kernel: one action each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from kit.experiments.rehearsal import Plan
from kit.widgets import DeployPanel
from pictures.jupyter import Jupyter, Watched, execute, run_notebook, wait_for_kernel
from pictures.panel import Panel

pytestmark = pytest.mark.browser
LONG = """
from kit import Plan
from kit.widgets import DeployPanel
panel = DeployPanel(Plan(build=30, wait=40, rate=10, clock="wall"))
panel
"""
WAITING = """
from pathlib import Path
from kit.process import wait_until
wait_until(Path({path!r}).exists, seconds=60, every=0.05)
"""
THREADS = "import threading; [one.name for one in threading.enumerate() if one.name.startswith('kit-')]"
Remains = Callable[[], list[str]]
Nothing = Callable[[], bool]
OpenPage = Callable[..., Watched]


def worlds(remains: Remains) -> int:
    return len([one for one in remains() if one.startswith("kit-")])


def run_cell(page: Page, number: int) -> None:
    page.evaluate(
        "number => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = number }", number
    )
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")


def test_a_cell_that_is_run_again_replaces_its_panel_and_its_run(
    open_page: OpenPage, nothing_remains: Nothing
) -> None:
    page = open_page("again", LONG, THREADS).page
    run_cell(page, 0)
    first = Panel.on(page)
    first.deploy()
    first.says("Deploying")
    run_cell(page, 0)

    second = Panel.on(page)
    expect(second.root).to_have_count(1)
    assert nothing_remains()
    run_cell(page, 1)
    expect(page.locator(".jp-OutputArea-output").last).to_have_text("['kit-panel']")
    page.close()


def test_a_restarted_kernel_takes_its_run_along(open_page: OpenPage, nothing_remains: Nothing) -> None:
    page = open_page("restarted", LONG).page
    run_notebook(page)
    panel = Panel.on(page)
    panel.deploy()
    panel.says("Deploying")
    expect(panel.head).to_contain_text("so far")  # something is measured
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => null)"
    )

    assert nothing_remains()
    panel.says("The kernel has gone; what was measured stays.")
    expect(panel.player).to_be_enabled()
    wait_for_kernel(page)
    run_notebook(page)
    panel = Panel.on(page)
    panel.deploy()
    panel.says("Deploying")
    panel.button("Stop").click()
    panel.says("Stopped.")
    page.close()


def test_two_tabs_on_one_notebook_show_one_panel(
    open_page: OpenPage, remains: Remains, nothing_remains: Nothing
) -> None:
    one = open_page("tabs", LONG).page
    run_notebook(one)
    first = Panel.on(one)
    execute(one, "docmanager:save")
    other = open_page("tabs").page
    second = Panel.on(other)
    first.deploy()
    second.says("Deploying")
    expect(second.button("Deploying...")).to_be_disabled()
    second.button("Stop").click()

    first.says("Stopped.")
    second.says("Stopped.")
    assert nothing_remains()
    second.choose("db push, then git push")
    expect(first.choice("db push, then git push")).to_be_checked()
    assert worlds(remains) == 0
    other.close()
    one.close()


def test_clicks_during_a_running_cell_wait_and_are_one_deploy(
    open_page: OpenPage, remains: Remains, nothing_remains: Nothing, tmp_path: Path
) -> None:
    go_on = tmp_path / "go on"
    page = open_page("busy", LONG, WAITING.format(path=str(go_on))).page
    run_cell(page, 0)
    panel = Panel.on(page)
    run_cell(page, 1)
    expect(page.locator(".jp-InputPrompt").last).to_have_text("[*]:")
    for _ in range(3):
        panel.deploy()
    assert worlds(remains) == 0
    go_on.touch()

    panel.says("Deploying")
    assert worlds(remains) == 1
    panel.button("Stop").click()
    panel.says("Stopped.")
    assert nothing_remains()
    page.close()


def test_without_a_kernel_a_stored_output_is_the_text_picture(open_page: OpenPage, lab: Jupyter) -> None:
    """As one gets it from a repository: outputs stored, not trusted, no kernel that knows the widget."""
    panel = DeployPanel(Plan(build=4, wait=6, clock="wall"))
    bundle, _ = panel._repr_mimebundle_()
    panel.close()
    made = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"display_name": "none", "language": "python", "name": "no-such-kernel"}}
    )
    made.cells = [
        nbformat.v4.new_code_cell(
            "DeployPanel()",
            execution_count=1,
            outputs=[nbformat.v4.new_output("execute_result", bundle, execution_count=1)],
        )
    ]
    (lab.notebooks / "stored.ipynb").write_text(nbformat.writes(made), encoding="utf-8")
    page = open_page("stored", kernel=False).page

    shown = page.locator(".jp-OutputArea-output")
    expect(shown).to_contain_text("predicted: broken for 2 s, from +4 s to +6 s")
    expect(shown).to_contain_text("v git push")
    assert "Error" not in shown.inner_text()
    page.close()
