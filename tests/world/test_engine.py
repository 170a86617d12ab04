from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from kit.errors import BadInput, KitError, ProcessFailed, ServerFailed, UnusableFolder, WorldTaken
from kit.names import FEATURE
from kit.process import wait_until
from kit.timeline import CommandRan, PageView, RefMoved, SchemaChanged
from kit.world import snapshot
from kit.world.engine import Engine
from kit.world.open import open_at

At = Callable[[int], Engine]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def own() -> Iterator[Engine]:
    """Open a world that a test may destroy."""
    engine = open_at(1, scratch=True).engine
    yield engine
    engine.close()


def commands(world: Engine) -> list[tuple[str, str, int]]:
    return [(one.clone, one.command, one.exit) for one in world.timeline.only(CommandRan)]


# Commands


def test_a_command_is_in_the_journal_with_what_it_changed(at: At) -> None:
    world = at(1)

    world.run("dev", "git checkout -q -b new")
    world.run("dev", "git branch -q -D new || git checkout -q - && git branch -q -D new")
    world.run("production", "exit 4")
    world.run("dev", 'psql "$LOCAL_DB_URL" -qc "ALTER TABLE documents ADD x int, DROP COLUMN file_type"')

    assert [exit_code for _, _, exit_code in commands(world)] == [0, 0, 4, 0]
    assert [(m.branch, bool(m.old), bool(m.new)) for m in world.timeline.only(RefMoved)] == [
        ("new", False, True),
        ("new", True, False),
    ]
    assert [(c.database, c.change) for c in world.timeline.only(SchemaChanged)] == [
        ("local", "-file_type"),
        ("local", "+x"),
    ]


def test_the_database_push_takes_the_workflows_two_seconds_and_visitors_come_meanwhile(at: At) -> None:
    world = at(5)
    world.visit(10)
    before = world.clock.now()

    world.run("dev", "npx supabase db push --yes")

    assert world.clock.now() == before + 2
    ran = world.timeline.only(CommandRan)[-1]
    assert (ran.at, ran.until) == (before, before + 2)
    assert len(world.timeline.only(PageView)) == 20


@pytest.mark.parametrize("command", [None, 3, "a\0b"])
def test_what_is_no_command_is_refused(still_at: At, command: str) -> None:
    world = still_at(1)

    with pytest.raises(BadInput, match="is not a command"):
        world.run("dev", command)

    assert not commands(world)


def test_an_interrupted_command_is_in_the_journal_and_the_world_goes_on(at: At) -> None:
    world = at(1)
    marker = world.folder / "home" / "begun"

    def interrupt() -> None:
        wait_until(marker.exists, seconds=60)
        os.kill(os.getpid(), signal.SIGINT)

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    with pytest.raises(KeyboardInterrupt):
        world.run("dev", "git checkout -q -b halfway; touch ~/begun; sleep 1000")
    interrupting.join()
    marker.unlink()

    assert [code for _, _, code in commands(world)] == [130]
    world.run("dev", "true")
    # What the interrupted one did was seen by the next.
    assert [moved.branch for moved in world.timeline.only(RefMoved)] == ["halfway"]


HOSTILE = {
    "PGHOST": "example.invalid",
    "PGOPTIONS": "-c nothing=1",
    "PGPASSWORD": "theirs",
    "DATABASE_URL": "postgresql://example.invalid/theirs",
    "SUPABASE_ACCESS_TOKEN": "theirs",
    "SUPABASE_DB_PASSWORD": "theirs",
    "GIT_DIR": "/nowhere",
    "GIT_AUTHOR_NAME": "Somebody",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "user.name",
    "GIT_CONFIG_VALUE_0": "Somebody",
    "NODE_OPTIONS": "--bad",
    "BASH_ENV": "/nowhere",
    "PYTHONPATH": "/nowhere",
    "LC_ALL": "xx_YY",
    "EDITOR": "vi",
}


