"""Choose the provider: by argument, by KIT_POSTGRES, else the embedded one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from kit.errors import BadInput
from kit.names import KIT_POSTGRES
from kit.postgres.docker import Docker
from kit.postgres.embedded import Embedded
from kit.postgres.server import Provider
from kit.postgres.system import System

_MAKERS: dict[str, Callable[[Path | None], Provider]] = {
    "embedded": Embedded,
    "docker": lambda _: Docker(),
    "system": System,
}


def provider_named(name: str | None = None, *, cache: Path | None = None) -> Provider:
    """Return a provider.

    Args:
        name: embedded, docker or system; without one, what KIT_POSTGRES says, else embedded.
        cache: where a prepared data folder is kept; None for none.

    Raises:
        BadInput: if there is no provider of that name.
    """
    chosen = name or os.environ.get(KIT_POSTGRES) or "embedded"
    if chosen not in _MAKERS:
        raise BadInput(
            f"There is no PostgreSQL provider named {chosen!r}.",
            looked=["the argument" if name else f"the environment variable {KIT_POSTGRES}"],
            remedy=f"Choose one of: {', '.join(_MAKERS)}.",
        )
    return _MAKERS[chosen](cache)
