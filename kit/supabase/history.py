"""The table supabase_migrations.schema_migrations: what a database says was applied to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow

from kit.errors import ServerFailed

Connection = psycopg.Connection[TupleRow]

INSERT: LiteralString = (
    "INSERT INTO supabase_migrations.schema_migrations(version, name, statements) VALUES($1, $2, $3)"
)
"""As the Supabase CLI shows it where it fails."""
_UPSERT: LiteralString = """
INSERT INTO supabase_migrations.schema_migrations(version, name, statements) VALUES (%s, %s, %s)
ON CONFLICT (version) DO UPDATE SET name = EXCLUDED.name, statements = EXCLUDED.statements
"""
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
_COMMITTED: LiteralString = """
SELECT pg_xact_commit_timestamp(xmin) FROM supabase_migrations.schema_migrations
WHERE version = %s AND current_setting('track_commit_timestamp')::boolean
"""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One row of the history: a migration as it was when it was applied."""

    version: str
    name: str
    statements: tuple[str, ...]


def is_lost(error: psycopg.Error) -> bool:
    """Say whether an error means that the connection broke, rather than that SQL was refused."""
    return error.sqlstate is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def in_words(error: psycopg.Error) -> str:
    """Return what PostgreSQL says of refused SQL as the Supabase CLI writes it."""
    severity, words = error.diag.severity or "ERROR", error.diag.message_primary or str(error)
    return f"{severity}: {words} (SQLSTATE {error.sqlstate or 'XX000'})"


def unreachable(database: str, why: str) -> ServerFailed:
    """Make the error for a connection that failed or broke."""
    return ServerFailed(
        f"The {database} database does not answer.",
        why=why,
        remedy="Run the notebook's setup cell again: open_world() starts the server on its own data. "
        "Then `npx supabase migration list` shows what was applied.",
    )


def lost(database: str, error: psycopg.Error) -> ServerFailed:
    """Make the error for a connection that broke."""
    return unreachable(database, str(error).strip().partition("\n")[0])


def list_versions(connection: Connection) -> list[str]:
    """Return the applied versions in order; none if there is no history table yet."""
    try:
        rows = connection.execute(_VERSIONS).fetchall()
    except psycopg.errors.UndefinedTable:
        return []
    return [str(version) for (version,) in rows]


def read_rows(connection: Connection) -> list[HistoryRow]:
    """Return the whole history, in order of the versions.

    Raises:
        psycopg.errors.UndefinedTable: if there is no history table.
    """
    rows = connection.execute(_ROWS).fetchall()
    return [HistoryRow(version, name, tuple(statements)) for version, name, statements in rows]


def prepare(connection: Connection) -> None:
    """Make the schema and the table, or the columns that an old one lacks."""
    (complete,) = connection.execute(_IS_COMPLETE).fetchone() or (False,)
    if not complete:
        with connection.transaction():
            for statement in _MAKE:
                connection.execute(statement)


def mark_applied(connection: Connection, rows: Sequence[HistoryRow], *, instead: bool = False) -> None:
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
            "DELETE FROM supabase_migrations.schema_migrations WHERE version = ANY(%s)", [list(versions)]
        )


def read_commit_date(connection: Connection, version: str) -> datetime | None:
    """Return when the row of `version` was committed, by the server's clock; None if it does not keep that.

    Source: PostgreSQL's setting track_commit_timestamp.
    """
    row = connection.execute(_COMMITTED, [version]).fetchone()
    return row[0] if row else None
