"""The broken-window kit: learn, by running it, when a deploy of code and schema breaks production."""

from __future__ import annotations

from kit.errors import KitError

__all__ = ["KitError"]
