"""Make, dump and restore, on each provider's server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from kit.errors import ServerFailed
from kit.postgres import Server, create, dump, restore

SCHEMA = """
CREATE SCHEMA supabase_migrations;
CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text);
INSERT INTO supabase_migrations.schema_migrations VALUES ('070', ARRAY['SELECT ''; -- $$'], 'a "name"');
CREATE TABLE documents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    number int GENERATED ALWAYS AS IDENTITY,
    title text NOT NULL,
    last_viewed timestamptz
);
COMMENT ON COLUMN documents.last_viewed IS 'when it was last read; user-made';
CREATE INDEX documents_last_viewed ON documents (last_viewed DESC NULLS LAST) WHERE last_viewed IS NOT NULL;
INSERT INTO documents (title, last_viewed) VALUES
    ('SET transaction_timeout = 0;', '2025-01-26 15:30:00.123456+00'), (E'tab\\tand ä', NULL);
CREATE FUNCTION notify() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER told AFTER INSERT ON documents FOR EACH ROW EXECUTE FUNCTION notify();
"""

FACTS = {
    "rows": "SELECT title, last_viewed, number FROM documents ORDER BY number",
    "history": "SELECT * FROM supabase_migrations.schema_migrations",
    "comment": "SELECT col_description('documents'::regclass, 4)",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE tablename = 'documents' ORDER BY 1",
    "grants": (
        "SELECT grantee::text, privilege_type::text FROM information_schema.role_table_grants "
        "WHERE table_name = 'documents' ORDER BY 1, 2"
    ),
    "default privileges": "SELECT defaclobjtype, defaclacl::text FROM pg_default_acl ORDER BY 1",
    "owners": "SELECT relname, relowner::regrole::text FROM pg_class WHERE relname ~ '^docu' ORDER BY 1",
    "schemas": (
        "SELECT nspname, nspowner::regrole::text, nspacl::text FROM pg_namespace "
        "WHERE nspname !~ '^(pg_|information)' ORDER BY 1"
    ),
    "database": (
        "SELECT datdba::regrole::text, datacl::text, datcollate, datconnlimit FROM pg_database "
        "WHERE datname = current_database()"
    ),
    "triggers": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}


def facts(server: Server, database: str) -> dict[str, list[Any]]:
    with server.connect(database) as connection:
        return {name: connection.execute(query.encode()).fetchall() for name, query in FACTS.items()}


@pytest.fixture
def filled(any_server: Server) -> Server:
    for name in ("local", "cloud"):
        create(any_server, name)
    with any_server.connect("local", role="migrator") as connection:
        connection.execute(SCHEMA)
    return any_server


def test_a_restored_database_is_the_same(filled: Server, tmp_path: Path) -> None:
    before = facts(filled, "local")
    assert ("app", "UPDATE") in before["grants"]
    assert before["comment"] == [("when it was last read; user-made",)]
    dump(filled, "local", tmp_path / "dump.sql")

    restore(filled, "cloud", tmp_path / "dump.sql")
    restore(filled, "local", tmp_path / "dump.sql")

    assert facts(filled, "cloud") == before
    assert facts(filled, "local") == before


def test_the_same_content_gives_the_same_dump(filled: Server, tmp_path: Path) -> None:
    first, second = tmp_path / "first.sql", tmp_path / "second.sql"
    dump(filled, "local", first)
    restore(filled, "cloud", first)
    dump(filled, "cloud", second)

    assert first.read_bytes() == second.read_bytes()


def test_what_a_restored_migrator_makes_is_the_apps_to_use(filled: Server, tmp_path: Path) -> None:
    dump(filled, "local", tmp_path / "dump.sql")
    restore(filled, "cloud", tmp_path / "dump.sql")
    with filled.connect("cloud", role="migrator") as connection:
        connection.execute("CREATE TABLE later (id serial)")
        connection.execute("ALTER TABLE documents ADD COLUMN added int")
    with filled.connect("cloud", role="app") as connection:
        connection.execute("INSERT INTO later DEFAULT VALUES")
        connection.execute("UPDATE documents SET added = 1")


def test_a_database_in_use_is_replaced(filled: Server) -> None:
    with filled.connect("local", role="app") as old:
        create(filled, "local")
        with pytest.raises(psycopg.OperationalError):
            old.execute("SELECT 1")
    with filled.connect("local") as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname='public'").fetchone() == (
            0,
        )


LEFT = {
    "all sorts of things": (
        "CREATE SCHEMA mine; CREATE TABLE mine.data (id serial PRIMARY KEY, at timestamptz)",
        "CREATE TYPE colour AS ENUM ('red'); CREATE DOMAIN short AS text; CREATE SEQUENCE counted",
        "CREATE VIEW seen AS SELECT 1; CREATE MATERIALIZED VIEW kept AS SELECT 1",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PUBLICATION told",
        "SELECT lo_create(0); CREATE TEMPORARY TABLE passing (id int)",
        "GRANT ALL ON ALL TABLES IN SCHEMA mine TO app; COMMENT ON SCHEMA public IS 'mine'",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM app",
        "ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO app",
    ),
    "no schema public": ("DROP SCHEMA public CASCADE",),
    "another schema public": ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"),
    "other rights": ("REVOKE USAGE ON SCHEMA public FROM app", "GRANT CREATE ON SCHEMA public TO app"),
    "a setting": ("ALTER DATABASE local SET search_path = nowhere",),
    "other rights to connect": ("REVOKE CONNECT ON DATABASE local FROM PUBLIC",),
    "a limit": ("ALTER DATABASE local CONNECTION LIMIT 3",),
}


@pytest.mark.parametrize("done", LEFT)
def test_a_database_that_is_made_again_is_like_a_new_one(filled: Server, done: str, tmp_path: Path) -> None:
    create(filled, "cloud")
    new = facts_of_empty(filled, "cloud")
    with filled.connect("local", role="migrator") as connection:
        for statements in LEFT[done]:
            connection.execute(statements.encode())

    create(filled, "local")

    assert facts_of_empty(filled, "local") == new
    for name in ("local", "cloud"):
        dump(filled, name, tmp_path / name)
    assert (tmp_path / "local").read_bytes() == (tmp_path / "cloud").read_bytes()


def test_what_a_superuser_left_is_gone_too(filled: Server) -> None:
    with filled.connect("local") as connection:
        connection.execute("CREATE TABLE public.of_the_superuser (id int)")

    create(filled, "local")

    with filled.connect("local") as connection:
        assert connection.execute("SELECT to_regclass('of_the_superuser')").fetchone() == (None,)


def test_emptying_a_database_makes_no_new_one(filled: Server) -> None:
    number = "SELECT oid FROM pg_database WHERE datname = 'local'"
    with filled.connect() as connection:
        before = connection.execute(number).fetchone()
        create(filled, "local")
        assert connection.execute(number).fetchone() == before


def facts_of_empty(server: Server, database: str) -> dict[str, list[Any]]:
    """Return what `facts` does of a database without tables, and what else there may be in one."""
    queries = {name: FACTS[name] for name in ("default privileges", "schemas", "database")} | {
        "objects": "SELECT relname FROM pg_class WHERE oid >= 16384",
        "types": "SELECT typname FROM pg_type WHERE oid >= 16384",
        "functions": "SELECT proname FROM pg_proc WHERE oid >= 16384",
        "extensions": "SELECT extname FROM pg_extension",
        "publications": "SELECT pubname FROM pg_publication",
        "large objects": "SELECT oid FROM pg_largeobject_metadata",
        "settings": "SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase "
        "WHERE datname = current_database()",
    }
    with server.connect(database) as connection:
        return {name: connection.execute(query.encode()).fetchall() for name, query in queries.items()}


def test_a_failed_dump_writes_nothing(filled: Server, tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match="nothing could not be saved") as caught:
        dump(filled, "nothing", tmp_path / "dump.sql")

    assert 'database "nothing" does not exist' in caught.value.why
    assert list(tmp_path.iterdir()) == []


def test_a_dump_that_does_not_load_is_all_or_nothing(filled: Server, tmp_path: Path) -> None:
    broken = tmp_path / "it's a dump.sql"
    broken.write_text("CREATE TABLE one (id int);\nSELEKT 1;\n")

    with pytest.raises(ServerFailed, match="local could not be restored") as caught:
        restore(filled, "local", broken)

    assert "SELEKT" in caught.value.why
    with filled.connect("local") as connection:
        assert connection.execute("SELECT to_regclass('one')").fetchone() == (None,)


def test_odd_names_are_names(any_server: Server, tmp_path: Path) -> None:
    name = 'it\'s "odd" = x'
    create(any_server, name)
    try:
        dump(any_server, name, tmp_path / "dump.sql")
        restore(any_server, name, tmp_path / "dump.sql")
    finally:
        with any_server.connect() as connection:
            connection.execute('DROP DATABASE "it\'s ""odd"" = x"')
