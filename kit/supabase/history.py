"""The table supabase_migrations.schema_migrations: what a database says was applied to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import psycopg
from psycopg import RawCursor
from psycopg.rows import TupleRow

from kit.errors import ServerFailed
from kit.postgres import explain, without_users_settings

Connection = psycopg.Connection[TupleRow]

INSERT: LiteralString = (
    "INSERT INTO supabase_migrations.schema_migrations(version, name, statements) VALUES($1, $2, $3)"
)
_UPSERT: LiteralString = (
    INSERT + " ON CONFLICT (version) DO UPDATE SET name = EXCLUDED.name, statements = EXCLUDED.statements"
)
_IS_COMPLETE: LiteralString = """
SELECT count(*) = 3 FROM pg_catalog.pg_attribute
WHERE attrelid = pg_catalog.to_regclass('supabase_migrations.schema_migrations')
  AND attname IN ('version', 'name', 'statements') AND NOT attisdropped
"""
_MAKE: tuple[LiteralString, ...] = (
    "SET LOCAL lock_timeout = '4s'",
    "CREATE SCHEMA IF NOT EXISTS supabase_migrations",
    "CREATE TABLE IF NOT EXISTS supabase_migrations.schema_migrations (version text NOT NULL PRIMARY KEY)",
    "ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS statements text[]",
    "ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS name text",
)
_VERSIONS: LiteralString = """
SELECT version FROM supabase_migrations.schema_migrations ORDER BY version COLLATE pg_catalog."C"
"""  # bytewise, as files are ordered, whatever the collation of the database
_ROWS: LiteralString = """
SELECT version, coalesce(name, ''), coalesce(statements, '{}')
FROM supabase_migrations.schema_migrations ORDER BY version COLLATE pg_catalog."C"
"""
_CONNECT_S = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the history: a migration as it was when it was applied."""

    version: str
    name: str
    statements: tuple[str, ...]


def connect(url: str, *, database: str) -> Connection:
    """Connect as migrations need it: autocommit, nothing prepared, `$1` for parameters.

    Args:
        url: a libpq URL with its password; no error shows it.
        database: what to call the database in an error.

    Raises:
        ServerFailed: if there is no connection.
    """
    try:
        with without_users_settings():
            return psycopg.connect(
                url,
                autocommit=True,
                prepare_threshold=None,
                cursor_factory=RawCursor,
                connect_timeout=_CONNECT_S,
                client_encoding="utf8",
                application_name="supabase",
            )
    except psycopg.Error as error:
        raise unreachable(database, error) from None  # psycopg's own text has the address


def is_lost(error: psycopg.Error) -> bool:
    """Say whether an error means that the connection broke, rather than that SQL was refused."""
    return error.sqlstate is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def unreachable(database: str, error: psycopg.Error) -> ServerFailed:
    """Make the error for a connection that failed or broke, without its address."""
    known = isinstance(error, psycopg.OperationalError)
    return ServerFailed(
        f"The {database} database does not answer.",
        # Of a URL that cannot be read libpq quotes all, with the password.
        why=explain(error) if known else "its URL cannot be read",
        remedy="Run the notebook's setup cell again: open_world() starts the server on its own data. "
        "Then `npx supabase migration list` shows what was applied.",
    )


def list_versions(connection: Connection) -> list[str]:
    """Return the applied versions in order; none if there is no history table yet."""
    try:
        rows = connection.execute(_VERSIONS).fetchall()
    except psycopg.errors.UndefinedTable:
        return []
    return [str(version) for (version,) in rows]


def read_rows(connection: Connection) -> list[Row]:
    """Return the whole history, in order of the versions.

    Raises:
        psycopg.errors.UndefinedTable: if there is no history table.
    """
    rows = connection.execute(_ROWS).fetchall()
    return [Row(version, name, tuple(statements)) for version, name, statements in rows]


def prepare(connection: Connection) -> None:
    """Make the schema and the table, or the columns that an old one lacks."""
    (complete,) = connection.execute(_IS_COMPLETE).fetchone() or (False,)
    if not complete:
        with connection.transaction():
            for statement in _MAKE:
                connection.execute(statement)


def mark_applied(connection: Connection, rows: Sequence[Row], *, instead: bool = False) -> None:
    """Write rows without running anything; a row of that version is replaced.

    Args:
        connection: where.
        rows: what to write.
        instead: empty the history before.
    """
    with connection.transaction():
        if instead:
            connection.execute("TRUNCATE supabase_migrations.schema_migrations")
        for row in rows:
            connection.execute(_UPSERT, [row.version, row.name, list(row.statements)])


def mark_reverted(connection: Connection, versions: Sequence[str]) -> None:
    """Forget versions without undoing anything."""
    with connection.transaction():
        connection.execute(
            "DELETE FROM supabase_migrations.schema_migrations WHERE version = ANY($1)", [list(versions)]
        )


def read_commit_date(connection: Connection, version: str) -> datetime | None:
    """Return when the row of `version` was committed, by the server's clock; None if it does not keep that.

    Source: PostgreSQL's setting track_commit_timestamp.
    """
    (setting,) = connection.execute("SHOW track_commit_timestamp").fetchone() or ("off",)
    if setting != "on":
        return None
    row = connection.execute(
        "SELECT pg_xact_commit_timestamp(xmin) FROM supabase_migrations.schema_migrations WHERE version = $1",
        [version],
    ).fetchone()
    return row[0] if row else None
