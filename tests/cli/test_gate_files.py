"""Where `check` looks, what it refuses, what other programs get; the hook, the action."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from kit.cli import main
from kit.names import ROOT
from tests.review.repository import ADD, DROP, FIRST, QUIET, Project

RENAME = "ALTER TABLE documents RENAME COLUMN title TO name;\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path / "rhizome")
    monkeypatch.chdir(project.folder)
    return project


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["check", *words])
    return code, capsys.readouterr().out


def put(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_projects_below_are_found_and_named(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("web", "shop"):
        put(project.folder / "apps" / name / "supabase" / "migrations" / "001_a.sql", FIRST)
    put(project.folder / "node_modules" / "x" / "supabase" / "migrations" / "001_a.sql", FIRST)
    facts = json.loads(check(capsys, "--json", "apps")[1])
    assert {found["path"] for found in facts["projects"]} >= {
        "apps/web/supabase/migrations",
        "apps/shop/supabase/migrations",
    }
    facts = json.loads(check(capsys, "--json")[1])
    assert len(facts["projects"]) == 3
    assert facts["total"] == 3
    assert "(cd apps/shop && npx supabase db push --linked)" in facts["commands"]


def test_two_projects_that_need_two_orders_need_two_deploys(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write("002_drop.sql", DROP)
    put(project.folder / "apps" / "web" / "supabase" / "migrations" / "001_a.sql", FIRST)
    assert check(capsys)[0] == 3


def test_a_file_is_judged_whatever_git_has(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = check(capsys, "supabase/migrations/001_documents.sql")
    assert (code, text.splitlines()[0]) == (
        0,
        "supabase/migrations/001_documents.sql: schema-first; nothing waits",
    )
    put(project.folder / "new.sql", RENAME)
    assert check(capsys, "new.sql")[0] == 3


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("prisma/migrations/20260101_a/migration.sql", "Prisma"),
        ("drizzle/0000_a.sql", "Drizzle"),
        ("src/main/resources/db/migration/V1__a.sql", "Flyway"),
    ],
)
def test_other_tools_sql_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, tool: str
) -> None:
    put(tmp_path / path, RENAME)
    if tool == "Drizzle":
        put(tmp_path / "drizzle" / "meta" / "_journal.json", "{}")
    code, text = check(capsys, "--json", str(tmp_path))
    facts = json.loads(text)
    assert (code, [found["tool"] for found in facts["projects"]]) == (3, [tool])
    assert facts["pending"][0]["path"].endswith(path)


@pytest.mark.parametrize(
    ("path", "tool", "instead"),
    [
        ("alembic/script.py.mako", "Alembic", "alembic upgrade"),
        ("db/migrate/20260101_a.rb", "Rails", "rails db:migrate"),
        ("shop/migrations/0001_initial.py", "Django", "sqlmigrate"),
    ],
)
def test_what_is_no_sql_is_named_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, tool: str, instead: str
) -> None:
    put(tmp_path / path)
    assert main(["check", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert f"{tool} keeps migrations in {Path(path).parent}" in error
    assert instead in error


def test_a_schema_without_a_migration_is_told(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    put(project.folder / "supabase" / "schemas" / "documents.sql", FIRST)
    code, text = check(capsys)
    assert (code, "no migration brings it" in text) == (0, True)
    project.write("002_viewed.sql", ADD)
    assert "no migration brings it" not in check(capsys)[1]


@pytest.mark.parametrize("kind", ["pipe", "file", "link out", "link to nowhere"])
def test_a_folder_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    folder = tmp_path / "project" / "supabase" / "migrations"
    folder.parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(folder)
    elif kind == "file":
        folder.touch()
    else:
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / ("elsewhere" if kind == "link out" else "nowhere"))
    assert main(["check", str(tmp_path / "project")]) == 2
    assert "supabase/migrations is " in capsys.readouterr().err


def test_a_pipe_a_device_or_nothing_instead_of_a_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, says in (
        (tmp_path / "pipe", "a named pipe"),
        (Path("/dev/zero"), "a device"),
        (tmp_path / "x", "not"),
    ):
        assert main(["check", str(path)]) == 2
        assert says in capsys.readouterr().err


def test_a_file_that_leads_out_of_the_project(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    put(project.folder.parent / "secret.sql", ADD)
    (project.migrations / "002_link.sql").symlink_to(project.folder.parent / "secret.sql")
    code, text = check(capsys)
    assert (code, "leads out of the project" in text) == (1, True)


def test_what_github_gets(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write("002_a,b.sql", "SELEC 1;\n")
    project.write("003_name.sql", RENAME)
    code, text = check(capsys, "--format", "github")
    assert (code, text.count("::error file=")) == (1, 2)
    assert text.startswith(
        "::error file=supabase/migrations/002_a%2Cb.sql,line=1,title=kit check%3A syntax::PostgreSQL does not"
    )
    (project.migrations / "002_a,b.sql").unlink()
    code, text = check(capsys, "--format", "github")
    assert code == 3
    assert text.startswith(
        "::error file=supabase/migrations/003_name.sql,line=1,title=kit check%3A expand-contract::"
    )


def test_what_code_scanning_gets(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write("002_na me_é.sql", RENAME)
    project.write("003_name.sql", RENAME.replace("title", "id").replace("name", "number"))
    sarif = json.loads(check(capsys, "--format", "sarif")[1])
    (run,) = sarif["runs"]
    assert sarif["version"] == "2.1.0"
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {
        result["ruleId"] for result in run["results"]
    }
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [(place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in places] == [
        ("supabase/migrations/002_na%20me_%C3%A9.sql", 1),
        ("supabase/migrations/003_name.sql", 1),
    ]


SARIF = json.loads((Path(__file__).parent / "sarif" / "sarif-2.1.0-rtm.5.json").read_text())
TRIED = (
    "ALTER TABLE documents ALTER COLUMN id TYPE text;\n"
    "CREATE TABLE apart (id bigint);\n"
    "ALTER TABLE documents ADD COLUMN kind text NOT NULL;\n"
)


@pytest.mark.parametrize(
    ("sql", "options"),
    [
        ("", []),
        (ADD, []),
        (RENAME, []),
        ("SELEC 1;", []),
        ("DO 'BEGIN EXECUTE now(); END';", []),
        (TRIED, ["--try"]),
    ],
    ids=["nothing", "safe", "two deploys", "no SQL", "unknown", "tried"],
)
def test_what_code_scanning_gets_keeps_to_its_schema(
    project: Project, capsys: pytest.CaptureFixture[str], sql: str, options: list[str]
) -> None:
    project.write("001_documents.sql", f"{FIRST}INSERT INTO documents VALUES (1, 'a');\n")
    project.git("checkout", "-q", "main")
    project.commit()
    project.git("checkout", "-q", "-B", "feature")
    if sql:
        project.write("002_next.sql", sql)
    jsonschema.Draft4Validator.check_schema(SARIF)
    jsonschema.Draft4Validator(SARIF).validate(json.loads(check(capsys, "--format", "sarif", *options)[1]))


def test_what_was_tried_stands_beside_the_lines(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write("001_documents.sql", f"{FIRST}INSERT INTO documents VALUES (1, 'a');\n")
    project.git("checkout", "-q", "main")
    project.commit()
    project.git("checkout", "-q", "-B", "feature")
    project.write("002_next.sql", TRIED)
    code, text = check(capsys, "--try", "--format", "sarif")
    (run,) = json.loads(text)["runs"]
    found = [
        (result["ruleId"], result["level"], result["locations"][0]["physicalLocation"]["region"]["startLine"])
        for result in run["results"]
        if result["ruleId"].startswith("tried")
    ]
    assert (code, found) == (1, [("tried-rewrites", "warning", 1), ("tried-fails", "error", 3)])
    (about,) = run["invocations"]
    assert "PostgreSQL" in about["toolExecutionNotifications"][0]["message"]["text"]

    code, text = check(capsys, "--try", "--format", "github")
    place = "file=supabase/migrations/002_next.sql,line"
    assert code == 1
    assert f"::warning {place}=1,title=kit check%3A tried-rewrites::Tried: documents ACCESS EXCLUSIVE" in text
    assert f"::error {place}=3,title=kit check%3A tried-fails::Tried: fails:" in text
    assert "SQLSTATE 23502" in text
    assert "::notice title=kit check::Tried on PostgreSQL" in text


def run(command: list[str], folder: Path, **variables: str) -> tuple[int, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        command,
        cwd=folder,
        env={**QUIET, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_the_hook_stops_a_commit(project: Project) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)
    entry = shlex.split(hook["entry"])
    project.write("002_viewed.sql", ADD)
    assert run(entry, project.folder)[0] == 0
    project.write("002_viewed.sql", RENAME)
    assert run(entry, project.folder)[0] == 3


@pytest.mark.parametrize(
    ("sql", "order", "code"), [(ADD, "", 0), (RENAME, "", 3), (DROP, "schema-first", 0), ("SELEC", "", 1)]
)
def test_the_action_judges_a_pull_request(project: Project, sql: str, order: str, code: int) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    install, step = action["runs"]["steps"]
    assert "pip install" in install["run"]
    project.git("update-ref", "refs/remotes/origin/main", "main")
    project.write("002_change.sql", sql)
    project.commit()
    inputs = {name: value["default"] for name, value in action["inputs"].items()} | {"order": order}
    variables = {name: inputs[text.split(".")[1].split(" ")[0]] for name, text in step["env"].items()}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    ended, said = run(command, project.folder, GITHUB_BASE_REF="main", **variables)
    assert ended == code, said
    assert ("::error file=supabase/migrations/002_change.sql" in said) == (code != 0)
