from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pytest

from kit.errors import ServerFailed
from kit.postgres import Server
from kit.supabase.arguments import COMMANDS
from kit.supabase.cli import _RUN
from kit.supabase.invocation import UrlName
from kit.timeline.clock import Clock


class Project(Protocol):
    clock: Clock
    server: Server
    urls: dict[UrlName, str]
    ask: Callable[[str], str] | None

    def run(self, *words: str) -> tuple[int, str]: ...

    def write(self, name: str, text: str) -> None: ...

    def rows(self, database: str, query: str) -> list[tuple[object, ...]]: ...

    def versions(self, database: str) -> list[object]: ...


def test_every_command_has_a_program() -> None:
    assert _RUN.keys() == COMMANDS.keys()


def test_a_new_migration_gets_the_clocks_stamp(project: Project) -> None:
    code, text = project.run("migration", "new", "add_document_last_viewed")
    expected = "supabase/migrations/20250126153000_add_document_last_viewed.sql"
    assert (code, text) == (0, f"Created new migration at {expected}\n")
    project.clock.advance(61)
    assert "20250126153101_next" in project.run("migration", "new", "next")[1]


def test_lists_the_cloud_unless_told_otherwise(project: Project) -> None:
    project.write("070_a.sql", "SELECT 1")
    project.run("migration", "up")
    assert "`070` | ` `" in project.run("migration", "list")[1]
    assert "`070` | ` `" in project.run("migration", "list", "--linked")[1]
    assert "`070` | `070`" in project.run("migration", "list", "--local")[1]


def test_repair_says_what_it_did(project: Project) -> None:
    project.write("001_a.sql", "SELECT 1")
    code, text = project.run("migration", "repair", "--status", "applied", "001")
    assert code == 0
    assert text.splitlines()[1:] == [
        "Repaired migration history: [001] => applied",
        "Finished supabase migration repair.",
        "Run supabase migration list to show the updated migration history.",
    ]
    assert project.versions("cloud") == ["001"]
    project.run("migration", "repair", "--status", "reverted", "001")
    assert project.versions("cloud") == []


def test_repair_of_everything_asks_and_does_nothing_by_default(project: Project) -> None:
    project.write("001_a.sql", "SELECT 1")
    assert project.run("migration", "repair", "--status", "applied")[0] == 1
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "yes"

    project.ask = ask
    assert project.run("migration", "repair", "--status", "applied")[0] == 0
    assert asked[0].endswith("[y/N] ")
    assert project.versions("cloud") == ["001"]


def test_fetch_refuses_a_name_that_is_a_path(project: Project) -> None:
    project.run("migration", "repair", "--status", "reverted", "1")  # makes the table
    project.server.connect("cloud").execute(
        "INSERT INTO supabase_migrations.schema_migrations VALUES ('1', '{}', '../../x')"
    ).connection.close()
    code, text = project.run("migration", "fetch")
    assert code == 1
    assert "invalid version/name" in text


def test_fetch_without_a_history_says_so(project: Project) -> None:
    code, text = project.run("migration", "fetch")
    assert code == 1
    assert "42P01" in text


def test_a_command_of_the_workflow_that_does_not_exist(project: Project) -> None:
    code, text = project.run("db", "remote", "--linked", "sql", "SELECT 1")
    assert code == 1
    assert "supabase db push" in text
    assert 'supabase db query --linked "SELECT …"' in text


def test_what_the_database_refuses_is_told_with_its_code(project: Project) -> None:
    project.urls["cloud"] = project.server.url("cloud", "app")
    project.write("001_a.sql", "SELECT 1")
    code, text = project.run("db", "push")
    assert code == 1
    assert "permission denied for database cloud (SQLSTATE 42501)" in text


def test_without_a_cloud_it_is_as_if_not_linked(project: Project) -> None:
    del project.urls["cloud"]
    code, text = project.run("db", "push")
    assert code == 1
    assert "Have you run supabase link?" in text


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://migrator:hushhush@127.0.0.1:1/cloud",
        "postgresql://migrator:hushhush@[127.0.0.1/cloud",
        "postgresql://migrator:hushhush@127.0.0.1:1/cloud?nonsense=1",
        "postgresql://migrator:hush%hush@127.0.0.1:1/cloud",
    ],
)
def test_a_database_that_does_not_answer_is_an_error_without_secrets(project: Project, url: str) -> None:
    project.urls["cloud"] = url
    with pytest.raises(ServerFailed) as failure:
        project.run("migration", "list")
    words = str(failure.value)
    assert "cloud database does not answer" in words
    assert "What to do" in words
    assert "hush" not in words
    assert "127.0.0.1" not in words
    assert failure.value.__cause__ is None


def test_a_wrong_password_is_not_shown(project: Project) -> None:
    right = project.server.passwords["migrator"]
    project.urls["cloud"] = project.urls["cloud"].replace(":" + right, ":not-the-password")
    with pytest.raises(ServerFailed) as failure:
        project.run("db", "push")
    assert "password authentication failed" in str(failure.value)
    assert "not-the-password" not in str(failure.value)


def test_json_names_no_port_and_what_it_cannot_be_is_refused(project: Project) -> None:
    code, text = project.run("migration", "list", "--local", "--output-format", "json")
    assert (code, text.splitlines()[-1]) == (0, '{"migrations":[],"message":"Migrations listed"}')

    for words in (("db", "diff", "--output-format=json"), ("db", "push", "--output-format", "stream-json")):
        code, text = project.run(*words)
        assert code == 1
        assert "the kit's runner does not have this; the real CLI does" in text
