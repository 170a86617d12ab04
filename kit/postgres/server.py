"""One disposable PostgreSQL server: where it listens, its three roles, whose it is; its databases."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, LiteralString, Protocol, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from kit.errors import ServerFailed, WrongInstance
from kit.postgres.programs import client
from kit.process import Supervisor

Role = Literal["kit", "migrator", "app"]
"""kit: superuser, for the kit alone. migrator: owns the schema. app: reads and writes rows."""
ProviderName = Literal["embedded", "docker", "system"]

_CONNECT_S = 10
_ADDRESS = re.compile(r'connection to server at "[^"]*"(?: \([^)]*\))?, port \d+ failed: ')

_environment_lock = threading.Lock()
_set_aside: dict[str, str] = {}
_connecting = 0


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a provider's server listens, and the password of its superuser `kit`."""

    host: str
    port: int
    password: str = field(repr=False)


DURABLE = ("-c", "fsync=on", "-c", "full_page_writes=on")
"""Settings of a server whose data is kept: it survives a power failure, too."""


class Provider(Protocol):
    """Starts one empty server and says how to end it, to the supervisor."""

    name: ProviderName

    def is_running(self, supervisor: Supervisor, *, instance: str) -> bool:
        """Say whether the server of `instance`, which `supervisor` ends, is there."""
        ...

    def start(self, folder: Path, supervisor: Supervisor, *, instance: str, keep: bool = False) -> Endpoint:
        """Start a server that belongs to `instance`.

        Args:
            folder: the world's; the data lives below it, where the provider keeps it in a folder.
            supervisor: who ends the server.
            instance: whom it belongs to.
            keep: its data outlives its processes.

        Raises:
            MissingTool: if the provider's programs are not on this machine.
            ServerFailed: if the server does not start.
        """
        ...

    def restart(
        self, folder: Path, supervisor: Supervisor, *, instance: str, keep: bool = False, port: int = 0
    ) -> int:
        """Start the server of `folder` again on its own data, however it ended.

        Args:
            folder: the world's.
            supervisor: who ends the server.
            instance: whom it belongs to.
            keep: as for `start`.
            port: where it has to listen, 0 for any free port.

        Returns:
            The port.

        Raises:
            MissingTool: if the provider's programs are not on this machine.
            ServerFailed: if its data is gone, or it does not start on it.
        """
        ...


