"""The provider for a PostgreSQL that this machine has already: its programs, never its server."""

from __future__ import annotations

import os
from pathlib import Path

from kit.errors import MissingTool
from kit.postgres import cluster
from kit.postgres.programs import Programs, account, everybody_may_read, read_programs
from kit.postgres.server import Endpoint, ProviderName
from kit.process import Supervisor

OLDEST_MAJOR = 15
"""The first version with CREATE DATABASE … STRATEGY, and with a `public` that not everybody may write."""


class System:
    """PostgreSQL 15 or later, found by `pg_ctl` on PATH; a server of our own is started with it.

    Args:
        cache: where a prepared data folder is kept; None for none.
    """

    name: ProviderName = "system"

    def __init__(self, cache: Path | None = None) -> None:
        """Keep the cache's place."""
        self._cache = cache

    def __repr__(self) -> str:
        """Say the kind."""
        return "System()"

    def start(self, folder: Path, supervisor: Supervisor, *, instance: str) -> Endpoint:  # noqa: ARG002 - the folder is the instance
        """Start a server; see `Provider.start`."""
        return cluster.start(find_programs(), folder, supervisor, cache=self._cache)

    def restart(self, folder: Path, supervisor: Supervisor, *, port: int) -> None:
        """Start it again on its own data; see `Provider.restart`."""
        cluster.restart(find_programs(), folder, supervisor, port=port)


def find_programs() -> Programs:
    """Return the first PostgreSQL on PATH that the kit can use.

    Raises:
        MissingTool: if there is none; `looked` says what is wrong with each that was found.
    """
    looked = []
    for place in dict.fromkeys(os.get_exec_path()):
        found = Path(place) / "pg_ctl"
        if not (found.is_file() and os.access(found, os.X_OK)):
            looked.append(f"{found}: no such program")
            continue
        # A link may stand alone on PATH: what belongs to it is beside the file that it means.
        folder = found.resolve().parent
        lacking = [name for name in ("initdb", "postgres") if not os.access(folder / name, os.X_OK)]
        if lacking:
            looked.append(f"{folder}: pg_ctl without {' and '.join(lacking)}")
            continue
        if account() and not everybody_may_read(folder):
            looked.append(f"{folder}: not readable for the unprivileged account that the server runs as")
            continue
        try:
            programs = read_programs(folder)
        except MissingTool as error:
            looked.append(f"{folder}: {error.why}")
            continue
        if programs.major >= OLDEST_MAJOR:
            return programs
        looked.append(f"{folder}: version {programs.version} is too old")
    raise MissingTool(
        f"No PostgreSQL server programs of version {OLDEST_MAJOR} or later are on PATH.",
        looked=looked,
        remedy=(
            "Put the folder of pg_ctl on PATH (Debian and Ubuntu: /usr/lib/postgresql/<version>/bin; "
            "macOS: $(brew --prefix postgresql@18)/bin), or unset KIT_POSTGRES for the embedded server."
        ),
    )
