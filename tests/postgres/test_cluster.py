"""A server made from PostgreSQL's programs: how it starts, restarts, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest

from kit.errors import ServerFailed, UnusableFolder
from kit.postgres import (
    Embedded,
    Provider,
    Server,
    client,
    cluster,
    create,
    start_server,
    take_over,
)
from kit.postgres.programs import everybody_may_read
from kit.postgres.providers import System
from kit.process import Supervisor, wait_until
from kit.process.supervisor import choose_folder

ROOT = Path(__file__).parents[2]
PACKAGES = os.pathsep.join([str(ROOT), *sys.path])
PATIENCE_S = 60.0
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has this difficulty")


def alive(process: psutil.Process) -> bool:
    """Say whether it runs; where nobody collects orphans, the dead stay listed."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(params=[Embedded, pytest.param(System, marks=pytest.mark.system)])
def own_programs(
    request: pytest.FixtureRequest, need: Callable[[object, str], None], kit_home: Path
) -> Provider:
    if request.param is System:
        need(shutil.which("pg_ctl"), "PostgreSQL's pg_ctl on PATH")
    provider: Provider = request.param(kit_home / "cache")
    return provider


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Make a folder that everybody may enter: pytest's own are closed to the account of the server."""
    folder = choose_folder()
    folder.mkdir(mode=0o711)
    yield folder
    shutil.rmtree(folder)


def test_a_killed_server_starts_again_on_its_own_data(
    own_programs: Provider, supervised: Callable[[], Supervisor]
) -> None:
    supervisor = supervised()
    server = start_server(own_programs, supervisor.folder, supervisor)
    create(server, "local")
    with server.connect("local", role="migrator") as connection:
        connection.execute("CREATE TABLE t AS SELECT 42 AS n")
    os.kill(supervisor.processes()["postgres"].pid, signal.SIGKILL)
    assert wait_until(lambda: supervisor.processes()["postgres"].exit is not None, seconds=PATIENCE_S)

    own_programs.restart(supervisor.folder, supervisor, instance=server.instance, port=server.port)

    server.require_instance()
    with server.connect("local", role="app") as connection:
        assert connection.execute("SELECT n FROM t").fetchone() == (42,)


def test_what_a_killed_server_left_running_is_ended_first(
    supervised: Callable[[], Supervisor], kit_home: Path
) -> None:
    supervisor, provider = supervised(), Embedded(kit_home / "cache")
    server = start_server(provider, supervisor.folder, supervisor)
    with server.connect() as busy:
        backend = psutil.Process(busy.info.backend_pid)
        backend.suspend()  # it cannot notice that its server is gone, as if it were computing
        os.kill(supervisor.processes()["postgres"].pid, signal.SIGKILL)
        provider.restart(supervisor.folder, supervisor, instance=server.instance, port=server.port)
        assert not alive(backend)
    server.require_instance()


def test_behind_a_link_what_a_killed_server_left_is_ended_too(
    supervised: Callable[[], Supervisor], kit_home: Path, short_folder: Path
) -> None:
    supervisor, provider = supervised(), Embedded(kit_home / "cache")
    server = start_server(provider, supervisor.folder, supervisor)
    link = short_folder / "linked"
    link.symlink_to(supervisor.folder)
    with server.connect() as busy:
        backend = psutil.Process(busy.info.backend_pid)
        backend.suspend()
        os.kill(supervisor.processes()["postgres"].pid, signal.SIGKILL)
        provider.restart(link, supervisor, instance=server.instance, port=server.port)
        assert not alive(backend)
    server.require_instance()


def test_data_of_another_major_version_is_named_not_touched(
    own_programs: Provider, supervised: Callable[[], Supervisor]
) -> None:
    supervisor = supervised()
    server = start_server(own_programs, supervisor.folder, supervisor)
    supervisor.stop("postgres")
    (supervisor.folder / "pg" / "data" / "PG_VERSION").write_text("9\n")

    with pytest.raises(ServerFailed, match="made by PostgreSQL 9"):
        own_programs.restart(supervisor.folder, supervisor, instance=server.instance)


