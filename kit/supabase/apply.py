"""Apply migration files to a database: one file, what is pending, and the question before a push."""

from __future__ import annotations

import bisect
import contextlib
import itertools
import re
from collections.abc import Sequence
from typing import NoReturn, cast

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.waiting import Ready, Wait

from kit.errors import HistoryDiverged, MigrationFailed, OutOfOrder
from kit.names import DatabaseName
from kit.supabase import history
from kit.supabase.arguments import CLI_VERSION, Release
from kit.supabase.exchange import copies, exchange
from kit.supabase.files import FOLDER, MigrationFile, asks_for_no_transaction, choose_pending
from kit.supabase.history import INSERT, Connection, is_lost, lost
from kit.supabase.invocation import SPOKEN, Invocation
from kit.supabase.splitter import skip_blanks, split

_ALONE = re.compile(
    r"CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY(\s|$)"
    r"|DROP\s+INDEX\s+CONCURRENTLY(\s|$)"
    r"|REINDEX[\s(][^\n\r\u2028\u2029]*\sCONCURRENTLY(\s|$)"
    r"|VACUUM([\s(]|$)"
    r"|ALTER\s+SYSTEM(\s|$)"
    r"|CLUSTER(\s|$)"
)
"""Statements that PostgreSQL refuses in a transaction. Source: Supabase CLI, 2.109 and later."""
_CONTROLS = re.compile(r"(BEGIN|START\s+TRANSACTION|COMMIT|END|ABORT|PREPARE\s+TRANSACTION)(\s|$)")
"""Statements that begin or end a transaction themselves."""
_BLANKS = re.compile(
    r"[ \t\n\r]*(?:\ufeff[ \t\n\r]*)*(?:(?:--[^\n]*(?:\n|\Z)|/\*(?:/|.*?\*/))[ \t\n\r]*)*", re.DOTALL
)
"""What version 2 leaves out before a statement's first word: no comment inside a comment, no lone \\r."""
_NUL = "insufficient data left in message"
"""What PostgreSQL says of a statement with a NUL in it."""
_COPY_IN_BATCH = "unexpected message type 0x50 during COPY from stdin"
"""What PostgreSQL says where a COPY FROM STDIN is followed by more of a batch instead of by rows."""
_BEGIN_YOURSELF = (
    "",
    "Hint: This statement must run inside an explicit BEGIN; ... COMMIT; block;",
    "      the CLI adds none. Review any existing transaction boundaries.",
    "      Move each non-transactional statement (e.g. VACUUM) to its own file.",
)
"""What version 3 adds to SQLSTATE 25P01."""
_BETWEEN = "\n;"
_LAST = "SELECT"
"""What stands for the Sync after a batch: if the commit itself fails, it is none of the statements."""
_TYPE_MISSING = re.compile(r'type "([^"]+)" does not exist')


def apply_file(connection: Connection, file: MigrationFile, release: Release = CLI_VERSION) -> None:
    """Run the statements of a file and write its row in the history.

    All of it is one implicit transaction (one pipeline): it is applied whole or not at
    all. As with the Supabase CLI 2.122.1 there are two exceptions. A statement that
    cannot run in a transaction runs alone, and what came before it is committed. A
    file that says BEGIN, COMMIT or ROLLBACK itself runs statement by statement. In
    both, what was committed before a failure stays, and the history has no row of it.

    Raises:
        MigrationFailed: if PostgreSQL refuses a statement; the message is the CLI's.
        ServerFailed: if the connection breaks.
        BadInput: if the file cannot be read.
    """
    _FileRun(connection, file, file.read(), release).go()


def runs_alone(statement: str, release: Release = CLI_VERSION) -> bool:
    """Say whether a statement runs outside of the file's transaction."""
    return _ALONE.match(_first_words(statement, release)) is not None


def controls_transaction(statement: str, release: Release = CLI_VERSION) -> bool:
    """Say whether a statement begins or ends a transaction; ROLLBACK TO does not."""
    text = _first_words(statement, release)
    words = text.split()
    if words[:1] == ["ROLLBACK"]:
        after = words[2:] if words[1:2] in (["WORK"], ["TRANSACTION"]) else words[1:]
        return after[:1] != ["TO"]
    return _CONTROLS.match(text) is not None


def _first_words(statement: str, release: Release) -> str:
    if release is Release.V2:
        start = _BLANKS.match(statement)
        place = start.end() if start else 0
    else:
        place = skip_blanks(statement, release=release)
        while statement.startswith("\ufeff", place):
            place = skip_blanks(statement, place + 1, release)
    return statement[place:].strip().upper()


