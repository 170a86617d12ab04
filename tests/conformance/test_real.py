"""The real CLI behind the kit's face."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from kit.errors import BadInput, MissingTool, ServerFailed
from kit.postgres import Server, connect_url
from kit.supabase import real
from kit.supabase.arguments import Release
from kit.supabase.cli import main
from kit.supabase.invocation import Invocation, UrlName
from kit.supabase.real import main_real
from kit.timeline import MigrationApplied
from kit.timeline.clock import VirtualClock

pytestmark = pytest.mark.supabase


class Shell:
    """Runs commands with the real CLI, or with the kit's own, in one folder."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server
        self.clock = VirtualClock()
        self.applied: list[MigrationApplied] = []
        self.asked: list[str] = []
        self.answer: str | None = None
        self.urls: dict[UrlName, str] = {
            "local": server.url("local", "migrator"),
            "cloud": server.url("cloud", "migrator"),
        }
        (folder / "supabase" / "migrations").mkdir(parents=True)

    def write(self, name: str, text: str) -> None:
        (self.folder / "supabase" / "migrations" / name).write_text(text)

    def run(self, line: str, *, program: Callable[[Invocation], int] = main_real) -> tuple[int, str]:
        printed: list[str] = []

        def ask(question: str) -> str:
            self.asked.append(question)
            printed.append(f"{question}{self.answer}\n")
            return str(self.answer)

        code = program(
            Invocation(
                argv=line.split(),
                folder=self.folder,
                urls=self.urls,
                open_url=partial(connect_url, application="supabase"),
                clock=self.clock,
                write=printed.append,
                ask=None if self.answer is None else ask,
                applied=self.applied.append,
            )
        )
        text = "".join(printed)
        assert self.server.passwords["migrator"] not in text
        return code, text


@pytest.fixture
def shell(
    cli: Path,
    tmp_path: Path,
    server: Server,
    databases: tuple[str, str],  # noqa: ARG001 - made anew
    monkeypatch: pytest.MonkeyPatch,
) -> Shell:
    monkeypatch.setenv("KIT_SUPABASE_CLI", str(cli))
    return Shell(tmp_path, server)


def test_says_and_tells_the_same_as_the_kits_own(shell: Shell) -> None:
    shell.write("001_a.sql", "CREATE TABLE t (a int)")
    shell.write("002_b.sql", "ALTER TABLE t ADD b int")
    real_push = shell.run("db push")
    assert shell.clock.now() == 2
    assert [(one.at, one.database, one.version, one.name) for one in shell.applied] == [
        (2, "cloud", "001", "a"),
        (2, "cloud", "002", "b"),
    ]
    for line in ("migration list", "db push", "db push --dry-run", "migration list --local"):
        assert shell.run(line) == shell.run(line, program=main)
    assert len(shell.applied) == 2
    assert shell.clock.now() == 2
    shell.urls["cloud"], shell.urls["local"] = shell.urls["local"], shell.urls["cloud"]
    assert shell.run("db push", program=main) == real_push


def test_up_is_local(shell: Shell) -> None:
    shell.write("001_a.sql", "SELECT 1")
    assert shell.run("migration up")[1].startswith("Connecting to local database...\n")
    assert [(one.at, one.database) for one in shell.applied] == [(0, "local")]


@pytest.mark.parametrize(("answer", "code", "seconds"), [("y", 0, 2), ("", 0, 2), ("n", 1, 0)])
def test_asks_once(shell: Shell, answer: str, code: int, seconds: float) -> None:
    shell.write("001_a.sql", "SELECT 1")
    shell.answer = answer
    result, text = shell.run("db push")
    assert (result, shell.clock.now(), len(shell.asked)) == (code, seconds, 1)
    if code == 0:
        assert text.count("Do you want to push") == 1
    assert len(shell.applied) == (code == 0)


def test_a_new_file_has_the_virtual_clocks_stamp(shell: Shell) -> None:
    code, text = shell.run("migration new add_x")
    assert (code, text) == (0, "Created new migration at supabase/migrations/20250126153000_add_x.sql\n")
    assert [path.name for path in (shell.folder / "supabase").rglob("*.sql")] == ["20250126153000_add_x.sql"]


def test_leaves_nothing_in_the_project(shell: Shell) -> None:
    shell.run("migration list")
    assert sorted(path.name for path in shell.folder.rglob("*")) == ["migrations", "supabase"]


def test_what_only_the_real_one_knows_is_passed_on(shell: Shell) -> None:
    code, text = shell.run("orgs --help")
    assert code == 0
    assert "organizations" in text


def test_a_database_that_does_not_answer_is_an_error_without_secrets(shell: Shell) -> None:
    shell.urls["cloud"] = "postgresql://migrator:hushhush@127.0.0.1:1/cloud"
    with pytest.raises(ServerFailed) as failure:
        shell.run("migration list")
    words = str(failure.value)
    assert "What to do" in words
    assert "hushhush" not in words
    assert "127.0.0.1" not in words


def test_a_missing_cli_is_named_with_the_places(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KIT_SUPABASE_CLI", str(tmp_path / "nowhere"))
    monkeypatch.setattr(real, "_MODULES", tmp_path / "nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool) as failure:
        shell.run("migration list")
    assert len(failure.value.looked) == 3


def test_version_3_means_the_local_database_and_wants_a_yes_for_the_cloud(
    shell: Shell, find_real: Callable[[Release], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIT_SUPABASE_CLI", str(find_real(Release.V3)))
    shell.write("001_a.sql", "CREATE TABLE t (a int)")
    code, text = shell.run("db push")
    assert (code, [fact.database for fact in shell.applied]) == (0, ["local"])
    assert "local stack" in text
    code, text = shell.run("db push --linked")
    assert (code, len(shell.applied)) == (1, 1)
    assert "Confirmation required" in text
    code, text = shell.run("db push --remote --yes")
    assert (code, [fact.database for fact in shell.applied]) == (0, ["local", "cloud"])
    assert not re.search(r":[0-9]{4,5}\b", text)


def test_a_reset_means_the_local_database_for_which_version_2_wants_docker(shell: Shell) -> None:
    with shell.server.connect("cloud", role="migrator") as connection:
        connection.execute("CREATE TABLE theirs (a int)")
        code, text = shell.run("db reset --yes")
        left = connection.execute("SELECT to_regclass('theirs') IS NOT NULL").fetchone()
    assert code == 1
    # Its words where no engine answers, and where one does in which nothing of it runs.
    assert re.search("Docker|supabase start is not running", text)
    assert left == (True,)


def test_a_cli_of_another_release_is_refused(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "supabase-of-old"
    program.write_text("#!/bin/sh\necho 1.226.4\n")
    program.chmod(0o755)
    monkeypatch.setenv("KIT_SUPABASE_CLI", str(program))
    with pytest.raises(BadInput, match=r"works with the Supabase CLI 2\.122\.1 and 3\.1\.0"):
        shell.run("db push")
