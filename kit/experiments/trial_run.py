"""Run a project's pending migrations on a disposable server, and say what became of each statement.

What the rules assert is measured: certain failures, the locks in pg_locks, tables that are written anew
(another file on disk), functions that a call cannot tell apart. Supabase's own schemas, roles and extensions
are stubs, and the run says so. A statement that would leave its database is refused before anything runs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import psycopg

from kit.errors import BadInput, MissingTool
from kit.experiments.queue import name_lock
from kit.postgres import Embedded, Server, System, create, explain, start_server
from kit.postgres.providers import OLDEST_MAJOR, bundled_major, find_programs
from kit.process import Supervisor
from kit.review.folder import decode, read_bytes
from kit.review.formats import Measured, Remark
from kit.review.grammar import GRAMMAR_MAJOR
from kit.review.outside import TAKE_IT_OUT, find_outside
from kit.review.projects import Project
from kit.review.report import JudgedStatement, Pending, Report
from kit.review.rules import Lock, Problem, strongest, waits
from kit.supabase import split
from kit.supabase.apply import controls_transaction, runs_alone
from kit.world.home import kit_home

_DATABASE = "tried"
_ROLES = ("anon", "authenticated", "service_role")
_PATIENCE = "SET statement_timeout = '60s'"
"""A loop that never ends is a mistake, and not to be waited for."""
_STUB = Path(__file__).with_name("supabase_stub.sql")
_STUBBED = "the schemas auth, storage, extensions and Supabase's three roles are stubs"
_TABLES = """
    SELECT c.oid::integer, c.oid::regclass::text, coalesce(pg_relation_filenode(c.oid), 0)::bigint
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'm', 'v')
        AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND nspname !~ '^pg_temp'
"""
_HELD = """
    SELECT relation::integer, mode FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation = ANY(%s)
"""
_AMBIGUOUS = """
    SELECT a.oid::regprocedure::text, b.oid::regprocedure::text
    FROM pg_proc a
    JOIN pg_proc b ON a.pronamespace = b.pronamespace AND a.proname = b.proname AND a.oid < b.oid
    JOIN pg_namespace n ON n.oid = a.pronamespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema')
        AND greatest(a.pronargs - a.pronargdefaults, b.pronargs - b.pronargdefaults)
            <= least(a.pronargs, b.pronargs)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedStatement:
    """What became of a statement.

    Attributes:
        file: the migration.
        line: of the statement.
        locked: what it took on what was there before; None where it runs outside of a transaction.
        rule: the lock that the rules give it.
        rewrote: the tables that were written anew.
        error: PostgreSQL's words, and its SQLSTATE; "" where it ran.
        path: of the migration, as seen from the folder that one is in.
    """

    file: str
    line: int
    locked: dict[str, Lock] | None
    rule: Lock
    rewrote: tuple[str, ...] = ()
    error: str = ""
    path: str = ""

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "file": self.file,
            "line": self.line,
            "locks": self.locked,
            "rule": self.rule,
            "rewrote": list(self.rewrote),
            "error": self.error,
        }

    def words(self) -> str:
        """Say it in a line."""
        if self.error:
            return f"fails: {self.error}"
        if self.locked is None:
            return "ran outside of a transaction"
        taken = [f"{name} {lock} ({waits(lock)})" for name, lock in sorted(self.locked.items())]
        parts = ["; ".join(taken) or "locks nothing that was there before"]
        if self.rewrote:
            parts.append(f"wrote {', '.join(self.rewrote)} anew")
        if self.locked and strongest(self.locked.values()) != self.rule:
            parts.append(f"the rule says {self.rule}")
        return "; ".join(parts)

    def remark(self) -> Remark | None:
        """Return what there is to say beside its line; None where nobody waits and nothing fails."""
        said, lock = f"Tried: {self.words()}.", strongest((self.locked or {}).values())
        if self.error:
            return Remark(self.path, self.line, "tried-fails", "error", said)
        if self.rewrote:
            return Remark(self.path, self.line, "tried-rewrites", "warning", said)
        if self.locked and (lock != self.rule or waits(lock) != "nothing waits"):
            return Remark(self.path, self.line, "tried-locks", "note", said)
        return None


