from __future__ import annotations

import pytest
from postgast.pg_query_pb2 import Node, ObjectType

from kit.review.outside import find_outside, read_outside


def test_every_word_of_the_file_is_known() -> None:
    facts = read_outside()
    assert facts.keys() == {"statements", "objects"}
    assert facts["statements"].keys() <= {
        field.name for field in Node.DESCRIPTOR.oneofs_by_name["node"].fields
    }
    assert set(facts["objects"]) <= set(ObjectType.keys())


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("CREATE DATABASE x", "CREATE DATABASE"),
        ("DROP DATABASE IF EXISTS cloud", "DROP DATABASE"),
        ("ALTER DATABASE cloud SET work_mem = '1GB'", "for everybody"),
        ("ALTER DATABASE cloud RENAME TO other", "the database as a whole"),
        ("ALTER DATABASE cloud OWNER TO app", "the database as a whole"),
        ("GRANT ALL ON DATABASE cloud TO app", "the database as a whole"),
        ("ALTER SYSTEM SET work_mem = '1GB'", "the whole server"),
        ("CREATE ROLE x SUPERUSER", "an account"),
        ("CREATE USER x", "an account"),
        ("ALTER ROLE app SET search_path = ''", "an account"),
        ("ALTER ROLE app RENAME TO ape", "an account"),
        ("DROP ROLE app", "an account"),
        ("GRANT kit TO app", "accounts"),
        ("SET ROLE kit", "another account"),
        ("SET SESSION AUTHORIZATION kit", "another account"),
        ("REASSIGN OWNED BY app TO kit", "owns"),
        ("CREATE TABLESPACE x LOCATION '/x'", "a folder"),
        ("COPY documents TO PROGRAM 'cat'", "runs a program"),
        ("COPY documents FROM '/etc/passwd'", "the server's disk"),
        ("LOAD 'x'", "a library"),
        ("CREATE EXTENSION dblink", "the extension dblink"),
        ("CREATE EXTENSION IF NOT EXISTS postgres_fdw", "the extension postgres_fdw"),
        ("CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p", "another server"),
        ("CREATE SERVER s FOREIGN DATA WRAPPER w", "another server"),
        ("DROP SERVER s", "another server"),
        ("SELECT pg_read_file('/etc/passwd')", "pg_read_file"),
        ("SELECT lo_import('/etc/passwd')", "lo_import"),
        ("INSERT INTO t SELECT * FROM dblink('host=x', 'SELECT 1') AS a(b int)", "dblink"),
        ("ALTER TABLE t ALTER c SET DEFAULT pg_catalog.pg_read_file('x')", "pg_read_file"),
        ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity", "pg_terminate_backend"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'a', 'b'", "a function in c"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'a'", "a function in plpython3u"),
        ("DO $$ BEGIN PERFORM pg_read_file('x'); END $$", "in the body"),
        ("DO $$ BEGIN EXECUTE 'create role x'; END $$", "CREATE ROLE, in the body"),
        ("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ COPY t TO PROGRAM 'x' $$", "in the body"),
        ("CREATE FUNCTION f() RETURNS bool LANGUAGE sql RETURN pg_reload_conf()", "pg_reload_conf"),
    ],
)
def test_it_says_what_reaches_out(sql: str, says: str) -> None:
    assert says in find_outside(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE documents ADD COLUMN database text",
        "COPY documents FROM STDIN",
        "CREATE EXTENSION vector",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "COMMENT ON TABLE documents IS 'CREATE ROLE x; pg_read_file(1)'",
        "GRANT SELECT ON documents TO app",
        "SET lock_timeout = '2s'",
        "DROP TABLE documents",
        "this is no SQL",
        "SELECT " + " || ".join(["'x'"] * 200),  # deeper than anybody looks
    ],
)
def test_what_stays_in_its_database_is_let_be(sql: str) -> None:
    assert find_outside(sql) == ""
