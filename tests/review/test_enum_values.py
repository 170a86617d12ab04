"""A new value of an enum: refused in its own transaction, of use to the next file of the same push."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.errors import MigrationFailed
from kit.experiments.trial_run import run_pending
from kit.postgres import Server, create
from kit.review.judge import Judge, Verdict
from kit.review.report import review
from kit.supabase import list_migrations, split
from kit.supabase.apply import apply_file
from kit.supabase.arguments import Release
from kit.supabase.history import prepare

MADE = "CREATE TYPE state AS ENUM ('open');\nCREATE TABLE notes (id bigint, state state DEFAULT 'open');\n"
ADD = "ALTER TYPE state ADD VALUE 'closed';\n"
USE = "UPDATE notes SET state = 'closed' WHERE id = 1;\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "supabase" / "migrations"
    made.mkdir(parents=True)
    (made / "1_notes.sql").write_text(MADE)
    return made


def push(server: Server, folder: Path, release: Release) -> None:
    create(server, "pushed")
    with server.connect("pushed", role="migrator") as connection:
        prepare(connection)
        for file in list_migrations(folder.parents[1]).files:
            apply_file(connection, file, release)


@pytest.mark.parametrize("release", Release)
def test_in_one_file_it_is_refused(server: Server, folder: Path, release: Release) -> None:
    (folder / "2_closed.sql").write_text(f"{ADD}\n-- why\n{USE}")
    report = review(folder.parents[1], applied={"1"})
    (problem,) = report.problems
    assert (problem.file, problem.line, problem.kind) == ("2_closed.sql", 4, "refused")
    assert "'closed' of public.state" in problem.message
    assert report.exit_code == 1

    with pytest.raises(MigrationFailed, match="55P04"):
        push(server, folder, release)
    assert "55P04" in run_pending(report, on=server).statements[-1].error


@pytest.mark.parametrize("release", Release)
def test_a_later_file_of_the_same_push_may_use_it(server: Server, folder: Path, release: Release) -> None:
    (folder / "2_closed.sql").write_text(ADD)
    (folder / "3_use.sql").write_text(f"ALTER TABLE notes ALTER COLUMN state SET DEFAULT 'closed';\n{USE}")
    report = review(folder.parents[1], applied={"1"})
    assert report.problems == ()

    push(server, folder, release)
    assert not run_pending(report, on=server).failed


@pytest.mark.parametrize("release", Release)
@pytest.mark.parametrize(
    "sql",
    [
        f"{ADD}CREATE INDEX CONCURRENTLY notes_id ON notes (id);\n{USE}",
        f"BEGIN;\n{ADD}COMMIT;\n{USE}",
        f"-- pg-delta: transaction=false\n{ADD}{USE}",
        f"{ADD}BEGIN;\n{USE}COMMIT;\n",
        f"{ADD}{USE}BEGIN;\nCOMMIT;\n",
    ],
    ids=[
        "what runs alone",
        "a commit",
        "no transaction",
        "a transaction that begins",
        "one that comes later",
    ],
)
def test_what_ends_the_transaction_before_lets_it_be_used(
    server: Server, folder: Path, sql: str, release: Release
) -> None:
    (folder / "2_closed.sql").write_text(sql)
    report = review(folder.parents[1], applied={"1"})
    assert [problem.kind for problem in report.problems] == []
    push(server, folder, release)


def test_a_permit_lets_it_pass(folder: Path) -> None:
    (folder / "2_closed.sql").write_text(f"-- kit: allow refused applied by hand, line by line\n{ADD}{USE}")
    report = review(folder.parents[1], applied={"1"})
    assert report.problems == ()
    assert [known.problem.kind for known in report.known] == ["refused"]


def test_what_may_not_run_is_not_called_refused() -> None:
    judge = Judge()
    for statement in split(MADE):
        judge.learn(statement.text)
    guarded = f"DO $$ BEGIN IF random() < 0.5 THEN {USE} END IF; END $$"
    for sql in (ADD, guarded, "SELECT 'closed'", "UPDATE notes SET id = 2 WHERE 'closed' = 'open'"):
        verdict = judge.judge(sql)
        assert isinstance(verdict, Verdict)
        assert verdict.refused == ""
