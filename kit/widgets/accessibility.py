"""What a widget needs for those who use no mouse, or have no kernel to show it.

`accessibility.js` says what the page is to be told of a panel, and does it there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets
from anywidget import AnyWidget

from kit.draw import Markup, draw_element, draw_file


class Accessibility(AnyWidget):
    """A child of a panel that shows nothing, and names the panel's other parts."""

    _esm = Path(__file__).with_suffix(".js")

    def __init__(self) -> None:
        """Take no room."""
        super().__init__(layout={"display": "none"})


class Readable(ipywidgets.DOMWidget):  # type: ignore[misc]  # ipywidgets has no type information
    """A widget that stores its `repr`, and its picture if it has one, for where there is no kernel."""

    def picture(self) -> str:
        """Return an SVG file, "" for none."""
        return ""

    def _repr_mimebundle_(self, **options: object) -> dict[str, Any]:
        bundle = dict(super()._repr_mimebundle_(**options) or {})
        return {**bundle, **draw_bundle(self.picture(), repr(self))}


class DrawnWidget(AnyWidget):
    """A widget of a module of its own that stores its `repr`, and its picture if it has one, likewise."""

    def picture(self) -> str:
        """Return an SVG file, "" for none."""
        return ""

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ANN401 - as anywidget has it
        data, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        return {**data, **draw_bundle(self.picture(), repr(self))}, metadata


def draw_bundle(picture: str, words: str) -> dict[str, str]:
    """Return what is stored of a widget: its words, and its picture if it has one.

    Args:
        picture: an SVG file, "" for none.
        words: the same in text.
    """
    return {"text/plain": words, **({"text/html": draw_stored(picture, words)} if picture else {})}


def draw_stored(picture: str, words: str) -> Markup:
    """Return a picture as every viewer shows it, with its words folded behind it.

    Args:
        picture: an SVG file.
        words: the same in text; its first line is what a reader without pictures is told.
    """
    shown = draw_element("summary", "In words", style="cursor:pointer")
    text = draw_element("pre", words, style="white-space:pre-wrap;font-size:12px")
    alt = words.partition("\n")[0]
    return draw_element("div", draw_file(picture, alt=alt), draw_element("details", shown, text))