@dataclass(frozen=True, kw_only=True, repr=False)
class Server:
    """A running server: every connection and every URL comes from here.

    Attributes:
        provider: who started it.
        instance: the marker that destructive calls look for.
    """

    provider: ProviderName
    host: str
    port: int
    instance: str
    passwords: dict[str, str]

    def __repr__(self) -> str:
        """Name the provider; ports and passwords never appear."""
        return f"Server({self.provider})"

    def url(self, database: str, role: Role) -> str:
        """Return the libpq URL of one database for one role, with its password."""
        password = quote(self.passwords[role], safe="")
        return f"postgresql://{role}:{password}@{self.host}:{self.port}/{database}"

    def environment(self, database: str, role: Role) -> dict[str, str]:
        """Return the whole environment for a client program, so that no password is among its arguments."""
        return {
            "LC_ALL": "C",
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGDATABASE": database,
            "PGUSER": role,
            "PGPASSWORD": self.passwords[role],
            "PGSSLMODE": "disable",
            "PGGSSENCMODE": "disable",
        }

    def connect(self, database: str = "postgres", *, role: Role = "kit") -> psycopg.Connection:
        """Connect in autocommit mode, without prepared statements.

        Raises:
            ServerFailed: if the server does not answer.
        """
        return _connect(
            f"The database {database} does not answer.",
            host=self.host,
            port=self.port,
            dbname=database,
            user=role,
            password=self.passwords[role],
            sslmode="disable",
            gssencmode="disable",  # else it may ask the user's Kerberos
        )

    def flush(self) -> None:
        """Return when everything that was committed before is on disk.

        Raises:
            ServerFailed: if the server does not answer.
        """
        with self.connect() as connection:
            # A commit waits for the log up to itself if its transaction has written something.
            connection.execute("UPDATE kit.marker SET instance = instance")

    def require_instance(self) -> None:
        """Make sure that this server is the one that we started.

        Raises:
            WrongInstance: if it is not; nothing was changed.
        """
        query: LiteralString = "SELECT instance FROM kit.marker"
        try:
            with self.connect() as connection:
                row = connection.execute(query).fetchone()
        except psycopg.Error:
            row = None
        if row is None or row[0] != self.instance:
            raise WrongInstance(
                "The PostgreSQL server on the kit's port is not the kit's; nothing was changed.",
                remedy="Close the notebooks, run `python -m kit clean`, and open the world again.",
            )

    def renewed(self, folder: Path) -> Self:
        """Give a server on another one's data passwords and a marker of its own, and write them down.

        What that one's roles had set for themselves is gone, and so is any database beside the world's two.
        """
        instance = secrets.token_hex(8)
        passwords = {role: secrets.token_urlsafe(18) for role in self.passwords}
        with self.connect() as connection:
            with connection.transaction():
                for name, password in passwords.items():
                    role, scrambled = (
                        sql.Identifier(name),
                        sql.Literal(_scrambled(connection, name, password)),
                    )
                    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, scrambled))
                    connection.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(role))
                connection.execute(_VISITS_DO_NOT_WAIT)
                connection.execute("UPDATE kit.marker SET instance = %s", [instance])
            for (name,) in connection.execute(_OTHER_DATABASES).fetchall():
                connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        server = replace(self, instance=instance, passwords=passwords)
        server.save(folder / "server.json")
        return server

    def save(self, path: Path) -> None:
        """Write what another process needs to use this server; only the owner can read it."""
        new = path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file)
        new.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        facts: dict[str, Any] = json.loads(path.read_text())
        return cls(**facts)


def connect_url(url: str, *, application: str) -> psycopg.Connection:
    """Connect to what a URL names, in autocommit mode, without prepared statements.

    Args:
        url: with its password; no error shows it.
        application: the name of the session in pg_stat_activity.

    Raises:
        ServerFailed: if the server does not answer, or the URL cannot be read.
    """
    return _connect("The database does not answer.", url, application_name=application)


def _connect(failed: str, url: str = "", **settings: Any) -> psycopg.Connection:  # noqa: ANN401 - libpq's
    try:
        with without_users_settings():
            return psycopg.connect(
                url, autocommit=True, prepare_threshold=None, connect_timeout=_CONNECT_S, **settings
            )
    except psycopg.Error as error:
        known = isinstance(error, psycopg.OperationalError)
        raise ServerFailed(
            failed,
            # Of a URL that cannot be read libpq quotes all, with the password.
            why=explain(error) if known else "its URL cannot be read",
            remedy="Run the notebook's setup cell again: open_world() starts the server on its own data.",
        ) from None  # psycopg's own text has the address


@contextlib.contextmanager
def without_users_settings() -> Iterator[None]:
    """Connect inside this, and none of the user's PG… variables has a say.

    libpq reads some of them (PGTZ, PGSERVICE) whatever the connection's own parameters
    are, so they are taken out of the environment meanwhile. Threads may be in here at
    the same time; without such variables nothing is touched.
    """
    global _connecting  # noqa: PLW0603 - the environment that it belongs to is global too
    with _environment_lock:
        _connecting += 1
        for name in [name for name in os.environ if name.startswith("PG")]:
            _set_aside[name] = os.environ.pop(name)
    try:
        yield
    finally:
        with _environment_lock:
            _connecting -= 1
            if _connecting == 0:
                os.environ.update(_set_aside)
                _set_aside.clear()


def explain(error: psycopg.Error) -> str:
    """Return the server's reason, without the address that libpq puts before it."""
    if error.diag.message_primary:
        return error.diag.message_primary
    lines = without_address(str(error)).strip().splitlines()
    return lines[0].removeprefix("connection failed: ") if lines else type(error).__name__