@dataclass(frozen=True, kw_only=True)
class TrialRun:
    """What became of all that is pending.

    Attributes:
        server: the version that it ran on.
        notes: what was not as it is in production.
        statements: in their order, until the first that failed.
        ambiguous: pairs of functions that some call cannot tell apart.
    """

    server: str
    notes: tuple[str, ...] = ()
    statements: tuple[TriedStatement, ...] = ()
    ambiguous: tuple[tuple[str, str], ...] = field(default=())

    @property
    def failed(self) -> bool:
        """Whether PostgreSQL refused a statement."""
        return any(statement.error for statement in self.statements)

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "server": self.server,
            "notes": list(self.notes),
            "statements": [statement.facts() for statement in self.statements],
            "ambiguous": [list(pair) for pair in self.ambiguous],
        }

    def measured(self) -> Measured:
        """Return it as annotations have it."""
        remarks = [remark for statement in self.statements if (remark := statement.remark()) is not None]
        for pair in self.ambiguous:
            last = self.statements[-1]
            remarks.append(Remark(last.path, last.line, "tried-ambiguous", "error", _ambiguity(pair)))
        return Measured(tuple(remarks), (f"Tried on {self.server}; {_STUBBED}.", *self.notes))

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        yield f"Tried on {self.server}; {_STUBBED}."
        for note in self.notes:
            yield f"  note: {note}"
        for statement in self.statements:
            yield f"  {statement.file}:{statement.line}  {statement.words()}"
        for pair in self.ambiguous:
            yield f"  {_ambiguity(pair)}"


def _ambiguity(pair: tuple[str, str]) -> str:
    return f"{pair[0]} and {pair[1]}: a call may fit both, and PostgreSQL calls it ambiguous"


def run_pending(report: Report, *, on: Server | None = None) -> TrialRun:
    """Replay what a project has, then run what is pending.

    Args:
        report: of the project.
        on: a server that nobody needs; one is started and thrown away if none is given.

    Raises:
        BadInput: if a pending statement would leave its database; nothing has run then.
        ServerFailed: if no server starts.
    """
    for migration in report.pending:
        for statement in migration.statements:
            if outside := find_outside(statement.sql):
                place = f"{migration.file}, line {statement.line}"
                raise BadInput(f"{place} is not tried: {outside}.", remedy=TAKE_IT_OUT)
    if report.project is None:
        raise BadInput("There is no folder of migrations to try.", remedy="Name a project.")
    if on is not None:
        return _run(on, report, report.project, [])
    supervisor = Supervisor.start()
    try:
        notes: list[str] = []
        provider = _provider(report.project.root, kit_home() / "cache", notes)
        server = start_server(provider, supervisor.folder, supervisor)
        return _run(server, report, report.project, notes)
    finally:
        supervisor.close()


def _provider(root: Path, cache: Path, notes: list[str]) -> Embedded | System:
    """Choose PostgreSQL of the version in config.toml where it is here, else the bundled one."""
    wanted, own = _major_version(root), bundled_major()
    if wanted in {0, own}:
        return Embedded(cache)
    try:
        find_programs(wanted)
    except MissingTool:
        if wanted < OLDEST_MAJOR:
            why = f"the kit tries nothing on versions before {OLDEST_MAJOR}"
        else:
            why = f"which is not here: put the folder of its pg_ctl on PATH to try it on {wanted}"
        notes.append(
            f"config.toml says PostgreSQL {wanted}, {why}. This ran on {own}, the kit's own: "
            "what differs between the two is not seen"
        )
        return Embedded(cache)
    return System(cache, major=wanted)


def _major_version(root: Path) -> int:
    try:
        facts = tomllib.loads((root / "supabase" / "config.toml").read_text(encoding="utf-8"))
        return int(facts.get("db", {}).get("major_version", 0))
    except (OSError, ValueError):
        return 0


