"""Narrow and magnified: nothing is cut, nothing lies upon something else, nothing jumps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pictures.jupyter import Watched
from pictures.panel import Panel

pytestmark = pytest.mark.browser
# Beyond the panel's edge, or scrolled out of sight inside something of the panel.
_CUT = """root => { const edge = root.getBoundingClientRect();
return [...root.querySelectorAll('*')].filter(one => {
    const box = one.getBoundingClientRect();
    if (!box.width || !box.height || one.closest('.noUi-target, defs, pattern')) return false;
    if (box.left < edge.left - 4 || box.right > edge.right + 1) return true;
    return one instanceof HTMLElement && one.scrollWidth > one.clientWidth + 1
        && ['hidden', 'auto', 'scroll', 'clip'].includes(getComputedStyle(one).overflowX);
}).map(one => one.tagName + '.' + (one.getAttribute('class') || '') + ' ' + one.textContent.slice(0, 40)) }"""
# Texts: of the controls, of the tables, and inside the drawing.
_OVERLAPS = """root => {
const kinds = 'label, button, input, .noUi-target, .widget-readout, th, td, caption, p, text';
const boxes = [...root.querySelectorAll(kinds)]
    .filter(one => getComputedStyle(one).display !== 'none')
    .map(one => [one, one.getBoundingClientRect()]).filter(([, box]) => box.width && box.height);
const found = [];
boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([other, b]) => {
    if (one.contains(other) || other.contains(one)) return;
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 2 && high > 3) found.push(one.textContent.trim() + ' | ' + other.textContent.trim());
}));
return found }"""
# A browser's zoom of 200 % is a window of half as many CSS pixels.
SIZES = {"320 px": (320, 900), "200 % of 1280 px": (640, 900), "1280 px": (1280, 900)}


@pytest.fixture
def narrow(shared: Watched) -> Iterator[None]:
    """Give the window its size back after the test."""
    before = shared.page.viewport_size
    assert before
    yield
    shared.page.set_viewport_size(before)


def faults(panel: Panel) -> dict[str, list[str]]:
    """Look for what is cut and what overlaps, at each size of the window."""
    found: dict[str, list[str]] = {}
    for name, (width, height) in SIZES.items():
        panel.page.set_viewport_size({"width": width, "height": height})
        found[name] = [
            *(f"cut: {one}" for one in panel.root.evaluate(_CUT)),
            *(f"overlap: {one}" for one in panel.root.evaluate(_OVERLAPS)),
        ]
        if panel.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[name].append("the page is wider than the window")
    return found


def heights(panel: Panel) -> list[float]:
    found = []
    for width, height in SIZES.values():
        panel.page.set_viewport_size({"width": width, "height": height})
        found.append(panel.root.evaluate("e => e.getBoundingClientRect().height"))
    return found


@pytest.mark.usefixtures("narrow")
def test_nothing_is_cut_or_overlaps_or_jumps(panel: Panel) -> None:
    none: dict[str, list[str]] = {name: [] for name in SIZES}
    panel.root.get_by_label("Show the predicted window").check()
    panel.drawing.get_by_text("predicted").first.wait_for(state="attached")
    assert faults(panel) == none
    panel.answer(1, "silently")
    before = heights(panel)
    panel.deploy()
    panel.says("Deploying")
    assert heights(panel) == pytest.approx(before, abs=1), "a run makes the page jump"
    panel.says("Done.")
    panel.root.get_by_text("Your answer beside the measurement").wait_for()

    assert faults(panel) == none
