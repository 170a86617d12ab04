"""A COPY from or to the client among statements, at libpq's first hand: nobody has its rows."""

from __future__ import annotations

import re

from psycopg.abc import PQGen
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

from kit.supabase.arguments import Release
from kit.supabase.splitter import skip_blanks

_COPIES = re.compile(r"COPY\b.*\b(FROM\s+STDIN|TO\s+STDOUT)\b", re.DOTALL | re.IGNORECASE)


def copies(statement: str) -> bool:
    """Say whether a statement is a COPY from or to its client, as PostgreSQL reads it."""
    return _COPIES.match(statement, skip_blanks(statement, release=Release.V3)) is not None


def exchange(pgconn: PGconn, text: str) -> PQGen[list[PGresult]]:
    """Send statements as one text, as libpq allows COPY in no pipeline; return a result for each.

    What a COPY TO STDOUT sends is dropped; a COPY FROM STDIN is told that nothing comes.
    """
    pgconn.send_query(text.encode())
    results: list[PGresult] = []
    while True:
        while pgconn.flush() or pgconn.is_busy():
            yield Wait.R
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            return results
        if result.status == ExecStatus.COPY_OUT:
            while (size := pgconn.get_copy_data(1)[0]) != -1:
                if size == 0:
                    yield Wait.R
                    pgconn.consume_input()
        elif result.status == ExecStatus.COPY_IN:
            pgconn.put_copy_end(b"No source stream defined")
        else:
            results.append(result)
