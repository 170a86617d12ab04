"""A server made from PostgreSQL's own programs in a folder of ours: initdb, postgres."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kit.errors import MissingTool, ServerFailed, UnusableFolder
from kit.postgres.server import Endpoint
from kit.process import Supervisor, wait_until

SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",  # a path of more than 100 bytes would fail
    "fsync": "off",  # nothing here has to survive a power failure
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "track_commit_timestamp": "on",  # true_windows asks for the database's own commit times
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "max_connections": "60",
    "shared_buffers": "'32MB'",
    "jit": "off",
}
_START_S = 30.0
_PORT_TRIES = 5
_LAST_LINES = 5


@dataclass(frozen=True, kw_only=True)
class Programs:
    """PostgreSQL's programs: the folder that holds `initdb` and `postgres`, and their major version."""

    bin: Path
    major: int


def read_programs(folder: Path) -> Programs:
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
    found = re.search(r"(\d+)", text.split(")", 1)[-1])
    return Programs(bin=folder, major=int(found[1]) if found else 0)


def account() -> tuple[int, int] | None:
    """Return the user and group id to run the server as; None for our own.

    PostgreSQL refuses to run as root, so as root it runs as `nobody`, an existing
    account without rights. No account is made and no folder of anybody's is opened.
    """
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def everybody_may_read(folder: Path) -> bool:
    """Say whether an account without rights can enter `folder` and all folders above it."""
    return all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))


def start(programs: Programs, folder: Path, supervisor: Supervisor, *, cache: Path | None) -> Endpoint:
    """Make a data folder at `folder/pg` and start a server on it, on a free port of 127.0.0.1.

    Args:
        programs: what to run.
        folder: the world's folder.
        supervisor: who ends the server.
        cache: where a prepared data folder is kept, so that the next start is quicker.
    """
    if account() and not everybody_may_read(folder):
        raise UnusableFolder(
            "PostgreSQL does not run as root, and an unprivileged account cannot reach the temporary folder.",
            looked=[str(folder)],
            remedy="Set TMPDIR to a folder that everybody may enter, such as /tmp.",
        )
    home = folder / "pg"
    home.mkdir(mode=0o711)
    password = _prepare(programs, home, cache)
    port = _run(programs, home, supervisor)
    return Endpoint(host="127.0.0.1", port=port, password=password)


def restart(programs: Programs, folder: Path, supervisor: Supervisor, *, port: int) -> None:
    """Start the server of `folder` again on its own data and port."""
    supervisor.stop("postgres")
    for leftover in ("postmaster.pid",):
        (folder / "pg" / "data" / leftover).unlink(missing_ok=True)
    _run(programs, folder / "pg", supervisor, port=port)


def _prepare(programs: Programs, home: Path, cache: Path | None) -> str:
    """Copy the prepared data folder, or make it with initdb; return the superuser's password."""
    data, rights = home / "data", account()
    if cache is None or not (cache / "password").exists():
        password = secrets.token_urlsafe(18)
        _initdb(programs, data, password)
        if cache is not None:
            _keep(data, password, cache)
    else:
        password = (cache / "password").read_text()
        shutil.copytree(cache / "data", data)
    if rights:
        for place, _, files in os.walk(data):
            os.chown(place, *rights)
            for name in files:
                os.chown(os.path.join(place, name), *rights)  # noqa: PTH118 - a thousand files; Path is slow
    data.chmod(0o700)
    return password


def _initdb(programs: Programs, data: Path, password: str) -> None:
    rights = account()
    secret = data.with_name("password")
    secret.touch(mode=0o600)
    secret.write_text(password)
    data.mkdir(mode=0o700)
    if rights:
        os.chown(data, *rights)
        os.chown(secret, *rights)
    result = subprocess.run(
        [
            programs.bin / "initdb",
            f"--pgdata={data}",
            "--username=kit",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",  # the same on every provider and version, whatever the machine's locale
            "--no-sync",
            "--no-instructions",
            "--wal-segsize=1",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        cwd="/",
        **({"user": rights[0], "group": rights[1], "extra_groups": []} if rights else {}),  # type: ignore[arg-type]
    )
    secret.unlink()
    if result.returncode:
        raise ServerFailed(
            "initdb could not make the folder for PostgreSQL's data.",
            why=(result.stderr or result.stdout).strip()[-600:],
            looked=[str(programs.bin / "initdb")],
            remedy="Run `python -m kit doctor`.",
        )
    settings = SETTINGS | ({"io_method": "sync"} if programs.major >= 18 else {})  # noqa: PLR2004 - new in 18
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = {value}\n" for name, value in settings.items())


def _keep(data: Path, password: str, cache: Path) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as scratch:
        ready = Path(scratch) / "ready"
        shutil.copytree(data, ready / "data")
        (ready / "password").touch(mode=0o600)
        (ready / "password").write_text(password)
        if not cache.exists():
            ready.rename(cache)  # complete or not at all


def _run(programs: Programs, home: Path, supervisor: Supervisor, *, port: int | None = None) -> int:
    """Start postgres and wait until it is ready; return its port."""
    log = home / "log"
    for _ in range(_PORT_TRIES if port is None else 1):
        chosen = port or _free_port()
        before = log.stat().st_size if log.exists() else 0
        supervisor.spawn(
            "postgres",
            [programs.bin / "postgres", "-D", home / "data", "-p", str(chosen)],
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            cwd=Path("/"),
            log=log,
            account=account(),
            stop="SIGINT",  # PostgreSQL's fast shutdown
            # Its immediate one: killed outright it would leave its own children, and its shared memory.
            then="SIGQUIT",
            last=True,
        )
        if _is_ready(home, supervisor):
            return chosen
        supervisor.stop("postgres")
        words = log.read_bytes()[before:].decode(errors="replace")
        # PostgreSQL cannot inherit a listening socket: somebody else may have taken
        # the port since we found it free. Then, and only then, take another.
        if "could not bind" not in words:
            break
    raise ServerFailed(
        "PostgreSQL did not start.",
        why=" / ".join(words.strip().splitlines()[-_LAST_LINES:]) or "it wrote nothing",
        looked=[str(programs.bin / "postgres")],
        remedy="Run `python -m kit doctor`; or try another provider: KIT_POSTGRES=docker or system.",
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_ready(home: Path, supervisor: Supervisor) -> bool:
    def ended() -> bool:
        return supervisor.processes()["postgres"].exit is not None

    def ready() -> bool:
        # The eighth line of postmaster.pid is the server's own word, as pg_ctl reads it.
        try:
            lines = (home / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return lines[7:8] == ["ready   "]

    return wait_until(lambda: ready() or ended(), seconds=_START_S) and not ended()