def leave(provider: Provider, supervisor: Supervisor, left: Path) -> Server:
    """Start a server, stop it, and put what a world leaves into a folder."""
    server = start_server(provider, supervisor.folder, supervisor)
    for name in ("local", "mine"):
        create(server, name)
    with server.connect("local", role="migrator") as connection:
        connection.execute("ALTER ROLE migrator SET search_path = nowhere")
    supervisor.stop("postgres")
    left.mkdir()
    for name in ("pg", "server.json"):
        (supervisor.folder / name).rename(left / name)
    return server


def test_on_what_one_has_left_runs_another_server(
    own_programs: Provider, supervised: Callable[[], Supervisor]
) -> None:
    supervisor, other = supervised(), supervised()
    server = leave(own_programs, supervisor, other.folder / "left")

    taken = take_over(own_programs, other.folder / "left", other.folder, other)

    assert taken is not None
    taken.require_instance()
    assert taken.instance != server.instance
    assert not set(taken.passwords.values()) & set(server.passwords.values())
    for role in ("kit", "migrator", "app"):
        with taken.connect("local", role=role) as connection:
            assert connection.info.user == role
            assert connection.execute("SHOW search_path").fetchone() == ('"$user", public',)
    with pytest.raises(ServerFailed, match="does not answer"):
        replace(taken, passwords=server.passwords).connect()
    with taken.connect() as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
        assert names.fetchall() == [("local",), ("postgres",)]


@pytest.mark.parametrize("damage", ["no data", "no control file", "no facts"])
def test_where_nothing_was_left_that_runs_there_is_no_server(
    own_programs: Provider, supervised: Callable[[], Supervisor], damage: str
) -> None:
    supervisor, other = supervised(), supervised()
    left = other.folder / "left"
    leave(own_programs, supervisor, left)
    if damage == "no data":
        shutil.rmtree(left / "pg")
    elif damage == "no control file":
        (left / "pg" / "data" / "global" / "pg_control").write_bytes(b"")
    else:
        (left / "server.json").write_text("{}")

    assert take_over(own_programs, left, other.folder, other) is None
    start_server(own_programs, other.folder, other).require_instance()


def test_a_server_that_runs_is_restarted(supervised: Callable[[], Supervisor], kit_home: Path) -> None:
    supervisor, provider = supervised(), Embedded(kit_home / "cache")
    server = start_server(provider, supervisor.folder, supervisor)
    before = supervisor.processes()["postgres"].pid

    provider.restart(supervisor.folder, supervisor, instance=server.instance, port=server.port)

    assert supervisor.processes()["postgres"].pid != before
    server.require_instance()


def test_a_restart_on_a_port_that_is_taken_says_so(
    supervised: Callable[[], Supervisor], kit_home: Path
) -> None:
    supervisor, provider = supervised(), Embedded(kit_home / "cache")
    server = start_server(provider, supervisor.folder, supervisor)
    supervisor.stop("postgres")

    with socket.create_server(("127.0.0.1", server.port)), pytest.raises(ServerFailed) as caught:
        provider.restart(supervisor.folder, supervisor, instance=server.instance, port=server.port)

    assert "could not bind" in caught.value.why


