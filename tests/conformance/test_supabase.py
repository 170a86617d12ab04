"""The kit's runner and the Supabase CLI: the same files, the same commands, the same end."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pytest

from kit.supabase.arguments import Release

pytestmark = pytest.mark.supabase


class Both(Protocol):
    release: Release

    def write(self, files: dict[str, str | bytes | None]) -> None: ...

    def sql(self, text: str) -> None: ...

    def run(self, words: Sequence[str], typed: str | None) -> dict[str, tuple[int, str]]: ...

    def state(self) -> dict[str, tuple[str, dict[str, bytes]]]: ...


class Below(Both, Protocol):
    def enter(self, folder: str) -> None: ...


@dataclass(frozen=True)
class Files:
    """Write files into supabase/migrations; None takes one away."""

    files: dict[str, str | bytes | None]


@dataclass(frozen=True)
class Run:
    """Run a command; `exit` is what we think of it, so that two wrong programs do not pass.

    `same` is False where version 3, which means another database or asks otherwise, ends otherwise.
    """

    line: str
    exit: int = 0
    typed: str | None = None
    says: str = ""
    words: tuple[str, ...] = ()
    same: bool = True


@dataclass(frozen=True)
class Sql:
    """Change the database behind the back of the tools."""

    text: str


Step = Files | Run | Sql
PUSH = "db push --yes"


def one(text: str | bytes, exit_code: int = 0, says: str = "") -> list[Step]:
    """Push a single file."""
    return [Files({"001_a.sql": text}), Run(PUSH, exit_code, says=says)]


TABLE = "CREATE TABLE t (a int PRIMARY KEY, b text);\n"
SCENARIOS: dict[str, list[Step]] = {
    # --- what is stored, and what it does ---
    "the workflow's own migration": one("""\
-- supabase/migrations/20250126153000_add_document_last_viewed.sql

CREATE TABLE documents (id uuid PRIMARY KEY, user_id uuid NOT NULL);
-- Add last_viewed timestamp column
ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ;

-- Create index for efficient queries (most recently viewed)
CREATE INDEX idx_documents_last_viewed ON documents(user_id, last_viewed DESC NULLS LAST);

-- Add comment for documentation
COMMENT ON COLUMN documents.last_viewed IS 'Timestamp when user last opened this document in the reader';
"""),
    "comments, quotes and dollars": one("""\
