"""Each verdict, held against the server: what the statement locks, and what runs before and after it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psycopg
import pytest

from kit.postgres import Server, create
from kit.process import wait_until
from kit.review.judge import Judge, Verdict
from kit.review.rules import LOCKS, order_of, read_rules
from kit.supabase import split
from kit.supabase.apply import runs_alone

HERE = Path(__file__).parent
FILES = sorted((HERE / "cases").glob("*.sql"))
SCHEMA = (HERE / "schema.sql").read_text()
ASSUMED = {"ALTER TABLE", "ALTER FUNCTION SECURITY", "CREATE RULE DO INSTEAD", "DO", "other"}
"""Rules for what is not looked into."""
UNTRIED = {
    "CREATE EXTENSION",
    "DROP EXTENSION",
    "ALTER PUBLICATION",
    "CREATE PUBLICATION",
    "LOCK TABLE",
    "CLUSTER",
}
"""Rules without a case: they need a server set up for them."""


@dataclass(frozen=True, kw_only=True)
class Case:
    operation: str
    lock: str
    on: str
    order: str
    before: tuple[str, ...]
    old: tuple[str, ...]
    new: tuple[str, ...]
    sql: str


def read(path: Path) -> Case:
    lines = path.read_text().splitlines()
    (statement,) = split("\n".join(line for line in lines if not line.startswith("-- ")))

    def all_of(name: str) -> tuple[str, ...]:
        return tuple(line.removeprefix(f"-- {name}: ") for line in lines if line.startswith(f"-- {name}: "))

    operation, lock, on, order = (all_of(name)[0] for name in ("operation", "lock", "on", "order"))
    return Case(
        operation=operation,
        lock=lock,
        on=on,
        order=order,
        before=all_of("before"),
        old=all_of("old"),
        new=all_of("new"),
        sql=statement.text,
    )


@pytest.fixture(scope="module")
def database(server: Server) -> str:
    create(server, "review")
    return "review"


@pytest.fixture
def prepared(server: Server, database: str) -> Iterator[psycopg.Connection]:
    with server.connect(database) as connection:
        connection.execute("DROP SCHEMA IF EXISTS public, shop CASCADE")
        connection.execute("CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO app")
        connection.execute(SCHEMA.encode())
        yield connection


def run(connection: psycopg.Connection, sql: str) -> None:
    connection.execute(sql.encode())


def held(connection: psycopg.Connection, pid: int, relation: int) -> str:
    rows = connection.execute(
        "SELECT mode FROM pg_locks WHERE pid = %s AND locktype = 'relation' AND relation = %s",
        (pid, relation),
    ).fetchall()
    names = [" ".join(LOCKED[cast("str", mode)]) for (mode,) in rows]
    return max(names, key=NAMES.index, default="none")


NAMES: list[str] = list(LOCKS)
LOCKED = {"".join(word.capitalize() for word in name.split()) + "Lock": name.split() for name in LOCKS}


def relation_of(connection: psycopg.Connection, name: str) -> int:
    row = connection.execute("SELECT %s::regclass::oid::integer", (name,)).fetchone()
    assert row
    return cast("int", row[0])


def works(connection: psycopg.Connection, queries: tuple[str, ...]) -> bool:
    """Say whether each of the queries runs; what they change is undone."""
    for query in queries:
        try:
            with connection.transaction(force_rollback=True):
                run(connection, query)
        except psycopg.Error:
            return False
    return True


def alone(case: Case) -> bool:
    return runs_alone(case.sql) or "CONCURRENTLY" in case.sql.split()[-1:]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_judged_so(path: Path) -> None:
    case = read(path)
    judged = Judge()
    for sql in (*(statement.text for statement in split(SCHEMA)), *case.before):
        judged.learn(sql)
    verdict = judged.judge(case.sql)
    assert isinstance(verdict, Verdict)
    assert (verdict.operation, verdict.lock, verdict.order) == (case.operation, case.lock, case.order)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_two_by_two_says_so(path: Path, prepared: psycopg.Connection) -> None:
    case = read(path)
    for sql in case.before:
        run(prepared, sql)
    assert works(prepared, case.old), "the code of today does not run on the schema of today"
    new_on_old = works(prepared, case.new)
    run(prepared, case.sql)
    assert works(prepared, case.new), "the new code does not run on the new schema"
    assert order_of(old_on_new=works(prepared, case.old), new_on_old=new_on_old) == case.order


@pytest.mark.parametrize(
    "path", [path for path in FILES if not alone(read(path))], ids=lambda path: path.stem
)
def test_it_locks_that(path: Path, prepared: psycopg.Connection) -> None:
    case = read(path)
    for sql in case.before:
        run(prepared, sql)
    relation = relation_of(prepared, case.on)
    with prepared.transaction(force_rollback=True):
        run(prepared, case.sql)
        assert held(prepared, prepared.info.backend_pid, relation) == case.lock


@pytest.mark.parametrize("path", [path for path in FILES if alone(read(path))], ids=lambda path: path.stem)
def test_outside_of_a_transaction_it_asks_for_that_lock(
    path: Path, server: Server, prepared: psycopg.Connection
) -> None:
    case = read(path)
    for sql in case.before:
        run(prepared, sql)
    relation = relation_of(prepared, case.on)
    with server.connect("review") as other, server.connect("review") as holder:
        other_pid = other.info.backend_pid

        def in_the_other() -> None:
            with contextlib.suppress(psycopg.errors.QueryCanceled):
                run(other, case.sql)

        thread = threading.Thread(target=in_the_other)
        with holder.transaction(force_rollback=True):
            holder.execute(f"LOCK TABLE {case.on} IN SHARE UPDATE EXCLUSIVE MODE".encode())
            thread.start()
            try:
                assert wait_until(lambda: held(prepared, other_pid, relation) != "none", seconds=60)
                assert held(prepared, other_pid, relation) == case.lock
            finally:
                prepared.execute("SELECT pg_cancel_backend(%s)", (other_pid,))
                thread.join()


def test_every_rule_has_a_case() -> None:
    tried = {name for path in FILES for name in [read(path).operation, *read(path).operation.split(", ")]}
    assert set(read_rules()) - tried == ASSUMED | UNTRIED
