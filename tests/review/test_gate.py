"""A pull request is judged, not history; what somebody decided on passes; no program of a repository runs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from kit.cli import main
from kit.errors import BadInput
from kit.review.exceptions import BASELINE
from kit.review.report import Report, review
from tests.review.repository import ADD, DROP, FIRST, QUIET, Project

RENAME = "ALTER TABLE documents RENAME COLUMN title TO name;\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "rhizome")


def kinds(report: Report) -> list[str]:
    return [problem.kind for problem in report.problems]


def put_on_main(project: Project, name: str, text: str) -> None:
    project.git("checkout", "-q", "main")
    project.write(name, text)
    project.commit()
    project.git("checkout", "-q", "-B", "feature")


# --- history ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [("viewed.sql", ADD), ("002_a.sql", "SELEC 1;\n"), ("001_twin.sql", ADD)],
)
def test_what_main_has_already_does_not_count(project: Project, name: str, text: str) -> None:
    put_on_main(project, name, text)
    assert project.review().problems  # nothing has changed since: the whole folder is judged
    project.write("003_drop.sql", DROP)
    project.commit()
    report = project.review()
    assert report.problems == ()
    assert [(known.problem.file, known.because) for known in report.known] == [(name, "main has it")]


def test_the_new_of_two_twins_is_at_fault_whatever_their_names(project: Project) -> None:
    put_on_main(project, "002_z.sql", ADD)
    project.write("002_a.sql", ADD)
    project.commit()
    assert [(problem.file, problem.kind) for problem in project.review().problems] == [
        ("002_a.sql", "duplicate-version")
    ]


def test_what_main_has_removed_since_is_not_new_here(project: Project) -> None:
    project.write("002_mine.sql", ADD)
    project.commit()
    project.git("checkout", "-q", "main")
    (project.migrations / "001_documents.sql").unlink()
    project.commit()
    project.git("checkout", "-q", "feature")
    report = project.review()
    assert [migration.file for migration in report.pending] == ["002_mine.sql"]
    assert report.problems == ()


def test_what_came_over_from_main_is_no_edit(project: Project) -> None:
    project.git("checkout", "-q", "main")
    project.write("001_documents.sql", FIRST.replace("title", "name"))
    project.commit()
    project.git("checkout", "-q", "feature")
    project.git("checkout", "-q", "main", "--", "supabase")
    assert project.review().problems == ()


def test_a_badly_named_file_of_main_is_not_gone(project: Project) -> None:
    put_on_main(project, "notes.sql", ADD)
    project.write("002_drop.sql", DROP)
    project.commit()
    assert project.review().problems == ()
    (project.migrations / "notes.sql").unlink()  # no database has heard of it
    assert project.review().problems == ()


def test_the_base_is_named(project: Project) -> None:
    project.write("002_viewed.sql", ADD)
    project.commit()
    facts = project.review().facts()
    assert facts["base"] == {"ref": "main", "commit": project.git("rev-parse", "main").strip()}
    assert (facts["order"], facts["total"], facts["confidence"]) == ("schema-first", 2, "rule")


def test_without_a_main_branch_it_says_so_instead_of_calling_all_new(project: Project) -> None:
    project.git("branch", "-q", "-D", "main")
    with pytest.raises(BadInput, match="git has no main branch here") as raised:
        project.review()
    assert "--since REF" in raised.value.remedy
    assert project.review("HEAD").problems == ()


def test_a_checkout_without_history_says_so(project: Project, tmp_path: Path) -> None:
    project.write("002_viewed.sql", ADD)
    project.commit()
    for branch in ("main", "feature"):
        project.write(f"003_{branch}.sql", ADD)
        project.commit()
    shallow = tmp_path / "shallow"
    address = f"file://{project.folder}"
    project.git("clone", "-q", "--depth", "1", "--no-single-branch", "-b", "feature", address, str(shallow))
    report = review(shallow, since="origin/main")
    assert "git does not know where HEAD left origin/main" in report.notes[0]
    assert "fetch-depth: 0" in report.notes[0]
    assert report.pending[0].file == "002_viewed.sql"


def test_before_the_first_commit_all_is_new_and_it_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    (folder / "001_a.sql").write_text(FIRST)
    assert "in no git repository" in review(tmp_path).notes[0]
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, env=QUIET, check=True)
    report = review(tmp_path)
    assert "there is no commit yet" in report.notes[0]
    assert len(report.pending) == 1


# --- what somebody has decided on ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "passes"),
    [
        pytest.param(f"-- kit: allow expand-contract read by nobody\n{RENAME}", True, id="the order"),
        pytest.param(f"-- kit: allow rename-column read by nobody\n{RENAME}", True, id="the operation"),
        pytest.param(f"{RENAME.rstrip()} -- kit: allow expand-contract read by nobody\n", True, id="behind"),
        pytest.param(f"-- kit: allow drop-column read by nobody\n{RENAME}", False, id="another operation"),
        pytest.param(f"-- kit: allow expand-contract x\n{ADD}{RENAME}", False, id="another statement"),
        pytest.param(f"{RENAME}\n-- kit: allow expand-contract x\n", False, id="nothing"),
        pytest.param(f"{RENAME}-- kit: allow expand-contract x\n{ADD}", False, id="the next"),
    ],
)
def test_a_comment_lets_a_statement_pass(project: Project, sql: str, *, passes: bool) -> None:
    project.write("002_name.sql", sql)
    report = project.review()
    assert report.problems == ()
    assert report.exit_code == (0 if passes else 3)
    if passes:
        (statement,) = report.pending[0].statements
        assert (statement.allowed, statement.verdict.order) == ("read by nobody", "any")
        assert statement.verdict.lock == "ACCESS EXCLUSIVE"


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        ("-- kit: allow", "It allows nothing."),
        ("-- kit: allow expand-contract", "It allows expand-contract without a reason."),
        ("-- kit: allow everything it is fine", "There is no rule 'everything' to allow."),
    ],
)
def test_a_comment_that_says_too_little_is_a_problem(project: Project, comment: str, says: str) -> None:
    project.write("002_name.sql", f"{ADD}{comment}\n{RENAME}")
    (problem,) = project.review().problems
    assert (problem.kind, problem.line, problem.message) == ("allow", 2, says)
    assert "-- kit: allow RULE" in problem.remedy


def test_a_comment_lets_a_file_s_problem_pass(project: Project) -> None:
    project.write("000_early.sql", f"-- kit: allow out-of-order applied with --include-all\n{ADD}")
    report = project.review()
    assert report.problems == ()
    assert [known.because for known in report.known] == ["allowed: applied with --include-all"]


def test_what_was_there_is_written_down_and_a_change_of_it_counts(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write("001_twin.sql", ADD)
    project.write("002_name.sql", RENAME)
    assert main(["check", str(project.folder)]) == 1
    assert main(["check", str(project.folder), "--write-baseline"]) == 0
    assert capsys.readouterr().out.endswith(f"{BASELINE}: 2 known. Commit it.\n")
    report = project.review()
    assert (report.exit_code, report.problems) == (0, ())
    assert [known.because for known in report.known] == ["in the baseline"]

    project.write("002_name.sql", RENAME.replace("name", "heading"))
    assert project.review().exit_code == 3
    project.write("003_new.sql", RENAME)
    project.write("002_name.sql", RENAME)
    assert project.review().exit_code == 3


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"known": [1]}', '{"known": null}', "[" * 100_000, "\xff"])
def test_a_baseline_that_is_none(project: Project, text: str) -> None:
    (project.folder / BASELINE).write_bytes(text.encode("latin-1"))
    with pytest.raises(BadInput, match=f"{BASELINE} cannot be read") as raised:
        project.review()
    assert "--write-baseline" in raised.value.remedy


# --- what cannot be known -----------------------------------------------------------------------------


def test_what_cannot_be_known_is_neither_safe_nor_called_dangerous(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = "SELECT " + " || ".join(["'x'"] * 200)
    project.write("002_deep.sql", f"{deep};\n")
    assert main(["check", str(project.folder)]) == 1
    shown = capsys.readouterr().out
    assert "002_deep.sql: unknown" in shown
    assert "two deploys" not in shown
    assert project.review().facts()["confidence"] == "unknown"
    project.write("002_deep.sql", f"-- kit: allow unknown it only reads\n{deep};\n")
    assert project.review().exit_code == 0


# --- a repository that names programs -----------------------------------------------------------------


def test_no_program_that_a_repository_names_is_run(project: Project, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $0 $@ >> {ran}\ncat\n")
    program.chmod(0o755)
    project.write("002_viewed.sql", ADD)
    (project.folder / "app.py").write_text("print(1)\n")
    project.commit()
    (project.folder / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
    (project.folder / ".git" / "info").mkdir(exist_ok=True)
    (project.folder / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil\n")
    for setting in (
        *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.gitProxy", "core.askPass"),
        *("core.alternateRefsCommand", "diff.external", "diff.evil.command", "diff.evil.textconv"),
        *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "merge.evil.driver"),
        *("gpg.program", "gpg.ssh.program", "credential.helper", "pager.log", "pager.diff", "alias.ls-tree"),
        *("uploadpack.packObjectsHook", "sequence.editor", "trailer.x.command", "interactive.diffFilter"),
    ):
        project.git("config", setting, str(program))
    for setting, value in {
        "log.showSignature": "true",
        "core.hooksPath": str(tmp_path / "hooks"),
        "filter.evil.required": "true",
        "extensions.partialClone": "origin",
        "remote.origin.url": f"ext::{program}",
        "remote.origin.promisor": "true",
        "protocol.ext.allow": "always",
    }.items():
        project.git("config", setting, value)
    (tmp_path / "hooks").mkdir()
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
        (tmp_path / "hooks" / hook).symlink_to(program)
    ran.unlink(missing_ok=True)  # `git config` itself may have

    project.write("001_documents.sql", FIRST.replace("title", "name"))
    (project.folder / "app.py").write_text("print(2)\n")
    os.utime(project.folder / "app.py", (1, 1))
    blob = project.git("rev-parse", "main:supabase/migrations/001_documents.sql").strip()
    review(project.folder, order="code-first")
    (project.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()  # a promisor would fetch it
    review(project.folder, order="code-first")

    assert not ran.exists(), ran.read_text()


def test_two_thousand_files_are_judged(project: Project) -> None:
    for number in range(2_000):
        (project.migrations / f"{number + 100:05}_add.sql").write_text(
            f"ALTER TABLE a ADD COLUMN c{number} int;\n"
        )
    report = project.review()
    assert (len(report.pending), report.order, report.problems) == (2_000, "schema-first", ())
    project.commit()
    project.git("branch", "-q", "-f", "main", "feature")
    (project.migrations / "99999_drop.sql").write_text(DROP)
    report = project.review()
    assert [migration.file for migration in report.pending] == ["99999_drop.sql"]
    assert json.dumps(report.facts())
