"""What a class and those who only read meet: a hub of sixteen, a first picture, the size of an install."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.measurement import Row, seconds
from kit.names import ROOT
from pictures.jupyter import chromium, find_browser
from website.server import serve

_LESSON = "tests/hub/test_class.py::test_sixteen_come_work_leave_at_once_and_come_back"
_TOLD = re.compile(r"^(.+): (\d+\.\d)$", re.MULTILINE)
_PAGES = ("index", "notebooks/05_merge_and_deploy")
# What Chromium calls the largest thing painted first: on these pages a picture.
_FIRST_PICTURE = """() => new Promise(resolve => new PerformanceObserver((list, observer) => {
    observer.disconnect();
    resolve(list.getEntries()[0].startTime);
}).observe({type: 'largest-contentful-paint', buffered: true}))"""


def measure_class(_runs: int) -> list[Row]:
    """Have sixteen come to one hub at once, as the test does, which prints what took longest.

    Raises:
        LookupError: where it cannot run; the message is the test's own reason.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-rfEs", _LESSON]
    ran = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    told = {name: float(figure) for name, figure in _TOLD.findall(ran.stdout)}
    if ran.returncode or not told:
        raise LookupError(" ".join(ran.stdout.strip().splitlines()[-2:]))
    return [
        Row(
            what="16 learners on one hub: the last one's first cell, after their own server",
            measured=told["first cell after one's server, s"],
            unit="s",
            target=20,
            note=f"{told['first cell, s']:.0f} s after all had logged in",
        ),
        Row(
            what="the same: memory of one learner, beyond the notebook server",
            measured=told["beyond it, MB"],
            unit="MB",
            target=250,
            note=f"the server takes {told['server, MB']:.0f} MB",
        ),
        Row(what="the same: all back in their own worlds, the next day", measured=told["back, s"], unit="s"),
    ]


def measure_site(runs: int) -> list[Row]:
    """Build the site, serve it, and see when its pages have their first picture."""
    path = find_browser()
    if path is None:
        print("Not measured, for want of Chromium: the site.", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        subprocess.run([sys.executable, "-m", "website", site], cwd=ROOT, check=True, capture_output=True)
        with serve(site) as address, sync_playwright() as playwright, chromium(playwright, path) as browser:
            return [
                Row(
                    what=f"the site's first picture, {page}",
                    measured=statistics.median(
                        _see(browser, f"{address}/{page}.html") for _ in range(1 + runs)
                    ),
                    unit="ms",
                    target=3000,
                )
                for page in _PAGES
            ]


def measure_install(_runs: int) -> list[Row]:
    """Install what a learner's `make install` does into an empty environment, and add up its files."""
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder) / "environment"
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        pip = [f"{environment}/bin/pip", "install", "--quiet", "--no-compile", "-r", "requirements.lock"]
        took = seconds(lambda: subprocess.run(pip, cwd=ROOT, check=True, capture_output=True))
        files = [path for path in environment.rglob("*") if path.is_file() and not path.is_symlink()]
        size = sum(path.stat().st_size for path in files) / 1e6
        disk = sum(path.stat().st_blocks * 512 for path in files) / 1e6
    note = f"in {len(files)} files, which take {disk:.0f} MB of this disk; after {took:.0f} s"
    return [Row(what="a learner's install", measured=size, unit="MB", target=320, note=note)]


def _see(browser: Browser, address: str) -> float:
    """Return the milliseconds until a page has its first picture, in a browser that knows nothing of it."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(address)
    took = float(page.evaluate(_FIRST_PICTURE))
    page.close()
    return took