def test_a_shell_has_nothing_of_the_users_environment(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    world = at(1)

    printed = world.run("dev", "env").output

    names = set(re.findall(r"(?m)^(\w+)=", printed))
    assert "theirs" not in printed
    assert "Somebody" not in printed
    assert "/nowhere" not in printed
    assert not {name for name in names if name.startswith(("PG", "SUPABASE", "NODE", "BASH_ENV", "PYTHON"))}
    assert "DATABASE_URL" not in names
    assert {"LOCAL_DB_URL", "CLOUD_DB_URL"} <= names
    assert world.run("dev", "echo $HOME; git config --get user.name; echo ~").output == (
        f"{world.folder}/home\n{world.folder}/home\n"
    )
    assert world.run("dev", 'psql "$CLOUD_DB_URL" -Atc "SELECT current_database()"').output == "cloud\n"


def test_no_password_is_ever_shown(at: At) -> None:
    world = at(6)
    shown = [
        world.run("dev", command).output
        for command in (
            "git remote -v",
            "npx supabase migration list --linked",
            "npx supabase db push --yes",
            "npx supabase db query --linked 'SELECT nonsense'",
            "npx supabase --db-url nonsense",
            'psql "$LOCAL_DB_URL" -c "\\conninfo"',
            'psql "$LOCAL_DB_URL" -c nonsense',
            'psql "$LOCAL_DB_URL/nothing" -c nonsense',
            'psql "${LOCAL_DB_URL/migrator/nobody}" -c "SELECT 1"',
            "npm run dev",
            "cat ~/../bin/*",
            "git config --list",
        )
    ]
    shown += [repr(world.timeline), repr(world.observe()), repr(world), repr(world.server), repr(world.host)]
    for kept in (world.folder / "host" / "logs", world.folder / "host" / "builds", world.folder / "repos"):
        shown += [path.read_text(errors="replace") for path in kept.rglob("*") if path.is_file()]
    shown += [path.read_text() for path in world.folder.glob("*.json*") if path.name != "server.json"]

    for password in world.server.passwords.values():
        assert not [text for text in shown if password in text]


# Files


def test_files_are_written_appended_and_read(at: At) -> None:
    world = at(1)
    world.write("dev", "docs/new/NOTES.md", "one\n")
    world.write("dev", "docs/new/NOTES.md", "two\n", append=True)
    world.write("dev", "docs/new/NOTES.md", "two\n", append=True)

    assert world.read("dev", "docs/new/NOTES.md") == "one\n\n\ntwo\n"
    assert commands(world) == [("dev", "edit docs/new/NOTES.md", 0)] * 3
    world.write("dev", "docs/new/NOTES.md", "three\n")
    assert world.read("dev", "docs/new/NOTES.md") == "three\n"


@pytest.mark.parametrize(
    "path",
    ["", ".", "..", "../x", "/etc/passwd", ".git/config", "docs/../.git/hooks/x", "a\0b", "docs", None, 3],
)
def test_a_path_that_is_no_file_of_the_clone_is_refused(still_at: At, path: str) -> None:
    world = still_at(1)

    with pytest.raises(BadInput, match="is not a text file of this clone"):
        world.write("dev", path, "x")
    with pytest.raises(BadInput, match="is not a text file of this clone"):
        world.read("dev", path)

    assert not commands(world)


def test_a_link_out_of_the_clone_is_refused(at: At) -> None:
    world = at(1)
    world.run("dev", "ln -s ~ out")

    with pytest.raises(BadInput):
        world.write("dev", "out/x", "x")


def test_what_is_not_text_is_refused(at: At) -> None:
    world = at(1)
    world.run("dev", r"printf '\xff' > binary")

    with pytest.raises(BadInput, match="binary"):
        world.read("dev", "binary")
    with pytest.raises(BadInput, match="binary"):
        world.write("dev", "binary", "x", append=True)


# Time


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), "35", None])
def test_time_that_cannot_pass_is_refused(still_at: At, seconds: float) -> None:
    world = still_at(1)

    with pytest.raises(BadInput):
        world.advance(seconds)

    assert not commands(world)
    assert world.clock.now() == 0


def test_what_goes_wrong_while_time_passes_is_told_and_the_world_goes_on(at: At) -> None:
    world = at(1)

    def fail() -> None:
        raise ProcessFailed("It broke.", remedy="Mend it.")

    world.clock.at(3.0, fail)

    with pytest.raises(ProcessFailed, match="It broke"):
        world.advance(10)

    (ran,) = world.timeline.only(CommandRan)
    assert (ran.until, ran.exit) == (3.0, 1)
    assert world.read_state()["now"] == 3.0
    world.advance(7)
    assert world.clock.now() == 10


def test_a_build_that_cannot_be_unpacked_is_a_failed_deployment(at: At) -> None:
    world = at(1)
    world.run("dev", "git checkout -q main; ln -s /etc/passwd out; git add out; git commit -qm link")
    world.run("dev", "git push -q origin main")

    world.advance(35)

    assert world.host.deployments[-1].stage == "failed"


# Pages


@pytest.mark.parametrize("site", ["production", "dev"])
def test_a_document_that_is_not_there_is_refused(still_at: At, site: str) -> None:
    world = still_at(1)

    with pytest.raises(BadInput, match="There is no document 'nothing'"):
        world.open_page(site, "nothing")

    assert not commands(world)


def test_without_the_table_there_is_no_document(at: At) -> None:
    world = at(1)
    world.run("dev", 'psql "$CLOUD_DB_URL" -qc "ALTER TABLE documents RENAME TO papers"')

    with pytest.raises(BadInput, match="There is no document"):
        world.open_page("production", "My Test Document")


def test_a_site_that_does_not_answer_says_so(at: At) -> None:
    world = at(4)
    world.run("dev", "npm run dev")
    os.kill(world.supervisor.processes()["router"].pid, signal.SIGKILL)

    with pytest.raises(ProcessFailed, match="The site production does not answer"):
        world.open_page("production", "My Test Document")


# Damage


def kill(world: Engine, name: str) -> None:
    os.kill(world.supervisor.processes()[name].pid, signal.SIGKILL)
    assert wait_until(lambda: world.supervisor.processes()[name].exit is not None, seconds=60)


