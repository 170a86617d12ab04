"""What the notebooks store, in a JupyterLab that trusts nobody: the pictures are there, in both themes."""

from __future__ import annotations

from collections.abc import Callable

import nbformat
import pytest
from playwright.sync_api import Locator, Page

from kit.lesson.notebooks import find_notebooks
from pictures.jupyter import Jupyter, Watched, show_theme
from pictures.looks import SIZES, misfits, resize

pytestmark = pytest.mark.browser
# The last lines of their cells: timelines, a strip, a table, checks, four pairs, a queue, the map.
SOURCES = (
    "world.timeline.last_deploy",
    'window.was(together.facts()["truth_s"], after=together)',
    "world.advance(36)",
    "world.status()",
    'world.check("5.3b")',
    "drops.was(dropping)",
    "queued.was(stuck.queue.waiting, after=stuck)",
    "WorldMap(world)",
)
_LOADED = "image => image.decode().then(() => image.naturalHeight > 0 && image.clientWidth > 0)"
_TRUSTED = """() => [...window.jupyterapp.shell.currentWidget.content.model.cells]
    .filter(cell => cell.type === 'code').map(cell => cell.trusted)"""


@pytest.fixture(scope="module")
def stored(open_page: Callable[..., Watched], lab: Jupyter) -> Page:
    """Open a notebook of stored cells, which nobody has run here."""
    notebooks = [nbformat.read(path, as_version=4) for path in find_notebooks()]
    every = [
        cell
        for notebook in notebooks
        for cell in notebook.cells
        if cell.cell_type == "code" and any("text/html" in output.get("data", {}) for output in cell.outputs)
    ]
    made = nbformat.v4.new_notebook(metadata=notebooks[0].metadata)
    made.cells = [next(cell for cell in every if cell.source.endswith(source)) for source in SOURCES]
    (lab.notebooks / "stored.ipynb").write_text(nbformat.writes(made), encoding="utf-8")
    page = open_page("stored").page
    page.locator(".jp-OutputArea-output").nth(len(SOURCES) - 1).wait_for()
    assert set(page.evaluate(_TRUSTED)) == {False}
    return page


def outputs(page: Page) -> list[Locator]:
    return page.locator(".jp-OutputArea-output").all()


def test_an_untrusted_notebook_shows_every_picture(stored: Page) -> None:
    images = stored.locator(".jp-OutputArea-output img").all()

    assert len(images) == 2 + 1 + 4 + 1
    assert all(image.evaluate(_LOADED) for image in images)
    assert [output.get_attribute("data-mime-type") for output in outputs(stored)] == [
        "text/html" for _ in SOURCES
    ]


def test_a_picture_follows_the_theme(stored: Page) -> None:
    image = stored.locator(".jp-OutputArea-output img").first
    papers = {}
    for theme in ("dark", "light"):
        show_theme(stored, theme)
        papers[theme] = image.screenshot()

    assert papers["dark"] != papers["light"]


def test_nothing_is_cut_or_overlaps_at_any_width(stored: Page) -> None:
    found = {source: misfits(output) for source, output in zip(SOURCES, outputs(stored), strict=True)}

    assert found == {source: {size: [] for size in SIZES} for source in SOURCES}
    resize(stored, "1280 px")
