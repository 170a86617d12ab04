from __future__ import annotations

from typing import Protocol

import pytest

from kit.supabase.query import format_result


class Project(Protocol):
    def run(self, *words: str) -> tuple[int, str]: ...

    def rows(self, database: str, query: str) -> list[tuple[object, ...]]: ...


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("true", "true"),
        ("NULL::int", "NULL"),
        ("1.50::numeric", "1.50"),
        ("ARRAY[1, NULL, 3]", "[1 <nil> 3]"),
        ("ARRAY[true]", "[true]"),
        ("""'{"b": [1, null, "s"], "a": 1.5}'::jsonb""", "map[a:1.5 b:[1 <nil> s]]"),
        ("""'"text"'::json""", "text"),
        (r"'\x0102'::bytea", "[1 2]"),
        ("date '2024-02-29'", "2024-02-29 00:00:00 +0000 UTC"),
        ("timestamp '2025-01-26 15:45:22.650'", "2025-01-26 15:45:22.65 +0000 UTC"),
        ("timestamptz '2025-01-26 15:45:22+01'", "2025-01-26 14:45:22 +0000 UTC"),
        ("timestamptz 'infinity'", "infinity"),
        ("interval '1 day'", "map[days:1]"),
    ],
)
def test_writes_values_as_the_cli_does(project: Project, value: str, expected: str) -> None:
    assert project.run("db", "query", f"SELECT {value} AS v")[1].splitlines()[4] == f"│ {expected} │"


def test_of_the_cloud_values_stand_as_postgresql_writes_them(project: Project) -> None:
    code, text = project.run(
        "db", "query", "--linked", "SELECT timestamptz '2025-10-26 15:45:22.654321+00' AS last_viewed"
    )
    assert code == 0
    assert text.splitlines() == [
        "┌───────────────────────────────┐",
        "│ last_viewed                   │",
        "├───────────────────────────────┤",
        "│ 2025-10-26 15:45:22.654321+00 │",
        "└───────────────────────────────┘",
    ]
    assert project.run("db", "query", "--linked", "SELECT 1 WHERE false") == (0, "")


def test_says_what_a_command_did(project: Project) -> None:
    assert project.run("db", "query", "CREATE TABLE t (a int)")[1].splitlines()[-1] == "CREATE TABLE"
    assert project.run("db", "query", "INSERT INTO t VALUES (1), (2)")[1].splitlines()[-1] == "INSERT 0 2"


def test_is_for_the_local_database_unless_linked(project: Project) -> None:
    project.run("db", "query", "CREATE TABLE t (a int)")
    project.run("db", "query", "--linked", "CREATE TABLE u (a int); SELECT 1")
    query = "SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert (project.rows("local", query), project.rows("cloud", query)) == ([("t",)], [("u",)])


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT nope", 'column "nope" does not exist'),
        ("SELECT 1; SELECT 2", "cannot insert multiple commands into a prepared statement"),
        ("SELECT '\0'", "invalid message format"),
    ],
)
def test_what_is_refused_is_told(project: Project, sql: str, words: str) -> None:
    code, text = project.run("db", "query", sql)
    assert code == 1
    assert f"failed to execute query: error: {words}\n" in text


def test_draws_wide_letters_and_lines() -> None:
    assert format_result(["a", "b"], [["日本", "x\ny"], ["e\u0301", ""]]).splitlines() == [
        "┌──────┬───┐",
        "│ a    │ b │",
        "├──────┼───┤",
        "│ 日本 │ x │",
        "│      │ y │",
        "│ e\u0301    │   │",
        "└──────┴───┘",
    ]