def test_a_killed_postgres_is_told_and_comes_back_with_the_data(own: Engine) -> None:
    own.run("dev", 'psql "$CLOUD_DB_URL" -qc "DELETE FROM documents WHERE title <> \'My Test Document\'"')
    own.visit(10)
    kill(own, "postgres")
    for step in (
        lambda: own.run("dev", "git status"),
        lambda: own.advance(1),
        lambda: own.open_page("production", "My Test Document"),
    ):
        with pytest.raises(ServerFailed, match="PostgreSQL was killed"):
            step()

    own.take()

    assert own.run("dev", 'psql "$CLOUD_DB_URL" -Atc "SELECT count(*) FROM documents"').output == "1\n"
    own.advance(1)
    assert own.timeline.only(PageView)[-1].outcome == "ok"


def test_what_else_was_killed_comes_back_too(own: Engine) -> None:
    address = own.host.address
    for name in ("router", own.host.live, "worker"):
        kill(own, name)

    own.take()

    assert own.host.address == address
    assert own.open_page("production", "My Test Document").status_code == 200
    assert own.observe().worker.running


def test_a_world_whose_folder_was_deleted_is_closed(own: Engine) -> None:
    shutil.rmtree(own.folder)

    for step in (lambda: own.run("dev", "git status"), lambda: own.advance(1), lambda: own.visit(1)):
        with pytest.raises(WorldTaken, match="closed"):
            step()
    own.close()


def test_a_clone_that_was_deleted_is_told(at: At) -> None:
    world = at(1)

    for command in ("rm -rf ../rhizome-v2-dev-1", "git status"):
        with pytest.raises(KitError, match="rhizome-v2-dev-1"):
            world.run("dev", command)

    assert at(1).run("dev", "git status").exit == 0


def test_after_close_it_is_closed(own: Engine) -> None:
    own.close()
    own.close()

    with pytest.raises(WorldTaken, match="closed"):
        own.run("dev", "git status")
    assert not own.folder.exists()


def test_after_close_it_is_closed_though_somebody_else_holds_it(own: Engine) -> None:
    code = """
import pathlib, sys
from kit.process import Supervisor
held = Supervisor.attach(pathlib.Path(sys.argv[1]))
print(held is not None, flush=True)
sys.stdin.readline()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, own.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"True\n"
        own.close()
        assert own.folder.exists()
        with pytest.raises(WorldTaken, match="closed"):
            own.run("dev", "git status")
        other.kill()
    assert wait_until(lambda: not own.folder.exists(), seconds=60)


def test_one_part_that_cannot_be_closed_does_not_keep_the_rest(
    own: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ValueError("broken")

    monkeypatch.setattr(own.visitors, "stop", fail)

    with pytest.raises(ValueError, match="broken"):
        own.close()

    assert not own.folder.exists()


def test_a_full_disk_is_told(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    world = at(1)
    monkeypatch.setattr(world, "state", lambda: (_ for _ in ()).throw(OSError(28, "No space left on device")))

    with pytest.raises(UnusableFolder, match="cannot be written") as failure:
        world.run("dev", "true")

    assert failure.value.why == "No space left on device"


def test_a_table_that_somebody_keeps_locked_is_told(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "LOCKED_S", 1)
    world = at(6)
    with (
        world.server.connect("cloud", role="migrator") as connection,
        connection.transaction(),
    ):
        connection.execute("LOCK TABLE documents")
        with pytest.raises(ServerFailed, match="keeps documents locked"):
            world.observe()
    world.observe()


def test_a_world_that_is_not_complete_cannot_be_used(own: Engine) -> None:
    def interrupted() -> None:
        with own.changing():
            own.run("dev", "true")  # what makes it may use it
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert not own.whole
    with pytest.raises(ProcessFailed, match="not complete"):
        own.run("dev", "git status")
    with own.changing():
        pass
    assert own.whole


def test_what_a_terminal_does_is_kept_at_once(at: At) -> None:
    world = at(1)
    push = "git checkout -q main && git commit -q --allow-empty -m x && git push -q origin main"

    done = subprocess.run(
        ["sh", "-c", push], cwd=world.repositories.clones["dev"], env=world.environment(), check=False
    )

    assert done.returncode == 0
    kept = world.read_state()["host"]["deployments"][-1]
    assert kept["commit"] == world.repositories.observe().github["main"]


# What is true


def test_its_position_is_asked_of_the_world_and_not_remembered(at: At) -> None:
    world = at(5)

    world.run("dev", "git checkout -q main && git branch -D " + FEATURE)

    assert world.position() == 1


def test_every_process_of_a_world_is_a_child_of_its_reaper(at: At) -> None:
    before = set(psutil.Process().children())  # a browser for other tests, for example
    world = at(4)
    world.run("dev", "npm run dev")

    running = world.supervisor.processes()

    assert {"postgres", "router", "worker", "dev", world.host.live} <= running.keys()
    (reaper,) = {psutil.Process(one.pid).ppid() for one in running.values()}
    assert "_reaper.py" in " ".join(psutil.Process(reaper).cmdline())
    assert set(psutil.Process().children()) <= before


def test_its_repr_names_the_commit_alone(at: At) -> None:
    world = at(1)

    assert repr(world) == f"Engine(live={world.host.live[:7]})"
