"""The two commands that apply migrations: `migration up` and `db push`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from psycopg.pq import TransactionStatus

from kit.errors import HistoryDiverged, OutOfOrder
from kit.names import DatabaseName
from kit.supabase import history
from kit.supabase.files import FOLDER, MigrationFile, choose_pending
from kit.supabase.history import Connection
from kit.supabase.runner import apply_file
from kit.supabase.session import Session

PUSH_SECONDS = 2.0
"""How long `db push` takes on the virtual clock. Source: WORKFLOW.md 5.4, from 00:36 to 00:38."""
REPAIR = """
Make sure your local git repo is up-to-date. If the error persists, try repairing the migration history table:
"""


def migrate_up(session: Session) -> None:
    """`migration up`: apply what is pending; the local database, if nothing else is said."""
    database = session.target("local")
    with session.connect(database) as connection:
        for file in _find_pending(session, connection, database):
            session.say(f"Applying migration {file.path.name}...")
            connection.execute("RESET ALL")
            history.prepare(connection)
            _apply(session, connection, database, file)
        session.say("Local database is up to date.")


def push(session: Session) -> None:
    """`db push`: list what is pending, ask, apply; the cloud database, if nothing else is said."""
    database = session.target("cloud")
    dry = session.line.has("dry-run")
    name = "local" if database == "local" else "remote"
    if dry:
        session.say("DRY RUN: migrations will *not* be pushed to the database.")
    with session.connect(database) as connection:
        pending = _find_pending(session, connection, database)
        if not pending:
            session.say(f"{name.capitalize()} database is up to date.")
            return
        if dry:
            session.write(f"Would push these migrations:\n{_bullets(pending)}")
        else:
            if not session.confirm(push_question(database, pending), default=True):
                raise session.cancel()
            if session.clock.name == "virtual":
                session.clock.advance(PUSH_SECONDS)
            history.prepare(connection)
            for file in pending:
                session.say(f"Applying migration {file.path.name}...")
                _apply(session, connection, database, file)
    session.say("Finished supabase db push.")


def push_question(database: DatabaseName, pending: Sequence[MigrationFile]) -> str:
    """Return what `db push` asks before it applies anything."""
    name = "local" if database == "local" else "remote"
    return f"Do you want to push these migrations to the {name} database?\n{_bullets(pending)}"


def _bullets(files: Sequence[MigrationFile]) -> str:
    return "".join(f" • {file.path.name}\n" for file in files)


def _apply(session: Session, connection: Connection, database: DatabaseName, file: MigrationFile) -> None:
    apply_file(connection, file)
    # A file with a BEGIN of its own and no COMMIT leaves the transaction open: nothing is committed yet.
    if connection.info.transaction_status == TransactionStatus.IDLE:
        session.record(connection, database, file.version, file.name)


def _find_pending(
    session: Session, connection: Connection, database: DatabaseName
) -> Sequence[MigrationFile]:
    applied = history.list_versions(connection)
    files = session.list_files()
    try:
        return choose_pending(files, applied, include_all=session.line.has("include-all"))
    except HistoryDiverged as error:
        versions = cast("tuple[str, ...]", error.details["versions"])
        flag = " --local" if database == "local" else ""
        error.details["hint"] = (
            f"{REPAIR}supabase migration repair{flag} --status reverted {' '.join(versions)}\n\n"
            f"And update local migrations to match remote database:\nsupabase db pull{flag}\n"
        )
        raise
    except OutOfOrder as error:
        places = cast("tuple[int, ...]", error.details["places"])
        early = "\n".join(str(FOLDER / files[place].path.name) for place in places)
        error.details["hint"] = (
            f"\nRerun the command with --include-all flag to apply these migrations:\n{early}\n"
        )
        raise
