from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kit.errors import MigrationFailed
from kit.postgres import connect_url
from kit.supabase import history
from kit.supabase.apply import apply_file, controls_transaction, mark, runs_alone
from kit.supabase.arguments import Release
from kit.supabase.files import MigrationFile
from kit.supabase.history import Connection


@pytest.fixture
def connection(databases: tuple[str, str]) -> Iterator[Connection]:
    with closing(connect_url(databases[0], application="supabase")) as connection:
        history.prepare(connection)
        yield connection


def apply(connection: Connection, folder: Path, text: str | bytes) -> None:
    path = folder / "001_a.sql"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    apply_file(connection, MigrationFile(path, "001", "a"))


@pytest.mark.parametrize(
    "statement",
    [
        "create index concurrently i on t (a)",
        "-- c\n/* d */ CREATE UNIQUE INDEX\nCONCURRENTLY i ON t (a)",
        "DROP INDEX CONCURRENTLY i",
        "REINDEX TABLE CONCURRENTLY t",
        "VACUUM",
        "vacuum (full) t",
        "ALTER SYSTEM SET a = 1",
        "CLUSTER t",
    ],
)
def test_runs_alone(statement: str) -> None:
    assert runs_alone(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "/* a /* b */ c */ VACUUM",
        "-- a\rVACUUM",
        "/* a */ \ufeffVACUUM",
        "/* a\n -- */ /* b /**/ */ CLUSTER t",
    ],
)
def test_version_2_does_not_see_that_it_runs_alone(statement: str) -> None:
    assert not runs_alone(statement, Release.V2)
    assert runs_alone(statement, Release.V3)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX i ON t (a)",
        "CREATE INDEX concurrently_i ON t (a)",
        "-- VACUUM",
        "",
        "ALTER TABLE vacuum ADD a int",
    ],
)
def test_runs_with_the_others(statement: str) -> None:
    assert not runs_alone(statement)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("BEGIN", True),
        ("-- x\ncommit", True),
        ("START  TRANSACTION", True),
        ("ROLLBACK", True),
        ("ROLLBACK WORK", True),
        ("ROLLBACK TO a", False),
        ("ROLLBACK TRANSACTION TO SAVEPOINT a", False),
        ("BEGINNING", False),
        ("SAVEPOINT a", False),
        ("SELECT 'COMMIT'", False),
    ],
)
def test_controls_its_transaction(statement: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert controls_transaction(statement) is expected


def test_stores_what_it_ran(connection: Connection, tmp_path: Path) -> None:
    statements = ["SELECT '\\', '\"', '{', ',', 'NULL', ''", "-- é\nSELECT $$a\nb$$"]
    apply(connection, tmp_path, ";\n".join(statements))
    assert history.read_rows(connection) == [history.HistoryRow("001", "a", tuple(statements))]


def test_all_or_nothing(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed) as failure:
        apply(connection, tmp_path, "CREATE TABLE t (a int); INSERT INTO t VALUES (1);\nSELECT nope")
    assert {key: failure.value.details[key] for key in ("version", "sqlstate", "place", "statement")} == {
        "version": "001",
        "sqlstate": "42703",
        "place": 2,
        "statement": "SELECT nope",
    }
    assert connection.execute("SELECT to_regclass('t')").fetchone() == (None,)
    assert history.list_versions(connection) == []


def test_a_connection_can_go_on_after_a_failure(connection: Connection, tmp_path: Path) -> None:
    for text in ("SELECT nope", "SELECT 1; SELECT 1/0; SELECT 2", "BEGIN; SELECT nope"):
        with pytest.raises(MigrationFailed):
            apply(connection, tmp_path, text)
    apply(connection, tmp_path, "SELECT 1")
    assert history.list_versions(connection) == ["001"]


def test_more_than_the_sockets_hold(connection: Connection, tmp_path: Path) -> None:
    # 8 MB there, 24 MB back: whoever first sends all and then reads would wait for ever.
    row = "SELECT repeat('x', 300000) /* " + "y" * 100_000 + " */"
    apply(connection, tmp_path, ";\n".join([row] * 80))
    assert len(history.read_rows(connection)[0].statements) == 80


@pytest.mark.parametrize(
    "text", ["CREATE TABLE t (a int); COPY t FROM STDIN", "CREATE TABLE t (a int); SELECT '\0'"]
)
def test_what_cannot_be_sent_is_refused_before_anything_runs(
    connection: Connection, tmp_path: Path, text: str
) -> None:
    with pytest.raises(MigrationFailed, match="08P01"):
        apply(connection, tmp_path, text)
    assert connection.execute("SELECT to_regclass('t')").fetchone() == (None,)


def test_a_failure_of_the_commit_itself_undoes_all(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed, match="23503"):
        apply(
            connection,
            tmp_path,
            "CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t DEFERRABLE INITIALLY DEFERRED);"
            "INSERT INTO t VALUES (1, 2)",
        )
    assert connection.execute("SELECT to_regclass('t')").fetchone() == (None,)
    assert history.list_versions(connection) == []


@pytest.mark.parametrize(
    ("statement", "position", "expected"),
    [
        ("SELECT nope", 8, "SELECT nope\n       ^"),
        ("SELECT\n nope\nFROM t", 9, "SELECT\n nope\n ^"),
        ("SELECT 1", 0, "SELECT 1"),
        ("-- é\nnope", 7, "-- é\nnope\n^"),  # PostgreSQL means the o
        ("-- é\nnope", 6, "-- é\nnope"),
    ],
)
def test_marks_the_place(statement: str, position: int, expected: str) -> None:
    assert mark(statement, position) == expected
