"""The two commands that compare migration files with a database: `db diff` and `db pull`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from kit.errors import BadInput, HistoryDiverged, WrongInstance
from kit.names import DatabaseName
from kit.supabase import history
from kit.supabase.apply import REPAIR
from kit.supabase.catalog import read_catalog
from kit.supabase.files import new_path
from kit.supabase.history import Connection, Row
from kit.supabase.listing import pair_versions
from kit.supabase.runner import apply_file
from kit.supabase.schema_diff import name_differences, write_diff
from kit.supabase.session import Session
from kit.supabase.splitter import split

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


def diff(session: Session) -> None:
    """`db diff`: what the (local) database has more or less than the migration files make, as SQL."""
    database = session.target("local")
    with session.connect(database, silent=True) as connection:
        statements = _compare(session, connection)
    branch = find_branch(session.project)
    session.say(f"Finished supabase db diff{f' on branch {branch}' if branch else ''}.\n")
    if not statements:
        session.say("No schema changes found")
        return
    text = "\n\n".join(statements) + "\n"
    if name := session.line.flags.get("file"):
        _write(session, name, text)
        session.say(_NOT_FOOLPROOF)
    else:
        session.say(text)
    drops = [statement.removesuffix(";") for statement in statements if "DROP " in statement]
    if drops:
        session.say("Found drop statements in schema diff. Please double check if these are expected:")
        session.say("\n".join(drops))


def pull(session: Session) -> None:
    """`db pull`: the same for the cloud database, into a new file that then counts as applied.

    It wants the history of that database to be that of the folder.
    """
    database = session.target("cloud")
    with session.connect(database) as connection:
        _check_histories(session, connection, database)
        statements = _compare(session, connection)
        if not statements:
            raise BadInput("No schema changes found", remedy=_IN_SYNC, hint=_IN_SYNC)
        text = "\n\n".join(statements) + "\n"
        path = _write(session, (*session.line.values, "remote_schema")[0], text)
        session.say(f"Schema written to {path.relative_to(session.project)}")
        if session.confirm("Update remote migration history table?", default=True):
            version, _, name = path.stem.partition("_")
            history.prepare(connection)
            stored = tuple(statement.text for statement in split(text))
            history.mark_applied(connection, [Row(version, name, stored)])
            session.say(f"Repaired migration history: [{version}] => applied")
    session.say("Finished supabase db pull.")


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


def _check_histories(session: Session, connection: Connection, database: DatabaseName) -> None:
    applied = history.list_versions(connection)
    pairs = pair_versions([file.version for file in session.list_files()], applied)
    flag = " --local" if database == "local" else ""
    lines = [
        f"supabase migration repair{flag} --status {status} {version}\n"
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


def _write(session: Session, name: str, text: str) -> Path:
    path = new_path(session.project, name, session.clock.date())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _compare(session: Session, connection: Connection) -> list[str]:
    """Return the SQL that turns what the files make into what the database is; proved on the shadow."""
    session.say("Creating shadow database...")
    with _replayed(session) as shadow:
        session.say("Diffing schemas...")
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
def _replayed(session: Session) -> Iterator[Connection]:
    """Empty the shadow, apply all migration files to it, leave it empty."""
    url = session.urls.get("shadow")
    if url is None:
        raise BadInput(
            "There is no shadow database to compare with.", remedy="Run the command in a clone of the world."
        )
    places = [_place(session.urls[name]) for name in ("local", "cloud") if name in session.urls]
    if _place(url) in places:
        raise WrongInstance(
            "The shadow database is one of the databases to compare; nothing was changed.",
            remedy="Give an empty database of its own as the shadow.",
        )
    with contextlib.closing(history.connect(url, database="shadow")) as shadow:
        _empty(shadow)
        history.prepare(shadow)
        for file in session.list_files():
            session.say(f"Applying migration {file.path.name}...")
            apply_file(shadow, file)
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
