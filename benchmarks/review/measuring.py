"""Measure what a migration does: old and new queries on old and new schema, and the locks that it holds.

A case of the corpus is a migration, and the queries that new code adds. What today's code runs is the
application's own list. New code runs its own queries and those of today's that still work after the
migration, as somebody would write it who knows what is coming.

A query works where it raises no error, and touches or gives rows where it does so on its own schema: code
that finds no row any more is broken, too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import psycopg

from kit.postgres import Server, create
from kit.review.rules import LOCKS, Lock, Order, order_of, strongest
from kit.supabase import split
from kit.supabase.apply import controls_transaction, runs_alone

CORPUS = Path(__file__).parents[2] / "tests/review/corpus"
KINDS = ("statements", "files")
TRUTH = CORPUS / "truth.toml"
ADA = "00000000-0000-0000-0000-000000000001"
"""Who is signed in."""
ROLES = ("anon", "authenticated", "service_role")
_UNSAFE_USE = "55P04"
"""A new value of an enum, used in the transaction that adds it."""
_WORDS = {"".join(word.capitalize() for word in name.split()) + "Lock": name for name in LOCKS}
_RELATIONS = """
    SELECT c.oid::integer, nspname || '.' || relname, relkind IN ('r', 'p', 'm', 'v')
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND relkind <> 'c'
"""
_HELD = """
    SELECT relation::integer, mode FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A migration of the corpus.

    Attributes:
        name: of it, with the application's and the kind's before it.
        application: whose schema it changes.
        kind: "statements" or "files".
        sql: the migration.
        new: what new code runs besides.
        old: what today's code runs besides.
    """

    name: str
    application: str
    kind: str
    sql: str
    new: tuple[str, ...]
    old: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """What was measured of a case.

    Attributes:
        order: which of the two may come first; "fails" if PostgreSQL refuses the migration.
        lock: the strongest on what was there before; "" where it runs outside of a transaction.
        locked: the strongest on each table and view that was there before, where somebody waits for it.
        broken: the first query that did not work, for each pair that breaks.
    """

    order: Order | str
    lock: Lock | str
    locked: Mapping[str, Lock] = field(default_factory=dict)
    broken: tuple[str, ...] = ()


def read_application(name: str) -> tuple[str, tuple[str, ...]]:
    """Return an application's schema, and what today's code runs."""
    folder = CORPUS / name
    lines = (folder / "app.sql").read_text().splitlines()
    return (folder / "schema.sql").read_text(), tuple(line for line in lines if not line.startswith("--"))


def read_cases() -> Iterator[Case]:
    """Yield all cases of the corpus."""
    for path in sorted(CORPUS.glob("*/*.sql")):
        if path.stem in KINDS:
            for block in path.read_text().split("\n-- case: ")[1:]:
                yield _case(path.parent.name, path.stem, block)


def _case(application: str, kind: str, block: str) -> Case:
    name, *lines = block.splitlines()

    def all_of(word: str) -> tuple[str, ...]:
        return tuple(line.removeprefix(f"-- {word}: ") for line in lines if line.startswith(f"-- {word}: "))

    sql = "\n".join(line for line in lines if not line.startswith(("-- new: ", "-- old: ")))
    return Case(
        f"{application}/{kind}/{name}", application, kind, f"{sql.strip()}\n", all_of("new"), all_of("old")
    )


def read_truths() -> dict[str, Truth]:
    """Return what was measured, by the case's name."""
    return {
        name: Truth(facts["order"], facts["lock"], facts.get("locked", {}), tuple(facts.get("broken", ())))
        for name, facts in tomllib.loads(TRUTH.read_text()).items()
    }


