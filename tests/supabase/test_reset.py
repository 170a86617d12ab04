from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from kit.errors import BadInput
from kit.supabase.reset import Seeds, find_seeds


class Project(Protocol):
    folder: Path
    migrations: Path
    empty: Callable[[], None] | None

    def run(self, *words: str) -> tuple[int, str]: ...

    def write(self, name: str, text: str) -> None: ...

    def rows(self, database: str, query: str) -> list[tuple[object, ...]]: ...

    def versions(self, database: str) -> list[object]: ...


def test_the_local_database_is_made_anew_and_filled_and_production_stays(project: Project) -> None:
    project.write("001_a.sql", "CREATE TABLE t (a int)")
    project.write("002_b.sql", "ALTER TABLE t ADD b int")
    project.write("../seed.sql", "INSERT INTO t VALUES (1, 2);")
    project.run("db", "push", "--yes")
    project.run("migration", "up")
    (project.folder / ".git").mkdir()
    (project.folder / ".git" / "HEAD").write_text("ref: refs/heads/feature/x\n")

    code, text = project.run("db", "reset", "--version", "001", "--no-seed")
    assert code == 0
    assert text.splitlines() == [
        "Resetting local database to version: 001",
        "Recreating database... (On the kit's server: for this the real CLI needs Docker.)",
        "Applying migration 001_a.sql...",
        "Finished supabase db reset on branch feature/x.",
    ]
    assert project.versions("local") == ["001"]
    assert project.versions("cloud") == ["001", "002"]
    assert project.run("db", "reset")[0] == 0
    assert project.rows("local", "SELECT * FROM t") == [(1, 2)]


def test_a_seed_that_fails_leaves_the_migrations_applied(project: Project) -> None:
    project.write("001_a.sql", "CREATE TABLE t (a int)")
    project.write("../seed.sql", "INSERT INTO t VALUES (1); INSERT INTO nope VALUES (1)")

    code, text = project.run("db", "reset")
    assert code == 1
    assert 'failed to send batch: ERROR: relation "nope" does not exist (SQLSTATE 42P01)\n' in text
    assert project.versions("local") == ["001"]
    assert project.rows("local", "SELECT * FROM t") == []


def test_a_database_that_nobody_can_make_anew_is_left(project: Project) -> None:
    project.empty = None

    code, text = project.run("db", "reset")
    assert code == 1
    assert "there is no such database here" in text


@pytest.mark.parametrize(
    ("config", "seeds"),
    [
        (None, Seeds(("supabase/seed.sql",))),
        ("[db]\nport = 1", Seeds(("supabase/seed.sql",))),
        ("[db.seed]\nenabled = false", Seeds()),
        ('[db.seed]\nsql_paths = ["s/*.sql", "s/b.sql"]', Seeds(("supabase/s/a.sql", "supabase/s/b.sql"))),
        (
            '[db.seed]\nsql_paths = ["s", "./no.sql"]',
            Seeds(("supabase/s/a.sql", "supabase/s/b.sql"), ("supabase/no.sql",)),
        ),
    ],
)
def test_finds_the_seeds_that_the_configuration_names(
    tmp_path: Path, config: str | None, seeds: Seeds
) -> None:
    folder = tmp_path / "supabase"
    (folder / "s").mkdir(parents=True)
    for name in ("seed.sql", "s/b.sql", "s/a.sql", "s/notes.md"):
        (folder / name).touch()
    if config is not None:
        (folder / "config.toml").write_text(config)

    assert find_seeds(tmp_path) == seeds


def test_a_configuration_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "supabase").mkdir()
    (tmp_path / "supabase" / "config.toml").write_text("[db\n")

    with pytest.raises(BadInput, match="failed to load config: Invalid TOML document"):
        find_seeds(tmp_path)
