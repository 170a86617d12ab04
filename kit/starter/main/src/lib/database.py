"""The pool of database connections, and the ways in which actions use it."""

import os
import select
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

Row = dict[str, Any]

pool: AsyncConnectionPool


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Keep the pool open for as long as the app runs."""
    global pool
    pool = AsyncConnectionPool(
        os.environ["DATABASE_URL"],
        # Each statement is its own transaction. None are prepared: a prepared
        # SELECT would fail after a migration has changed what it returns.
        kwargs={"autocommit": True, "prepare_threshold": None, "row_factory": dict_row},
        min_size=1,
        max_size=20,
        timeout=10,
        # A connection that died while it was idle is replaced, not handed out.
        check=_require_silence,
        open=False,
    )
    async with pool:
        yield


async def _require_silence(connection: psycopg.AsyncConnection) -> None:
    """Refuse a connection that speaks unasked: the server is about to hang up, or has."""
    if select.select([connection], [], [], 0)[0]:
        await connection.close()
        raise psycopg.OperationalError("the server has closed the connection")


async def execute(sql: str, values: Sequence[object] = ()) -> None:
    """Run a statement that returns nothing; an error carries it as a note."""
    async with pool.connection() as connection:
        try:
            await connection.execute(sql, values)
        except psycopg.Error as error:
            error.add_note(sql)
            raise


async def fetch_one(sql: str, values: Sequence[object] = ()) -> Row | None:
    """Return the first row, or None."""
    async with pool.connection() as connection:
        cursor = await connection.execute(sql, values)
        return await cursor.fetchone()


async def fetch_all(sql: str, values: Sequence[object] = ()) -> list[Row]:
    """Return every row."""
    async with pool.connection() as connection:
        cursor = await connection.execute(sql, values)
        return await cursor.fetchall()