class _FileRun:
    """One file on its way into one database."""

    def __init__(self, connection: Connection, file: MigrationFile, text: str, release: Release) -> None:
        self._connection = connection
        self._file = file
        self._release = release
        self._statements = [statement.text for statement in split(text, release)]
        self._asks_for_no_transaction = asks_for_no_transaction(text)

    def go(self) -> None:
        self._connection.execute("RESET ALL")
        if any(controls_transaction(statement, self._release) for statement in self._statements):
            self._one_by_one("ROLLBACK")
        elif self._asks_for_no_transaction:
            self._one_by_one("RESET ALL")
        else:
            self._in_batches()

    def _one_by_one(self, after_failure: str) -> None:
        try:
            for place in range(len(self._statements)):
                self._alone(place)
            self._batch([], with_history=True, first=len(self._statements))
        except MigrationFailed:
            with contextlib.suppress(psycopg.Error):  # the failure before is the one to tell
                self._connection.execute(after_failure.encode())
            raise

    def _in_batches(self) -> None:
        waiting: list[str] = []
        for place, statement in enumerate(self._statements):
            if runs_alone(statement, self._release):
                self._batch(waiting, with_history=False, first=place - len(waiting))
                waiting = []
                self._alone(place)
            else:
                waiting.append(statement)
        self._batch(waiting, with_history=True, first=len(self._statements) - len(waiting))

    def _alone(self, place: int) -> None:
        statement = self._statements[place]
        try:
            if "\0" in statement:
                raise psycopg.DataError(_NUL)
            if copies(statement):
                *_, result = self._connection.wait(exchange(self._connection.pgconn, statement))
                if result.status == ExecStatus.FATAL_ERROR:
                    raise error_from_result(result)
            else:
                self._connection.execute(statement.encode())
        except psycopg.Error as error:
            self._fail(error, place)

    def _batch(self, statements: Sequence[str], *, with_history: bool, first: int) -> None:
        """Send statements as one pipeline, which is one implicit transaction.

        Args:
            statements: what to run.
            with_history: end with the row in the history.
            first: the place in the file of the first statement.
        """
        if not statements and not with_history:
            return
        unsendable = next((place for place, text in enumerate(statements) if "\0" in text), None)
        if unsendable is not None:  # libpq cannot send it, and the CLI fails when it comes to it
            statements, with_history = [*statements[:unsendable], "ROLLBACK"], False
        has_copy = any(map(copies, statements))
        try:
            results = self._connection.wait(
                exchange(self._connection.pgconn, self._join(statements, with_history=with_history))
                if has_copy
                else self._exchange(statements, with_history=with_history)
            )
        except psycopg.Error as error:
            raise lost(self._connection.info.dbname, error) from None
        for place, result in enumerate(results):
            if result.status == ExecStatus.FATAL_ERROR:
                why: psycopg.Error = error_from_result(result)
                failed, start = place, 0
                if has_copy:
                    failed, start, why = _find_failure(statements, place, why)
                self._fail(why, first + failed, start=start)
        if unsendable is not None:
            self._fail(psycopg.DataError(_NUL), first + unsendable)

    def _join(self, statements: Sequence[str], *, with_history: bool) -> str:
        """Return one text of all statements, which PostgreSQL runs as one implicit transaction, too."""
        if not with_history:
            return _BETWEEN.join([*statements, _LAST])
        values = (self._file.version, self._file.name, _write_array(self._statements))
        row = psycopg.ClientCursor(self._connection).mogrify(
            re.sub(r"\$[0-9]", "%s", INSERT).encode(), values
        )
        return _BETWEEN.join([*statements, row, _LAST])

    def _exchange(self, statements: Sequence[str], *, with_history: bool) -> PQGen[list[PGresult]]:
        """Send statements and, after the last, Sync, which commits; return a result for each, and Sync's.

        libpq at first hand: psycopg's own pipeline loses its way when the commit itself
        fails, as for a deferred constraint. Nothing is sent before all is prepared, so
        that an interruption cannot leave a part of it in front of a Sync.
        """
        pgconn = self._connection.pgconn
        pgconn.enter_pipeline_mode()
        for statement in statements:
            pgconn.send_query_params(statement.encode(), None)
        if with_history:
            values = (self._file.version, self._file.name, _write_array(self._statements))
            pgconn.send_query_params(INSERT.encode(), [value.encode() for value in values])
        pgconn.pipeline_sync()
        while pgconn.flush():
            if (yield Wait.RW) & Ready.R:
                pgconn.consume_input()
        results = yield from self._receive()
        if pgconn.status == ConnStatus.OK:
            pgconn.exit_pipeline_mode()
        return results

    def _receive(self) -> PQGen[list[PGresult]]:
        """Return the results of a pipeline, with Sync's; fewer if the server ends the connection."""
        pgconn = self._connection.pgconn
        results: list[PGresult] = []
        while not results or results[-1].status != ExecStatus.PIPELINE_SYNC:
            try:
                while pgconn.is_busy():
                    yield Wait.R
                    pgconn.consume_input()
            except psycopg.OperationalError:
                if not any(result.status == ExecStatus.FATAL_ERROR for result in results):
                    raise
                break
            if result := pgconn.get_result():
                results.append(result)
            elif pgconn.status == ConnStatus.BAD:
                break
        return results

    def _fail(self, error: psycopg.Error, place: int, *, start: int = 0) -> NoReturn:
        diagnosis = error.diag
        if is_lost(error):
            raise lost(self._connection.info.dbname, error) from None
        statement = self._statements[place] if place < len(self._statements) else INSERT
        code = diagnosis.sqlstate or "08P01"
        words = diagnosis.message_primary or str(error)
        lines = [f"{diagnosis.severity or 'ERROR'}: {words} (SQLSTATE {code})"]
        if diagnosis.message_detail:
            lines.append(diagnosis.message_detail)
        missing = _TYPE_MISSING.search(words) if code == "42704" else None
        if missing and "." not in missing[1]:
            lines += [
                "",
                "Hint: This type may be defined in a schema that's not in your search_path.",
                "      Use schema-qualified type references to avoid this error:",
                f"        CREATE TABLE example (col extensions.{missing[1]});",
                "      Learn more: supabase migration new --help",
            ]
        if code == "25P01" and self._release is Release.V3:
            lines += _BEGIN_YOURSELF
        position = int(diagnosis.statement_position or start) - start
        counts_bytes = self._release is Release.V2
        lines += [f"At statement: {place}", mark(statement, position, counts_bytes=counts_bytes)]
        raise MigrationFailed(
            "\n".join(lines),
            remedy=f"Mend {self._file.path.name} and run the command again.",
            version=self._file.version,
            sqlstate=code,
            reason=words,
            place=place,
            statement=statement,
        ) from error