def test_a_port_taken_at_the_last_moment_is_given_up(
    supervised: Callable[[], Supervisor], kit_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = supervised()
    find_port = cluster._free_port
    with socket.create_server(("127.0.0.1", 0)) as rival:
        taken = [rival.getsockname()[1]]
        # Nothing else can be quicker than the server at the right moment, and every time.
        monkeypatch.setattr(cluster, "_free_port", lambda: taken.pop() if taken else find_port())
        server = start_server(Embedded(kit_home / "cache"), supervisor.folder, supervisor)

        assert taken == []
        assert server.port != rival.getsockname()[1]
    server.require_instance()


def test_a_server_that_does_not_start_says_why(
    supervised: Callable[[], Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = supervised()
    monkeypatch.setitem(cluster.SETTINGS, "shared_buffers", "'no size'")

    with pytest.raises(ServerFailed, match="did not start") as caught:
        start_server(Embedded(), supervisor.folder, supervisor)

    assert "shared_buffers" in caught.value.why


def test_a_path_with_spaces(
    own_programs: Provider,
    supervised: Callable[[], Supervisor],
    short_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spaced = short_folder / "a folder's name"
    spaced.mkdir()
    monkeypatch.setenv("TMPDIR", str(spaced))
    supervisor = supervised()
    assert " " in str(supervisor.folder)

    start_server(own_programs, supervisor.folder, supervisor).require_instance()


def test_a_strict_umask(own_programs: Provider, supervised: Callable[[], Supervisor], tmp_path: Path) -> None:
    supervisor = supervised()
    before = os.umask(0o077)
    try:
        start_server(type(own_programs)(tmp_path), supervisor.folder, supervisor)  # type: ignore[call-arg]  # both take it
    finally:
        os.umask(before)


def test_nobody_else_reads_the_data(supervised: Callable[[], Supervisor], kit_home: Path) -> None:
    supervisor = supervised()
    start_server(Embedded(kit_home / "cache"), supervisor.folder, supervisor)

    assert (supervisor.folder / "pg" / "data").stat().st_mode & 0o077 == 0
    assert not (supervisor.folder / "pg" / "password").exists()
    assert not list((supervisor.folder / "pg" / "data").glob("*.sock"))


# --- the prepared data folder -----------------------------------------------------------------------


def test_the_second_start_uses_what_the_first_one_prepared(
    supervised: Callable[[], Supervisor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Embedded(tmp_path / "cache")
    first, second = supervised(), supervised()
    start_server(provider, first.folder, first)
    (prepared,) = (tmp_path / "cache").iterdir()
    assert (prepared / "password").stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(cluster, "_initdb", lambda *_: pytest.fail("made again"))

    server = start_server(provider, second.folder, second)

    assert server.instance != Server.load(first.folder / "server.json").instance


@pytest.mark.parametrize("damage", ["no data", "no control file", "empty"])
def test_a_damaged_copy_is_made_again(
    supervised: Callable[[], Supervisor], tmp_path: Path, damage: str
) -> None:
    provider = Embedded(tmp_path)
    first, second = supervised(), supervised()
    start_server(provider, first.folder, first)
    (prepared,) = tmp_path.iterdir()
    if damage == "no control file":
        (prepared / "data" / "global" / "pg_control").unlink()
    else:
        shutil.rmtree(prepared / "data")
    if damage == "empty":
        (prepared / "password").unlink()

    start_server(provider, second.folder, second).require_instance()


def test_a_cache_that_cannot_be_written_is_done_without(
    supervised: Callable[[], Supervisor], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    supervisor = supervised()

    start_server(Embedded(tmp_path / "file"), supervisor.folder, supervisor).require_instance()


# --- accounts ---------------------------------------------------------------------------------------

STARTS = """
    import json, os, sys
    from kit.postgres import Embedded, create, start_server
    from kit.process import Supervisor
    supervisor = Supervisor.start()
    server = start_server(Embedded(), supervisor.folder, supervisor)
    create(server, "local")
    pids = [supervisor.processes()["postgres"].pid]
    facts = {"folder": str(supervisor.folder), "pids": pids, "port": server.port, "user": os.geteuid()}
    print(json.dumps(facts), flush=True)
    sys.stdin.read()
"""


def owner(
    folder: Path, *, user: int | None = None, python: str = sys.executable, packages: str = PACKAGES
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, "-c", textwrap.dedent(STARTS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": packages, "TMPDIR": str(folder)},
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )


def test_a_killed_owner_leaves_no_server(short_folder: Path) -> None:
    process = owner(short_folder)
    assert process.stdout
    facts = json.loads(process.stdout.readline())
    server = psutil.Process(facts["pids"][0])
    everything = [server, *server.children(recursive=True)]
    assert len(everything) > 3

    process.kill()
    process.communicate()

    assert wait_until(
        lambda: not Path(facts["folder"]).exists() and not any(alive(one) for one in everything),
        seconds=PATIENCE_S,
    )
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", facts["port"])):
        pass


def test_an_owner_killed_while_a_query_runs_leaves_no_server(short_folder: Path) -> None:
    process = owner(short_folder)
    assert process.stdout
    facts = json.loads(process.stdout.readline())
    server = Server.load(Path(facts["folder"]) / "server.json")
    query = "SELECT count(*) FROM generate_series(1, 10000000000)"
    with subprocess.Popen(
        [client("psql"), "-Xc", query], env=server.environment("local", "app"), stderr=subprocess.DEVNULL
    ):
        with server.connect() as connection:
            busy = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT count%' AND state = 'active'"
            assert wait_until(lambda: bool(connection.execute(busy.encode()).fetchone()), seconds=PATIENCE_S)
            row = connection.execute(busy.encode()).fetchone()
        assert row
        backend = psutil.Process(row[0])

        process.kill()
        process.communicate()

        assert wait_until(
            lambda: not Path(facts["folder"]).exists() and not alive(backend), seconds=PATIENCE_S
        )


def python_for_everybody() -> list[str]:
    """Return a Python of this version that everybody can run, and where its packages are."""
    here = Path(sysconfig.get_path("purelib"))
    for python in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        program = Path(python).resolve()
        if program.exists() and all(
            everybody_may_read(place.parent) for place in (program, here, ROOT / "kit")
        ):
            return [python, f"{ROOT}:{here}"]
    pytest.skip("no Python of this version, or not the packages, can be read by an account without rights")


@as_root
def test_an_ordinary_user_needs_no_other_account(short_folder: Path) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    python, packages = python_for_everybody()
    os.chown(short_folder, nobody, nobody)
    process = owner(short_folder, user=nobody, python=python, packages=packages)
    assert process.stdout
    facts = json.loads(process.stdout.readline())
    try:
        assert facts["user"] == psutil.Process(facts["pids"][0]).uids().real == nobody
    finally:
        process.communicate()
    assert wait_until(lambda: not Path(facts["folder"]).exists(), seconds=PATIENCE_S)


@as_root
def test_root_starts_the_server_as_an_account_without_rights(
    supervised: Callable[[], Supervisor], kit_home: Path
) -> None:
    supervisor = supervised()
    start_server(Embedded(kit_home / "cache"), supervisor.folder, supervisor)
    process = psutil.Process(supervisor.processes()["postgres"].pid)

    assert process.username() == "nobody"
    assert Path(f"/proc/{process.pid}/status").read_text().count("Groups:\t \n") == 1


@as_root
def test_root_with_a_closed_temporary_folder_is_told(
    supervised: Callable[[], Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = choose_folder()
    closed.mkdir(mode=0o700)
    try:
        monkeypatch.setenv("TMPDIR", str(closed))
        supervisor = supervised()
        with pytest.raises(UnusableFolder, match="unprivileged") as caught:
            start_server(Embedded(), supervisor.folder, supervisor)
        assert "TMPDIR" in caught.value.remedy
        supervisor.close()
    finally:
        shutil.rmtree(closed)


def test_a_connection_of_the_old_server_does_not_survive_it(
    supervised: Callable[[], Supervisor], kit_home: Path
) -> None:
    supervisor = supervised()
    server = start_server(Embedded(kit_home / "cache"), supervisor.folder, supervisor)
    with server.connect() as connection:
        supervisor.stop("postgres")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
