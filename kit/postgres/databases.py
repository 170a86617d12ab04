"""The databases on a server: make, drop, dump, restore."""

from __future__ import annotations

import subprocess
from pathlib import Path

from psycopg import sql

from kit.errors import ServerFailed
from kit.postgres.server import Server, without_address
from kit.postgres.tools import client

_NEW_SINCE_17 = b"SET transaction_timeout = 0;\n"
"""pg_dump 18 writes it for every server; PostgreSQL 15 and 16 do not know it."""


def create(server: Server, name: str, *, like: str | None = None) -> None:
    """Make a database in which `migrator` owns the schema and `app` may use its tables.

    A database of that name is dropped first, with everybody connected to it.

    Args:
        server: where.
        name: the new database's.
        like: a database that was made so and that nobody uses just now, to copy; None for an empty one.

    Raises:
        WrongInstance: if the server is not ours.
    """
    server.check_instance()
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
        connection.execute("GRANT USAGE ON SCHEMA public TO app")
        connection.execute(
            "ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA public "
            "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO app"
        )
        connection.execute(
            "ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA public "
            "GRANT USAGE, SELECT ON SEQUENCES TO app"
        )


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
