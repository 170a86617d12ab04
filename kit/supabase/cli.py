"""The commands behind `npx supabase`, each in the real command line's words."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg

from kit.errors import BadInput, HistoryDiverged, KitError, MigrationError, OutOfOrder
from kit.names import DatabaseName
from kit.supabase import history
from kit.supabase.apply import migrate_up, push
from kit.supabase.arguments import RETRY, Release
from kit.supabase.diff import diff, pull
from kit.supabase.files import FOLDER, parse_name
from kit.supabase.history import HistoryRow
from kit.supabase.invocation import TARGETS, Invocation, name_kind
from kit.supabase.query import (
    LARGEST,
    Form,
    format_listing,
    pair_versions,
    parse_version,
    require_reading,
    run_query,
)
from kit.supabase.reset import reset
from kit.supabase.splitter import split


def main(run: Invocation) -> int:
    """Run one command line as the Supabase CLI would, in the release that the invocation names.

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
        code = error.details.get("code") or name_kind(run.line) + _CODES.get(type(error), "ApplyError")
        run.fail(error, code=str(code), hint=str(error.details.get("hint", RETRY)))
        return 1
    except psycopg.Error as error:
        if history.is_lost(error):
            raise history.lost("chosen", error) from None
        refused = BadInput(history.in_words(error), remedy="Look at the history table.")
        run.fail(refused, code="MigrationsReadError", hint=RETRY)
        return 1
    return 0


@contextlib.contextmanager
def _said_as(what: str, code: str) -> Iterator[None]:
    """Put the CLI's own words before what PostgreSQL says of the history table."""
    try:
        yield
    except psycopg.Error as error:
        if history.is_lost(error):
            raise
        raise BadInput(
            f"{what}{history.in_words(error)}", remedy="Look at the history table.", code=code
        ) from error


def _new(run: Invocation) -> None:
    """`migration new`: make a file, empty or with what is piped in."""
    path = run.write_file(run.line.values[0], run.read_all() if run.ask is None else "")
    made = path.relative_to(run.project)
    run.finish(f"Created new migration at {made}\n", path=str(made), message="Migration created")


def _list(run: Invocation) -> None:
    """`migration list`: versions of the folder beside those of a database (in version 2 the cloud's)."""
    database = run.target("cloud")
    with run.connect_aloud(database) as connection:
        versions = history.list_versions(connection)
    files = [file.version for file in run.list_files()]
    if (LARGEST in map(parse_version, files)) is not (LARGEST in map(parse_version, versions)):
        # The CLI takes that number for the end of a list, and reads beyond it.
        raise BadInput(
            "undefined is not an object (evaluating 'r.length')", remedy="Give the file another version."
        )
    pairs = pair_versions(files, versions)
    local = run.release is Release.V3 and database == "local"
    run.finish(
        format_listing(pairs, theirs="Local DB" if local else "Remote"),
        migrations=[{"local": pair.local, "remote": pair.remote, "time": pair.time} for pair in pairs],
        message="Migrations listed",
    )


def _repair(run: Invocation) -> None:
    """`migration repair`: change the history without running anything."""
    status, versions = run.line.flags.get("status"), run.line.values
    if status is None:
        raise BadInput(
            'Error: required flag(s) "status" not set',
            remedy="Add --status applied or --status reverted.",
            code="MissingOption",
        )
    database = run.target("cloud")
    for version in versions:
        if parse_version(version) is None:
            raise BadInput(
                f"failed to parse {version}: invalid version number",
                remedy="A version has digits only.",
                code="MigrationInvalidVersionError",
            )
    everything = not versions
    if run.release is Release.V3:
        if everything:
            versions = tuple(file.version for file in run.list_files())
        rows = [_read_row(run, version) for version in versions] if status == "applied" else []
        _consent_to_repair(run, database, status, () if everything else versions, len(rows))
    elif everything:
        question = "Do you want to repair the entire migration history table to match local migration files?"
        run.require(question, default=False)
        versions = tuple(file.version for file in run.list_files())
    with (
        run.connect_aloud(database) as connection,
        _said_as("failed to update migration table: ", "MigrationRepairUpdateError"),
    ):
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
    flag = " --remote" if run.release is Release.V3 and database == "cloud" else ""
    run.finish(
        "Finished supabase migration repair.\n"
        f"Run supabase migration list{flag} to show the updated migration history.\n",
        versions=versions,
        status=status,
        repairAll=everything,
        message="Migration history repaired",
    )


def _consent_to_repair(
    run: Invocation, database: DatabaseName, status: str, versions: Sequence[str], files: int
) -> None:
    """Ask as version 3 does; `versions` is empty for the whole history."""
    if versions:
        plural = "" if len(versions) == 1 else "s"
        action = f"Mark {len(versions)} migration{plural} as {status}"
    elif status == "applied":
        plural = "" if files == 1 else "s"
        action = f"Replace the migration history table with {files} local migration{plural}"
    else:
        action = "Clear the migration history table"
    run.require_consent(database, action, details="".join(f" • {version}\n" for version in versions))


