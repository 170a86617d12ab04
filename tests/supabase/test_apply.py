from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pytest

from kit.postgres import Server
from kit.supabase.apply import PUSH_SECONDS
from kit.timeline import MigrationApplied
from kit.timeline.clock import Clock, WallClock


class Project(Protocol):
    clock: Clock
    server: Server
    ask: Callable[[str], str] | None
    applied: list[MigrationApplied]

    def run(self, *words: str) -> tuple[int, str]: ...

    def write(self, name: str, text: str) -> None: ...

    def versions(self, database: str) -> list[object]: ...

    def columns(self, database: str) -> list[object]: ...


def test_up_is_local_and_push_is_for_the_cloud(project: Project) -> None:
    project.write("001_a.sql", "CREATE TABLE t (a int)")
    code, text = project.run("migration", "up")
    assert code == 0
    assert text == (
        "Connecting to local database...\nApplying migration 001_a.sql...\nLocal database is up to date.\n"
    )
    assert (project.columns("local"), project.columns("cloud")) == (["a"], [])
    code, text = project.run("db", "push")
    assert code == 0
    assert text == (
        "Connecting to remote database...\n"
        "Do you want to push these migrations to the remote database?\n • 001_a.sql\n [Y/n] \n"
        "Applying migration 001_a.sql...\nFinished supabase db push.\n"
    )
    assert project.columns("cloud") == ["a"]
    assert project.run("db", "push")[1].endswith("Remote database is up to date.\n")


def test_tells_of_each_migration_when_it_is_committed(project: Project) -> None:
    project.write("001_a.sql", "CREATE TABLE t (a int)")
    project.write("002_b.sql", "ALTER TABLE t ADD b int")
    project.clock.advance(10)
    project.run("db", "push")
    assert project.applied == [
        MigrationApplied(at=12, database="cloud", version="001", name="a"),
        MigrationApplied(at=12, database="cloud", version="002", name="b"),
    ]
    project.applied.clear()
    project.run("migration", "up")
    assert [(record.at, record.database) for record in project.applied] == [(12, "local")] * 2


def test_push_takes_two_seconds_before_anything_is_applied(project: Project) -> None:
    project.write("001_a.sql", "CREATE TABLE t (a int)")
    seen: list[list[object]] = []
    project.clock.at(PUSH_SECONDS - 0.01, lambda: seen.append(project.columns("cloud")))
    # What is pending is known by then: a file that comes later is not applied.
    project.clock.at(1, lambda: project.write("002_b.sql", "ALTER TABLE t ADD b int"))
    project.run("db", "push")
    assert seen == [[]]
    assert project.clock.now() == PUSH_SECONDS == 2
    assert project.columns("cloud") == ["a"]


@pytest.mark.parametrize(
    "words", [["db", "push", "--dry-run"], ["migration", "up"], ["migration", "up", "--linked"]]
)
def test_nothing_else_takes_time(project: Project, words: list[str]) -> None:
    project.write("001_a.sql", "SELECT 1")
    assert project.run(*words)[0] == 0
    assert project.clock.now() == 0


def test_a_push_of_nothing_takes_no_time_and_asks_nothing(project: Project) -> None:
    project.ask = pytest.fail
    assert project.run("db", "push")[0] == 0
    assert project.clock.now() == 0


def test_a_push_that_is_declined_changes_nothing(project: Project) -> None:
    project.write("001_a.sql", "CREATE TABLE t (a int)")
    project.ask = lambda _: "n"
    code, text = project.run("db", "push")
    assert (code, text.splitlines()[-1]) == (1, "context canceled")
    assert (project.columns("cloud"), project.applied, project.clock.now()) == ([], [], 0)


def test_the_question_is_asked_whole(project: Project) -> None:
    project.write("001_a.sql", "SELECT 1")
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return ""

    project.ask = ask
    assert project.run("db", "push")[0] == 0
    assert asked == ["Do you want to push these migrations to the remote database?\n • 001_a.sql\n [Y/n] "]


def test_yes_asks_nothing(project: Project) -> None:
    project.write("001_a.sql", "SELECT 1")
    project.ask = pytest.fail
    assert project.run("db", "push", "--yes")[0] == 0


def test_the_real_clock_has_the_databases_own_commit_time(project: Project) -> None:
    project.clock = WallClock()
    project.write("001_a.sql", "SELECT 1")
    before = project.clock.now()
    project.run("db", "push")
    (record,) = project.applied
    assert record.committed is not None
    # The server's clock and ours are the same machine's; a quarter of a second for its rounding.
    assert before - 0.25 <= record.committed <= record.at + 0.25
    project.clock.close()


def test_the_files_before_a_failing_one_are_told(project: Project) -> None:
    project.write("001_a.sql", "CREATE TABLE t (a int)")
    project.write("002_b.sql", "ALTER TABLE t ADD b int; ALTER TABLE nope ADD b int")
    project.write("003_c.sql", "SELECT 1")
    code, text = project.run("db", "push")
    assert code == 1
    assert 'ERROR: relation "nope" does not exist (SQLSTATE 42P01)\nAt statement: 1\n' in text
    assert [record.version for record in project.applied] == ["001"]
    assert (project.versions("cloud"), project.columns("cloud")) == (["001"], ["a"])


def test_what_is_not_committed_is_not_told(project: Project) -> None:
    project.write("001_a.sql", "BEGIN; CREATE TABLE t (a int)")
    project.run("db", "push")
    assert (project.columns("cloud"), project.applied) == ([], [])


def test_the_files_of_the_folder_are_applied_committed_to_git_or_not(project: Project) -> None:
    project.write("001_a.sql", "CREATE TABLE t (a int)")
    assert project.run("db", "push")[0] == 0
    project.write("001_a.sql", "CREATE TABLE edited (a int)")
    assert "up to date" in project.run("db", "push")[1]


def test_advice_for_a_file_that_comes_too_late(project: Project) -> None:
    project.write("001_a.sql", "SELECT 1")
    project.run("migration", "up")
    project.write("000_z.sql", "SELECT 1")
    code, text = project.run("migration", "up")
    assert code == 1
    assert text.endswith(
        "Found local migration files to be inserted before the last migration on remote database.\n\n"
        "Rerun the command with --include-all flag to apply these migrations:\n"
        "supabase/migrations/000_z.sql\n\n"
    )


def test_advice_for_a_history_that_has_more(project: Project) -> None:
    project.run("migration", "repair", "--status", "reverted", "1", "--local")
    with project.server.connect("local") as connection:
        connection.execute("INSERT INTO supabase_migrations.schema_migrations VALUES ('8'), ('9')")
    code, text = project.run("migration", "up", "--local")
    assert code == 1
    assert "\nsupabase migration repair --local --status reverted 8 9\n" in text
    assert text.endswith("\nsupabase db pull --local\n\n")


def test_a_backend_that_is_terminated_is_told_as_the_cli_does_and_nothing_is_half_applied(
    project: Project,
) -> None:
    project.write(
        "001_a.sql", "CREATE TABLE t (a int); SELECT pg_terminate_backend(pg_backend_pid()); SELECT 1"
    )
    code, text = project.run("db", "push")
    assert code == 1
    assert "FATAL: terminating connection due to administrator command (SQLSTATE 57P01)\n" in text
    assert "\nAt statement: 1\n" in text
    assert (project.columns("cloud"), project.applied) == ([], [])
