"""What judging costs: counted, not timed, since a count is the same on any machine."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import postgast
import pytest

from benchmarks.review.speed import write_folder
from kit.names import ROOT
from kit.review.report import review
from tests.review.repository import Project

FEW, MANY = 35, 350


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "rhizome")


def count_lines(folder: Path) -> int:
    """Return how many lines of Python run while a folder is judged; a turn of a loop counts each time."""
    ran = 0

    def trace(_: FrameType, event: str, __: object) -> Any:  # noqa: ANN401 - a tracer returns itself
        nonlocal ran
        ran += event == "line"
        return trace

    tracing = sys.gettrace()
    sys.settrace(trace)
    try:
        review(folder)
    finally:
        sys.settrace(tracing)
    return ran


def test_ten_times_as_many_migrations_are_ten_times_as_much_work(tmp_path: Path) -> None:
    for count in (FEW, MANY):
        write_folder(tmp_path / str(count), count)
    review(tmp_path / str(FEW))  # reads the rules
    few, many = (count_lines(tmp_path / str(count)) for count in (FEW, MANY))
    assert many <= MANY / FEW * 1.1 * few


def test_no_statement_is_parsed_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path, FEW)
    parse, parsed = postgast.parse, Counter[str]()

    def count(sql: str) -> Any:  # noqa: ANN401 - postgast's
        parsed[sql] += 1
        return parse(sql)

    monkeypatch.setattr(postgast, "parse", count)
    report = review(tmp_path)
    statements = [statement for migration in report.pending for statement in migration.statements]
    assert len(parsed) >= len(statements)
    assert [sql for sql, times in parsed.items() if times > 1] == []


@pytest.mark.parametrize("count", [1, 50])
def test_git_is_started_as_often_for_many_edited_files_as_for_one(
    count: int, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.git("checkout", "-q", "main")
    for number in range(count):
        project.write(f"1{number:02}_more.sql", f"CREATE TABLE t{number} (id bigint);\n")
    project.commit()
    project.git("checkout", "-q", "-B", "feature")
    for number in range(count):
        project.write(f"1{number:02}_more.sql", f"CREATE TABLE t{number} (id bigint, name text);\n")
    started = Counter[str]()

    class Counted(subprocess.Popen[bytes]):
        def __init__(self, command: list[str], **more: Any) -> None:  # noqa: ANN401 - of Popen
            started[next(word for word in command[1:] if "-" not in word[:1] and "=" not in word)] += 1
            super().__init__(command, **more)

    monkeypatch.setattr(subprocess, "Popen", Counted)
    assert len(project.review().problems) == count
    assert started["cat-file"] == 1
    assert started.total() <= 12


def test_a_damaged_object_of_git_ends_nothing(project: Project) -> None:
    project.write("001_documents.sql", "CREATE TABLE documents (id bigint);\n")
    blob = project.git("rev-parse", "main:supabase/migrations/001_documents.sql").strip()
    kept = project.folder / ".git" / "objects" / blob[:2] / blob[2:]
    kept.chmod(0o644)
    kept.write_bytes(b"no object")
    assert [problem.kind for problem in project.review().problems] == ["edited"]


def test_the_command_starts_without_what_it_does_not_need() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "kit", "check", "--help"]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    read = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "kit.review.judge" in read
    assert (
        read & {"importlib.metadata", "email", "psycopg", "rich.progress", "IPython", "kit.postgres"} == set()
    )
