"""The commands behind `npx supabase`, each in the real command line's words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg

from kit.errors import BadInput, MigrationError
from kit.supabase import history
from kit.supabase.apply import migrate_up, push
from kit.supabase.arguments import RETRY
from kit.supabase.diff import diff, pull
from kit.supabase.files import FOLDER, parse_name
from kit.supabase.history import HistoryRow
from kit.supabase.invocation import Invocation
from kit.supabase.query import format_listing, pair_versions, parse_version, run_query
from kit.supabase.splitter import split


def main(run: Invocation) -> int:
    """Run one command line as the Supabase CLI 2.122.1 would.

    Returns:
        The exit code: 0, or 1 for everything that went wrong.

    Raises:
        ServerFailed: if a database does not answer.
    """
    try:
        if run.line.command is None or run.line.answer:
            run.write(run.line.answer)
        else:
            _RUN[run.line.command](run)
    except (BadInput, MigrationError) as error:
        hint = error.details.get("hint", RETRY)
        run.write(f"{error.details.get('usage', '')}{error.message}\n")
        run.write(f"{hint}\n" if hint else "")
        return 1
    except psycopg.Error as error:
        if history.is_lost(error):
            raise history.lost("chosen", error) from None
        severity, words = error.diag.severity or "ERROR", error.diag.message_primary or str(error)
        run.write(f"{severity}: {words} (SQLSTATE {error.sqlstate or 'XX000'})\n{RETRY}\n")
        return 1
    return 0


def _new(run: Invocation) -> None:
    """`migration new`: make an empty file."""
    path = run.write_file(run.line.values[0], "")
    run.say(f"Created new migration at {path.relative_to(run.project)}")


def _list(run: Invocation) -> None:
    """`migration list`: versions of the folder beside those of a database (the cloud's)."""
    with run.connect_aloud(run.target("cloud")) as connection:
        versions = history.list_versions(connection)
    pairs = pair_versions([file.version for file in run.list_files()], versions)
    run.write(format_listing(pairs))


def _repair(run: Invocation) -> None:
    """`migration repair`: change the history without running anything."""
    status, versions = run.line.flags.get("status"), run.line.values
    if status is None:
        raise BadInput(
            'Error: required flag(s) "status" not set', remedy="Add --status applied or --status reverted."
        )
    database = run.target("cloud")
    for version in versions:
        if parse_version(version) is None:
            raise BadInput(
                f"failed to parse {version}: invalid version number", remedy="A version has digits only."
            )
    everything = not versions
    if everything:
        question = "Do you want to repair the entire migration history table to match local migration files?"
        run.require(question, default=False)
        versions = tuple(file.version for file in run.list_files())
    with run.connect_aloud(database) as connection:
        history.prepare(connection)
        if status == "applied":
            rows = [_read_row(run, version) for version in versions]
            history.mark_applied(connection, rows, instead=everything)
        elif everything:
            history.mark_applied(connection, [], instead=True)
        else:
            history.mark_reverted(connection, versions)
    if not everything:
        run.say(f"Repaired migration history: [{' '.join(versions)}] => {status}")
    run.say("Finished supabase migration repair.")
    run.say("Run supabase migration list to show the updated migration history.")


def _read_row(run: Invocation, version: str) -> HistoryRow:
    found = sorted((run.project / FOLDER).glob(f"{version}_*.sql"))
    file = parse_name(found[0]) if found else None
    if file is None:
        raise BadInput(
            f"glob {FOLDER}/{version}_*.sql: file does not exist",
            remedy="git pull origin main, or use --status reverted.",
        )
    return HistoryRow(version, file.name, tuple(statement.text for statement in split(file.read())))


def _fetch(run: Invocation) -> None:
    """`migration fetch`: write a file for each row of a history (the cloud's)."""
    database, folder = run.target("cloud"), run.project / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        question = f"Do you want to overwrite existing files in {FOLDER} directory?"
        run.require(question, default=True)
    with run.connect_aloud(database) as connection:
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


def _query(run: Invocation) -> None:
    """`db query`: run one statement and draw its rows (of the local database)."""
    database = run.target("local")
    linked = database == "cloud"
    if not run.line.values:
        raise BadInput(
            "no SQL provided via stdin", remedy='Give the SQL as an argument: db query "SELECT 1".'
        )
    with (run.connect if linked else run.connect_aloud)(database) as connection:
        run.write(run_query(connection, run.line.values[0], database=database, linked=linked))


_RUN: dict[tuple[str, str], Callable[[Invocation], None]] = {
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