def without_address(words: str) -> str:
    """Return what libpq or a client program wrote without the address that it tried."""
    return _ADDRESS.sub("", words)


def restart_server(
    provider: Provider, folder: Path, supervisor: Supervisor, *, keep: bool = False, port: int = 0
) -> Server:
    """Start a world's server again on its own data.

    Args:
        provider: the one that made it.
        folder: the world's folder.
        supervisor: who ends the server.
        keep: its data outlives its processes.
        port: where it has to listen, 0 for any free port.

    Returns:
        The server, with `server.json` written anew.

    Raises:
        MissingTool: if the provider's programs are not on this machine.
        ServerFailed: if its data is gone, or it does not start on it.
    """
    server = Server.load(folder / "server.json")
    found = provider.restart(folder, supervisor, instance=server.instance, keep=keep, port=port)
    server = replace(server, port=found)
    server.save(folder / "server.json")
    return server


def start_server(provider: Provider, folder: Path, supervisor: Supervisor, *, keep: bool = False) -> Server:
    """Start a server, give it its roles and its marker.

    Args:
        provider: embedded, docker or system.
        folder: the world's folder; the server's files go to `pg/` below it.
        supervisor: who ends the server.
        keep: its data outlives its processes.

    Returns:
        The server, with `server.json` written for other processes of the same world.
    """
    instance = secrets.token_hex(8)
    endpoint = provider.start(folder, supervisor, instance=instance, keep=keep)
    server = Server(
        provider=provider.name,
        host=endpoint.host,
        port=endpoint.port,
        instance=instance,
        passwords={
            "kit": endpoint.password,
            "migrator": secrets.token_urlsafe(18),
            "app": secrets.token_urlsafe(18),
        },
    )
    _bootstrap(server)
    server.save(folder / "server.json")
    return server


def _bootstrap(server: Server) -> None:
    with server.connect() as connection, connection.transaction():
        for role in ("migrator", "app"):
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(_scrambled(connection, role, server.passwords[role]))
                )
            )
        connection.execute(_VISITS_DO_NOT_WAIT)
        connection.execute("CREATE SCHEMA kit CREATE TABLE marker (instance text NOT NULL)")
        connection.execute("INSERT INTO kit.marker VALUES (%s)", [server.instance])


_VISITS_DO_NOT_WAIT: LiteralString = "ALTER ROLE app SET synchronous_commit = off"
"""Not for the disk, where the data is kept: each step ends by waiting for it once."""
_OTHER_DATABASES: LiteralString = """
    SELECT datname FROM pg_database
    WHERE NOT datistemplate AND datname NOT IN ('postgres', 'local', 'cloud')
"""


def _scrambled(connection: psycopg.Connection, role: str, password: str) -> str:
    # The server would write a statement that fails, and the password in it, to its log.
    return connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()


_NEW_SINCE_17 = b"SET transaction_timeout = 0;\n"
"""pg_dump 18 writes it for every server; PostgreSQL 15 and 16 do not know it."""


def create(server: Server, name: str, *, like: str | None = None) -> None:
    """Make a database in which `migrator` owns the schema and `app` may use its tables.

    What a database of that name held is gone, and everybody connected to it.

    Args:
        server: where.
        name: the new database's.
        like: a database that was made so and that nobody uses just now, to copy; None for an empty one.

    Raises:
        WrongInstance: if the server is not ours.
    """
    server.require_instance()
    if like is None and _emptied(server, name):
        return
    database = sql.Identifier(name)
    with server.connect() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
        made = sql.SQL("CREATE DATABASE {} OWNER migrator TEMPLATE {} STRATEGY file_copy")
        connection.execute(made.format(database, sql.Identifier(like or "template0")))
        connection.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(database))
    if like is not None:
        return  # rights within a database are copied with it
    with server.connect(name) as connection:
        connection.execute("ALTER SCHEMA public OWNER TO migrator")
        _grant(connection)


def _grant(connection: psycopg.Connection) -> None:
    connection.execute("GRANT USAGE ON SCHEMA public TO app")
    connection.execute(
        "ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA public "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO app"
    )
    connection.execute(
        "ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO app"
    )