def _find_failure(
    statements: Sequence[str], place: int, error: psycopg.Error
) -> tuple[int, int, psycopg.Error]:
    """Say where one of several statements that were sent as one text failed.

    Returns:
        Its place, where it starts in the text, and the error that the CLI gets.
    """
    starts = [0, *itertools.accumulate(len(statement) + len(_BETWEEN) for statement in statements)]
    position = int(error.diag.statement_position or 0)
    if position:  # a text is parsed whole, before anything of it runs
        place = bisect.bisect_right(starts, position - 1) - 1
    if error.diag.sqlstate == "57014" and place < len(statements) and copies(statements[place]):
        error = psycopg.DataError(_COPY_IN_BATCH)
    return place, starts[place] if position else 0, error


def mark(statement: str, position: int, *, counts_bytes: bool = True) -> str:
    """Return the statement up to the line of an error, with a caret below the place.

    Args:
        statement: the statement.
        position: the place of the error in characters, from 1; 0 if it is not known.
        counts_bytes: count the bytes of the lines before, as the Supabase CLI 2.122.1 does, so
            that after letters beyond ASCII the caret stands too far left.

    Returns:
        The whole statement if the place is not known.
    """
    lines = statement.split("\n")
    for place, line in enumerate(lines):
        size = len(line.encode() if counts_bytes else line)
        if position > size:
            position -= size + 1
            continue
        if position > 0:
            return "\n".join([*lines[: place + 1], " " * (position - 1) + "^"])
        break
    return statement


def _write_array(texts: Sequence[str]) -> str:
    """Write a text[] as PostgreSQL reads it."""
    escaped = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in escaped) + "}"


PUSH_SECONDS = 2.0
"""How long `db push` takes on the virtual clock. Source: WORKFLOW.md 5.4, from 00:36 to 00:38."""
REPAIR = """
Make sure your local git repo is up-to-date. If the error persists, try repairing the migration history table:
"""


