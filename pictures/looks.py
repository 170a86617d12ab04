"""What is wrong with how a widget looks: cut, overlapping, hard to read, moving."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

from kit.names import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# A browser's zoom of 200 % is a window of half as many CSS pixels.
SIZES = {"320 px": (320, 900), "200 % of 1280 px": (640, 900), "1280 px": (1280, 900)}
"""Windows in which every widget must be whole, in CSS pixels."""
# JupyterLab lays itself out some time after the window has changed.
_LAID_OUT = """() => {
const parts = [...document.querySelectorAll('.jp-NotebookPanel, .jupyterlab-sidecar')];
const right = Math.max(...parts.map(one => one.getBoundingClientRect().right));
return right <= innerWidth && right > innerWidth - 40 }"""
# What only a screen reader gets to know, such as a drawing's table: clipped away on purpose. What is folded.
_UNSEEN = """const unseen = one => one !== root
    && (!one.checkVisibility() || getComputedStyle(one).clipPath === 'inset(50%)'
        || unseen(one.parentElement));
"""
# Beyond the widget's edge, or scrolled out of sight inside something of it.
_CUT = (
    f"root => {{ {_UNSEEN}"
    """const edge = root.getBoundingClientRect();
return [...root.querySelectorAll('*')].filter(one => {
    const box = one.getBoundingClientRect();
    if (!box.width || !box.height || unseen(one) || one.closest('.noUi-target, defs, pattern')) return false;
    if (box.left < edge.left - 4 || box.right > edge.right + 1) return true;
    return one instanceof HTMLElement && one.scrollWidth > one.clientWidth + 1
        && ['hidden', 'auto', 'scroll', 'clip'].includes(getComputedStyle(one).overflowX);
}).map(one => one.tagName + '.' + (one.getAttribute('class') || '') + ' ' + one.textContent.slice(0, 40)) }"""
)
# Texts: of the controls, of the tables, and inside a drawing.
_OVERLAPS = (
    f"root => {{ {_UNSEEN}"
    """
const kinds = 'label, button, input, .noUi-target, .widget-readout, th, td, caption, p, pre, text';
const boxes = [...root.querySelectorAll(kinds)]
    .filter(one => getComputedStyle(one).display !== 'none' && !unseen(one))
    .map(one => [one, one.getBoundingClientRect()]).filter(([, box]) => box.width && box.height);
const found = [];
boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([other, b]) => {
    if (one.contains(other) || other.contains(one)) return;
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 2 && high > 3) found.push(one.textContent.trim() + ' | ' + other.textContent.trim());
}));
return found }"""
)
_MOVES = """e => [e, ...e.querySelectorAll('*')].filter(one => {
    const style = getComputedStyle(one);
    return parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none';
}).map(one => one.className)"""


def resize(page: Page, size: str) -> None:
    """Give the window one of `SIZES`, and wait until JupyterLab fills it."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function(_LAID_OUT)


def misfits(root: Locator) -> dict[str, list[str]]:
    """Look for what is cut and what overlaps; leaves the window at the last of `SIZES`.

    Args:
        root: the whole widget.

    Returns:
        For each of `SIZES`, what was found.
    """
    found: dict[str, list[str]] = {}
    for name in SIZES:
        resize(root.page, name)
        found[name] = [
            *(f"cut: {text}" for text in root.evaluate(_CUT)),
            *(f"overlap: {texts}" for texts in root.evaluate(_OVERLAPS)),
        ]
        if root.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[name].append("the page is wider than the window")
    return found


def barriers(root: Locator) -> list[object]:
    """Return what axe-core finds that is serious or critical; contrast is one of its rules.

    Args:
        root: the whole widget.
    """
    root.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = root.evaluate("async root => (await axe.run(root)).violations")
    return [
        (rule["id"], rule["help"], [(node["target"], node["failureSummary"]) for node in rule["nodes"]])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


def moving(root: Locator) -> list[str]:
    """Return the classes of what is animated, or glides when it changes."""
    found: list[str] = root.evaluate(_MOVES)
    return found