def _run(server: Server, report: Report, project: Project, notes: list[str]) -> TrialRun:
    create(server, _DATABASE)
    with server.connect(_DATABASE) as connection:
        for role in _ROLES:
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).rowcount == 0:
                bypass = "BYPASSRLS" if role == "service_role" else ""  # as Supabase's own
                connection.execute(f"CREATE ROLE {role} NOLOGIN {bypass}".encode())
            connection.execute(f"GRANT {role} TO migrator".encode())
    with server.connect(_DATABASE, role="migrator") as connection:
        connection.execute(_PATIENCE)
        connection.execute(_STUB.read_bytes())
        pending = {migration.file for migration in report.pending}
        for file in project.files:
            name = project.name_of(file)
            if name not in pending:
                notes += _replay(connection, name, file.path)
        tried = list(_try_all(connection, report.pending))
        pairs = connection.execute(_AMBIGUOUS).fetchall() if not any(item.error for item in tried) else []
        version = f"PostgreSQL {connection.info.server_version // 10000}"
    ambiguous = tuple((str(first), str(second)) for first, second in pairs)
    return TrialRun(server=version, notes=tuple(notes), statements=tuple(tried), ambiguous=ambiguous)


def _replay(connection: psycopg.Connection, name: str, path: Path) -> Iterator[str]:
    """Run an applied migration statement by statement; what cannot be replayed is said, and left out."""
    data = read_bytes(path)
    text = data if isinstance(data, Problem) else decode(name, data)
    for statement in () if isinstance(text, Problem) else split(text):
        if controls_transaction(statement.text) or not statement.text.strip():
            continue
        if outside := find_outside(statement.text):
            yield f"{name}:{statement.line} was not replayed: {outside}"
            continue
        try:
            connection.execute(statement.text.encode())
        except psycopg.Error as error:
            yield f"{name}:{statement.line} could not be replayed: {explain(error)}"


def _try_all(connection: psycopg.Connection, pending: tuple[Pending, ...]) -> Iterator[TriedStatement]:
    for migration in pending:
        last: TriedStatement | None = None
        for last in _try_file(connection, migration):
            yield last
        if last is not None and last.error:
            return


def _try_file(connection: psycopg.Connection, migration: Pending) -> Iterator[TriedStatement]:
    before = connection.execute(_TABLES).fetchall()
    held: dict[str, Lock] = {}
    controls = any(controls_transaction(statement.sql) for statement in migration.statements)
    if not controls:
        connection.execute("BEGIN")
    for statement in migration.statements:
        apart = controls or runs_alone(statement.sql)
        if apart and not controls:
            connection.execute("COMMIT")
        error = _try(connection, statement)
        if apart and not controls:
            connection.execute("BEGIN")
        if error:
            yield TriedStatement(
                file=migration.file,
                line=statement.line,
                locked={},
                rule=statement.verdict.lock,
                error=error,
                path=migration.path,
            )
            connection.execute("ROLLBACK")
            return
        now = _locks(connection, before)
        yield TriedStatement(
            file=migration.file,
            line=statement.line,
            locked=None if apart else {name: lock for name, lock in now.items() if held.get(name) != lock},
            rule=statement.verdict.lock,
            rewrote=_rewritten(before, connection.execute(_TABLES).fetchall()),
            path=migration.path,
        )
        before = _with_files(before, connection.execute(_TABLES).fetchall())
        held = now
    if not controls:
        connection.execute("COMMIT")


def _try(connection: psycopg.Connection, statement: JudgedStatement) -> str:
    try:
        connection.execute(statement.sql.encode())
    except psycopg.errors.SyntaxError as error:
        major = connection.info.server_version // 10_000
        newer = f"; PostgreSQL {GRAMMAR_MAJOR} understands it" if major < GRAMMAR_MAJOR else ""
        return f"{explain(error)} (SQLSTATE {error.sqlstate}){newer}"
    except psycopg.Error as error:
        return f"{explain(error)} (SQLSTATE {error.sqlstate})" if error.sqlstate else explain(error)
    return ""


def _locks(connection: psycopg.Connection, before: list[tuple[Any, ...]]) -> dict[str, Lock]:
    names = {cast("int", oid): str(name) for oid, name, _ in before}
    found: dict[str, Lock] = {}
    for relation, mode in connection.execute(_HELD, [list(names)]).fetchall():
        name = names[cast("int", relation)]
        found[name] = strongest([found.get(name, "none"), name_lock(str(mode))])
    return found


def _rewritten(before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]) -> tuple[str, ...]:
    """Return the tables that have another file on disk than before."""
    files = {oid: node for oid, _, node in after}
    return tuple(str(name) for oid, name, node in before if node and files.get(oid, node) != node)


def _with_files(before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Keep the relations that were there at the start, with the files that they have now."""
    files = {oid: node for oid, _, node in after}
    return [(oid, name, files[oid]) for oid, name, _ in before if oid in files]
