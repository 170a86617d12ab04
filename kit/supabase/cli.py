"""The commands behind `npx supabase`, each in the real command line's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psycopg

from kit.errors import BadInput, MigrationError
from kit.names import DatabaseName
from kit.supabase import history
from kit.supabase.apply import migrate_up, push
from kit.supabase.arguments import RETRY, parse
from kit.supabase.diff import diff, pull
from kit.supabase.files import FOLDER, find_project, new_path, parse_name
from kit.supabase.history import Row
from kit.supabase.query import draw_listing, pair_versions, parse_version, run_query
from kit.supabase.session import Session, UrlName
from kit.timeline import MigrationApplied
from kit.timeline.clock import Clock


def main(
    argv: Sequence[str],
    *,
    folder: Path,
    urls: Mapping[DatabaseName, str] | Mapping[UrlName, str],
    clock: Clock,
    write: Callable[[str], None],
    ask: Callable[[str], str] | None,
    applied: Callable[[MigrationApplied], None],
) -> int:
    """Run one command line as the Supabase CLI 2.122.1 would.

    Args:
        argv: the arguments, without the word `supabase`.
        folder: the current folder of the shell; `supabase/` is looked for here and above.
        urls: libpq URLs, with passwords, which are never printed. "shadow", if there, is
            an empty database that `db diff` and `db pull` may fill and empty.
        clock: gives new files their stamps; on the virtual clock `db push` takes `PUSH_SECONDS`.
        write: gets the text to print, with its newlines; stdout and stderr are one stream.
        ask: shows a question and returns the answer; None if nobody can be asked: then,
            as for the CLI without a terminal, the default is taken.
        applied: called with a record right after each migration file is committed.

    Returns:
        The exit code: 0, or 1 for everything that went wrong.

    Raises:
        ServerFailed: if a database does not answer.
    """
    try:
        line = parse(argv)
        if line.command is None or line.answer:
            write(line.answer)
            return 0
        session = Session(
            project=find_project(folder),
            urls={str(name): url for name, url in urls.items()},
            clock=clock,
            write=write,
            ask=ask,
            applied=applied,
            line=line,
        )
        _RUN[line.command](session)
    except (BadInput, MigrationError) as error:
        hint = error.details.get("hint", RETRY)
        write(f"{error.details.get('usage', '')}{error.message}\n")
        write(f"{hint}\n" if hint else "")
        return 1
    except psycopg.Error as error:
        if history.is_lost(error):
            raise history.unreachable("chosen", error) from None
        write(_tell(error))
        return 1
    return 0


def _tell(error: psycopg.Error) -> str:
    severity, words = error.diag.severity or "ERROR", error.diag.message_primary or str(error)
    return f"{severity}: {words} (SQLSTATE {error.sqlstate or 'XX000'})\n{RETRY}\n"


def _new(session: Session) -> None:
    """`migration new`: make an empty file."""
    path = new_path(session.project, session.line.values[0], session.clock.date())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    session.say(f"Created new migration at {path.relative_to(session.project)}")


def _list(session: Session) -> None:
    """`migration list`: versions of the folder beside those of a database (the cloud's)."""
    with session.connect(session.target("cloud")) as connection:
        versions = history.list_versions(connection)
    pairs = pair_versions([file.version for file in session.list_files()], versions)
    session.write(draw_listing(pairs))


def _repair(session: Session) -> None:
    """`migration repair`: change the history without running anything."""
    status, versions = session.line.flags.get("status"), session.line.values
    if status is None:
        raise BadInput(
            'Error: required flag(s) "status" not set', remedy="Add --status applied or --status reverted."
        )
    database = session.target("cloud")
    for version in versions:
        if parse_version(version) is None:
            raise BadInput(
                f"failed to parse {version}: invalid version number", remedy="A version has digits only."
            )
    everything = not versions
    if everything:
        question = "Do you want to repair the entire migration history table to match local migration files?"
        if not session.confirm(question, default=False):
            raise session.cancel()
        versions = tuple(file.version for file in session.list_files())
    with session.connect(database) as connection:
        history.prepare(connection)
        if status == "applied":
            rows = [_read_row(session, version) for version in versions]
            history.mark_applied(connection, rows, instead=everything)
        elif everything:
            history.mark_applied(connection, [], instead=True)
        else:
            history.mark_reverted(connection, versions)
    if not everything:
        session.say(f"Repaired migration history: [{' '.join(versions)}] => {status}")
    session.say("Finished supabase migration repair.")
    session.say("Run supabase migration list to show the updated migration history.")


def _read_row(session: Session, version: str) -> Row:
    found = sorted((session.project / FOLDER).glob(f"{version}_*.sql"))
    file = parse_name(found[0]) if found else None
    if file is None:
        raise BadInput(
            f"glob {FOLDER}/{version}_*.sql: file does not exist",
            remedy="git pull origin main, or use --status reverted.",
        )
    return Row(version, file.name, tuple(statement.text for statement in file.statements()))


def _fetch(session: Session) -> None:
    """`migration fetch`: write a file for each row of a history (the cloud's)."""
    database, folder = session.target("cloud"), session.project / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        question = f"Do you want to overwrite existing files in {FOLDER} directory?"
        if not session.confirm(question, default=True):
            raise session.cancel()
    with session.connect(database) as connection:
        rows = history.read_rows(connection)
    for row in rows:
        file = f"{row.version}_{row.name}.sql"
        if Path(file).name != file or "\\" in file:
            raise BadInput(
                "failed to write migration: invalid version/name in history table: "
                + file.removesuffix(".sql"),
                remedy="Repair that row of the history.",
            )
        (folder / file).write_bytes((";\n".join(row.statements) + ";\n").encode())


def _query(session: Session) -> None:
    """`db query`: run one statement and draw its rows (of the local database)."""
    database = session.target("local")
    linked = database == "cloud"
    if not session.line.values:
        raise BadInput(
            "no SQL provided via stdin", remedy='Give the SQL as an argument: db query "SELECT 1".'
        )
    with session.connect(database, silent=linked) as connection:
        session.write(run_query(connection, session.line.values[0], database=database, linked=linked))


_RUN: dict[tuple[str, str], Callable[[Session], None]] = {
    ("migration", "new"): _new,
    ("migration", "up"): migrate_up,
    ("migration", "list"): _list,
    ("migration", "repair"): _repair,
    ("migration", "fetch"): _fetch,
    ("db", "push"): push,
    ("db", "diff"): diff,
    ("db", "pull"): pull,
    ("db", "query"): _query,
}
"""Every command of `arguments.COMMANDS`."""
