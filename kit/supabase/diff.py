"""Compare two schemas: `db diff` and `db pull`, by replaying the files in a shadow database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from kit.errors import BadInput, HistoryDiverged, WrongInstance
from kit.names import DatabaseName
from kit.supabase import history
from kit.supabase.apply import REPAIR, apply_file
from kit.supabase.arguments import Release
from kit.supabase.history import Connection, HistoryRow
from kit.supabase.invocation import Invocation
from kit.supabase.query import pair_versions
from kit.supabase.splitter import split


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalog:
    """The schema public, each object with its definition in SQL.

    Attributes:
        tables: for each table its columns, in order, with type, default and NOT NULL.
        constraints: by table and name.
        indexes: by qualified name: the table and the definition; those of constraints are not here.
        comments: of each table, column and index, by what stands after COMMENT ON; "" for none.
        others: what a plain migration cannot express (views, functions, …), to see that it is equal.
    """

    tables: Mapping[str, Mapping[str, str]]
    constraints: Mapping[tuple[str, str], str]
    indexes: Mapping[str, tuple[str, str]]
    comments: Mapping[str, str]
    others: Mapping[str, str]


def read_catalog(connection: Connection) -> Catalog:
    """Read the schema public at one instant, with the queries of catalog.sql."""
    text = Path(__file__).with_name("catalog.sql").read_text(encoding="utf-8")
    find_ours, *queries = (statement.text.encode() for statement in split(text))
    with connection.transaction():
        # Names outside of pg_catalog are then written with their schema.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL search_path = ''")
        (ours,) = connection.execute(find_ours).fetchone() or (None,)
        columns, constraints, indexes, comments, others = (
            connection.execute(query, {"ours": ours}).fetchall() for query in queries
        )
    tables: dict[str, dict[str, str]] = {table: {} for table, _, _ in columns}
    for table, column, definition in columns:
        if column is not None:
            tables[table][column] = definition
    return Catalog(
        tables=tables,
        constraints={(table, name): definition for table, name, definition in constraints},
        indexes={name: (table, definition) for name, table, definition in indexes},
        comments=dict(comments),
        others={name: definition or "" for name, definition in others},
    )


_Key = TypeVar("_Key")


def write_diff(before: Catalog, after: Catalog) -> list[str]:
    """Return the statements that add to `before` what it lacks and drop from it what it has too much.

    Tables, columns, constraints, indexes and comments are added and dropped; nothing is
    renamed and no column is changed. Compare again afterwards: `name_differences`.
    """
    return [*_drops(before, after), *_additions(before, after), *_comments(before, after)]


def name_differences(before: Catalog, after: Catalog) -> list[str]:
    """Name every object that is not the same in both, in words."""
    names = []
    for table in sorted({*before.tables, *after.tables}):
        left, right = before.tables.get(table), after.tables.get(table)
        if left is None or right is None:
            names.append(f"table {table}")
        else:
            names += [f"column {table}.{column}" for column in _unequal(left, right)]
    names += [
        f"constraint {name} of {table}" for table, name in _unequal(before.constraints, after.constraints)
    ]
    names += [f"index {name}" for name in _unequal(before.indexes, after.indexes)]
    names += [
        f"comment on {name}"
        for name in _unequal(before.comments, after.comments)
        if before.comments.get(name, "") != after.comments.get(name, "")
    ]
    return names + _unequal(before.others, after.others)


def _unequal(before: Mapping[_Key, object], after: Mapping[_Key, object]) -> list[_Key]:
    """Return the keys whose values differ, those of `after` in its order first."""
    keys = [*after, *(key for key in before if key not in after)]
    return [key for key in keys if before.get(key) != after.get(key)]


def _drops(before: Catalog, after: Catalog) -> Iterator[str]:
    for table, name in reversed(_unequal(before.constraints, after.constraints)):
        if table in after.tables and (table, name) in before.constraints:
            yield f"ALTER TABLE {_table(table)} DROP CONSTRAINT {_name(name)};"
    for name in _unequal(before.indexes, after.indexes):
        if name in before.indexes and before.indexes[name][0] in after.tables:
            yield f"DROP INDEX {name};"
    for table, columns in before.tables.items():
        if table not in after.tables:
            yield f"DROP TABLE {_table(table)};"
            continue
        for column in columns:
            if column not in after.tables[table]:
                yield f"ALTER TABLE {_table(table)} DROP COLUMN {_name(column)};"


def _additions(before: Catalog, after: Catalog) -> Iterator[str]:
    for table, columns in after.tables.items():
        if table not in before.tables:
            lines = [f"  {_name(column)} {definition}" for column, definition in columns.items()]
            yield f"CREATE TABLE {_table(table)} (\n" + ",\n".join(lines) + "\n);"
            continue
        for column, definition in columns.items():
            if column not in before.tables[table]:
                yield f"ALTER TABLE {_table(table)} ADD COLUMN {_name(column)} {definition};"
    for table, name in _unequal(before.constraints, after.constraints):
        if (table, name) in after.constraints:
            definition = after.constraints[table, name]
            yield f"ALTER TABLE {_table(table)} ADD CONSTRAINT {_name(name)} {definition};"
    for name in _unequal(before.indexes, after.indexes):
        if name in after.indexes:
            yield f"{after.indexes[name][1]};"


def _comments(before: Catalog, after: Catalog) -> Iterator[str]:
    for name, text in after.comments.items():
        if before.comments.get(name, "") != text:
            yield f"COMMENT ON {name} IS {_literal(text) if text else 'NULL'};"


def _name(*parts: str) -> str:
    return sql.Identifier(*parts).as_string()


def _table(name: str) -> str:
    return _name("public", name)


def _literal(text: str) -> str:
    return sql.Literal(text).as_string().strip()


_NOT_FOOLPROOF = (
    "WARNING: The diff tool is not foolproof, so you may need to manually rearrange and modify the "
    "generated migration.\n"
    "Run supabase db reset to verify that the new migration does not generate errors."
)
_IN_SYNC = "The remote database is already in sync with your local migrations — nothing to pull."
_EMPTY = (
    b"DROP SCHEMA IF EXISTS supabase_migrations CASCADE",
    b"DROP SCHEMA IF EXISTS public CASCADE",
    b"CREATE SCHEMA public",
)


def diff(run: Invocation) -> None:
    """`db diff`: what the (local) database has more or less than the migration files make, as SQL."""
    database = run.target("local")
    with run.connect(database) as connection:
        statements = _compare(run, connection)
    branch = find_branch(run.project)
    run.say(f"Finished supabase db diff{f' on branch {branch}' if branch else ''}.\n")
    if not statements:
        run.say("No schema changes found")
        return
    text = "\n\n".join(statements) + "\n"
    if name := run.line.flags.get("file"):
        run.write_file(name, text)
        run.say(_NOT_FOOLPROOF)
    else:
        run.say(text)
    drops = [statement.removesuffix(";") for statement in statements if "DROP " in statement]
    if drops:
        run.say("Found drop statements in schema diff. Please double check if these are expected:")
        run.say("\n".join(drops))


def pull(run: Invocation) -> None:
    """`db pull`: the same for the cloud database, into a new file that then counts as applied.

    It wants the history of that database to be that of the folder.
    """
    database = run.target("cloud")
    with run.connect_aloud(database) as connection:
        _require_equal_histories(run, connection, database)
        statements = _compare(run, connection)
        if not statements:
            raise BadInput("No schema changes found", remedy=_IN_SYNC, hint=_IN_SYNC)
        text = "\n\n".join(statements) + "\n"
        path = run.write_file((*run.line.values, "remote_schema")[0], text)
        run.say(f"Schema written to {path.relative_to(run.project)}")
        if run.confirm("Update remote migration history table?", default=True):
            version, _, name = path.stem.partition("_")
            history.prepare(connection)
            stored = tuple(statement.text for statement in split(text, run.release))
            history.mark_applied(connection, [HistoryRow(version, name, stored)])
            run.say(f"Repaired migration history: [{version}] => applied")
    run.say("Finished supabase db pull.")


def find_branch(project: Path) -> str:
    """Return the branch that is checked out; "" if there is none, or no repository."""
    for place in (project, *project.parents):
        git = place / ".git"
        if git.is_file():  # a linked worktree
            git = place / git.read_text().removeprefix("gitdir:").strip()
        if git.is_dir():
            words = (git / "HEAD").read_text().strip()
            return words.removeprefix("ref: refs/heads/") if words.startswith("ref: refs/heads/") else ""
    return ""


def _require_equal_histories(run: Invocation, connection: Connection, database: DatabaseName) -> None:
    applied = history.list_versions(connection)
    pairs = pair_versions([file.version for file in run.list_files()], applied)
    flag = " --local" if database == "local" and run.release is Release.V2 else ""
    remote = " --remote" if database == "cloud" and run.release is Release.V3 else ""
    lines = [
        f"supabase migration repair{flag} --status {status} {version}{remote}\n"
        for status, versions in (
            ("reverted", [pair.remote for pair in pairs if not pair.local]),
            ("applied", [pair.local for pair in pairs if not pair.remote]),
        )
        for version in versions
    ]
    if lines:
        raise HistoryDiverged(
            "The remote database's migration history does not match local files in "
            "supabase/migrations directory.",
            remedy="git pull origin main, then try again.",
            versions=tuple(pair.remote for pair in pairs if not pair.local),
            hint=REPAIR + "".join(lines),
        )


def _compare(run: Invocation, connection: Connection) -> list[str]:
    """Return the SQL that turns what the files make into what the database is; proved on the shadow."""
    run.say("Creating shadow database...")
    with _replayed(run) as shadow:
        run.say("Diffing schemas...")
        wanted, found = read_catalog(connection), read_catalog(shadow)
        statements = write_diff(found, wanted)
        failure = ""
        try:
            with shadow.transaction():
                for statement in statements:
                    shadow.execute(statement.encode())
        except psycopg.Error as error:
            failure = error.diag.message_primary or str(error)
        left = name_differences(read_catalog(shadow), wanted)
    if left:
        advice = "Write this migration by hand: supabase migration new <name>"
        raise BadInput(
            f"The difference is more than a diff can express: {', '.join(left)}.",
            why=failure,
            remedy=advice,
            hint=advice,
        )
    return statements


@contextlib.contextmanager
def _replayed(run: Invocation) -> Iterator[Connection]:
    """Empty the shadow, apply all migration files to it, leave it empty."""
    if "shadow" not in run.urls:
        raise BadInput(
            "There is no shadow database to compare with.", remedy="Run the command in a clone of the world."
        )
    places = {name: _place(url) for name, url in run.urls.items()}
    if places.pop("shadow") in places.values():
        raise WrongInstance(
            "The shadow database is one of the databases to compare; nothing was changed.",
            remedy="Give an empty database of its own as the shadow.",
        )
    with run.connect("shadow") as shadow:
        _empty(shadow)
        history.prepare(shadow)
        for file in run.list_files():
            run.say(f"Applying migration {file.path.name}...")
            apply_file(shadow, file, run.release)
        shadow.execute("RESET ALL")
        yield shadow
        _empty(shadow)


def _empty(shadow: Connection) -> None:
    with shadow.transaction():
        for statement in _EMPTY:
            shadow.execute(statement)


def _place(url: str) -> tuple[object, ...]:
    facts = conninfo_to_dict(url)
    return tuple(facts.get(name) for name in ("host", "port", "dbname"))
