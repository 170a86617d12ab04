"""A server made from PostgreSQL's own programs in a folder of ours: initdb, postgres."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import platform
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

from kit.errors import ServerFailed, UnusableFolder
from kit.postgres.programs import Binaries, account, everybody_may_read, lend_name
from kit.postgres.server import DURABLE, Endpoint
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
    "min_wal_size": "'2MB'",  # what a world takes on disk is said to be small
    "max_wal_size": "'32MB'",
}
_INITDB = (
    "--username=kit",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",  # the same on every provider and version, whatever the machine's locale
    "--no-sync",
    "--no-instructions",
    "--wal-segsize=1",
)
# The versions in which two settings are new. Passwords here are random, 144 bits: hashing
# one 4096 times protects nothing, and costs every connection milliseconds on both ends.
_SCRAM_ITERATIONS, _IO_METHOD = 16, 18
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
_PORT_TRIES = 5
_LAST_LINES = 5


def start(
    programs: Binaries,
    folder: Path,
    supervisor: Supervisor,
    *,
    cache: Path | None,
    shared: Path | None = None,
    keep: bool = False,
) -> Endpoint:
    """Make a data folder at `folder/pg` and start a server on it, on a free port of 127.0.0.1.

    Args:
        programs: what to run.
        folder: the world's folder.
        supervisor: who ends the server.
        cache: below it a prepared data folder is kept, so that the next start is quicker.
        shared: below it one may have been prepared for everybody, who all know its password.
        keep: its data outlives its processes.

    Returns:
        Where it listens, and the password of its superuser.

    Raises:
        UnusableFolder: if the account that the server needs cannot reach `folder`.
        ServerFailed: if it does not start.
    """
    _require_readable(folder)
    home = folder / "pg"
    _make_home(home)
    if shared and (password := _copied_for_one(programs, shared / _key(programs), home / "data")):
        with contextlib.suppress(ServerFailed):
            port = _run(programs, home, supervisor, keep=keep)
            return Endpoint(host="127.0.0.1", port=port, password=password)
        shutil.rmtree(home / "data")
    prepared = cache / _key(programs) if cache else None
    if prepared and (password := _copied(prepared, home / "data")):
        with contextlib.suppress(ServerFailed):
            port = _run(programs, home, supervisor, keep=keep)
            return Endpoint(host="127.0.0.1", port=port, password=password)
        # Whatever is wrong with the copy: make a new one.
        shutil.rmtree(home / "data")
        shutil.rmtree(prepared, ignore_errors=True)
    password = secrets.token_urlsafe(18)
    _initdb(programs, home / "data", password)
    if prepared:
        _keep(home / "data", password, prepared)
    port = _run(programs, home, supervisor, keep=keep)
    return Endpoint(host="127.0.0.1", port=port, password=password)


def is_running(supervisor: Supervisor) -> bool:
    """Say whether a server runs under this supervisor."""
    server = supervisor.processes("postgres").get("postgres")
    return server is not None and server.exit is None


def restart(
    programs: Binaries, folder: Path, supervisor: Supervisor, *, keep: bool = False, port: int = 0
) -> int:
    """Start the server of `folder` again on its own data, however it ended.

    Args:
        programs: what to run.
        folder: the world's folder.
        supervisor: who ends the server.
        keep: its data outlives its processes.
        port: where it has to listen, 0 for any free port.

    Returns:
        The port.

    Raises:
        ServerFailed: if its data is gone or of another version, or it does not start on it.
    """
    home = folder / "pg"
    _require_readable(folder)
    supervisor.stop("postgres")
    try:
        major = int((home / "data" / "PG_VERSION").read_text())
    except (OSError, ValueError) as error:
        raise _failed(programs, f"{home / 'data'} holds no data of PostgreSQL: {error}") from error
    if major != programs.major:
        raise ServerFailed(
            f"A world's databases were made by PostgreSQL {major}, and here is {programs.version}.",
            looked=[str(home / "data")],
            remedy=f"Install the kit that made them, or PostgreSQL {major} (KIT_POSTGRES=system).",
        )
    left = home / "data" / "postmaster.pid"
    if left.exists():
        _end_orphans(home / "data")
        # PostgreSQL would take a server that nobody has buried yet, a zombie, for one that runs.
        left.unlink()
    return _run(programs, home, supervisor, keep=keep, port=port)


def _end_orphans(data: Path) -> None:
    """End what a server that was killed has left: its children, which work in its data folder."""
    folder = str(data.resolve())  # as the operating system knows it: KIT_HOME may be behind a link
    found = True
    while found:  # until none is found: one may have been forked after the others were looked for
        found = False
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):  # it may end, or be somebody else's
                if process.cwd() == folder:
                    process.kill()
                    found = True


def _require_readable(folder: Path) -> None:
    if account() and not everybody_may_read(folder):
        raise UnusableFolder(
            "PostgreSQL does not run as root, and an unprivileged account cannot reach its folder.",
            looked=[str(folder)],
            remedy="Set TMPDIR (and KIT_HOME, if it is set) to a folder that everybody may enter.",
        )


def _key(programs: Binaries) -> str:
    """Name the prepared data folder of these programs on this kind of machine."""
    facts = (programs.version, _INITDB, sorted(_settings(programs).items()), sys.platform, platform.machine())
    return f"cluster-{programs.major}-{hashlib.sha256(repr(facts).encode()).hexdigest()[:12]}"


def _settings(programs: Binaries) -> dict[str, str]:
    newer = {"scram_iterations": "1"} if programs.major >= _SCRAM_ITERATIONS else {}
    newer |= {"io_method": "sync"} if programs.major >= _IO_METHOD else {}
    return SETTINGS | newer


def _as_account() -> dict[str, Any]:
    rights = account()
    return {"user": rights[0], "group": rights[1], "extra_groups": []} if rights else {}


def _copied(prepared: Path, data: Path) -> str | None:
    """Copy the prepared data folder; return the superuser's password, None if that is not possible."""
    try:
        password = (prepared / "password").read_text()
        _copy(prepared / "data", data)
    except OSError:  # shutil.Error included
        shutil.rmtree(data, ignore_errors=True)
        return None
    return password


