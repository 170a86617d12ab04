from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from kit.errors import WrongInstance
from kit.supabase.diff import find_branch
from kit.supabase.invocation import UrlName

pytestmark = pytest.mark.usefixtures("shadow")
TABLE = "CREATE TABLE documents (id uuid PRIMARY KEY, user_id uuid NOT NULL);"


class Project(Protocol):
    urls: dict[UrlName, str]
    migrations: Path

    def run(self, *words: str) -> tuple[int, str]: ...

    def write(self, name: str, text: str) -> None: ...

    def rows(self, database: str, query: str) -> list[tuple[object, ...]]: ...

    def versions(self, database: str) -> list[object]: ...


def change(project: Project, database: str, sql: str) -> None:
    for statement in sql.split(";"):
        flag = "--local" if database == "local" else "--linked"
        assert not statement.strip() or project.run("db", "query", flag, statement)[0] == 0


def test_without_a_change_nothing_is_written(project: Project) -> None:
    project.write("070_a.sql", TABLE)
    project.run("migration", "up")
    code, text = project.run("db", "diff", "-f", "add_document_last_viewed")
    assert code == 0
    assert text.splitlines() == [
        "Creating shadow database...",
        "Applying migration 070_a.sql...",
        "Diffing schemas...",
        "Finished supabase db diff.",
        "",
        "No schema changes found",
    ]
    assert [path.name for path in project.migrations.iterdir()] == ["070_a.sql"]


def test_a_column_an_index_and_a_comment_become_a_migration(project: Project) -> None:
    project.write("070_a.sql", TABLE)
    project.run("migration", "up")
    change(
        project,
        "local",
        "ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ;"
        "CREATE INDEX idx ON documents(user_id, last_viewed DESC NULLS LAST);"
        r"COMMENT ON COLUMN documents.last_viewed IS 'it''s \ new'",
    )
    assert project.run("db", "diff", "-f", "add_last_viewed")[0] == 0
    file = project.migrations / "20250126153000_add_last_viewed.sql"
    assert file.read_text() == (
        'ALTER TABLE "public"."documents" ADD COLUMN "last_viewed" timestamp with time zone;\n\n'
        "CREATE INDEX idx ON public.documents USING btree (user_id, last_viewed DESC NULLS LAST);\n\n"
        r"COMMENT ON COLUMN public.documents.last_viewed IS E'it''s \\ new';" + "\n"
    )
    assert "No schema changes found" in project.run("db", "diff")[1]


def test_tables_with_keys_come_and_go(project: Project) -> None:
    project.write("001_a.sql", TABLE + 'CREATE TABLE "Old one" (a int); CREATE INDEX ON documents (user_id)')
    project.run("migration", "up")
    change(
        project,
        "local",
        'DROP TABLE "Old one"; DROP INDEX documents_user_id_idx; ALTER TABLE documents DROP COLUMN user_id;'
        "CREATE TABLE aa (id bigint GENERATED ALWAYS AS IDENTITY, d uuid DEFAULT gen_random_uuid(),"
        "n int NOT NULL DEFAULT 3 CHECK (n > 0), s text GENERATED ALWAYS AS ('x') STORED, UNIQUE (n));"
        "ALTER TABLE aa ADD FOREIGN KEY (d) REFERENCES documents;",
    )
    code, text = project.run("db", "diff", "-f", "much")
    assert code == 0
    assert (
        "Found drop statements in schema diff. Please double check if these are expected:\nDROP INDEX" in text
    )
    assert "No schema changes found" in project.run("db", "diff")[1]
    assert project.run("db", "push")[0] == 0
    assert project.rows("cloud", "SELECT to_regclass('aa') IS NOT NULL") == [(True,)]


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("ALTER TABLE documents ALTER user_id TYPE text", "column documents.user_id"),
        ("ALTER TABLE documents ALTER user_id DROP NOT NULL", "column documents.user_id"),
        ("CREATE VIEW v AS SELECT 1", "view v"),
        ("ALTER TABLE documents ADD n serial", "column documents.n, sequence documents_n_seq"),
        ("CREATE TYPE mood AS ENUM ('a')", "type mood"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function public.f()"),
        ("ALTER TABLE documents ENABLE ROW LEVEL SECURITY", "row level security of documents"),
    ],
)
def test_what_a_diff_cannot_express_is_named(project: Project, sql: str, named: str) -> None:
    project.write("001_a.sql", TABLE)
    project.run("migration", "up")
    change(project, "local", sql)
    code, text = project.run("db", "diff", "-f", "x")
    assert code == 1
    assert f"more than a diff can express: {named}.\n" in text
    assert "supabase migration new" in text
    assert len(list(project.migrations.iterdir())) == 1


def test_a_diff_does_not_touch_the_databases(project: Project) -> None:
    project.write("001_a.sql", TABLE)
    project.run("db", "diff")
    for database in ("local", "cloud", "shadow"):
        assert project.rows(database, "SELECT count(*) FROM pg_class WHERE relname = 'documents'") == [(0,)]


def test_a_migration_that_fails_on_the_shadow_is_told(project: Project) -> None:
    project.write("001_a.sql", "SELECT nope")
    code, text = project.run("db", "diff")
    assert code == 1
    assert "At statement: 0" in text


def test_the_shadow_is_never_one_of_the_other_two(project: Project) -> None:
    project.write("001_a.sql", TABLE)
    project.run("migration", "up")
    project.urls["shadow"] = project.urls["local"]
    with pytest.raises(WrongInstance):
        project.run("db", "diff")
    assert project.rows("local", "SELECT to_regclass('documents') IS NOT NULL") == [(True,)]


def test_without_a_shadow_there_is_no_diff(project: Project) -> None:
    del project.urls["shadow"]
    assert project.run("db", "diff")[0] == 1


def test_pull_stops_when_the_histories_differ(project: Project) -> None:
    project.write("001_a.sql", "SELECT 1")
    project.run("db", "push")
    project.write("002_b.sql", "SELECT 1")
    (project.migrations / "001_a.sql").unlink()
    code, text = project.run("db", "pull")
    assert code == 1
    assert text.splitlines()[-3:-1] == [
        "supabase migration repair --status reverted 001",
        "supabase migration repair --status applied 002",
    ]


def test_pull_writes_what_the_cloud_has_more(project: Project) -> None:
    project.write("001_a.sql", TABLE)
    project.run("db", "push")
    code, text = project.run("db", "pull")
    assert (code, text.splitlines()[-2]) == (1, "No schema changes found")
    change(project, "cloud", "ALTER TABLE documents ADD hot_fix int")
    code, text = project.run("db", "pull")
    stamp = "20250126153002"  # the push has taken two seconds
    assert code == 0
    assert f"Schema written to supabase/migrations/{stamp}_remote_schema.sql\n" in text
    assert f"Repaired migration history: [{stamp}] => applied\n" in text
    assert project.versions("cloud") == ["001", stamp]
    assert "up to date" in project.run("db", "push")[1]


def test_finds_the_branch_of_a_clone_and_of_a_worktree(tmp_path: Path) -> None:
    clone, worktree = tmp_path / "clone", tmp_path / "worktree"
    (clone / ".git" / "worktrees" / "w").mkdir(parents=True)
    (clone / ".git" / "HEAD").write_text("ref: refs/heads/feature/x\n")
    (clone / ".git" / "worktrees" / "w" / "HEAD").write_text("0123abc\n")
    worktree.mkdir()
    (worktree / ".git").write_text(f"gitdir: {clone}/.git/worktrees/w\n")
    assert find_branch(clone) == "feature/x"
    assert find_branch(worktree) == ""
