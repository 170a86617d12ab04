"""What a panel needs for those who use no mouse; `accessibility.js` says what, and does it in the page."""

from __future__ import annotations

from pathlib import Path

from anywidget import AnyWidget


class Accessibility(AnyWidget):
    """A child of a panel that shows nothing, and names the panel's other parts."""

    _esm = Path(__file__).with_suffix(".js")

    def __init__(self) -> None:
        """Take no room."""
        super().__init__(layout={"display": "none"})