class Measurement:
    """Measures cases of one application, in a database of its own.

    Args:
        server: where.
        application: its name.
    """

    def __init__(self, server: Server, application: str) -> None:
        """Make the database."""
        self._server, self._database = server, f"corpus_{application}"
        self._schema, self._old = read_application(application)
        self._make()

    def __repr__(self) -> str:
        """Say where."""
        return f"Measurement({self._database})"

    def _make(self) -> None:
        create(self._server, self._database)
        with self._server.connect(self._database) as connection:
            for role in ROLES:
                missing = "SELECT 1 FROM pg_roles WHERE rolname = %s"
                if connection.execute(missing, (role,)).fetchone() is None:
                    connection.execute(f"CREATE ROLE {role}".encode())
                # A role is the server's: somebody else may have made it.
                bypass = "BYPASSRLS" if role == "service_role" else "NOBYPASSRLS"
                connection.execute(f"ALTER ROLE {role} {bypass}".encode())
            connection.execute((CORPUS / "environment.sql").read_bytes())
            connection.execute(self._schema.encode())

    def measure(self, case: Case) -> Truth:
        """Return what a case does."""
        with self._server.connect(self._database) as connection:
            # A file is one transaction, whatever BEGIN and COMMIT it brings.
            texts = (statement.text for statement in split(case.sql))
            pieces = [text for text in texts if not controls_transaction(text)]
            if any(runs_alone(piece) for piece in pieces):
                return replace(self._measure_apart(connection, case, pieces), lock="")
            connection.execute("BEGIN")
            try:
                truth = self._compare(connection, case, pieces)
            finally:
                connection.execute("ROLLBACK")
            if truth.order == "fails" or "ADD VALUE" not in case.sql.upper():
                return truth
            # New code uses a new value of an enum once the migration is committed.
            apart = self._measure_apart(connection, case, pieces)
            return replace(apart, lock=truth.lock, locked=truth.locked)

    def _measure_apart(self, connection: psycopg.Connection, case: Case, pieces: list[str]) -> Truth:
        """Measure what cannot run in a transaction, or be used in its own; the database is made anew then."""
        try:
            return self._compare(connection, case, pieces)
        finally:
            connection.close()
            self._make()

    def _compare(self, connection: psycopg.Connection, case: Case, pieces: list[str]) -> Truth:
        old = (*self._old, *case.old)
        before = {query: _outcome(connection, query) for query in old}
        if wrong := [f"{query}: {found}" for query, found in before.items() if isinstance(found, str)]:
            raise ValueError(f"{case.name}: today's code does not run today: {wrong}")
        early = {query: _outcome(connection, query) for query in case.new}
        relations = connection.execute(_RELATIONS).fetchall()
        # What nextval() has locked stays locked although its savepoint is gone.
        held = set(connection.execute(_HELD, [[oid for oid, *_ in relations]]).fetchall())
        try:
            for piece in pieces:
                connection.execute(piece.encode())
        except psycopg.Error as error:
            return Truth("fails", "none", {}, (str(error).splitlines()[0],))
        lock, locked = _held(connection, relations, held)
        after = {query: _outcome(connection, query) for query in (*old, *case.new)}
        unsafe_use = {query for query in case.new if after[query] == _UNSAFE_USE}
        if wrong := [
            f"{query}: {after[query]}"
            for query in case.new
            if isinstance(after[query], str) and query not in unsafe_use
        ]:
            raise ValueError(f"{case.name}: new code does not run on the new schema: {wrong}")
        lost = [query for query in old if after[query] != before[query]]
        missed = [query for query in case.new if early[query] != after[query]]
        order = order_of(old_on_new=not lost, new_on_old=not missed)
        return Truth(order, lock, locked, (*lost[:1], *missed[:1]))


def _outcome(connection: psycopg.Connection, query: str) -> bool | str:
    """Return whether a query gives or touches rows, or PostgreSQL's error; what it changes is undone."""
    role, _, rest = query.partition(": ")
    role, sql = (role, rest) if role in ROLES else ("authenticated", query)
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"SET LOCAL ROLE {role}".encode())
            signed_in = ADA if role == "authenticated" else ""
            connection.execute("SELECT set_config('request.jwt.claim.sub', %s, true)", (signed_in,))
            return connection.execute(sql.encode(), prepare=False).rowcount > 0
    except psycopg.Error as error:
        return f"{error.sqlstate}"


def _held(
    connection: psycopg.Connection, relations: Iterable[tuple[object, ...]], held: set[tuple[object, ...]]
) -> tuple[Lock, dict[str, Lock]]:
    names = {cast("int", oid): (str(name), bool(table)) for oid, name, table in relations}
    tables: dict[str, Lock] = {}
    others: dict[str, Lock] = {}
    for oid, mode in set(connection.execute(_HELD, [list(names)]).fetchall()) - held:
        name, is_table = names[oid]
        found = tables if is_table else others
        found[name] = strongest([found.get(name, "none"), _WORDS[str(mode)]])
    lock = strongest(tables.values()) if tables else strongest(others.values())
    waited = {name: mode for name, mode in tables.items() if LOCKS.index(mode) >= LOCKS.index("SHARE")}
    return lock, dict(sorted(waited.items()))