def _read_row(run: Invocation, version: str) -> HistoryRow:
    found = sorted((run.project / FOLDER).glob(f"{version}_*.sql"))
    file = parse_name(found[0]) if found else None
    if file is None:
        raise BadInput(
            f"glob {FOLDER}/{version}_*.sql: file does not exist",
            remedy="git pull origin main, or use --status reverted.",
            code="MigrationFileNotFoundError",
        )
    return HistoryRow(
        version, file.name, tuple(statement.text for statement in split(file.read(), run.release))
    )


def _fetch(run: Invocation) -> None:
    """`migration fetch`: write a file for each row of a history (the cloud's)."""
    database, folder = run.target("cloud"), run.project / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        question = f"Do you want to overwrite existing files in {FOLDER} directory?"
        if run.release is Release.V3:
            question = f"Overwrite local migrations with the history from {TARGETS[database]}?"
        run.require(question, default=True)
    with (
        run.connect_aloud(database) as connection,
        _said_as("failed to read migration table: ", "MigrationsReadError"),
    ):
        rows = history.read_rows(connection)
    files = []
    for row in rows:
        file = f"{row.version}_{row.name}.sql"
        if Path(file).name != file or "\\" in file:
            raise BadInput(
                "failed to write migration: invalid version/name in history table: "
                + file.removesuffix(".sql"),
                remedy="Repair that row of the history.",
                code="MigrationFetchWriteError",
            )
        (folder / file).write_bytes((";\n".join(row.statements) + ";\n").encode())
        files.append(str(FOLDER / file))
    run.finish("", files=files, message="Migration history fetched")


def _query(run: Invocation) -> None:
    """`db query`: run one statement and draw its rows (of the local database)."""
    form = _read_form(run)
    if run.release is Release.V3 and run.line.values and "file" in run.line.flags:
        raise BadInput(
            "Pass SQL as an argument or with --file, not both.",
            remedy="Leave one of them out.",
            code="DbQuerySqlSourceConflictError",
        )
    database = run.target("local")
    linked = database == "cloud"
    sql = _read_sql(run)
    reads = run.line.has("read-only")
    if reads:
        require_reading(sql)
    elif run.release is Release.V3:
        words = " ".join(sql.split())
        details = f"sql: {words[:_SHOWN]}{'...' if len(words) > _SHOWN else ''}\n"
        hint = " For a read-only statement, pass --read-only instead."
        run.require_consent(database, "Run a SQL statement", details=details, hint=hint)
    with (
        (run.connect if linked else run.connect_aloud)(database) as connection,
        contextlib.ExitStack() as ended,
    ):
        if reads:
            connection.execute("BEGIN READ ONLY")
            connection.execute("SET LOCAL lock_timeout = '5s'")
            ended.callback(connection.execute, "ROLLBACK")
        run.write(run_query(connection, sql, database=database, linked=linked, form=form))


def _read_sql(run: Invocation) -> str:
    """Return what to run: of --file, of the argument, or what is piped in."""
    if (name := run.line.flags.get("file")) is not None:
        try:
            return (run.project / name).read_bytes().decode("utf-8-sig", errors="replace")
        except OSError as error:
            reason = "NotFound" if isinstance(error, FileNotFoundError) else "BadResource"
            raise BadInput(
                f"failed to read SQL file: {reason}: FileSystem.readFile ({name})",
                remedy="Give the path of a file, from the project's folder on.",
                code="DbQueryReadFileError",
            ) from error
    if run.line.values:
        return run.line.values[0]
    sql = run.read_all() if run.ask is None else ""
    if not sql.strip():
        raise BadInput(
            "no SQL provided via stdin",
            remedy='Give the SQL as an argument: db query "SELECT 1".',
            code="DbQueryNoStdinSqlError",
        )
    return sql


def _read_form(run: Invocation) -> Form:
    """Return how --output, or else --output-format, wants the rows."""
    asked = run.line.flags.get("output", "json" if run.line.structured else "table")
    form = _FORMS.get(asked)
    if form is None:
        raise BadInput(
            f'invalid argument "{asked}" for "-o, --output" flag: must be one of [ json | table | csv ]',
            remedy="Give one of json, table and csv.",
        )
    return form


_CODES: dict[type[KitError], str] = {
    HistoryDiverged: "MissingLocalError",
    OutOfOrder: "MissingRemoteError",
}
"""What the CLI calls errors that have no name of their own; all others are of files that do not apply."""
_FORMS: dict[str, Form] = {"table": "table", "json": "json", "csv": "csv"}
_SHOWN = 120
"""How much of a statement the question shows."""
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
    ("db", "reset"): reset,
}
"""Every command of `arguments.COMMANDS`."""