_DROP_WAITS: LiteralString = "5s"
"""How long DROP DATABASE itself waits for sessions that it has ended."""
_IS_AS_MADE: LiteralString = """
    SELECT true FROM pg_database AS made, pg_namespace AS public
    WHERE datname = current_database() AND datdba = 'migrator'::regrole AND datconnlimit = -1
      AND datacl::text = '{=c/migrator,migrator=CTc/migrator}'
      AND NOT EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = made.oid)
      AND nspname = 'public' AND public.oid = 2200 AND nspowner = 'migrator'::regrole
      AND nspacl::text = '{migrator=UC/migrator,=U/migrator,app=U/migrator}'
"""
"""2200 is the number that initdb gives to `public`: one that was made later is another schema."""
_END_OTHERS: LiteralString = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_EMPTY: tuple[LiteralString, ...] = (
    "ALTER SCHEMA public OWNER TO kit",  # else it would go, too
    "DROP OWNED BY migrator CASCADE",
    "DROP OWNED BY app CASCADE",  # not in one statement: it would drop the default privileges twice, and fail
    "ALTER SCHEMA public OWNER TO migrator",
    "COMMENT ON SCHEMA public IS 'standard public schema'",
)
_IS_EMPTY: LiteralString = """
    SELECT NOT EXISTS (
        SELECT FROM pg_class WHERE oid >= 16384 UNION ALL
        SELECT FROM pg_type WHERE oid >= 16384 UNION ALL
        SELECT FROM pg_proc WHERE oid >= 16384 UNION ALL
        SELECT FROM pg_extension WHERE oid >= 16384 UNION ALL
        SELECT FROM pg_largeobject_metadata UNION ALL
        SELECT FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_(toast_)?temp_'
    )
"""
"""PostgreSQL numbers from 16384 on what initdb did not make (transam.h, FirstNormalObjectId)."""


def _emptied(server: Server, name: str) -> bool:
    """Empty a database that `create` has made; False where it is not, or does not become, as that left it.

    It spares PostgreSQL the three hundred files of a new database, which take longer than all that is in it.
    """
    try:
        with server.connect(name) as connection:
            if connection.execute(_IS_AS_MADE).fetchone() is None:
                return False
            connection.execute(_END_OTHERS)
            with connection.transaction():
                connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(_DROP_WAITS))
                for statement in _EMPTY:
                    connection.execute(statement)
                _grant(connection)
                return connection.execute(_IS_EMPTY).fetchone() == (True,)
    except (ServerFailed, psycopg.Error):
        return False  # it is not there, or somebody keeps it


def dump(server: Server, name: str, into: Path) -> None:
    """Write a database as plain SQL, the same text for the same content.

    Raises:
        ServerFailed: if pg_dump fails; `into` is then not written.
    """
    result = subprocess.run(
        # The key, else random, is for dumps of servers that one does not trust.
        [client("pg_dump"), "--no-sync", "--restrict-key=kit"],
        capture_output=True,
        check=False,
        env=server.environment(name, "kit"),
    )
    if result.returncode:
        raise _failed("saved", name, result.stderr)
    into.write_bytes(result.stdout.replace(_NEW_SINCE_17, b"", 1))


def restore(server: Server, name: str, dumped: Path) -> None:
    """Replace a database by what `dump` wrote.

    Raises:
        WrongInstance: if the server is not ours.
        ServerFailed: if the SQL does not load.
    """
    create(server, name)
    result = subprocess.run(
        [
            client("psql"),
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            f"--file={dumped}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        env=server.environment(name, "kit"),
    )
    if result.returncode:
        raise _failed("restored", name, result.stderr)


def _failed(what: str, name: str, words: bytes) -> ServerFailed:
    return ServerFailed(
        f"The database {name} could not be {what}.",
        why=without_address(words.decode(errors="replace")).strip()[-600:],
        remedy="Run the notebook's setup cell again; if that does not help, `python -m kit reset`.",
    )
