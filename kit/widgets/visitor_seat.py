"""The visitor's seat: the site in a frame, as one of its visitors sees it."""

from __future__ import annotations

from pathlib import Path

import httpx

from kit.host.proxy import Proxy, find_public
from kit.widgets.accessibility import DrawnWidget
from kit.widgets.cell_events import replace_former
from kit.world.world import World

_NO_PROXY = (
    "This hub lacks jupyter-server-proxy, without which a browser finds no site on it. "
    "Whoever looks after it installs that: pip install 'broken-window-kit[hub]'."
)


class VisitorSeat(DrawnWidget):
    """A frame on a site of the world, with what a browser has around a page: home, back, reload.

    Whoever sits there asks real pages of the real site, at the world's own time; no page view is
    put into the timeline. The address travels in messages, and is in no state that a notebook
    may store.

    Args:
        world: whose site.
        site: "production", "dev" (after `npm run dev`), or a branch, for its preview.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = Path(__file__).with_suffix(".css")

    def __init__(self, world: World, *, site: str = "production") -> None:
        """Look whether the site is served; nothing is asked of it before somebody sits down.

        Raises:
            BadInput: if it is not.
            BuildFailed: if a preview's code does not start.
        """
        super().__init__()  # first: a widget that was never one cannot be thrown away in silence
        self._engine = world.engine
        self._site = site
        self._proxy = Proxy(self._fetch, shown=self._tell)
        self._engine.address(site)
        self.on_msg(self._welcome)
        replace_former(self)

    def __repr__(self) -> str:
        """Say what it is, for where there is no JupyterLab."""
        return f"The visitor's seat: {self._site} in a frame. Run this cell in JupyterLab to sit there."

    def close(self) -> None:
        """Take the frame away, and what serves it."""
        self._proxy.close()
        super().close()

    def _welcome(self, *_: object) -> None:
        """Tell somebody who has come where to sit."""
        address = find_public(self._proxy.open())
        if address:
            self.send({"address": address, "site": self._site})
        else:
            self.send({"missing": _NO_PROXY})

    def _fetch(self, path: str) -> httpx.Response:
        return self._engine.visitors.open(f"{self._engine.address(self._site)}{path}", request="seat")

    def _tell(self, path: str, status: int) -> None:
        self.send({"path": path, "status": f"{status} {httpx.codes.get_reason_phrase(status)}"})