def _copied_for_one(programs: Binaries, prepared: Path, data: Path) -> str | None:
    """Copy a data folder that everybody can read, and change the password that everybody knows.

    That is done before anything listens: from the server's first instant on, only its owner can connect.
    """
    if not _copied(prepared, data):
        return None
    password = secrets.token_urlsafe(18)
    result = subprocess.run(
        [programs.bin / "postgres", "--single", "-D", data, "postgres"],
        # One line, in which nothing needs to be quoted; the server keeps the hash of it only.
        input=f"ALTER ROLE kit PASSWORD '{password}'\n",
        capture_output=True,
        text=True,
        check=False,
        env=_ENVIRONMENT,
        cwd="/",
        **_as_account(),
    )
    if result.returncode or "ERROR" in result.stderr:
        shutil.rmtree(data)
        return None
    return password


def _make_home(home: Path) -> None:
    home.mkdir(mode=0o700)
    if account():
        home.chmod(0o711)


def _copy(saved: Path, data: Path) -> None:
    shutil.copytree(saved, data)
    if rights := account():
        for place, _, files in os.walk(data):
            os.chown(place, *rights)
            for name in files:
                os.chown(os.path.join(place, name), *rights)  # noqa: PTH118 - a thousand files; Path is slow
    data.chmod(0o700)


