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
        picture = self.picture()
        shown = {"text/html": draw_stored(picture, repr(self))} if picture else {}
        return {**bundle, "text/plain": repr(self), **shown}


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
