"""Take the README's pictures: every widget in a real JupyterLab, in both themes.

Usage: python -m pictures [NAME ...]
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable

from playwright.sync_api import Browser, sync_playwright

from kit.names import ROOT
from pictures.jupyter import (
    THEMES,
    Jupyter,
    chromium,
    find_browser,
    jupyter,
    open_notebook,
    show_theme,
)
from pictures.shown import SHOWN, Shown, show

DOCS = ROOT / "docs"
WIDTH, HEIGHT, SCALE = 1000, 2400, 1.5
MARGIN = 12
"""Of paper around a widget, in CSS pixels."""
BARE = (
    ".jp-Cell-inputWrapper,.jp-OutputPrompt,.jp-Collapser{visibility:hidden}"
    ".jp-Cell{border-color:transparent!important}"
    ".jp-Cell,.jp-Cell::before,.jp-Cell::after{box-shadow:none!important;outline:0!important}"
)
"""Hides what JupyterLab puts around an output."""


def main(names: Iterable[str]) -> int:
    """Write `docs/<name>-light.png` and `docs/<name>-dark.png` of these widgets, or of all.

    Returns:
        The exit code: 1 without a browser, 2 for a name that there is not.
    """
    known = {shown.name: shown for shown in SHOWN}
    chosen = set(names) or set(known)
    if unknown := sorted(chosen - set(known)):
        print(f"There is no widget {unknown[0]!r}.", file=sys.stderr)
        print(f"  What to do: choose of {', '.join(known)}.", file=sys.stderr)
        return 2
    browser = find_browser()
    if browser is None:
        print("The pictures need Chromium.\n  Looked for: $CHROMIUM, chromium on the PATH", file=sys.stderr)
        print("  What to do: install it (Debian: apt install chromium).", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="kit-home-", ignore_cleanup_errors=True) as home:
        os.environ["KIT_HOME"] = home
        with jupyter() as server, sync_playwright() as playwright, chromium(playwright, browser) as running:
            for shown in SHOWN:
                if shown.name in chosen:
                    take(running, server, shown)
    return 0


def take(browser: Browser, server: Jupyter, shown: Shown) -> None:
    """Take the pictures of one widget."""
    server.write(shown.name, [shown.cell])
    page = open_notebook(browser, server, shown.name, width=WIDTH, height=HEIGHT, scale=SCALE).page
    output = show(page, shown)
    page.add_style_tag(content=BARE)
    for theme in THEMES:
        show_theme(page, theme)
        box = output.bounding_box()
        if box is None or box["y"] + box["height"] + MARGIN > HEIGHT:
            raise RuntimeError(f"{shown.name} is higher than the page: make HEIGHT larger.")
        path = DOCS / f"{shown.name}-{theme}.png"
        page.screenshot(
            path=path,
            animations="disabled",
            clip={
                "x": box["x"] - MARGIN,
                "y": box["y"] - MARGIN,
                "width": box["width"] + 2 * MARGIN,
                "height": box["height"] + 2 * MARGIN,
            },
        )
        print(f"Wrote {path.relative_to(ROOT)}")
    page.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
