"""The world map as a widget: what is where, and what the last command changed."""

from __future__ import annotations

from typing import Any

import ipywidgets

from kit.widgets.map_drawing import draw_map, draw_map_picture
from kit.widgets.map_text import draw_text_map
from kit.world import World


class WorldMap(ipywidgets.HTML):  # type: ignore[misc]  # ipywidgets has no type information
    """What is where right now: the migration file, the code and the column.

    It asks git, the databases, the host and the worker when it is made, and stands still then.

    Args:
        world: whose map.
    """

    def __init__(self, world: World) -> None:
        """Look, and draw.

        Raises:
            WorldTaken: if another notebook or terminal has taken the world over, or it is closed.
            ServerFailed: if a database does not answer.
        """
        self._change = world.change()
        super().__init__()
        self.value = draw_map(self._change, ident=f"kw{self.model_id[:8]}")

    def __repr__(self) -> str:
        """Draw the map in ASCII."""
        return draw_text_map(self._change)

    def _repr_mimebundle_(self, **options: object) -> dict[str, Any]:
        """Return the widget, and for where there is no kernel a picture and a text."""
        bundle: dict[str, Any] = dict(super()._repr_mimebundle_(**options) or {})
        bundle["text/plain"] = repr(self)
        bundle["image/svg+xml"] = draw_map_picture(self._change)
        return bundle
