"""What the deploy panel costs in a real browser: the first paint, a frame, what goes over the wire."""

from __future__ import annotations

import gzip
import re
import statistics
import sys
import time
from contextlib import suppress

from playwright.sync_api import Browser, Error, Page, sync_playwright

from benchmarks.measurement import Row
from kit.names import ROOT
from pictures.jupyter import (
    Jupyter,
    Watched,
    chromium,
    execute,
    find_browser,
    jupyter,
    open_notebook,
    run_notebook,
)
from pictures.panel import Panel

_CELL = """
from kit import Plan
from kit.widgets import DeployPanel
DeployPanel(Plan(build=3, wait=5, rate=60, clock="wall"))
"""
# Five thousand page views, as a run of a minute and a half would leave them.
_MANY = """
from kit import Plan
from kit.widgets import DeployPanel
many = DeployPanel(Plan(build=36, wait=45, rate=60, clock="wall"))
run = {
    "id": 1, "plan": many.plan, "ended": True, "end": "done", "grades": [], "reason": "",
    "rows": [(number, number / 60, 1 if 2280 < number < 2820 else 0) for number in range(5000)],
    "seen": {
        "start": -2.0, "now": 81.3, "zero": 2.0, "late": 0.0, "error": None,
        "marks": [{"at": 0.0, "text": "git push"}, {"at": 45.0, "text": "db push"}],
        "code": [{"start": -2.0, "end": 36.0, "name": "a", "new": False},
                 {"start": 36.0, "end": 81.3, "name": "b", "new": True}],
        "builds": [{"start": 0.0, "end": 36.0, "commit": "b", "failed": False}],
        "schema": [{"start": -2.0, "end": 45.0, "name": "", "new": False},
                   {"start": 45.0, "end": 81.3, "name": "2", "new": True}],
        "windows": [{"start": 36.0, "end": 45.0, "open": False}],
        "head": {"text": "Broken for 9 s", "detail": "539 lost of 5000 page views"},
    },
}
many.runs = [run]
many
"""
# The same wait with a docked stage and without one, in turn; the first of each warms up.
_STAGED = (
    """
from time import perf_counter
from kit import open_world
from kit.widgets.notebook_world import _shown
world = open_world(phase=5, scratch=True)
world.visitors(rate=20)
""",
    "world.stage()",
    """
began = perf_counter()
world.advance(36)
print("took", perf_counter() - began)
""",
    """
while _shown:
    _shown.pop().close()
""",
)
# Ten seconds of real time, in which each page view is a record, a message and a part of a bar.
_BUSY = (
    """
from kit import open_world
world = open_world(phase=5, scratch=True, clock="wall")
world.stage()
""",
    """
world.visitors(rate=100)
world.advance(10)
world.visitors(rate=0)
print("measured:", sum(type(record).__name__ == "PageView" for record in world.timeline))
""",
)
_LANES = re.compile(r"(\d+) page views")
_BUNDLES = ("deploy.js", "stage.js")
_DEPLOY = "Without an answer"
# From the click to the frame of the browser in which the panel says that it was heard.
_CLICK = """() => new Promise(done => {
    const root = document.querySelector('.kw-deploy');
    const button = [...root.querySelectorAll('button')].find(each => each.textContent.includes('%s'));
    const status = root.querySelector('[role=status]');
    const before = status.textContent;
    const look = () => requestAnimationFrame(() => status.textContent !== before
        ? setTimeout(() => done(performance.now() - began)) : look()); // a task after a frame: it is painted
    const began = performance.now();
    button.click();
    look();
})"""
# The times from frame to frame while the slider of the instant is moved with each of them.
_SCRUB = """() => new Promise(done => {
    const slider = document.querySelector('.kw-deploy input[type=range]');
    const [low, high] = [Number(slider.min), Number(slider.max)];
    const took = [];
    let frame = 0;
    const move = () => {
        const began = performance.now();
        slider.value = low + (high - low) * (0.5 + 0.5 * Math.sin(frame / 20));
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        slider.getBoundingClientRect();
        took.push(performance.now() - began);
        frame += 1;
        frame < 200 ? requestAnimationFrame(move) : done(took);
    };
    requestAnimationFrame(move);
})"""