def migrate_up(run: Invocation) -> None:
    """`migration up`: apply what is pending; the local database, if nothing else is said."""
    database = run.target("local")
    with run.connect_aloud(database) as connection:
        pending = _require_pending(run, connection, database)
        if run.release is Release.V3 and pending:
            details = "".join(f"Apply migration {file.path.name}\n" for file in pending)
            run.require_consent(database, _count("Apply", pending), details=details)
        for file in pending:
            run.say(f"Applying migration {file.path.name}...")
            connection.execute("RESET ALL")
            history.prepare(connection)
            apply_and_record(run, connection, database, file)
        spoken = SPOKEN[database] if run.release is Release.V3 else "local"
        run.finish(
            f"{spoken.capitalize()} database is up to date.\n",
            applied=[str(FOLDER / file.path.name) for file in pending],
            message="Migrations applied",
        )


def push(run: Invocation) -> None:
    """`db push`: list what is pending, ask, apply; the cloud database by default, in version 2."""
    database = run.target("cloud")
    dry = run.line.has("dry-run")
    if dry:
        run.say("DRY RUN: migrations will *not* be pushed to the database.")
    with run.connect_aloud(database) as connection:
        pending = _require_pending(run, connection, database)
        if not pending:
            _finish_push(run, f"{SPOKEN[database].capitalize()} database is up to date.", [])
            return
        if dry:
            run.write(f"Would push these migrations:\n{_bullets(pending)}")
        else:
            if run.release is Release.V3:
                details = f"Apply these migrations:\n{_bullets(pending)}"
                run.require_consent(database, _count("Apply", pending), details=details)
            elif run.line.has("yes") or not run.line.structured:
                run.require(format_push_question(database, pending), default=True)
            if run.clock.name == "virtual":
                run.clock.advance(PUSH_SECONDS)
            history.prepare(connection)
            for file in pending:
                run.say(f"Applying migration {file.path.name}...")
                apply_and_record(run, connection, database, file)
    _finish_push(run, "Finished supabase db push.", pending)


def _finish_push(run: Invocation, message: str, pushed: Sequence[MigrationFile]) -> None:
    run.finish(
        f"{message}\n",
        upToDate=not pushed,
        dryRun=run.line.has("dry-run"),
        migrations=[file.path.name for file in pushed],
        seeds=[],
        roles=[],
        message=message,
    )


def _count(action: str, files: Sequence[MigrationFile]) -> str:
    return f"{action} {len(files)} migration{'' if len(files) == 1 else 's'}"


def format_push_question(database: DatabaseName, pending: Sequence[MigrationFile]) -> str:
    """Return what `db push` asks before it applies anything."""
    return f"Do you want to push these migrations to the {SPOKEN[database]} database?\n{_bullets(pending)}"


def _bullets(files: Sequence[MigrationFile]) -> str:
    return "".join(f" • {file.path.name}\n" for file in files)


def apply_and_record(
    run: Invocation, connection: Connection, database: DatabaseName, file: MigrationFile
) -> None:
    """Apply a file as `apply_file` does, and tell that it is committed."""
    apply_file(connection, file, run.release)
    # A file with a BEGIN of its own and no COMMIT leaves the transaction open: nothing is committed yet.
    if connection.info.transaction_status == TransactionStatus.IDLE:
        run.record(connection, database, file.version, file.name)


def _require_pending(
    run: Invocation, connection: Connection, database: DatabaseName
) -> Sequence[MigrationFile]:
    applied = history.list_versions(connection)
    files = run.list_files()
    try:
        return choose_pending(files, applied, include_all=run.line.has("include-all"))
    except HistoryDiverged as error:
        versions = cast("tuple[str, ...]", error.details["versions"])
        flag, remote = "", ""
        if run.release is Release.V3:
            remote = " --remote" if database == "cloud" else ""
        elif database == "local":
            flag = " --local"
        error.details["hint"] = (
            f"{REPAIR}supabase migration repair{flag} --status reverted {' '.join(versions)}{remote}\n\n"
            f"And update local migrations to match remote database:\nsupabase db pull{flag}{remote}\n"
        )
        raise
    except OutOfOrder as error:
        places = cast("tuple[int, ...]", error.details["places"])
        early = "\n".join(str(FOLDER / files[place].path.name) for place in places)
        error.details["hint"] = (
            f"\nRerun the command with --include-all flag to apply these migrations:\n{early}\n"
        )
        raise
