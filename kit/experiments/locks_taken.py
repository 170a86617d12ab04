"""Which tables a migration locks, asked of pg_locks while each statement holds what it took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import cast

import psycopg

from kit.draw import TableRow, draw_paragraph, draw_table
from kit.errors import MigrationFailed
from kit.experiments.queue import name_lock
from kit.postgres import Server, explain
from kit.review.report import JudgedStatement, Pending
from kit.review.rules import LOCKS, Lock, strongest, waits
from kit.supabase.apply import controls_transaction, runs_alone
from kit.supabase.files import FOLDER

Locks = dict[str, Lock]
"""The strongest lock on each table, view, index and sequence, by its name."""

_PATIENCE = "SET statement_timeout = '60s'"  # a loop that never ends is a mistake, and not to be waited for
_RELATIONS = """
    SELECT c.oid::integer, c.oid::regclass::text, relkind IN ('r', 'p', 'm', 'v')
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind <> 'c'
        AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'supabase_migrations')
"""
_HELD = """
    SELECT relation::integer, mode FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation = ANY(%s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one statement was seen to lock.

    Attributes:
        file: the migration.
        line: of the statement.
        operation: the kind of change, as the rules name it.
        rule: the lock that the rules give it.
        locks: what it took on what was there before: tables and views, and indexes and sequences where
            these do not tell it all; None where it runs outside of a transaction: nothing is held then.
        before: what statements before it in the file hold already.
    """

    file: str
    line: int
    operation: str
    rule: Lock
    locks: Locks | None
    before: Locks

    @property
    def agrees(self) -> bool:
        """Whether the run bears the rule out, as far as it can be seen."""
        if self.locks is None:
            return True
        if not self.locks:  # what is held already is not taken again
            return LOCKS.index(self.rule) <= LOCKS.index(strongest(self.before.values()))
        return strongest(self.locks.values()) == self.rule

    @property
    def words(self) -> str:
        """What it took, in words."""
        if self.locks is None:
            return "it runs outside of a transaction: nothing is held afterwards"
        if not self.locks:
            return "nothing more than is held already" if self.before else "nothing that was there before"
        return "; ".join(f"{table} {lock}, {waits(lock)}" for table, lock in sorted(self.locks.items()))


@dataclass(frozen=True, kw_only=True, repr=False)
class LocksSeen:
    """What the migrations of a change lock, statement by statement."""

    held: tuple[Held, ...] = ()

    def __repr__(self) -> str:
        """Show a line for each statement."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        if not self.held:
            yield "No migration, no lock."
            return
        yield "Locks, as pg_locks showed them:"
        for file, statements in groupby(self.held, key=attrgetter("file")):
            yield f"  {file}"
            for held in statements:
                yield f"    line {held.line}: {held.operation}"
                yield f"      took {held.words}" + ("" if held.agrees else f" (the rule: {held.rule})")
        yield _UNTIL

    def _repr_html_(self) -> str:
        """Show the same as HTML, everything escaped."""
        if not self.held:
            return draw_paragraph(repr(self))
        rows = [
            TableRow((held.file, str(held.line), held.operation, held.words, held.rule)) for held in self.held
        ]
        head = ("migration", "line", "operation", "took, as pg_locks showed it", "the rule")
        table = draw_table("", head, rows, style="text-align:left", row_headers=False)
        return table + draw_paragraph(_UNTIL, strong=True)


_UNTIL = "A file is one transaction: what is locked stays locked until its last statement is done."


def find_locks(server: Server, database: str, pending: Iterable[Pending]) -> LocksSeen:
    """Apply migrations to a database that nobody needs, and look after each statement what it holds.

    Args:
        server: where.
        database: a copy; the migrations are in it afterwards.
        pending: the migrations, in their order.

    Raises:
        MigrationFailed: if PostgreSQL refuses a statement; the message names its line.
    """
    held: list[Held] = []
    with server.connect(database, role="migrator") as connection:
        for migration in pending:
            held += _apply(connection, migration)
    return LocksSeen(held=tuple(held))


def _apply(connection: psycopg.Connection, pending: Pending) -> Iterator[Held]:
    alone = any(controls_transaction(statement.sql) for statement in pending.statements)
    connection.execute(_PATIENCE)
    rows = connection.execute(_RELATIONS).fetchall()
    names = {cast("int", row[0]): str(row[1]) for row in rows}
    tables = {str(name) for _, name, is_table in rows if is_table}
    if not alone:
        connection.execute("BEGIN")
    before: Locks = {}
    for statement in pending.statements:
        verdict, apart = statement.verdict, alone or runs_alone(statement.sql)
        if apart and not alone:
            connection.execute("COMMIT")
            before = {}
        _run(connection, pending, statement)
        if apart and not alone:
            connection.execute("BEGIN")
        now = {} if apart else _held(connection, names)
        taken = {name: lock for name, lock in now.items() if before.get(name) != lock}
        yield Held(
            file=pending.file,
            line=statement.line,
            operation=verdict.operation,
            rule=verdict.lock,
            locks=None if apart else _worth_telling(taken, tables, verdict.lock),
            before=before,
        )
        before = now
    connection.execute("COMMIT")


def _worth_telling(taken: Locks, tables: set[str], rule: Lock) -> Locks:
    """Leave indexes and sequences out where the tables tell it all."""
    of_tables = {name: lock for name, lock in taken.items() if name in tables}
    return of_tables if of_tables and strongest(of_tables.values()) == rule else taken


def _run(connection: psycopg.Connection, pending: Pending, statement: JudgedStatement) -> None:
    try:
        connection.execute(statement.sql.encode())
    except psycopg.Error as error:
        place = f"{FOLDER}/{pending.file}, line {statement.line}"
        raise MigrationFailed(
            f"PostgreSQL refuses {place}: {statement.verdict.operation}.",
            why=f"{explain(error)} (SQLSTATE {error.sqlstate})" if error.sqlstate else explain(error),
            remedy="Mend the statement; `npx supabase migration up` tries it on your local database.",
        ) from error


def _held(connection: psycopg.Connection, names: dict[int, str]) -> Locks:
    rows = connection.execute(_HELD, [list(names)]).fetchall()
    found: Locks = {}
    for relation, mode in rows:
        name = names[cast("int", relation)]
        found[name] = strongest([found.get(name, "none"), name_lock(str(mode))])
    return found