def measure_panel(runs: int) -> list[Row]:
    """Measure the deploy panel; nothing without a browser."""
    path = find_browser()
    if path is None:
        print("Not measured, for want of Chromium: the panel's paints and frames.", file=sys.stderr)
        return []
    with jupyter() as server, sync_playwright() as playwright, chromium(playwright, path) as browser:
        server.write("panel", [_CELL])
        server.write("many", [_MANY])
        watched = open_notebook(browser, server, "panel", width=1280, height=800)
        run_notebook(watched.page)
        panel = Panel.on(watched.page)
        clicks = [_click_and_stop(watched.page, panel) for _ in range(runs)]
        sent = _listen(watched, panel)
        watched.page.close()
        page = open_notebook(browser, server, "many", width=1280, height=800).page
        run_notebook(page)
        Panel.on(page)
        scrubbed = sorted(float(took) for took in page.evaluate(_SCRUB))
        page.close()
        staged = [*_measure_stage(browser, server, runs), _count_shown(browser, server)]
    return [
        Row(
            what="first paint after a click on Deploy",
            measured=statistics.median(clicks),
            unit="ms",
            target=100,
        ),
        Row(
            what="script and layout of a frame, 5,000 page views scrubbed, 95 % of them",
            measured=scrubbed[int(0.95 * len(scrubbed))],
            unit="ms",
            target=16,
        ),
        Row(what="all that a run sends, 60 page views a second", measured=sent, unit="kB/s", target=64),
        *staged,
        Row(
            what="both bundles, compressed",
            measured=sum(
                len(gzip.compress((ROOT / "kit" / "widgets" / name).read_bytes())) for name in _BUNDLES
            )
            / 1000,
            unit="kB",
            target=80,
        ),
    ]


def _measure_stage(browser: Browser, server: Jupyter, runs: int) -> list[Row]:
    """Measure what a live stage costs the cell that it watches, and what it sends."""
    server.write("staged", _STAGED)
    watched = open_notebook(browser, server, "staged", width=1280, height=800)
    page = watched.page
    world, stage, wait, close = range(len(_STAGED))
    _run_cell(page, world)
    times: dict[str, list[float]] = {"bare": [], "staged": []}
    rates = []
    for _ in range(1 + runs):
        for name, measured in times.items():
            if name == "staged":
                _run_cell(page, stage)
                # It is docked, and has caught up: what is measured is what it costs while it is there.
                page.locator(".jupyterlab-sidecar svg.kw-world").wait_for()
            before, began = sum(watched.received), time.monotonic()
            _run_cell(page, wait)
            printed = page.locator(".jp-OutputArea-output", has_text="took").inner_text()
            measured.append(float(printed.split()[1]))
            if name == "staged":
                rates.append((sum(watched.received) - before) / (time.monotonic() - began) / 1000)
                _run_cell(page, close)
    took = {name: statistics.median(measured[1:]) for name, measured in times.items()}
    sent = statistics.median(rates)
    page.close()
    return [
        Row(
            what="`advance(36)` at 20 page views a second with a live stage, of the same without",
            measured=took["staged"] / took["bare"],
            unit="times",
            target=1.1,
            note=f"{took['staged']:.2f} s and {took['bare']:.2f} s",
        ),
        Row(what="all that is sent during it", measured=sent, unit="kB/s", target=64),
    ]


def _count_shown(browser: Browser, server: Jupyter) -> Row:
    """Count the page views that the stage shows of those that were measured."""
    server.write("busy", _BUSY)
    page = open_notebook(browser, server, "busy", width=1280, height=800).page
    _run_cell(page, 0)
    lanes = page.locator(".jupyterlab-sidecar").get_by_role("img", name="Lanes of the last")
    lanes.wait_for()
    _run_cell(page, 1)
    printed = page.locator(".jp-OutputArea-output", has_text="measured:").inner_text()
    measured = int(printed.split()[-1])
    with suppress(Error):  # then it shows fewer, and the row says how many
        page.locator(f".jupyterlab-sidecar [aria-label$=' {measured} page views.']").wait_for()
    found = _LANES.search(lanes.get_attribute("aria-label") or "")
    page.close()
    return Row(
        what="page views that the stage shows, 100 a second",
        measured=int(found[1]) if found else 0,
        unit=f"of {measured}",
        target=measured,
        least=True,
    )


def _run_cell(page: Page, number: int) -> None:
    """Run a cell of the notebook, and wait until it has ended."""
    page.locator(".jp-CodeCell .jp-InputPrompt").nth(number).click()
    execute(page, "notebook:run-cell")


def _click_and_stop(page: Page, panel: Panel) -> float:
    panel.button("Deploy for real").click()
    panel.button(_DEPLOY).wait_for()
    took = float(page.evaluate(_CLICK % _DEPLOY))
    panel.button("Stop").click()
    panel.says("Stopped.")
    return took


def _listen(watched: Watched, panel: Panel) -> float:
    """Return the kilobytes a second that the browser is sent during one whole run."""
    panel.deploy()
    panel.says("Deploying")
    before, began = sum(watched.received), time.monotonic()
    panel.says("Done.")
    return (sum(watched.received) - before) / (time.monotonic() - began) / 1000
