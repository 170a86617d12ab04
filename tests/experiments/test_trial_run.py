"""`kit check --try`: what is pending runs on a server that is thrown away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.cli import main
from kit.errors import BadInput
from kit.experiments.trial_run import TrialRun, run_pending
from kit.postgres import Server
from kit.postgres.providers import bundled_major, find_programs
from kit.review.grammar import GRAMMAR_MAJOR
from kit.review.report import review


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "supabase" / "migrations"
    made.mkdir(parents=True)
    return made


def tried(server: Server, folder: Path, sql: str) -> TrialRun:
    (folder / "1_notes.sql").write_text(
        "CREATE TABLE notes (id bigint PRIMARY KEY, title varchar(20), kind text);\n"
        "INSERT INTO notes VALUES (1, 'a', 'x'), (2, 'b', 'x');\n"
        "CREATE FUNCTION count_of(kind text) RETURNS integer LANGUAGE sql AS 'SELECT 1';\n"
        "CREATE POLICY own ON notes USING (auth.uid() IS NOT NULL);\n"
        "CREATE EXTENSION pg_net;\n"
    )
    (folder / "2_next.sql").write_text(sql)
    return run_pending(review(folder.parents[1], applied={"1"}), on=server)


def test_locks_and_rewrites_are_measured(server: Server, folder: Path) -> None:
    run = tried(
        server,
        folder,
        "ALTER TABLE notes ALTER COLUMN title TYPE varchar(40);\n"
        "ALTER TABLE notes ADD COLUMN token uuid DEFAULT gen_random_uuid();\n"
        "CREATE FUNCTION count_of(kind text, more text DEFAULT '') RETURNS integer "
        "LANGUAGE sql AS 'SELECT 1';\n",
    )
    longer, token, function = run.statements
    assert (longer.locked, longer.rewrote) == ({"notes": "ACCESS EXCLUSIVE"}, ())
    assert token.rewrote == ("notes",)
    assert function.locked == {}
    assert run.ambiguous == (("count_of(text)", "count_of(text,text)"),)
    assert "pg_net" in run.notes[0]
    assert "stubs" in next(run.lines())


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("BEGIN;\nCREATE INDEX CONCURRENTLY i ON notes (title);\nCOMMIT;", "25001"),
        ("ALTER TABLE notes ADD UNIQUE (kind);", "23505"),
        (
            (
                "CREATE OR REPLACE FUNCTION count_of(kind text) RETURNS bigint "
                "LANGUAGE sql AS 'SELECT 1::bigint';"
            ),
            "42P13",
        ),
        ("ALTER TABLE notes ADD COLUMN owner text NOT NULL;", "23502"),
    ],
    ids=["concurrently in a transaction", "doubles", "another return type", "no value"],
)
def test_a_certain_failure_is_one(server: Server, folder: Path, sql: str, state: str) -> None:
    run = tried(server, folder, sql)
    assert run.failed
    assert state in run.statements[-1].error


def test_what_leaves_the_database_is_refused(server: Server, folder: Path) -> None:
    with pytest.raises(BadInput, match=r"2_next\.sql, line 1 is not tried"):
        tried(server, folder, "COPY notes TO '/tmp/x';")


def say(folder: Path, major: object) -> Path:
    (folder.parent / "config.toml").write_text(f"[db]\nmajor_version = {major}\n")
    (folder / "1_notes.sql").write_text(
        "CREATE TABLE notes (id bigint, title text);\n"
        "ALTER TABLE notes ADD CONSTRAINT titled NOT NULL title NOT VALID;\n"
    )
    return folder.parents[1]


@pytest.mark.parametrize(
    ("major", "says"),
    [
        (bundled_major(), ""),
        (99, "config.toml says PostgreSQL 99, which is not here: put the folder of its pg_ctl on PATH"),
        (9, "config.toml says PostgreSQL 9, the kit tries nothing on versions before 15"),
        ('"new"', ""),
    ],
)
def test_another_version_that_is_not_here_is_named(folder: Path, major: object, says: str) -> None:
    run = run_pending(review(say(folder, major)))
    assert run.server == f"PostgreSQL {bundled_major()}"
    assert not run.failed
    assert len(run.notes) == bool(says)
    assert "".join(run.notes).startswith(says)
    assert all(f"This ran on {bundled_major()}, the kit's own" in note for note in run.notes)


@pytest.mark.system
def test_another_version_that_is_here_is_used(
    folder: Path, need: Callable[[object, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    need(shutil.which("pg_ctl"), "PostgreSQL's pg_ctl on PATH")
    major = find_programs().major
    code = main(["check", str(say(folder, major)), "--try"])
    text = capsys.readouterr().out
    assert f"Tried on PostgreSQL {major}; " in text
    if major < GRAMMAR_MAJOR:
        assert code == 1
        assert 'syntax error at or near "NOT" (SQLSTATE 42601); PostgreSQL 18 understands it' in text
        assert "PostgreSQL refused a statement" in text.splitlines()[-1]


def test_the_command_says_what_was_tried(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "1_notes.sql").write_text("CREATE TABLE notes (id bigint);\n")
    assert main(["check", str(folder.parents[1]), "--try", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["tried"]
    assert [statement["error"] for statement in run["statements"]] == [""]
