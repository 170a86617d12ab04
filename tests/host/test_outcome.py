from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from kit.errors import BadInput, ServerFailed
from kit.host.outcome import Witness
from kit.postgres import Server
from kit.process import wait_until

NOON = datetime(2025, 1, 26, 12, 0, 0, 123457, tzinfo=UTC)
LATER = NOON + timedelta(milliseconds=50)
ONE = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def execute(server: Server, databases: tuple[str, str]) -> Callable[[str], None]:
    assert databases

    def execute(sql: str) -> None:
        with server.connect("cloud", role="migrator") as connection:
            connection.execute(sql.encode())

    execute("CREATE TABLE documents (id uuid PRIMARY KEY, title text, seen timestamptz, born timestamp)")
    execute(f"INSERT INTO documents VALUES ('{ONE}', '2025-01-26', NULL, '{NOON:%Y-%m-%d %H:%M:%S.%f}')")
    return execute


@pytest.fixture
def witness(server: Server, execute: Callable[[str], None]) -> Iterator[Witness]:
    execute("SELECT 1")
    witness = Witness(lambda: server.connect("cloud"))
    yield witness
    witness.close()


def test_it_lists_the_documents(witness: Witness) -> None:
    assert witness.documents() == [ONE]


def test_without_the_table_it_says_so(witness: Witness, execute: Callable[[str], None]) -> None:
    with witness.arrival(ONE, NOON) as arrival:
        execute("DROP TABLE documents")
        with pytest.raises(BadInput, match="no documents to visit"):
            witness.documents()
        assert witness.find_lost([arrival]) == {arrival}


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (None, False),
        (NOON, True),
        (NOON + timedelta(microseconds=1), True),
        (NOON - timedelta(milliseconds=1), False),
        (LATER, False),
    ],
)
def test_a_view_is_there_if_its_instant_is(
    witness: Witness, execute: Callable[[str], None], stored: datetime | None, *, expected: bool
) -> None:
    if stored:
        execute(f"UPDATE documents SET seen = '{stored.isoformat()}'")

    with witness.arrival(ONE, NOON) as arrival:
        assert (witness.find_lost([arrival]) == set()) is expected


def test_a_document_that_is_gone_holds_no_view(witness: Witness, execute: Callable[[str], None]) -> None:
    execute("DELETE FROM documents")

    with witness.arrival(ONE, NOON) as arrival:
        assert witness.find_lost([arrival]) == {arrival}


@pytest.mark.parametrize("last_written", [NOON, LATER])
def test_of_two_at_the_same_time_whichever_was_written_last_speaks_for_both(
    witness: Witness, execute: Callable[[str], None], last_written: datetime
) -> None:
    with witness.arrival(ONE, NOON) as first, witness.arrival(ONE, LATER) as second:
        execute(f"UPDATE documents SET seen = '{last_written.isoformat()}'")

        assert witness.find_lost([first]) == set()
        assert witness.find_lost([second]) == set()


def test_one_who_came_after_the_other_had_gone_speaks_for_himself(
    witness: Witness, execute: Callable[[str], None]
) -> None:
    with witness.arrival(ONE, NOON):
        execute(f"UPDATE documents SET seen = '{NOON.isoformat()}'")
    with witness.arrival(ONE, LATER) as second:
        assert witness.find_lost([second]) == {second}


def test_a_visitor_of_another_document_is_no_rival(witness: Witness, execute: Callable[[str], None]) -> None:
    other = ONE.replace("1", "2")
    with witness.arrival(ONE, NOON) as first, witness.arrival(other, LATER):
        execute(f"UPDATE documents SET seen = '{LATER.isoformat()}'")

        assert witness.find_lost([first]) == {first}


def test_a_server_that_does_not_answer_is_an_error_and_no_verdict(
    witness: Witness, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'cloud' AND usename = 'kit'"

    def connect() -> psycopg.Connection:
        connection = server.connect("cloud")
        with server.connect() as kit:
            kit.execute(cut.encode())
        return connection

    monkeypatch.setattr(witness, "_connect", connect)
    with (
        witness.arrival(ONE, NOON) as arrival,
        pytest.raises(ServerFailed, match="does not say what became"),
    ):
        witness.find_lost([arrival])


def test_it_sees_when_the_app_waits_for_a_lock(witness: Witness, server: Server) -> None:
    witness.watch_locks()
    with server.connect("cloud", role="app") as app:
        asking = threading.Thread(target=app.execute, args=["SELECT count(*) FROM documents"])
        with server.connect("cloud", role="migrator") as migrator, migrator.transaction():
            migrator.execute("LOCK TABLE documents")
            assert not witness.saw_lock_since(0.0)

            asking.start()

            assert wait_until(lambda: witness.saw_lock_since(0.0), seconds=60)
        asking.join()


def log_line(request: str, sqlstate: str = "42703", error: str = "no such column") -> str:
    return json.dumps({"request_id": request, "sqlstate": sqlstate, "error": error}) + "\n"


def test_errors_are_found_by_their_request(witness: Witness, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("Traceback\n[1, 2]\n" + log_line("a") + log_line("b", "23505", "twice"))

    assert witness.error_of("b", log=log) == ("23505", "twice")
    assert witness.error_of("a", log=log) == ("42703", "no such column")
    assert witness.error_of("a", log=log) == ("", "")


def test_a_line_that_is_still_being_written_is_read_when_it_is_whole(
    witness: Witness, tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    line = log_line("a")
    log.write_text(line[:20])
    assert witness.error_of("a", log=log) == ("", "")

    with log.open("a") as file:
        file.write(line[20:])

    assert witness.error_of("a", log=log) == ("42703", "no such column")


def test_a_log_that_is_not_there_has_no_errors(witness: Witness, tmp_path: Path) -> None:
    assert witness.error_of("a", log=tmp_path / "none") == ("", "")
    assert witness.error_of("a", log=tmp_path) == ("", "")
