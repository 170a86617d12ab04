"""The world map as a widget: what is where, and what the last command changed."""

from __future__ import annotations

from typing import Any

import ipywidgets

from kit.errors import WorldTaken
from kit.widgets import cell_events as cells
from kit.widgets.follower import Follower
from kit.widgets.map_drawing import draw_map, draw_map_picture
from kit.widgets.map_text import draw_text_map
from kit.world.world import World

_STANDS_STILL = "This map stands still: its world is closed, or open elsewhere."
_NOT_NOW = "This map could not look just now; it tries again after the next cell."


class WorldMap(ipywidgets.HTML):  # type: ignore[misc]  # ipywidgets has no type information
    """What is where right now: the migration file, the code and the column.

    It asks git, the databases, the host and the worker.

    Args:
        world: whose map.
        follow: look again after each cell of the notebook, until the world is closed; otherwise
            the map stays as it was when it was made.
    """

    def __init__(self, world: World, *, follow: bool = False) -> None:
        """Look, and draw.

        Raises:
            WorldTaken: if another notebook or terminal has taken the world over, or it is closed.
            ServerFailed: if a database does not answer.
        """
        self._follower: Follower | None = None
        super().__init__()  # first: a widget that was never one cannot be thrown away in silence
        self._world = world
        self._change = world.change()
        self._ident = f"kw{self.model_id[:8]}"
        self._draw()
        if follow:
            cells.replace_former(self)
            self._follower = Follower(self._look_again)

    def __repr__(self) -> str:
        """Draw the map in ASCII."""
        return draw_text_map(self._change)

    def _repr_mimebundle_(self, **options: object) -> dict[str, Any]:
        """Return the widget, and for where there is no kernel a picture and a text."""
        bundle: dict[str, Any] = dict(super()._repr_mimebundle_(**options) or {})
        bundle["text/plain"] = repr(self)
        bundle["image/svg+xml"] = draw_map_picture(self._change)
        return bundle

    def close(self) -> None:
        """Follow no longer, and take the map away."""
        if self._follower:
            self._follower.close()
        super().close()

    def _look_again(self) -> bool:
        """Draw what is true now; return whether there is a world to follow."""
        try:
            self._change = self._world.change()
        except WorldTaken:
            self._draw(_STANDS_STILL)
            return False
        except Exception:  # noqa: BLE001 - on a thread, of a world that somebody may be taking apart
            self._draw(_NOT_NOW)
            return True
        self._draw()
        return True

    def _draw(self, note: str = "") -> None:
        self.value = draw_map(self._change, ident=self._ident, note=note)
