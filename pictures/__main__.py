"""Take the README's pictures: a real deploy in a real JupyterLab, in both themes.

Usage: python -m pictures
"""

from __future__ import annotations

import os
import sys
import tempfile

from playwright.sync_api import Page, sync_playwright

from kit.lab import ROOT
from pictures.jupyter import chromium, find_browser, jupyter, open_notebook, run_notebook

DOCS = ROOT / "docs"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WIDTH, HEIGHT, SCALE = 1460, 1600, 1.5
CELL = """
from kit import Plan
from kit.widgets import DeployPanel
DeployPanel(Plan(build=4, wait=6, rate=20, clock="wall"))
"""


def main() -> int:
    """Write `docs/panel-light.png` and `docs/panel-dark.png`; return the exit code."""
    browser = find_browser()
    if browser is None:
        print("The pictures need Chromium.\n  Looked for: $CHROMIUM, chromium on the PATH", file=sys.stderr)
        print("  What to do: install it (Debian: apt install chromium).", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="kit-home-", ignore_cleanup_errors=True) as home:
        os.environ["KIT_HOME"] = home
        with (
            jupyter([CELL.strip()]) as server,
            sync_playwright() as playwright,
            chromium(playwright, browser) as running,
        ):
            page = open_notebook(running, server, width=WIDTH, height=HEIGHT, scale=SCALE).page
            _deploy(page)
            for name, theme in THEMES.items():
                page.evaluate(
                    "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
                )
                light = str(name == "light").lower()
                page.locator(f"body[data-jp-theme-light={light}]").wait_for(state="attached")
                # The theme's style sheet may come a moment later than its name.
                page.wait_for_load_state("networkidle")
                path = DOCS / f"panel-{name}.png"
                page.locator(".kw-deploy").screenshot(path=path, animations="disabled")
                print(f"Wrote {path.relative_to(ROOT)}")
    return 0


def _deploy(page: Page) -> None:
    """Answer the questions, deploy, and wait for the verdict."""
    run_notebook(page)
    panel = page.locator(".kw-deploy")
    panel.get_by_role("radio", name="yes").check()
    seconds = panel.get_by_label("For how many seconds?")
    seconds.fill("3")
    seconds.press("Tab")
    panel.get_by_role("radio", name="silently").check()
    panel.get_by_role("button", name="Commit my answer").click()
    panel.get_by_text("Your answer is noted").wait_for()
    panel.get_by_role("button", name="Deploy for real").click()
    panel.get_by_text("Your answer beside the measurement").wait_for()


if __name__ == "__main__":
    sys.exit(main())
