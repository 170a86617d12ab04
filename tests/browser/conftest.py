"""One JupyterLab and one browser for all tests; a page on a deploy panel."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from kit.process import wait_until
from kit.world.open import open_at
from pictures.jupyter import Jupyter, Watched, chromium, find_browser, jupyter, open_notebook, run_notebook
from pictures.panel import RUN_MS, Panel

CELL = """
from kit import Plan
from kit.widgets import DeployPanel
DeployPanel(Plan(build=1, wait=2, rate=20, clock="wall"))
"""


@pytest.fixture(scope="session")
def browser(need: Callable[[object, str], None], kit_home: Path) -> Iterator[Browser]:
    path = find_browser()
    need(path, "Chromium (apt install chromium, or set CHROMIUM)")
    assert path
    assert os.environ["KIT_HOME"] == str(kit_home)
    open_at(5, scratch=True).engine.close()  # builds the checkpoints, so that no test waits for them
    expect.set_options(timeout=RUN_MS)  # a busy machine takes longer than Playwright's own five seconds
    with sync_playwright() as playwright, chromium(playwright, path) as running:
        yield running


@pytest.fixture(scope="session")
def lab(browser: Browser) -> Iterator[Jupyter]:
    """Run one JupyterLab."""
    assert browser
    with jupyter() as running:
        yield running


@pytest.fixture(scope="session")
def open_page(browser: Browser, lab: Jupyter) -> Iterator[Callable[..., Watched]]:
    """Open notebooks with these cells, or one that is there; afterwards look what their pages did besides."""
    opened: list[Watched] = []

    def open_page(name: str, *cells: str, kernel: bool = True) -> Watched:
        if cells:
            lab.write(name, cells)
        opened.append(open_notebook(browser, lab, name, width=1100, height=1500, kernel=kernel))
        return opened[-1]

    yield open_page
    assert [watched.errors for watched in opened if watched.errors] == []
    assert set().union(*(watched.hosts for watched in opened)) <= {"", "127.0.0.1"}


@pytest.fixture(scope="session")
def shared(open_page: Callable[..., Watched]) -> Watched:
    return open_page("panel", CELL)


@pytest.fixture
def panel(shared: Watched) -> Iterator[Panel]:
    """Run the cell, or run it again, which replaces the panel."""
    page = shared.page
    former = page.locator(".kw-deploy [data-former]")
    page.evaluate("document.querySelectorAll('.kw-deploy *').forEach(e => e.dataset.former = '')")
    run_notebook(page)
    expect(former).to_have_count(0, timeout=RUN_MS)
    yield Panel.on(page)
    assert shared.errors == []
    assert shared.hosts <= {"", "127.0.0.1"}


@pytest.fixture
def remains(lab: Jupyter) -> Callable[[], list[str]]:
    """Name the worlds that this test has made: their folders, and the processes that work for one of them."""
    others = {str(path) for path in lab.worlds.glob("kit-*")}  # of kernels that other tests have left running

    def remains() -> list[str]:
        folders = [path.name for path in lab.worlds.glob("kit-*") if str(path) not in others]
        running = [
            str(process.info["cmdline"])
            for process in psutil.process_iter(["cmdline"])
            if any(f"{lab.worlds}/kit-" in word for word in process.info["cmdline"] or ())
            and not any(path in word for word in process.info["cmdline"] for path in others)
        ]
        return folders + running

    return remains


@pytest.fixture
def nothing_remains(remains: Callable[[], list[str]]) -> Callable[[], bool]:
    """Wait until nothing runs any more."""
    return lambda: wait_until(lambda: not remains(), seconds=60, every=0.05)
