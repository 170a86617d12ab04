"""What every provider's server must be; each test runs on all three."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from kit.errors import ServerFailed, WrongInstance
from kit.postgres import Provider, Server, client, create, dump, explain, restore, start_server
from kit.postgres.server import without_users_settings
from kit.process import Supervisor

NONSENSE = {
    "DATABASE_URL": "postgresql://nobody@nowhere.invalid/nothing",
    "LANG": "xx_YY.UTF-8",
    "LC_ALL": "xx_YY",
    "PGAPPNAME": "the user's own",
    "PGCHANNELBINDING": "require",
    "PGCLIENTENCODING": "LATIN1",
    "PGCONNECT_TIMEOUT": "never",
    "PGDATABASE": "nothing",
    "PGDATESTYLE": "SQL, DMY",
    "PGGSSENCMODE": "require",
    "PGHOST": "nowhere.invalid",
    "PGHOSTADDR": "192.0.2.1",
    "PGOPTIONS": "-c no_such_setting=1",
    "PGPASSFILE": "/nowhere/pgpass",
    "PGPASSWORD": "wrong",
    "PGPORT": "1",
    "PGREQUIREAUTH": "none",
    "PGSERVICE": "nothing",
    "PGSERVICEFILE": "/nowhere/services",
    "PGSSLMODE": "verify-full",
    "PGSSLROOTCERT": "/nowhere/root.crt",
    "PGSYSCONFDIR": "/nowhere",
    "PGTARGETSESSIONATTRS": "standby",
    "PGTZ": "Mars/Olympus",
    "PGUSER": "nobody",
}


@pytest.fixture
def local(any_server: Server) -> Server:
    create(any_server, "local")
    return any_server


def ask(server: Server, query: str, *, database: str = "postgres") -> object:
    with server.connect(database) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def test_a_server_says_who_started_it_and_nothing_else(any_server: Server) -> None:
    assert repr(any_server) == f"Server({any_server.provider})"
    assert str(any_server) == repr(any_server)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("track_commit_timestamp", "on"),
        ("TimeZone", "UTC"),
        ("log_timezone", "UTC"),
        ("server_encoding", "UTF8"),
        ("fsync", "off"),
        ("password_encryption", "scram-sha-256"),
        ("ssl", "off"),
        ("wal_level", "minimal"),
    ],
)
def test_settings_are_the_same_everywhere(any_server: Server, setting: str, value: str) -> None:
    assert ask(any_server, f"SELECT current_setting('{setting}')") == value


def test_text_is_sorted_the_same_everywhere(local: Server) -> None:
    query = "SELECT string_agg(x, ' ' ORDER BY x) FROM unnest(ARRAY['a', 'B', 'ä', 'b']) AS x"
    assert ask(local, query, database="local") == "B a b ä"


def test_the_database_knows_when_a_transaction_was_committed(local: Server) -> None:
    with local.connect("local", role="migrator") as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS id")
    query = "SELECT now() - pg_xact_commit_timestamp(xmin) < interval '1 minute' FROM t"
    assert ask(local, query, database="local") is True


def test_it_listens_on_the_loopback_only(any_server: Server) -> None:
    assert any_server.host == "127.0.0.1"


# --- passwords --------------------------------------------------------------------------------------


def test_each_role_has_a_password_of_its_own_and_it_is_asked_for(local: Server) -> None:
    assert len(set(local.passwords.values())) == 3
    for role in ("kit", "migrator", "app"):
        url = f"postgresql://{role}:wrong@{local.host}:{local.port}/local?sslmode=disable"
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url)


def test_passwords_are_kept_scrambled(local: Server) -> None:
    query = "SELECT bool_and(rolpassword LIKE 'SCRAM-SHA-256$%') FROM pg_authid WHERE rolcanlogin"
    assert ask(local, query) is True


def test_no_error_tells_a_password_a_port_or_an_address(local: Server, tmp_path: Path) -> None:
    broken = tmp_path / "broken.sql"
    broken.write_text("SELEKT 1;")
    gone = replace(local, port=1)
    wrong = replace(local, passwords=dict.fromkeys(local.passwords, "wrong"))
    failures: list[Callable[[], object]] = [
        lambda: local.connect("nothing"),
        gone.connect,
        wrong.connect,
        lambda: dump(local, "nothing", tmp_path / "dump.sql"),
        lambda: restore(local, "local", broken),
        lambda: create(replace(local, instance="another"), "local"),
    ]
    for fail in failures:
        with pytest.raises((ServerFailed, WrongInstance)) as caught:
            fail()
        told = str(caught.value) + repr(caught.value)
        assert not [word for word in (str(local.port), local.host) if word in told]
        everything = told + "".join(traceback.format_exception(caught.value))
        assert not [password for password in local.passwords.values() if password in everything]


@pytest.mark.parametrize(
    ("database", "role", "said"),
    [
        ("nothing", "kit", 'FATAL:  database "nothing" does not exist'),
        ("local", "stranger", 'FATAL:  password authentication failed for user "stranger"'),
    ],
)
def test_a_refused_connection_is_explained_in_the_servers_words(
    local: Server, database: str, role: str, said: str
) -> None:
    server = replace(local, passwords={"kit": local.passwords["kit"], "stranger": "x"})
    with pytest.raises(ServerFailed) as caught:
        server.connect(database, role=role)  # type: ignore[arg-type]  # nobody's role is tried, too
    assert caught.value.why == said


def test_a_refused_statement_is_explained_in_the_servers_words(local: Server) -> None:
    with local.connect("local") as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute("SELECT * FROM a.b")
    assert explain(caught.value) == 'relation "a.b" does not exist'


def test_a_server_that_is_gone_is_explained(local: Server) -> None:
    with pytest.raises(ServerFailed) as caught:
        replace(local, port=1).connect()
    assert caught.value.why == "Connection refused"


def test_no_password_is_among_a_programs_arguments(local: Server) -> None:
    environment = local.environment("local", "migrator")
    result = subprocess.run(
        [client("psql"), "-XAtc", "SELECT current_user, current_database()"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "migrator|local\n"


def test_other_processes_read_a_file_that_only_the_owner_can(any_server: Server, tmp_path: Path) -> None:
    path = tmp_path / "server.json"
    any_server.save(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert Server.load(path) == any_server


# --- roles ------------------------------------------------------------------------------------------


def refused(server: Server, role: str, statement: str) -> str:
    with (
        server.connect("local", role=role) as connection,  # type: ignore[arg-type]  # a parameter
        pytest.raises(psycopg.Error) as caught,
    ):
        connection.execute(statement.encode())
    return str(caught.value.sqlstate)


@pytest.fixture
def with_table(local: Server) -> Server:
    with local.connect("local", role="migrator") as connection:
        connection.execute("CREATE TABLE documents (id int GENERATED ALWAYS AS IDENTITY, title text)")
        connection.execute("CREATE TABLE counters (id serial, n int)")
    return local


def test_the_app_reads_and_writes_rows(with_table: Server) -> None:
    with with_table.connect("local", role="app") as connection:
        connection.execute("INSERT INTO documents (title) VALUES ('a'), ('b')")
        connection.execute("INSERT INTO counters (n) VALUES (1)")
        connection.execute("UPDATE documents SET title = 'c' WHERE title = 'b'")
        connection.execute("DELETE FROM documents WHERE title = 'a'")
        assert connection.execute("SELECT title FROM documents").fetchall() == [("c",)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE t (id int)",
        "CREATE TEMPORARY TABLE t (id int)",
        "CREATE SCHEMA s",
        "ALTER TABLE documents ADD COLUMN last_viewed timestamptz",
        "CREATE INDEX ON documents (title)",
        "DROP TABLE documents",
        "TRUNCATE documents",
        "CREATE DATABASE d",
        "CREATE ROLE r",
        "SET ROLE migrator",
        "ALTER ROLE app SUPERUSER",
        "SELECT * FROM kit.marker",
    ],
)
def test_the_app_does_nothing_else(with_table: Server, statement: str) -> None:
    # 42501 insufficient_privilege; 42P01 the marker is in another database
    assert refused(with_table, "app", statement) in ("42501", "42P01")


@pytest.mark.parametrize(
    "statement",
    [
        "COPY documents TO '/tmp/kit-must-not-be-written'",
        "COPY documents FROM '/etc/passwd'",
        "COPY documents FROM PROGRAM 'id'",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT pg_ls_dir('.')",
        "SELECT lo_import('/etc/passwd')",
        "ALTER SYSTEM SET fsync = on",
        "ALTER DATABASE postgres RENAME TO mine",
        "CREATE DATABASE d",
        "CREATE ROLE r",
        "SET ROLE kit",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc', 'abort'",
        "CREATE EXTENSION file_fdw",
    ],
)
def test_the_migrator_reaches_nothing_beyond_its_databases(with_table: Server, statement: str) -> None:
    # 42501 insufficient_privilege; 0A000, 58P01: the extension is not there at all
    allowed = {"42501", "0A000", "58P01"} if "EXTENSION" in statement else {"42501"}
    assert refused(with_table, "migrator", statement) in allowed


def test_neither_role_reads_the_marker(any_server: Server) -> None:
    for role in ("migrator", "app"):
        with (
            any_server.connect("postgres", role=role) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("SELECT instance FROM kit.marker")


# --- whose server it is -----------------------------------------------------------------------------


@pytest.mark.parametrize("destroy", ["create", "restore"])
def test_another_instances_server_is_left_alone(with_table: Server, tmp_path: Path, destroy: str) -> None:
    dump(with_table, "local", tmp_path / "dump.sql")
    stranger = replace(with_table, instance="another")
    actions: dict[str, Callable[[], None]] = {
        "create": lambda: create(stranger, "local"),
        "restore": lambda: restore(stranger, "local", tmp_path / "dump.sql"),
    }
    before = ask(with_table, "SELECT oid FROM pg_database WHERE datname = 'local'")

    with pytest.raises(WrongInstance, match="nothing was changed"):
        actions[destroy]()

    assert ask(with_table, "SELECT oid FROM pg_database WHERE datname = 'local'") == before
    assert ask(with_table, "SELECT count(*) FROM documents", database="local") == 0


def test_a_server_without_a_marker_is_left_alone(local: Server) -> None:
    with local.connect() as connection:
        connection.execute("ALTER SCHEMA kit RENAME TO elsewhere")
    try:
        with pytest.raises(WrongInstance):
            create(local, "local")
    finally:
        with local.connect() as connection:
            connection.execute("ALTER SCHEMA elsewhere RENAME TO kit")


# --- the user's environment -------------------------------------------------------------------------


def test_the_users_settings_have_no_say(
    local: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in NONSENSE.items():
        monkeypatch.setenv(name, value)

    create(local, "local")
    with local.connect("local", role="migrator") as connection:
        connection.execute("CREATE TABLE t AS SELECT 'ä' AS letter")
        shown = (
            connection.execute("SHOW timezone").fetchone(),
            connection.execute("SHOW datestyle").fetchone(),
        )
        assert shown == (("UTC",), ("ISO, MDY",))
        assert connection.info.encoding == "utf-8"
    dump(local, "local", tmp_path / "dump.sql")
    restore(local, "local", tmp_path / "dump.sql")

    assert ask(local, "SELECT letter FROM t", database="local") == "ä"
    assert {name: os.environ.get(name) for name in NONSENSE} == NONSENSE


def test_a_server_starts_in_the_users_environment(
    provider: Provider, supervised: Callable[[], Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = supervised()
    for name, value in NONSENSE.items():
        monkeypatch.setenv(name, value)

    server = start_server(provider, supervisor.folder, supervisor)

    assert ask(server, "SELECT current_setting('lc_messages')") == "C"
    assert Server.load(supervisor.folder / "server.json") == server


def test_two_threads_may_connect_at_the_same_time(
    any_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", "Mars/Olympus")
    shown: list[object] = []
    threads = [
        threading.Thread(target=lambda: shown.append(ask(any_server, "SHOW timezone"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert shown == ["UTC"] * 8
    assert os.environ["PGTZ"] == "Mars/Olympus"


def test_settings_are_put_back_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "mine")
    with contextlib.suppress(ZeroDivisionError), without_users_settings():
        assert not [name for name in os.environ if name.startswith("PG")]
        with without_users_settings():
            pass
        assert "PGHOST" not in os.environ
        raise ZeroDivisionError
    assert os.environ["PGHOST"] == "mine"


def test_the_url_is_one_that_libpq_understands(local: Server) -> None:
    url = local.url("local", "migrator")
    assert re.fullmatch(r"postgresql://migrator:[\w%-]+@127\.0\.0\.1:\d+/local", url)
    with psycopg.connect(url) as connection:
        assert connection.info.user == "migrator"
