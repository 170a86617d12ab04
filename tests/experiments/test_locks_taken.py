"""What pg_locks shows, against every rule that has a case of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from kit.errors import MigrationFailed
from kit.experiments.locks_taken import find_locks
from kit.postgres import Server, create
from kit.review.judge import Judge, Verdict
from kit.review.report import JudgedStatement, Pending
from kit.supabase import split
from kit.supabase.apply import runs_alone

REVIEW = Path(__file__).parents[1] / "review"
CASES = sorted((REVIEW / "cases").glob("*.sql"))
APART = {
    "detach_partition_concurrently": "PostgreSQL refuses it in a file, which is a transaction",
}


@pytest.fixture
def empty(server: Server) -> str:
    create(server, "locks")
    with server.connect("locks", role="migrator") as connection:
        connection.execute((REVIEW / "schema.sql").read_bytes())
    return "locks"


def pending(*statements: str, known: Sequence[str] = ()) -> Pending:
    judged, judge = [], Judge()
    for sql in known:
        judge.learn(sql)
    for line, sql in enumerate(statements, 1):
        verdict = judge.judge(sql)
        assert isinstance(verdict, Verdict)
        judged.append(JudgedStatement(line, sql, verdict))
    return Pending("1_x.sql", tuple(judged))


@pytest.mark.parametrize(
    "path", [path for path in CASES if path.stem not in APART], ids=lambda path: path.stem
)
def test_rule_and_run_agree_on_each_case(path: Path, server: Server, empty: str) -> None:
    lines = path.read_text().splitlines()
    (statement,) = split("\n".join(line for line in lines if not line.startswith("-- ")))
    before = [line.removeprefix("-- before: ") for line in lines if line.startswith("-- before: ")]
    with server.connect(empty, role="migrator") as connection:
        for sql in before:
            connection.execute(sql.encode())

    (held,) = find_locks(server, empty, [pending(statement.text, known=before)]).held

    assert held.agrees, held
    assert (held.locks is None) == runs_alone(statement.text)


def test_a_lock_beyond_the_rule_is_a_difference(server: Server, empty: str) -> None:
    with server.connect(empty, role="migrator") as connection:
        connection.execute(
            "CREATE FUNCTION lock_items() RETURNS trigger LANGUAGE plpgsql "
            "AS $$ BEGIN LOCK TABLE items; RETURN NULL; END $$"
        )
        connection.execute("CREATE TRIGGER locks AFTER INSERT ON kinds EXECUTE FUNCTION lock_items()")

    seen = find_locks(server, empty, [pending("INSERT INTO kinds VALUES (2, 'film')")])

    assert not seen.held[0].agrees
    assert "items ACCESS EXCLUSIVE, reads and writes wait" in repr(seen)


def test_a_file_that_begins_and_ends_transactions_itself_holds_nothing_to_be_seen(
    server: Server, empty: str
) -> None:
    own = pending("BEGIN", "ALTER TABLE items ADD COLUMN a text", "COMMIT")

    assert [one.locks for one in find_locks(server, empty, [own]).held] == [None, None, None]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("ALTER TABLE nobody ADD COLUMN a text", 'relation "nobody" does not exist (SQLSTATE 42P01)'),
        ("COPY items FROM STDIN", "COPY cannot be used"),
        ("COPY items TO PROGRAM 'cat'", "(SQLSTATE 42501)"),
        ("SELECT pg_read_file('PG_VERSION')", "(SQLSTATE 42501)"),
    ],
)
def test_what_postgresql_refuses_is_told_with_its_line(
    server: Server, empty: str, sql: str, why: str
) -> None:
    with pytest.raises(MigrationFailed, match=r"supabase/migrations/1_x\.sql, line 2") as caught:
        find_locks(server, empty, [pending("ALTER TABLE items ADD COLUMN a text", sql)])

    assert why in caught.value.why
