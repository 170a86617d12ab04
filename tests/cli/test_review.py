"""The command: what it prints, how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit.cli import main

KEYS = [
    *("problems", "pending", "commands", "order", "base", "total", "confidence"),
    *("known", "projects", "notes", "exit"),
]
ADD = "ALTER TABLE documents ADD COLUMN last_viewed timestamptz;\n"


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    (folder / "001_viewed.sql").write_text(ADD)
    return folder


def test_the_text(migrations: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert migrations
    assert main(["check", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    path = os.path.relpath(migrations / "001_viewed.sql")
    assert shown.out.splitlines()[0] == f"{path}: schema-first; reads and writes wait"
    assert main(["check", "--verbose", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[:4] == [
        f"{path}: schema-first",
        "  line 1: ALTER TABLE documents ADD COLUMN last_viewed timestamptz",
        "    what    ADD COLUMN",
        "    lock    ACCESS EXCLUSIVE: reads and writes wait",
    ]
    assert shown.out.splitlines()[-4:] == [
        "In this order:",
        "  npx supabase db push --linked",
        "  git push origin main",
        "Wait between the two until the migration is applied.",
    ]


def test_json_is_one_object_and_nothing_else_also_for_a_problem(
    migrations: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for sql, code in ((ADD, 0), ("SELEC 1;", 1)):
        (migrations / "001_viewed.sql").write_text(sql)
        assert main(["check", str(tmp_path), "--json"]) == code
        shown = capsys.readouterr()
        assert list(json.loads(shown.out)) == KEYS
        assert shown.err == ""


def test_the_text_of_a_problem(migrations: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (migrations / "001_twin.sql").write_text("SELEC 1;\n")
    assert main(["check", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "001_twin.sql:1  syntax" in shown
    assert "001_viewed.sql:1  duplicate-version" in shown
    assert shown.endswith("2 problems: mend that first.\n")


@pytest.mark.parametrize(
    ("sql", "code", "says"),
    [
        ("ALTER TABLE a RENAME TO b;", 3, "Neither order is safe: make it two deploys."),
        ("CREATE INDEX CONCURRENTLY ON a (b);", 0, "In this order, or the other way round:"),
        ("DROP TABLE a;", 0, "Wait between the two until the new code is live."),
    ],
)
def test_how_it_ends(
    migrations: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, sql: str, code: int, says: str
) -> None:
    (migrations / "001_viewed.sql").write_text(sql)
    assert main(["check", str(tmp_path)]) == code
    assert says in capsys.readouterr().out.splitlines()


def test_nothing_pending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "supabase" / "migrations").mkdir(parents=True)
    assert main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "There is no migration in supabase/migrations.",
        "Nothing to push to the database.",
    ]


@pytest.mark.parametrize("arguments", [[], ["--since", "main"]])
def test_what_it_cannot_look_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["check", str(tmp_path), "--json", *arguments]) == 2
    shown = capsys.readouterr()
    facts = json.loads(shown.out)
    assert (facts["problems"], facts["exit"]) == ([], 2)
    assert list(facts["error"]) == ["message", "why", "looked", "remedy"]
    assert "What to do: " in shown.err


def test_json_in_a_process_of_its_own(migrations: Path, tmp_path: Path) -> None:
    (migrations / "002_\N{LATIN SMALL LETTER E WITH ACUTE}.sql").write_bytes(b"-- \xff\n")
    ran = subprocess.run(
        [sys.executable, "-m", "kit", "check", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        check=False,
    )
    facts = json.loads(ran.stdout)
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert list(facts) == KEYS
    (problem,) = facts["problems"]
    assert list(problem) == ["file", "line", "kind", "message", "remedy", "path"]
    assert (problem["file"], problem["line"], problem["kind"]) == ("002_é.sql", 1, "encoding")
    assert [pending["order"] for pending in facts["pending"]] == ["schema-first"]
    assert facts["commands"] == []
