"""Take the README's animation: the stage beside a notebook, from `git push` until the window is closed.

Usage: python -m pictures.animation
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from itertools import pairwise

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from kit.names import ROOT
from kit.world.open import open_at
from pictures.jupyter import chromium, execute, find_browser, jupyter, open_notebook

PATH = ROOT / "docs" / "deploy.gif"
WIDTH, HEIGHT = 1100, 760
COLOURS = 64
LONGEST_MS, LAST_MS = 600, 4000
"""How long a frame stays at most, and the last."""
CELLS = (
    "from kit import open_world\nworld = open_world(phase=5, scratch=True)",
    "world.stage()",
    """world.dev.run("git checkout -q main")
world.dev.run("git merge -q feature/document-last-viewed")
world.visitors(rate=20)""",
    'world.dev.run("git push -q origin main")',
    "world.advance(40)",
    'world.dev.run("npx supabase db push --linked")',
    "world.advance(6)",
)
SHOWN_FROM = 3
"""The first cell that is filmed."""
_NOTEBOOK = """cell => {
    for (const widget of window.jupyterapp.shell.widgets('main'))
        if (widget.sessionContext) window.jupyterapp.shell.activateById(widget.id);
    window.jupyterapp.shell.currentWidget.content.activeCellIndex = cell;
}"""
# A cell has ended, and the stage has shown all of it: it draws no more.
_RUN = """() => {
    window.over = false;
    window.drawn = performance.now();
    const stage = document.querySelector('.kw-stage');
    new MutationObserver(() => { window.drawn = performance.now() })
        .observe(stage, {subtree: true, childList: true, attributes: true, characterData: true});
    window.jupyterapp.commands.execute('notebook:run-cell').then(() => { window.over = true });
}"""
_OVER = "() => window.over && performance.now() - window.drawn > 800"


def main() -> int:
    """Write `docs/deploy.gif`.

    Returns:
        The exit code: 1 without a browser.
    """
    browser = find_browser()
    if browser is None:
        print("The animation needs Chromium.\n  Looked for: $CHROMIUM, chromium on the PATH", file=sys.stderr)
        print("  What to do: install it (Debian: apt install chromium).", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="kit-home-", ignore_cleanup_errors=True) as home:
        os.environ["KIT_HOME"] = home
        open_at(5, scratch=True).engine.close()  # builds the checkpoints
        with jupyter() as server, sync_playwright() as playwright, chromium(playwright, browser) as running:
            server.write("deploy", CELLS)
            page = open_notebook(running, server, "deploy", width=WIDTH, height=HEIGHT).page
            for cell in range(SHOWN_FROM):
                page.evaluate(_NOTEBOOK, cell)
                execute(page, "notebook:run-cell")
            page.locator(".jupyterlab-sidecar svg.kw-world").wait_for()
            frames = [frame for cell in range(SHOWN_FROM, len(CELLS)) for frame in _film(page, cell)]
    _write(frames)
    print(f"Wrote {PATH.relative_to(ROOT)}")
    return 0


def _film(page: Page, cell: int) -> list[tuple[float, bytes]]:
    """Run a cell; return the instants, and what was to be seen then."""
    page.evaluate(_NOTEBOOK, cell)
    page.evaluate(_RUN)
    frames = []
    over = False
    while not over:
        over = bool(page.evaluate(_OVER))
        frames.append((time.monotonic(), page.screenshot()))
    return frames


def _write(frames: list[tuple[float, bytes]]) -> None:
    """Write what changed, each frame for as long as it was seen."""
    kept: list[tuple[float, Image.Image]] = []
    for at, shot in frames:
        image = Image.open(io.BytesIO(shot)).convert("RGB")
        if not kept or image.tobytes() != kept[-1][1].tobytes():
            kept.append((at, image))
    # One palette for all: from frames of before, within and after the window.
    sample = Image.new("RGB", (WIDTH, 3 * HEIGHT))
    for index, (_, image) in enumerate((kept[0], kept[len(kept) * 3 // 4], kept[-1])):
        sample.paste(image, (0, index * HEIGHT))
    palette = sample.quantize(COLOURS)
    images = [image.quantize(palette=palette, dither=Image.Dither.NONE) for _, image in kept]
    lasting = [min(LONGEST_MS, round((later - at) * 1000)) for (at, _), (later, _) in pairwise(kept)]
    images[0].save(
        PATH, save_all=True, append_images=images[1:], duration=[*lasting, LAST_MS], loop=0, optimize=False
    )


if __name__ == "__main__":
    sys.exit(main())
