"""A folder of migrations in a real repository: what is wrong, what is pending, which command comes first."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kit.errors import BadInput
from kit.review.folder import read_bytes
from kit.review.report import Report, review
from kit.review.rules import Order, Problem
from tests.review.repository import ADD, DROP, FIRST, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "rhizome")


def digest(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_an_added_column_goes_first(project: Project) -> None:
    project.write("002_viewed.sql", "-- why\n\n" + ADD)
    report, base = project.review(), project.git("rev-parse", "main").strip()
    assert report.facts() == {
        "problems": [],
        "pending": [
            {
                "file": "002_viewed.sql",
                "statements": [
                    {
                        "line": 3,
                        "sql": ADD.removesuffix(";\n"),
                        "operation": "ADD COLUMN",
                        "lock": "ACCESS EXCLUSIVE: reads and writes wait",
                        "order": "schema-first",
                        "why": report.pending[0].statements[0].verdict.why,
                        "rule": "add-column",
                        "allowed": "",
                        "confidence": "rule",
                        "held_through": 3,
                        "meanwhile": [],
                    }
                ],
                "order": "schema-first",
                "path": os.path.relpath(project.migrations / "002_viewed.sql"),
                "confidence": "rule",
            }
        ],
        "commands": ["npx supabase db push --linked", "git push origin main"],
        "order": "schema-first",
        "base": {"ref": "main", "commit": base},
        "total": 2,
        "confidence": "rule",
        "known": [],
        "projects": [
            {
                "path": os.path.relpath(project.migrations),
                "tool": "Supabase",
                "order": "schema-first",
                "base": {"ref": "main", "commit": base},
                "total": 2,
                "pending": 1,
            }
        ],
        "notes": [],
        "exit": 0,
    }


def test_a_dropped_column_goes_last(project: Project) -> None:
    project.write("002_drop.sql", DROP)
    assert project.review().commands == ("git push origin main", "npx supabase db push --linked")


def test_both_need_two_deploys(project: Project) -> None:
    project.write("002_viewed.sql", ADD)
    project.write("003_drop.sql", DROP)
    report = project.review()
    assert [migration.order for migration in report.pending] == ["schema-first", "code-first"]
    assert (report.order, report.commands) == ("expand-contract", ())


def test_a_new_table_has_nobody_who_waits(project: Project) -> None:
    project.write("002_notes.sql", "CREATE TABLE notes (id int);\nALTER TABLE notes DROP COLUMN id;\n")
    table, column = project.review().pending[0].statements
    assert (table.verdict.order, column.verdict.order) == ("schema-first", "any")
    assert (table.verdict.lock, column.verdict.lock) == ("none", "none")
    assert project.review().order == "schema-first"


def test_a_table_that_no_earlier_migration_makes_is_new(project: Project) -> None:
    project.write(
        "002_notes.sql",
        "CREATE TABLE IF NOT EXISTS notes (id int);\nALTER TABLE notes DROP COLUMN id;\n"
        "CREATE TABLE shop.documents ();\nALTER TABLE documents DROP COLUMN title;\n",
    )
    assert [statement.verdict.order for statement in project.review().pending[0].statements] == [
        "schema-first",
        "any",
        "schema-first",
        "code-first",
    ]


def test_what_is_on_main_is_not_pending(project: Project) -> None:
    assert project.review().pending == ()
    assert project.review().commands == ()


def test_what_is_committed_on_a_branch_is_pending(project: Project) -> None:
    project.write("002_viewed.sql", ADD)
    project.commit()
    assert [migration.file for migration in project.review().pending] == ["002_viewed.sql"]


def test_origins_main_goes_before_the_local_one(project: Project) -> None:
    project.git("update-ref", "refs/remotes/origin/main", "main")
    project.write("002_viewed.sql", ADD)
    project.commit()
    project.git("branch", "-f", "main", "feature")
    report = project.review()
    assert (report.main, len(report.pending)) == ("origin/main", 1)


def test_on_main_a_commit_says_what_is_new(project: Project) -> None:
    project.git("checkout", "-q", "main")
    project.write("002_viewed.sql", ADD)
    project.commit()
    assert project.review().pending == ()
    assert [migration.file for migration in project.review("HEAD~1").pending] == ["002_viewed.sql"]


def test_a_commit_that_is_not_there(project: Project) -> None:
    with pytest.raises(BadInput, match="no commit 'nowhere'"):
        project.review("nowhere")
    with pytest.raises(BadInput, match="no commit '--output=x'"):
        project.review("--output=x")


def test_without_git_all_is_pending(tmp_path: Path) -> None:
    folder = tmp_path / "plain" / "supabase" / "migrations"
    folder.mkdir(parents=True)
    (folder / "001_a.sql").write_text(FIRST)
    report = review(tmp_path / "plain")
    assert (report.main, len(report.pending)) == ("", 1)


def test_a_project_in_a_folder_of_the_repository(project: Project) -> None:
    inner = project.folder / "apps" / "web" / "supabase" / "migrations"
    inner.mkdir(parents=True)
    (inner / "001_a.sql").write_text(FIRST)
    project.commit()
    project.git("branch", "-f", "main", "feature")
    (inner / "001_a.sql").write_text(FIRST + "-- more\n" + ADD)
    (inner / "002_b.sql").write_text(ADD)
    report = review(inner)
    assert [migration.file for migration in report.pending] == ["002_b.sql"]
    assert [(problem.file, problem.line, problem.kind) for problem in report.problems] == [
        ("001_a.sql", 6, "edited")
    ]


def test_two_with_one_version(project: Project) -> None:
    project.write("002_a.sql", ADD)
    project.write("002_b.sql", ADD)
    assert project.problem() == ("002_b.sql", 1, "duplicate-version")


def test_one_that_comes_too_late(project: Project) -> None:
    project.write("000_early.sql", ADD)
    assert project.problem() == ("000_early.sql", 1, "out-of-order")


def test_numbers_that_sort_as_text(project: Project) -> None:
    project.write("9_a.sql", ADD)
    project.write("10_b.sql", ADD)
    assert project.problem() == ("9_a.sql", 1, "out-of-order")


def test_a_typing_error(project: Project) -> None:
    project.write("002_viewed.sql", ADD + "\n-- next\nALTER TABLE documents\n  ADD COLUM seen text;\n" + ADD)
    assert project.problem() == ("002_viewed.sql", 5, "syntax")
    (problem,) = project.review().problems
    assert 'syntax error at or near "text"' in problem.message


@pytest.mark.parametrize("text", ["", "\n\n", "-- nothing yet\n", ";\n", "/* a /* b */ c */"])
def test_a_file_without_a_statement(project: Project, text: str) -> None:
    project.write("002_empty.sql", text)
    assert project.problem() == ("002_empty.sql", 1, "syntax")


def test_a_comment_that_never_ends(project: Project) -> None:
    project.write("002_viewed.sql", ADD + "\n/* é */ -- next\n/* /* */ " + ADD)
    assert project.problem() == ("002_viewed.sql", 4, "syntax")


def test_a_statement_starts_after_its_comments(project: Project) -> None:
    project.write("002_viewed.sql", "-- é\n/* é\n /* ; */ */ " + ADD)
    (statement,) = project.review().pending[0].statements
    assert (statement.line, statement.sql) == (3, ADD.removesuffix(";\n"))


@pytest.mark.parametrize("name", ["viewed.sql", "002-viewed.sql", "v2_viewed.sql", "002_viewed.SQL", ".sql"])
def test_a_name_that_is_skipped(project: Project, name: str) -> None:
    project.write(name, ADD)
    if name == ".sql":  # a hidden file without a name
        assert project.review().problems == ()
    else:
        assert project.problem() == (name, 1, "bad-name")


def test_other_files_may_lie_about(project: Project) -> None:
    project.write("README.md", "how to")
    project.write(".gitkeep", "")
    (project.migrations / "old").mkdir()
    assert project.review().problems == ()


def test_an_edited_file(project: Project) -> None:
    project.write("001_documents.sql", FIRST.replace("title", "name"))
    assert project.problem() == ("001_documents.sql", 3, "edited")


def test_an_edit_that_is_on_main_already_is_history(project: Project) -> None:
    project.git("checkout", "-q", "main")
    project.write("001_documents.sql", FIRST.replace("title", "name"))
    project.commit()
    assert project.review().problems == ()
    assert kinds(project.review("HEAD~1")) == ["edited"]
    project.git("checkout", "-q", "feature")
    assert project.review().problems == ()  # it is main's edit, not the branch's
    project.git("merge", "-q", "main")
    assert project.review().problems == ()


@pytest.mark.parametrize(
    "text",
    [
        "-- why\n" + FIRST,
        FIRST.replace("\n", "\n    ").replace("(", "( -- é\n") + "/* and so on */\n",
        FIRST.lower().replace("create table", "CREATE  Table"),
        FIRST + ";\n",
    ],
    ids=["a comment", "another layout", "other words for the same", "a semicolon"],
)
def test_what_means_the_same_is_no_edit(project: Project, text: str) -> None:
    project.write("001_documents.sql", text)
    assert project.review().problems == ()


BODY = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN {} RETURN 1; END $$;\n"


def test_a_comment_in_a_body_is_no_edit_and_a_value_is(project: Project) -> None:
    project.git("checkout", "-q", "main")
    project.write("002_f.sql", BODY.format(""))
    project.commit()
    project.git("checkout", "-q", "-B", "feature")
    project.write("002_f.sql", BODY.format("-- one\n"))
    assert project.review().problems == ()
    project.write("002_f.sql", BODY.format("").replace("1", "2"))
    assert project.problem() == ("002_f.sql", 1, "edited")


LISTS = """\
CREATE TABLE t (
    state text CHECK (state IN ('a', 'b')),
    tags text[] DEFAULT ARRAY['a', 'b']
);
"""


def test_a_comment_before_a_list_is_no_edit(project: Project) -> None:
    """The parser writes down where a list begins and ends, which is nothing that it says."""
    project.git("checkout", "-q", "main")
    project.write("002_lists.sql", LISTS)
    project.commit()
    project.git("checkout", "-q", "-B", "feature")
    project.write("002_lists.sql", f"-- why\n{LISTS.replace('text[]', 'text  []')}")
    assert project.review().problems == ()


def test_an_edit_is_found_where_it_is(project: Project) -> None:
    project.write("001_documents.sql", "-- why\n\n" + FIRST + "\n-- more\n" + ADD)
    assert project.problem() == ("001_documents.sql", 9, "edited")
    project.write("001_documents.sql", "-- all gone\n")
    assert project.problem() == ("001_documents.sql", 1, "edited")


def test_other_line_ends_are_no_edit(project: Project) -> None:
    project.write("001_documents.sql", FIRST.replace("\n", "\r\n"))
    assert project.review().problems == ()


def test_a_removed_file(project: Project) -> None:
    (project.migrations / "001_documents.sql").unlink()
    assert project.problem() == ("001_documents.sql", 1, "edited")


def test_a_branch_that_is_behind_has_removed_nothing(project: Project) -> None:
    project.git("checkout", "-q", "main")
    project.write("002_theirs.sql", ADD)
    project.commit()
    project.git("checkout", "-q", "feature")
    assert project.review().problems == ()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (ADD.encode() + b"-- caf\xe9\n", 2),
        (ADD.encode("utf-16"), 1),
        (ADD.encode() + b"\n-- \0\n", 3),
    ],
)
def test_what_is_no_utf8(project: Project, content: bytes, line: int) -> None:
    project.write("002_viewed.sql", content)
    assert project.problem() == ("002_viewed.sql", line, "encoding")


def test_a_byte_order_mark_is_left_out(project: Project) -> None:
    project.write("002_viewed.sql", "\ufeff" + ADD)
    report = project.review()
    assert report.problems == ()
    assert report.pending[0].statements[0].sql == ADD.removesuffix(";\n")


def test_a_link_to_a_file_is_followed(project: Project) -> None:
    (project.folder / "elsewhere.sql").write_text(ADD)
    (project.migrations / "002_link.sql").symlink_to(project.folder / "elsewhere.sql")
    assert [migration.file for migration in project.review().pending] == ["002_link.sql"]


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_broken_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_large(path: Path) -> None:
    path.touch()
    os.truncate(path, 17 * 2**20)


@pytest.mark.parametrize("make", [make_loop, make_broken_link, os.mkfifo, make_device, make_large])
def test_what_cannot_be_read(project: Project, make: Callable[[Path], None]) -> None:
    make(project.migrations / "002_odd.sql")
    assert project.problem() == ("002_odd.sql", 1, "encoding")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be somebody without rights for a moment: root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read(project: Project) -> None:
    secret = project.write("002_secret.sql", ADD)
    secret.chmod(0)
    with as_nobody():
        problem = read_bytes(secret)
    assert isinstance(problem, Problem)
    assert (problem.file, problem.line, problem.kind) == ("002_secret.sql", 1, "encoding")
    assert "permission denied" in problem.message


def test_a_thousand_rows(project: Project) -> None:
    row = "INSERT INTO documents (title) VALUES ('{}');\n".format("x" * 200)
    project.write("002_rows.sql", row * 1_000 + "INSERT INTO;\n")
    file, line, kind = project.problem()
    assert (file, line, kind) == ("002_rows.sql", 1_001, "syntax")


def test_one_statement_of_a_megabyte(project: Project) -> None:
    project.write("002_row.sql", f"INSERT INTO documents (title) VALUES ('{'x' * 2**20}');\n")
    assert project.review().problems == ()


def test_brackets_without_end(project: Project) -> None:
    project.write("002_deep.sql", "SELECT " + "(" * 20_000 + "1" + ")" * 20_000 + ";\n")
    assert project.problem() == ("002_deep.sql", 1, "syntax")


def test_an_expression_too_deep_to_look_into(project: Project) -> None:
    project.write("002_deep.sql", "-- é\nSELECT " + " || ".join(["'x'"] * 200) + ";\n")
    (statement,) = project.review().pending[0].statements
    assert (statement.line, statement.sql[:6]) == (2, "SELECT")
    assert (statement.verdict.operation, statement.verdict.order) == ("other", "unknown")


def test_no_folder(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(BadInput, match="There is no folder supabase/migrations"):
            review(folder)


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "supabase" / "migrations").mkdir(parents=True)
    assert review(tmp_path) == Report((), (), 0, "")


def test_nothing_is_written(project: Project) -> None:
    project.write("002_viewed.sql", ADD)
    os.utime(project.migrations / "001_documents.sql")
    before = digest(project.folder)
    project.review()
    assert digest(project.folder) == before


def test_programs_that_the_repository_names_are_not_run(project: Project, tmp_path: Path) -> None:
    for setting in ("core.fsmonitor", "core.pager", "gpg.program", "diff.external", "core.sshCommand"):
        project.git("config", setting, f"touch {tmp_path}/ran;")
    project.git("config", "log.showSignature", "true")
    project.write("002_viewed.sql", ADD)
    project.review()
    assert not (tmp_path / "ran").exists()


def test_a_name_does_not_steer_the_terminal(project: Project) -> None:
    project.write("002_\x1b[2J\x1b]0;x.sql", "")
    assert project.problem() == ("002_?[2J?]0;x.sql", 1, "syntax")
    assert project.review().pending[0].file == "002_?[2J?]0;x.sql"


def test_a_statement_that_leaves_its_database_is_told_so(project: Project) -> None:
    project.write("002_a.sql", ADD + "COPY documents TO PROGRAM 'mail everybody';\n")
    (pending,) = project.review().pending
    inside, outside = (statement.verdict.why for statement in pending.statements)
    assert "outside" not in inside
    assert outside.startswith("It would reach outside of its database: COPY … PROGRAM runs a program")
    assert "Take it out" in outside


def kinds(report: Report) -> list[str]:
    return [problem.kind for problem in report.problems]


@pytest.mark.parametrize(
    ("sql", "order", "code", "found"),
    [
        pytest.param(ADD, "schema-first", True, [], id="adds, schema first"),
        pytest.param(DROP, "schema-first", True, ["order"], id="drops together with code"),
        pytest.param(DROP, "schema-first", False, [], id="drops alone"),
        pytest.param(ADD, "code-first", True, ["order"], id="adds, code first"),
        pytest.param(
            "ALTER TABLE documents RENAME COLUMN title TO name;\n",
            "schema-first",
            True,
            ["order"],
            id="renames",
        ),
    ],
)
def test_what_does_not_fit_a_pipeline_s_order_is_a_problem_unless_it_comes_alone(
    project: Project, sql: str, order: Order, found: list[str], *, code: bool
) -> None:
    project.write("20260101000000_change.sql", sql)
    if code:
        (project.folder / "app.py").write_text("print(1)\n")
    project.commit()

    assert kinds(review(project.folder, order=order)) == found


def test_an_order_is_no_problem_where_nothing_is_pending(project: Project) -> None:
    (project.folder / "app.py").write_text("print(1)\n")
    project.commit()

    assert not review(project.folder, order="schema-first").problems
