"""What the deploy panel costs: a frame, what goes over the wire, the first paint after a click."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import replace

from playwright.sync_api import Page, sync_playwright

from benchmarks.measurement import Row
from kit.experiments.prediction import predict
from kit.experiments.rehearsal import Plan, rehearse
from kit.timeline import PageView, Timeline
from kit.widgets.deploy_panel import FRAME_S
from kit.widgets.deploy_picture import draw_panel
from pictures.jupyter import chromium, find_browser, jupyter, open_notebook, run_notebook
from pictures.panel import Panel

_CELL = """
from kit import Plan
from kit.widgets import DeployPanel
DeployPanel(Plan(build=3, wait=5, rate=60, clock="wall"))
"""
# From the click to the frame of the browser in which the button says that it was pressed.
_CLICK = """() => new Promise(done => {
    const button = [...document.querySelectorAll('.kw-deploy button')].find(
        each => each.textContent.includes('Deploy for real'));
    const look = () => button.textContent.includes('Deploying')
        ? done(performance.now() - began) : requestAnimationFrame(look);
    const began = performance.now();
    button.click();
    look();
})"""


def measure_panel(runs: int) -> list[Row]:
    """Measure the deploy panel; without a browser, only what needs none."""
    took, stream = frame()
    rows = [
        Row(what="a frame of the panel, 5,000 page views", measured=took, unit="ms", target=5),
        Row(what="frames of that size, four a second", measured=stream, unit="kB/s", target=64),
    ]
    seen = browse(runs)
    if seen is None:
        print("Not measured, for want of Chromium: the panel's first paint after a click.", file=sys.stderr)
        return rows
    return [
        *rows,
        Row(what="first paint after a click on Deploy", measured=seen[0], unit="ms", target=150),
        Row(what="all that a run sends, 60 page views a second", measured=seen[1], unit="kB/s", target=64),
    ]


def frame(views: int = 5000, runs: int = 50) -> tuple[float, float]:
    """Draw one frame in the middle of a run, with so many page views.

    Returns:
        The milliseconds that it takes, the median of the runs; and the kilobytes a second that frames of its
        size are at the panel's rate.
    """
    plan = Plan(wait=36.0)
    measured = rehearse(plan).timeline
    seen = measured.only(PageView)
    copies = [
        replace(view, at=view.at + number * 1e-4) for number in range(1 + views // len(seen)) for view in seen
    ]
    timeline = Timeline.of(
        [*copies[:views], *(record for record in measured if not isinstance(record, PageView))]
    )
    guess, now = predict(plan), timeline.records[-1].at
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        html = draw_panel(timeline, plan, guess, now=now, sheet=False)
        took.append(time.perf_counter() - began)
    return 1000 * statistics.median(took), len(html.encode()) / FRAME_S / 1000


def browse(runs: int) -> tuple[float, float] | None:
    """Deploy in a real JupyterLab.

    Returns:
        The milliseconds from a click to the first paint that answers it, the median of the runs; and the
        kilobytes a second that the browser is sent during one whole run. None without a browser.
    """
    path = find_browser()
    if path is None:
        return None
    with jupyter() as server, sync_playwright() as playwright, chromium(playwright, path) as browser:
        server.write("panel", [_CELL])
        watched = open_notebook(browser, server, "panel", width=1100, height=1500)
        run_notebook(watched.page)
        panel = Panel.on(watched.page)
        clicks = [_click_and_stop(watched.page, panel) for _ in range(runs)]
        panel.deploy()
        panel.says("Deploying")
        before, began = sum(watched.received), time.monotonic()
        panel.says("Done.")
        sent = sum(watched.received) - before
        return statistics.median(clicks), sent / (time.monotonic() - began) / 1000


def _click_and_stop(page: Page, panel: Panel) -> float:
    took = float(page.evaluate(_CLICK))
    panel.button("Stop").click()
    panel.says("Stopped.")
    return took