def _initdb(programs: Binaries, data: Path, password: str) -> None:
    secret = data.with_name("password")
    secret.touch(mode=0o600)
    secret.write_text(password)
    data.mkdir(mode=0o700)
    if rights := account():
        os.chown(data, *rights)
        os.chown(secret, *rights)
    settings = _settings(programs)
    early = (
        [f"--set=scram_iterations={settings['scram_iterations']}"] if "scram_iterations" in settings else []
    )
    result = subprocess.run(
        [programs.bin / "initdb", f"--pgdata={data}", f"--pwfile={secret}", *_INITDB, *early],
        capture_output=True,
        text=True,
        check=False,
        env=_ENVIRONMENT | lend_name(data.parent),
        cwd="/",
        **_as_account(),
    )
    secret.unlink()
    if result.returncode:
        raise ServerFailed(
            "initdb could not make the folder for PostgreSQL's data.",
            why=(result.stderr or result.stdout).strip()[-600:],
            looked=[str(programs.bin / "initdb")],
            remedy="Run `python -m kit doctor`.",
        )
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = {value}\n" for name, value in settings.items())


def _keep(data: Path, password: str, prepared: Path) -> None:
    # Without the copy the next start takes half a second longer: no reason to fail, be the
    # disk full or another world quicker.
    with contextlib.suppress(OSError):
        prepared.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=prepared.parent) as scratch:
            ready = Path(scratch) / "ready"
            shutil.copytree(data, ready / "data")
            (ready / "password").touch(mode=0o600)
            (ready / "password").write_text(password)
            ready.rename(prepared)  # complete or not at all


def _run(programs: Binaries, home: Path, supervisor: Supervisor, *, keep: bool, port: int = 0) -> int:
    """Start postgres on that port, else on a free one, and wait until it is ready; return the port."""
    words = ""
    for _ in range(1 if port else _PORT_TRIES):
        chosen = port or _free_port()
        words = _try(programs, home, supervisor, chosen, keep=keep)
        if not words:
            return chosen
        # PostgreSQL cannot inherit a listening socket: somebody else may have taken
        # the port since we found it free. Then, and only then, take another.
        if "could not bind" not in words:
            break
    raise _failed(programs, words)


def _try(programs: Binaries, home: Path, supervisor: Supervisor, port: int, *, keep: bool) -> str:
    """Start postgres on a port; return nothing when it is ready, else what it wrote."""
    log = home / "log"
    before = log.stat().st_size if log.exists() else 0
    running = supervisor.spawn(
        "postgres",
        [programs.bin / "postgres", "-D", home / "data", "-p", str(port), *(DURABLE if keep else ())],
        env=_ENVIRONMENT,
        cwd=Path("/"),
        log=log,
        account=account(),
        stop="SIGINT",  # PostgreSQL's fast shutdown
        # Its immediate one: killed outright it would leave its own children, and its shared memory.
        then="SIGQUIT",
        last=True,
    )
    if _is_ready(home, supervisor, running.pid):
        return ""
    supervisor.stop("postgres")
    return log.read_bytes()[before:].decode(errors="replace").strip() or "it wrote nothing"


def _failed(programs: Binaries, words: str) -> ServerFailed:
    return ServerFailed(
        "PostgreSQL did not start.",
        why=" / ".join(words.splitlines()[-_LAST_LINES:]),
        looked=[str(programs.bin / "postgres")],
        remedy="Run `python -m kit doctor`; or try another provider: KIT_POSTGRES=docker or system.",
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_ready(home: Path, supervisor: Supervisor, pid: int) -> bool:
    def ended() -> bool:
        return supervisor.processes("postgres")["postgres"].exit is not None

    def ready() -> bool:
        # The first and the eighth line of postmaster.pid are the server's own words, as
        # pg_ctl reads them; a server that was killed has left its own behind.
        try:
            lines = (home / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return lines[:1] == [str(pid)] and lines[7:8] == ["ready   "]

    # Recovery after a crash takes as long as it takes: the server gets ready, or it ends.
    return wait_until(lambda: ready() or ended(), seconds=math.inf) and not ended()
