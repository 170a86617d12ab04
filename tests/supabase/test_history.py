from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from kit.postgres import connect_url
from kit.supabase import history
from kit.supabase.history import Connection, HistoryRow


@pytest.fixture
def connection(databases: tuple[str, str]) -> Iterator[Connection]:
    with closing(connect_url(databases[0], application="supabase")) as connection:
        yield connection


def test_before_the_first_migration_there_is_no_table(connection: Connection) -> None:
    assert history.list_versions(connection) == []
    with pytest.raises(psycopg.errors.UndefinedTable):
        history.read_rows(connection)


def test_the_table_is_made_once(connection: Connection) -> None:
    history.prepare(connection)
    history.mark_applied(connection, [HistoryRow("1", "a", ("SELECT 1",))])
    history.prepare(connection)
    assert history.read_rows(connection) == [HistoryRow("1", "a", ("SELECT 1",))]


def test_a_table_of_an_old_cli_gets_the_columns_that_it_lacks(connection: Connection) -> None:
    connection.execute("CREATE SCHEMA supabase_migrations")
    connection.execute("CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY)")
    connection.execute("INSERT INTO supabase_migrations.schema_migrations VALUES ('1')")
    history.prepare(connection)
    assert history.read_rows(connection) == [HistoryRow("1", "", ())]


def test_versions_are_ordered_bytewise(connection: Connection) -> None:
    history.prepare(connection)
    history.mark_applied(
        connection, [HistoryRow(version, "", ()) for version in ("9", "20250126153000", "070", "1_0", "10")]
    )
    assert history.list_versions(connection) == ["070", "10", "1_0", "20250126153000", "9"]


def test_marks_replace_remove_and_start_anew(connection: Connection) -> None:
    history.prepare(connection)
    history.mark_applied(connection, [HistoryRow("1", "a", ()), HistoryRow("2", "b", ())])
    history.mark_applied(connection, [HistoryRow("2", "c", ("x",))])
    assert history.read_rows(connection) == [HistoryRow("1", "a", ()), HistoryRow("2", "c", ("x",))]
    history.mark_reverted(connection, ["1", "7"])
    assert history.list_versions(connection) == ["2"]
    history.mark_applied(connection, [HistoryRow("5", "e", ())], instead=True)
    assert history.list_versions(connection) == ["5"]


def test_knows_when_a_row_was_committed(connection: Connection) -> None:
    history.prepare(connection)
    history.mark_applied(connection, [HistoryRow("1", "a", ())])
    date = history.read_commit_date(connection, "1")
    assert date is not None
    assert abs(datetime.now(UTC) - date) < timedelta(minutes=1)
    assert history.read_commit_date(connection, "2") is None


def test_the_users_own_settings_have_no_say(
    databases: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c search_path=nowhere")
    monkeypatch.setenv("PGCLIENTENCODING", "latin1")
    with closing(connect_url(databases[0], application="supabase")) as connection:
        shown = connection.execute(
            "SELECT current_setting('search_path'), current_setting('client_encoding')"
        )
        assert shown.fetchone() == ('"$user", public', "UTF8")
