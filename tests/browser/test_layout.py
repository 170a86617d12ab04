"""Narrow and magnified: nothing of the panel is cut, nothing lies upon something else, nothing jumps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pictures.jupyter import Watched
from pictures.looks import SIZES, misfits, resize
from pictures.panel import Panel

pytestmark = pytest.mark.browser
NONE: dict[str, list[str]] = {name: [] for name in SIZES}


@pytest.fixture
def resized(shared: Watched) -> Iterator[None]:
    """Give the window its size back after the test."""
    before = shared.page.viewport_size
    assert before
    yield
    shared.page.set_viewport_size(before)


def heights(panel: Panel) -> list[float]:
    found = []
    for size in SIZES:
        resize(panel.page, size)
        found.append(panel.root.evaluate("e => e.getBoundingClientRect().height"))
    return found


@pytest.mark.usefixtures("resized")
def test_nothing_is_cut_or_overlaps_or_jumps(panel: Panel) -> None:
    panel.root.get_by_label("Show the prediction").check()
    panel.drawing.get_by_text("predicted").first.wait_for(state="attached")
    assert misfits(panel.root) == NONE
    panel.answer(1, "silently")
    before = heights(panel)
    panel.deploy()
    panel.says("Deploying")
    assert heights(panel) == pytest.approx(before, abs=1), "a run makes the page jump"
    panel.says("Done.")
    panel.root.get_by_role("table", name="Your answer").wait_for()

    assert misfits(panel.root) == NONE
