from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from kit.errors import ServerFailed
from kit.postgres import Server, create
from kit.world.snapshot import NO_COMMIT, CommitSeen, DatabaseReader, DatabaseSeen, read_database

Execute = Callable[[str], DatabaseSeen]


@pytest.fixture
def after(server: Server, databases: tuple[str, str]) -> Execute:
    """Run SQL in an empty database; look at it."""
    assert databases

    def after(sql: str) -> DatabaseSeen:
        with server.connect("local", role="migrator") as connection:
            connection.execute(sql.encode())
        with server.connect("local") as connection:
            return read_database(connection)

    return after


def test_a_reader_goes_on_in_a_database_that_was_made_anew(server: Server, after: Execute) -> None:
    after("CREATE TABLE documents (id int)")
    made: list[int] = []

    def connect() -> psycopg.Connection:
        made.append(1)
        return server.connect("local")

    reader = DatabaseReader(connect)
    assert reader.read() == reader.read() == DatabaseSeen(columns=("id",))
    assert len(made) == 1
    create(server, "local")
    assert reader.read() == DatabaseSeen()
    with server.connect() as connection:
        connection.execute("DROP DATABASE local WITH (FORCE)")
    with pytest.raises(ServerFailed, match="local does not answer"):
        reader.read()
    create(server, "local")
    assert reader.read() == DatabaseSeen()
    reader.close()
    reader.close()
    with server.connect() as connection:
        connection.execute("DROP DATABASE local")  # it would refuse, if somebody were in there
    create(server, "local")


def test_an_empty_database_holds_nothing(after: Execute) -> None:
    assert after("SELECT 1") == DatabaseSeen()


def test_what_the_workflow_speaks_of_is_seen(after: Execute) -> None:
    seen = after(
        """
        CREATE TABLE documents (id int PRIMARY KEY, gone int, title text, last_viewed timestamptz);
        ALTER TABLE documents DROP COLUMN gone;
        CREATE INDEX by_view ON documents (last_viewed);
        COMMENT ON COLUMN documents.last_viewed IS 'when';
        INSERT INTO documents VALUES (1, 'a', now()), (2, 'b', NULL), (3, 'c', now());
        CREATE SCHEMA supabase_migrations;
        CREATE TABLE supabase_migrations.schema_migrations (version text);
        INSERT INTO supabase_migrations.schema_migrations VALUES ('2025'), ('070');
        """
    )

    assert seen == DatabaseSeen(
        columns=("id", "title", "last_viewed"),
        indexes=("by_view", "documents_pkey"),
        comment="when",
        versions=("070", "2025"),
        viewed=2,
    )


def test_without_the_column_nothing_was_viewed(after: Execute) -> None:
    seen = after("CREATE TABLE documents (id int); INSERT INTO documents VALUES (1)")

    assert (seen.columns, seen.viewed, seen.comment) == (("id",), 0, "")


def test_a_table_of_another_schema_is_not_meant(after: Execute) -> None:
    assert after("CREATE SCHEMA other; CREATE TABLE other.documents (id int)").columns == ()


def test_a_commits_versions_are_those_of_its_files() -> None:
    assert CommitSeen(migrations=("070_a.sql", "2025_b_c.sql")).versions == ("070", "2025")
    assert NO_COMMIT.versions == ()


def test_the_names_of_migrations_are_seen_where_the_history_has_them(after: Execute) -> None:
    seen = after(
        """
        CREATE SCHEMA supabase_migrations;
        CREATE TABLE supabase_migrations.schema_migrations (version text, name text);
        INSERT INTO supabase_migrations.schema_migrations VALUES ('001', 'a'), ('002', NULL);
        """
    )

    assert (seen.versions, seen.names) == (("001", "002"), {"001": "a"})