-- one; two
CREATE TABLE "a;b" ("c""d;" text DEFAULT 'it''s; fine');
/* a ; /* nested ; */ still ; */ INSERT INTO "a;b" VALUES (E'back\\'slash;'), (U&'d\\0061t;');
INSERT INTO "a;b" VALUES ($$;$$), ($tag$ $$ ; $tag$), ('two
lines;');;;
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $body$
BEGIN
  -- ; END
  RETURN 1; END;
$body$;
-- after the last
"""),
    "begin atomic": one(
        "CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n"
        ' SELECT 1; SELECT CASE x WHEN 1 THEN 2 END;\nEND;\nCREATE TABLE t (atomic int, "end" int);'
    ),
    "a rule with two actions": one(
        TABLE
        + "CREATE RULE r AS ON DELETE TO t DO INSTEAD (UPDATE t SET b = 'x'; UPDATE t SET b = 'y');SELECT 1"
    ),
    "a comment that begins with its own end": [
        Files({"001_a.sql": TABLE + "/*/ ; */ SELECT 1;\nSELECT 2 /*/**/*/;"}),
        Run(PUSH, 1, says="unterminated /* comment", same=False),
    ],
    "a nested comment before a statement that runs alone": [
        Files({"001_a.sql": TABLE + "/* a /* b */ c */ CREATE INDEX CONCURRENTLY i ON t (b)"}),
        Run(PUSH, 1, says="25001", same=False),
    ],
    "a carriage return that ends a comment before a statement that runs alone": [
        Files({"001_a.sql": TABLE + "-- a\rVACUUM t"}),
        Run(PUSH, 1, says="25001", same=False),
    ],
    "a nested comment before a BEGIN": [
        Files({"001_a.sql": "/* a /* b */ c */ BEGIN;" + TABLE + "COMMIT; SELECT 1/0"}),
        Run(PUSH, 1, says="22012"),
    ],
    "line ends of Windows": one("CREATE TABLE t (a int);\r\n\r\n-- x\r\nINSERT INTO t VALUES (1);\r\n"),
    "a byte order mark": one(b"\xef\xbb\xbfSELECT 1;\nSELECT 2"),
    "not UTF-8": one(b"CREATE TABLE t (a text DEFAULT '\xff\xfe\xe2\x82');"),
    "an empty file": one(""),
    "nothing but blanks and semicolons": one(" ;\n;; \t"),
    "nothing but a comment": one("-- nothing yet; really"),
    "a last statement without semicolon": one("CREATE TABLE t (a int)"),
    "settings end with their file": [
        Files(
            {
                "001_a.sql": "SET search_path = pg_catalog; SET lock_timeout = '1s'",
                "002_b.sql": "CREATE TABLE t (a int)",
            }
        ),
        Run(PUSH),
    ],
    # --- COPY, whose rows no file has ---
    "copy to stdout": one(
        TABLE + "COPY t TO STDOUT; INSERT INTO t VALUES (1); COPY (SELECT a FROM t) TO STDOUT"
    ),
    "copy from stdin in the middle": one(
        TABLE + "SELECT 1; COPY t FROM STDIN; SELECT 2", 1, "At statement: 2"
    ),
    "copy from stdin after something wrong": one(
        TABLE + "-- é\nSELECT nope;\nCOPY t FROM STDIN", 1, "At statement: 1"
    ),
    "copy of what is not there": one(TABLE + "SELECT 1;\n COPY nope TO STDOUT", 1, "42P01"),
    "a syntax error after a copy": one(TABLE + "COPY t TO STDOUT; SELEC 1", 1, "At statement: 2"),
    "an error at run time after a copy": one(TABLE + "COPY t TO STDOUT; SELECT 1/0; SELECT 2", 1, "22012"),
    "copy outside of a transaction": one(
        "BEGIN; " + TABLE + "COMMIT; COPY t FROM STDIN", 1, "No source stream"
    ),
    "copy to stdout outside of a transaction": one("BEGIN; " + TABLE + "COPY t TO STDOUT; COMMIT; SELECT 1"),
    "copy and a quote in the history": one(
        "CREATE TABLE \"it's\" (a text DEFAULT '\\');COPY \"it's\" TO STDOUT"
    ),
    "copy, and a constraint that is checked at the commit": one(
        "CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t DEFERRABLE INITIALLY DEFERRED);"
        "COPY t TO STDOUT; INSERT INTO t VALUES (1, 2)",
        1,
        "23503",
    ),
    "a backend that is terminated": one(
        TABLE + "SELECT pg_terminate_backend(pg_backend_pid()); SELECT 1", 1, "57P01"
    ),
    # --- failures ---
    "a failing statement undoes its file": one(
        "CREATE TABLE t (a int);\n-- then\nINSERT INTO t\n  VALUES (nope);\nSELECT 1;", 1, "At statement: 1"
    ),
    "the files before a failing one stay": [
        Files({"001_a.sql": TABLE, "002_b.sql": "ALTER TABLE nope ADD x int", "003_c.sql": "SELECT 1"}),
        Run("migration up", 1, says="42P01"),
        Files({"002_b.sql": "ALTER TABLE t ADD x int"}),
        Run("migration up"),
    ],
    "a syntax error in the middle": one(
        "CREATE TABLE t (a int);\nCREATE TABEL u (a int);\nSELECT 1", 1, "42601"
    ),
    "a quote that never ends": one("CREATE TABLE t (a int); SELECT 'no end; SELECT 1;", 1, "unterminated"),
    "a comment that never ends": one("SELECT 1; /* no end; SELECT 2;", 1, "unterminated"),
    "a detail": one(TABLE + "INSERT INTO t VALUES (1), (1)", 1, "already exists"),
    "a caret after letters beyond ASCII": one("-- é é\nSELECT 'é',\n nope", 1, "^"),
    "a type of an extension": one("CREATE TABLE t (a geometry)", 1, "search_path"),
    "a constraint that is checked at the commit": one(
        "CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t DEFERRABLE INITIALLY DEFERRED);"
        "INSERT INTO t VALUES (1, 2)",
        1,
        "At statement: 3",
    ),
    "a file that writes its own history": one(
        "INSERT INTO supabase_migrations.schema_migrations (version) VALUES ('001')", 1, "23505"
    ),
    "two files of one version": [
        Files({"001_a.sql": TABLE, "001_b.sql": "CREATE TABLE u (a int)"}),
        Run(PUSH, 1, says="schema_migrations_pkey"),
        Run(PUSH, 1, says="schema_migrations_pkey"),
    ],
    "a rollback that drops the index after its column": [
        Files(
            {
                "001_a.sql": TABLE + "CREATE INDEX i ON t (b)",
                "002_b.sql": "ALTER TABLE t DROP COLUMN b; DROP INDEX i",
            }
        ),
        Run(PUSH, 1, says="42704"),
    ],
    # --- in a transaction or not ---
    "concurrently, alone": [
        *one(TABLE),
        Files({"002_b.sql": "CREATE INDEX CONCURRENTLY i ON t (b)"}),
        Run(PUSH),
        Run("migration list"),
    ],
    "concurrently between others": one(
        TABLE + "ALTER TABLE t ADD c int;\n-- here\nCREATE INDEX CONCURRENTLY i ON t (c);"
        "CREATE UNIQUE INDEX CONCURRENTLY j ON t (b); DROP INDEX CONCURRENTLY i; ALTER TABLE t ADD d int"
    ),
    "concurrently, then a failure": one(
        TABLE + "CREATE INDEX CONCURRENTLY i ON t (b); ALTER TABLE t ADD c int; SELECT 1/0; SELECT 2",
        1,
        "At statement: 3",
    ),
    "concurrently, refused": one(
        TABLE + "INSERT INTO t VALUES (1, 'x'), (2, 'x'); CREATE UNIQUE INDEX CONCURRENTLY i ON t (b)",
        1,
        "could not create",
    ),
    "vacuum and reindex": one(TABLE + "VACUUM t; REINDEX TABLE CONCURRENTLY t; SELECT 1"),
    "begin and commit inside": one(
        TABLE + "BEGIN; ALTER TABLE t ADD c int; COMMIT; SELECT 1/0", 1, "At statement: 4"
    ),
    "begin and rollback inside": one(
        TABLE + "BEGIN; ALTER TABLE t ADD c int; ROLLBACK; ALTER TABLE t ADD d int"
    ),
    "begin without commit": one(TABLE + "BEGIN; ALTER TABLE t ADD c int"),
    "savepoint": one("SAVEPOINT a; CREATE TABLE t (a int); ROLLBACK TO a", 1, "25P01"),
    "no transaction, asked for": one("-- pg-delta: transaction=false\n" + TABLE + "SELECT 1/0", 1, "22012"),
    # --- what is pending ---
    "up to date": [
        Files({"001_a.sql": TABLE}),
        Run("migration up"),
        Run("migration up"),
        Run(PUSH),
        Run("db push --dry-run"),
    ],
    "nothing at all": [
        Run("migration up"),
        Run("db push"),
        Run("migration list"),
        Run("migration list --local"),
    ],
    "names that are no migrations": [
        Files(
            {
                "001_a.sql": TABLE,
                "foo.sql": "x",
                "2_.sql": "SELECT 2",
                "3-c.sql": "x",
                "4_d.SQL": "x",
                "README.md": "x",
            }
        ),
        Run("migration list"),
        Run(PUSH),
    ],
    "an old init is skipped": [
        Files({"20210101000000_init.sql": "x", "20220101000000_init.sql": "SELECT 1"}),
        Run(PUSH),
        Run("migration list"),
    ],
    "versions are text": [
        Files({"9_a.sql": "SELECT 1", "070_b.sql": "SELECT 1", "20250126153000_c.sql": "SELECT 1"}),
        Run(PUSH),
        Files({"071_d.sql": "SELECT 1"}),
        Run(PUSH, 1, says="to be inserted before"),
        Run("migration list"),
    ],
    "out of order": [
        Files({"002_b.sql": "SELECT 2", "004_d.sql": "SELECT 4"}),
        Run(PUSH),
        Files({"001_a.sql": TABLE, "003_c.sql": "SELECT 3", "005_e.sql": "SELECT 5"}),
        Run(PUSH, 1, says="--include-all"),
        Run("db push --dry-run --include-all"),
        Run("db push --include-all --yes"),
    ],
    "out of order, locally": [
        Files({"002_b.sql": "SELECT 2"}),
        Run("migration up"),
        Files({"001_a.sql": TABLE}),
        Run("migration up", 1, says="--include-all"),
        Run("migration up --include-all"),
    ],
    "the history has more": [
        Files({"001_a.sql": TABLE, "002_b.sql": "SELECT 2", "003_c.sql": "SELECT 3"}),
        Run(PUSH),
        Files({"002_b.sql": None, "003_c.sql": None, "004_d.sql": "SELECT 4"}),
        Run(PUSH, 1, says="repair --status reverted 002 003"),
        Run("migration up", 1, says="not found in local"),
        Run("db pull", 1, says="does not match"),
        Run("migration list"),
        Run("migration repair --status reverted 002 003"),
        Run(PUSH),
    ],
    "what the history was made to forget is applied again": [
        Files({"001_a.sql": TABLE, "003_c.sql": "ALTER TABLE t ADD COLUMN pinned boolean;"}),
        Run(PUSH),
        Files({"003_c.sql": None}),
        Run(PUSH, 1, says="repair --status reverted 003"),
        Run("migration repair --status reverted 003"),
        Run(PUSH, says="up to date"),
        Files({"003_c.sql": "ALTER TABLE t ADD COLUMN pinned boolean;"}),
        Run(PUSH, 1, says="42701"),
        Run("migration repair --status applied 003"),
        Run(PUSH, says="up to date"),
    ],
    "a file that ran too early gets a later name": [
        Files({"001_a.sql": TABLE, "002_b.sql": "ALTER TABLE t ADD COLUMN rating int;"}),
        Run("migration up"),
        Files({"002_b.sql": None, "004_b.sql": "ALTER TABLE t ADD COLUMN rating int;"}),
        Run("migration up", 1, says="repair --status reverted 002"),
        Run("migration repair --local --status reverted 002"),
        Run("migration up", 1, says="42701"),
        Run("migration repair --local --status applied 004"),
        Run("migration up", says="up to date"),
        Run("migration list --local"),
    ],
    "an edited file is not noticed": [
        *one(TABLE),
        Files({"001_a.sql": "SELECT 'edited'"}),
        Run(PUSH),
        Run("migration list"),
    ],
    # --- questions ---
    "dry run": [Files({"001_a.sql": TABLE}), Run("db push --dry-run"), Run("db push --dry-run --local")],
    "yes, typed": [Files({"001_a.sql": TABLE}), Run("db push", typed="YES\n")],
    "no, typed": [Files({"001_a.sql": TABLE}), Run("db push", 1, typed="n\n", says="canceled", same=False)],
    "anything else is no": [Files({"001_a.sql": TABLE}), Run("db push", 1, typed="perhaps\n", same=False)],
    "enter is yes": [Files({"001_a.sql": TABLE}), Run("db push", typed="\n")],
    "without a terminal it is yes": [Files({"001_a.sql": TABLE}), Run("db push"), Run("db push --local")],
    # --- the history itself ---
    "repair, applied": [
        Files({"001_a.sql": TABLE, "002_b.sql": "SELECT 1;SELECT 2;"}),
        Run("migration repair --status applied 002"),
        Run("migration repair --status applied 001 002 --local"),
        Run("migration repair --status applied 009", 1, says="does not exist"),
        Run("migration repair --status applied x", 1, says="invalid version"),
        Run("migration repair 001", 1, says="not set"),
        Run("migration repair --status reverted 777"),
    ],
    "repair everything": [
        Files({"001_a.sql": TABLE, "002_b.sql": "SELECT 1"}),
        Run(PUSH),
        Files({"002_b.sql": None, "003_c.sql": "SELECT 3"}),
        Run("migration repair --status applied", 1, says="[y/N]", same=False),
        Run("migration repair --status applied", typed="y\n"),
        Run("migration list"),
        Run("migration repair --status reverted --yes"),
    ],
    "fetch": [
        Files({"001_a.sql": TABLE + "SELECT 1", "002_b.sql": ""}),
        Run(PUSH),
        Files({"001_a.sql": "edited", "002_b.sql": None}),
        Run("migration fetch", 1, typed="n\n"),
        Run("migration fetch"),
        Run("migration list"),
    ],
    "an old history table": [
        Sql("CREATE SCHEMA supabase_migrations"),
        Sql("CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY)"),
        Sql("INSERT INTO supabase_migrations.schema_migrations VALUES ('001')"),
        Files({"001_a.sql": "SELECT 1", "002_b.sql": TABLE}),
        Run("migration list"),
        Run(PUSH),
    ],
    "a history that cannot be read": [
        Sql("CREATE SCHEMA supabase_migrations"),
        Sql("CREATE TABLE supabase_migrations.schema_migrations (version int)"),
        Run("migration fetch", 1, says="failed to read migration table"),
        Files({"001_a.sql": "SELECT 1"}),
        Run("migration repair --status applied 001", 1, says="failed to update migration table"),
    ],
    "a history that is not there": [Run("migration fetch", 1, says="42P01")],
    "versions of many digits": [
        Files(
            {
                "9007199254740993_a.sql": "SELECT 1",
                "9223372036854775807_b.sql": "SELECT 2",
                "9223372036854775808_c.sql": "SELECT 3",
                "99999999999999999999999_d.sql": "SELECT 4",
            }
        ),
        Run("migration list", 1, says="undefined is not an object"),
        Run(PUSH),
        Run("migration list"),
        Run("migration repair --status reverted 9223372036854775808", 1, says="invalid version"),
        Run("migration repair --status reverted 9223372036854775807"),
    ],
    # --- the rest ---
    "new": [
        Run("migration new add_x"),
        Run("migration new ../../../x", 1, says="escape"),
        Run("migration new", 1),
    ],
    "query": [
        Sql(
            "CREATE TABLE t "
            "(id int, title text, seen timestamptz, ok bool, n numeric, j jsonb, l int[], d date)"
        ),
        Sql(
            "INSERT INTO t VALUES (1, 'Mein Büchlein', '2025-01-26 15:45:22.654321+00', true, 1.50, "
            """'{"b": [1, null], "a": "x"}', '{1,2}', '2025-01-26'), """
            "(2, E'two\\nlines', NULL, NULL, NULL, NULL, NULL, NULL)"
        ),
        Run("", words=("db", "query", "SELECT * FROM t ORDER BY id")),
        Run("", words=("db", "query", "SELECT title FROM t WHERE false")),
        Run("", words=("db", "query", "UPDATE t SET title = 'y' WHERE id = 2")),
        Run("", words=("db", "query", "ALTER TABLE t ADD x int;")),
        Run("", 1, words=("db", "query", "SELECT 1; SELECT 2")),
        Run("", 1, words=("db", "query", "SELECT nope")),
        Run("db query", 1),
    ],
    "what is not understood": [
        Run("--version"),
        Run("db push --forec", 1),
        Run("db push extra", 1),
        Run("migration up x", 1),
        Run("migration repair --status maybe 001", 1),
        Run("db diff --file", 1),
        Run("foo", 1),
        Run("migration list --linked --local", 1),
    ],
}


THREE: dict[str, list[Step]] = {
    "push asks for a yes": [
        Files({"001_a.sql": TABLE, "002_b.sql": "SELECT 1"}),
        Run("db push --remote", 1, says="Apply 2 migrations (target: "),
        Run("db push --linked", 1, says="--linked is deprecated"),
        Run("db push --remote", 1, typed="y\n", says="This run can't ask"),
        Run("db push --remote --dry-run"),
        Run("migration list --remote"),
        Run("db push --remote --yes", says="Confirmed by --yes"),
        Run("db push --remote", says="Remote database is up to date."),
        Run("migration list --remote"),
        Run("migration list --linked"),
        Run("migration list", says="Local DB"),
    ],
    "up, remotely": [
        Files({"001_a.sql": TABLE}),
        Run("migration up --remote", 1, says="Apply 1 migration (target"),
        Run("migration up --remote --yes", says="Remote database is up to date."),
    ],
    "repair asks, too": [
        Files({"001_a.sql": TABLE, "002_b.sql": "SELECT 1"}),
        Run("migration repair --remote --status applied 001", 1, says="Mark 1 migration as applied"),
        Run("migration repair --remote --status applied 001 002 --yes", says="Mark 2 migrations as applied"),
        Run("migration repair --remote --status reverted", 1, says="Clear the migration history table"),
        Run("migration repair --remote --status applied", 1, says="with 2 local migrations"),
        Run("migration repair --remote --status reverted --yes"),
        Run("migration repair --remote --status applied 009 --yes", 1, says="does not exist"),
        Run("migration repair --remote --status applied x --yes", 1, says="invalid version"),
        Run("migration repair 001", 1, says="not set"),
    ],
    "fetch still takes an answer from a pipe": [
        Files({"001_a.sql": TABLE}),
        Run("db push --remote --yes"),
        Run("migration fetch --remote", 1, typed="n\n", says="Overwrite local migrations"),
        Run("migration fetch --remote", typed="y\n"),
        Run("migration fetch --local"),
    ],
    "queries": [
        Run("", 1, words=("db", "query", "--remote", "SELECT 1"), says="pass --read-only instead"),
        Run("", words=("db", "query", "--remote", "--read-only", "SELECT 1 AS a")),
        Run("", 1, words=("db", "query", "--read-only", "CREATE TABLE y ()"), says="found: CREATE"),
        Run("", words=("db", "query", "SELECT 1 AS a")),
        Run("db query", typed="SELECT 2 AS b\n"),
        Run("db query", 1, says="no SQL provided"),
    ],
    "what is gone": [
        Run("db remote commit", 1, says="was removed"),
        Run("db remote changes", 1, says="was removed"),
        Run("db push --remote --local", 1, says="Only one of"),
        Run("db push --local", says="isn't needed"),
    ],
    "the history has more, remotely": [
        Files({"001_a.sql": TABLE, "002_b.sql": "SELECT 2"}),
        Run("db push --remote --yes"),
        Files({"002_b.sql": None, "003_c.sql": "SELECT 3"}),
        Run("db push --remote --yes", 1, says="not found in local"),
        Run("db push", 1, says="not found in local"),
        Run("db pull --remote", 1, says="does not match"),
        Run("db pull", 1, says="does not match"),
    ],
}


KINDS = """
CREATE SCHEMA other; CREATE TABLE other.x (a int); CREATE SEQUENCE stays; CREATE TYPE mood AS ENUM ('a');
CREATE DOMAIN d AS int; CREATE TYPE pair AS (a int); CREATE VIEW v AS SELECT 1 AS a;
CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; CREATE INDEX ON m (a);
CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'; CREATE AGGREGATE g(int) (sfunc = int4pl, stype = int);
CREATE TABLE part (a int) PARTITION BY LIST (a); CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE s (a serial PRIMARY KEY, b int REFERENCES s); CREATE POLICY p ON s FOR SELECT USING (true);
CREATE SCHEMA auth; CREATE TABLE auth.users (a int);
CREATE SCHEMA extensions; CREATE TABLE extensions.stays (a int);
CREATE POLICY goes ON extensions.stays USING (true);
CREATE SCHEMA supabase_migrations; CREATE TABLE supabase_migrations.emptied (a int);
INSERT INTO supabase_migrations.emptied VALUES (1);
"""
TWO_FILES = Files({"001_a.sql": TABLE, "002_b.sql": "ALTER TABLE t ADD c int"})
RESETS: dict[str, list[Step]] = {
    "asks": [
        TWO_FILES,
        Sql("CREATE TABLE theirs (a int)"),
        Run("db reset --linked", 1),
        Run("db reset --linked", 1, typed="n\n"),
        Run("db reset --linked", typed="y\n", says="Applying migration 002_b.sql", same=False),
        Run("db reset --linked --yes"),
        Run("migration list --linked"),
    ],
    "up to a version": [
        TWO_FILES,
        Run("db reset --linked --yes --version 001", says="to version: 001"),
        Run("db reset --linked --yes --version 009", 1, says="does not exist"),
        Run("db reset --linked --yes --version x", 1, says="invalid version number"),
        Run("db reset --linked --version 001 --last 1", 1, says="[last version]"),
    ],
    "all but the last": [
        TWO_FILES,
        Files({"foo.sql": "x"}),
        Run("db reset --linked --yes --last 1", says="to version: 001"),
        Run("db reset --linked --yes --last 2", says="to version: -"),
        Run("db reset --linked --yes --last 0"),
        Run("db reset --linked --yes --last", 1, says="Expected: integer"),
        Run("db reset --linked --yes --last x", 1, says="a finite number"),
        Run("db reset --linked --yes --last 1.5", 1, says="an integer"),
        Run("db reset --linked --yes --last=-1", 1, says="invalid argument"),
    ],
    "seeds": [
        TWO_FILES,
        Files({"../seed.sql": "INSERT INTO t VALUES (1, 'x');\nINSERT INTO t VALUES (2, 'y')"}),
        Run("db reset --linked --yes", says="Seeding data from supabase/seed.sql"),
        Run("db reset --linked --yes --no-seed"),
        Run("db reset --linked --yes"),
    ],
    "seeds that config.toml names": [
        TWO_FILES,
        Files(
            {
                "../config.toml": '[db.seed]\nsql_paths = ["seed.sql", "s/*.sql", "no.sql", "s", "../x.sql"]',
                "../seed.sql": "INSERT INTO t VALUES (3)",
                "../s/b.sql": "SELECT 1",
                "../s/a.sql": "SELECT 2; SELECT 3",
                "../s/c.txt": "x",
                "../../x.sql": "COMMIT",
            }
        ),
        Run("db reset --linked --yes", says="WARN: no files matched pattern: supabase/no.sql"),
        Files({"../config.toml": "[db.seed]\nenabled = false"}),
        Run("db reset --linked --yes"),
    ],
    "a seed that fails": [
        TWO_FILES,
        Files({"../seed.sql": "INSERT INTO t VALUES (1);\nINSERT INTO nope VALUES (1)"}),
        Run("db reset --linked --yes", 1, says="42P01"),
    ],
    "a file that fails": [
        Files({"001_a.sql": TABLE, "002_b.sql": "SELECT nope"}),
        Run("db reset --linked --yes", 1, says="At statement: 0"),
    ],
    "no files at all": [Run("db reset --linked --yes"), Run("db reset --linked --yes extra", 1)],
    "all kinds of objects": [TWO_FILES, Sql(KINDS), Run("db reset --linked --yes")],
    "a range, which cannot be dropped so": [
        TWO_FILES,
        Sql("CREATE TYPE r AS RANGE (subtype = int)"),
        Run("db reset --linked --yes", 1, says="2BP01"),
    ],
    "the first of two equal flags counts": [
        TWO_FILES,
        Run("migration repair --linked --status applied --status reverted 001 --yes", says="=> applied"),
        Run("migration repair --linked --status= 001", 1, says='Expected: "applied" | "reverted"'),
        Run("migration repair --linked --status", 1, says="Expected: applied | reverted"),
    ],
}


ROW = """
SELECT date '2025-01-02' AS d, '2025-01-02 03:04:05.5+02'::timestamptz AS t, 'infinity'::timestamp AS i,
true AS b, NULL AS n, array[1, 2] AS a, '{"b": 1.5, "a": [null, {}, []], "é": "<&>"}'::jsonb AS j,
12345678901234567890::numeric AS u, 9223372036854775807 AS k, '\\x00ff'::bytea AS y, interval '1 day' AS v,
point '(1, 2)' AS p, E'a\\u2028&\\n\\x07é\U0001d4b3"' AS s,
'-0'::float8 AS z, 1e21::float8 AS w, 1.5::float4 AS f,
array['9'::bigint] AS l, array[true] AS o, array['x'::bytea] AS x, 1 AS same, 2 AS same
"""
JSON = "--output-format json"
STRUCTURED: dict[str, list[Step]] = {
    "what is pending, and that it was pushed": [
        Files({"001_a.sql": TABLE, "foo.sql": "x"}),
        Run(f"db push --dry-run --linked {JSON}", says='"dryRun":true'),
        Run(f"db push --linked {JSON}", same=False),
        Run(f"db push --yes --linked {JSON}"),
        Run(f"db push --yes --linked {JSON}", says="is up to date"),
        Run(f"{JSON} migration list --linked", says="Migrations listed"),
        Files({"002_b.sql": "SELECT 1"}),
        Run(f"migration up --linked --yes {JSON}", says="Migrations applied"),
        Run(f"migration new x {JSON}"),
    ],
    "the history": [
        Files({"001_a.sql": TABLE, "002_b.sql": "SELECT 1"}),
        Run(f"migration repair --linked --status applied 001 --yes {JSON}", says='"repairAll":false'),
        Run(f"migration repair --linked --status applied --yes {JSON}", says='"repairAll":true'),
        Run(f"migration fetch --linked {JSON}", says="001_a.sql"),
        Run(f"migration fetch --linked {JSON}", 1, typed="n\n", says="OperationCanceledError"),
        Run(f"migration repair --linked --status applied 009 --yes {JSON}", 1, says="FileNotFound"),
        Run(f"migration repair --linked --status applied x --yes {JSON}", 1, says="InvalidVersion"),
        Run(f"migration repair 001 {JSON}", 1, says="MissingOption"),
        Files({"002_b.sql": None}),
        Run(f"migration up --linked {JSON}", 1, says="MigrationMissingLocalError"),
        Run(f"db push --linked --yes {JSON}", 1, says="DbPushMissingLocalError"),
        Files({"000_c.sql": "SELECT 1", "002_b.sql": "SELECT 1"}),
        Run(f"db push --linked --yes {JSON}", 1, says="DbPushMissingRemoteError"),
    ],
    "errors": [
        Files({"001_a.sql": "SELECT nope"}),
        Run(f"db push --linked --yes {JSON}", 1, says="DbPushApplyError"),
        Run(f"migration up --linked --yes {JSON}", 1, says="MigrationApplyError"),
        Run(f"db push --linked --local {JSON}", 1),
        Run(f"db push --forec {JSON}", 1, says="UnrecognizedOption"),
        Run(f"db push extra {JSON}", 1, says="UnexpectedArgument"),
        Run(f"migration new {JSON}", 1, says="MissingArgument"),
        Run(f"migration new ../../../x {JSON}", 1, says="MigrationNewWriteError"),
        Run(f"migration repair --status maybe 001 {JSON}", 1, says="InvalidValue"),
        Run("migration list --output-format xml", 1, says="Expected"),
    ],
    "reset": [
        Files({"001_a.sql": TABLE}),
        Run(f"db reset --linked --yes {JSON}", says="Reset remote database."),
        Run(f"db reset --linked {JSON}", 1),
        Run(f"db reset --linked --version x --yes {JSON}", 1, says="DbResetInvalidVersionError"),
        Run(f"db reset --linked --version 9 --yes {JSON}", 1, says="DbResetMigrationFileError"),
        Run(f"db reset --linked --version 001 --yes {JSON}"),
        Run(f"db reset --linked --version 001 --last 1 {JSON}", 1, says="DbResetVersionFlagsError"),
        Run(f"db reset --linked --last=-1 {JSON}", 1, says="DbResetLastFlagError"),
        Files({"001_a.sql": "SELECT nope"}),
        Run(f"db reset --linked --yes {JSON}", 1, says='"suggestion":"exec"'),
    ],
}
QUERIES: dict[str, list[Step]] = {
    "rows as JSON": [
        Run("", words=("db", "query", ROW, "--output-format", "json")),
        Run("", words=("db", "query", ROW, "-o", "csv")),
        Run("", words=("db", "query", "SELECT 1 AS a WHERE false", "-o", "json")),
        Run("", words=("db", "query", "SELECT 1 AS a WHERE false", "--output=csv")),
        Run("", words=("db", "query", "SELECT 1 AS a", "-o", "table", "--output-format", "json")),
        Run("", words=("db", "query", "CREATE TABLE t ()", "-o", "json")),
        Run("", 1, words=("db", "query", "SELECT 'nan'::float8", "-o", "json"), says="unsupported value"),
        Run("", 1, words=("db", "query", "SELECT nope", "--output-format", "json"), says="DbQueryExecError"),
        Run("", 1, words=("db", "query", "SELECT nope", "-o", "json")),
        Run("", 1, words=("db", "query", "SELECT 1", "-o", "pretty"), says="must be one of"),
        Run("", 1, words=("db", "query", "SELECT 1", "-o", "xml")),
    ],
    "a file": [
        Files({"../one.sql": "SELECT 1 AS a", "../two.sql": "SELECT 1; SELECT 2"}),
        Run("db query -f supabase/one.sql", says="│ a │"),
        Run("db query --file=supabase/two.sql", 1, says="multiple commands"),
        Run("db query --file nope.sql", 1, says="NotFound"),
        Run("db query --file supabase", 1, says="BadResource"),
        Run("", 1, words=("db", "query", "SELECT 2", "-f", "nope.sql"), says="nope.sql", same=False),
        Run("db query -f", 1, says="Missing value"),
    ],
    "copy": [
        Sql("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)"),
        Run("", words=("db", "query", "COPY t TO STDOUT"), says="COPY 2"),
        Run("", words=("db", "query", "/* x */ copy (select 1)to stdout;"), says="COPY 1"),
        Run("", 1, words=("db", "query", "COPY t FROM STDIN"), says="No source stream defined"),
        Run("", 1, words=("db", "query", "COPY nope TO STDOUT"), says="does not exist"),
        Run("", 1, words=("db", "query", "COPY t TO '/tmp/t'"), says="permission denied"),
        Run("", 1, words=("db", "query", "COPY t TO STDOUT; SELECT 1")),
    ],
}
READS = {
    "(SELECT 1)": "",
    "WITH x AS (INSERT INTO t VALUES (9) RETURNING a) SELECT * FROM x": "read-only transaction",
    "SELECT 1; COMMIT": "found: COMMIT",
    "frobnicate": "an unrecognised statement",
    "SELECT 'a": "an unterminated comment",
    "SELECT 1 /* a": "an unterminated comment",
    "SELECT (1": "syntax error",
    "SELECT 1 -- a": "",
}


@pytest.mark.parametrize("steps", QUERIES.values(), ids=QUERIES.keys())
def test_queries_as_the_cli_does(twins: Both, steps: list[Step]) -> None:
    compare(twins, steps)


@pytest.mark.parametrize("config", [None, "project_id = 'x'\n"], ids=["without", "with"])
def test_looks_upward_for_a_project_that_is_configured(remote_twins: Below, config: str | None) -> None:
    remote_twins.write({"001_a.sql": TABLE, **({"../config.toml": config} if config else {})})
    remote_twins.enter("supabase/migrations")

    both = remote_twins.run(["migration", "list", "--linked"], None)

    assert both["ours"] == both["real"]
    assert ("`001`" in both["real"][1]) is (config is not None)


@pytest.mark.parametrize("steps", STRUCTURED.values(), ids=STRUCTURED.keys())
def test_answers_in_json_as_the_cli_does(remote_twins: Both, steps: list[Step]) -> None:
    compare(remote_twins, steps)


def test_reads_alone_as_version_3(make_twins: Callable[[Release], Both]) -> None:
    steps: list[Step] = [Sql("CREATE TABLE t (a int)")]
    for sql, refusal in READS.items():
        words = ("db", "query", "--read-only", sql)
        steps.append(Run("", 1 if refusal else 0, words=words, says=refusal))
    compare(make_twins(Release.V3), steps)


@pytest.mark.parametrize("steps", RESETS.values(), ids=RESETS.keys())
def test_resets_as_the_cli_does(remote_twins: Both, steps: list[Step]) -> None:
    compare(remote_twins, steps)


@pytest.mark.parametrize("steps", THREE.values(), ids=THREE.keys())
def test_same_as_version_3(make_twins: Callable[[Release], Both], steps: list[Step]) -> None:
    compare(make_twins(Release.V3), steps)


@pytest.mark.parametrize("steps", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_same_as_the_cli(twins: Both, steps: list[Step]) -> None:
    compare(twins, steps)


def compare(twins: Both, steps: list[Step]) -> None:
    """Take the steps with both programs; they must say the same, and leave the same."""
    for step in steps:
        match step:
            case Files(files):
                twins.write(files)
            case Sql(text):
                twins.sql(text)
            case Run():
                both = twins.run(step.words or step.line.split(), step.typed)
                assert both["ours"] == both["real"]
                if twins.release is Release.V2 or step.same:
                    assert both["real"][0] == step.exit
                    assert step.says in both["real"][1]
    state = twins.state()
    assert state["ours"] == state["real"]


def test_a_command_of_the_workflow_that_does_not_exist(twins: Both) -> None:
    # The CLI has a deprecated `db remote` without `sql`; the kit's runner has none. Both refuse with 1.
    both = twins.run(["db", "remote", "--linked", "sql", "SELECT 1"], None)
    assert both["real"][0] == both["ours"][0] == 1
    if twins.release is Release.V2:
        assert 'Unknown subcommand "sql"' in both["real"][1]
    assert "db query --linked" in both["ours"][1]


def test_a_thousand_texts_are_cut_alike(twins: Both) -> None:
    # `repair` stores the statements of files without running them, so they need not be SQL.
    pieces = [
        *(
            "'",
            '"',
            "--",
            "\n",
            "/*",
            "*/",
            "/",
            "*",
            "-",
            "$$",
            "$a$",
            "$",
            "a",
            "E'",
            "e'",
            "\\",
            ";",
            ";",
            ";",
        ),
        *(
            "(",
            ")",
            "BEGIN ATOMIC",
            "begin  atomic",
            "END",
            "/*/",
            "*/*",
            "end;",
            "case",
            " ",
            "é",
            "\ufeff",
            "x1",
            "select 1",
        ),
        *("\r", "$1", "B", "EN", "D", "\u00a0", "c", "atomic", "''", '""', "\r\n", "begin", "\x1c", "\x85"),
    ]
    dice = random.Random(20250126)  # noqa: S311 - the same texts every time
    texts = {
        f"{number}_x.sql": "".join(dice.choices(pieces, k=dice.randint(1, 25)))
        for number in range(1000, 2000)
    }
    twins.write(dict(texts))
    both = twins.run(["migration", "repair", "--status", "applied", "--yes"], None)
    assert both["ours"] == both["real"]
    assert both["real"][0] == 0
    state = twins.state()
    assert state["ours"][0].splitlines() == state["real"][0].splitlines()
