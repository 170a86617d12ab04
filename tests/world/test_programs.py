from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from kit.errors import BadInput
from kit.names import FEATURE
from kit.timeline import RefMoved, WorkerChanged
from kit.world.engine import Engine
from kit.world.save import load, save

At = Callable[[int], Engine]


def worker(world: Engine) -> psutil.Process:
    return psutil.Process(world.supervisor.processes()["worker"].pid)


MISSING = {
    "npx prettier .": "npx prettier .: this kit's npx runs supabase alone.",
    "npx": "this kit's npx runs supabase alone.",
    "npm install": "npm install: there is no such script here.",
    "npm": "there is no such script here.",
    "npm start": "npm start: there is no such script here.",
    "cd docs && npm run dev": "npm run dev: there is no such script here.",
    "cd /tmp && npm run dev": "npm run dev: there is no such script here.",
    "cd worker && npm start": "npm start: there is no such script here.",
}


def test_what_there_is_not_says_what_there_is(at: At) -> None:
    world = at(1)
    for command, says in MISSING.items():
        ran = world.run("dev", command)

        assert ran.exit == 1, command
        assert says in ran.output
        assert len(ran.output.strip().splitlines()) == 2


def test_supabase_is_the_same_with_and_without_npx(at: At) -> None:
    world = at(5)

    with_npx, without = (
        world.run("dev", f"{program} migration list --linked") for program in ("npx supabase", "supabase")
    )

    assert with_npx.output == without.output
    assert with_npx.exit == without.exit == 0


def test_npx_runs_the_release_that_is_asked_for(at: At) -> None:
    world = at(5)

    for command, version in {
        "npx supabase --version": "2.122.1",
        "npx -y supabase --version": "2.122.1",
        "npx --yes supabase@3.1.0 --version": "3.1.0",
        "npx supabase@latest -v": "3.1.0",
        "npx -p supabase@3 supabase --version": "3.1.0",
        "KIT_SUPABASE_VERSION=3.1.0 npx supabase --version": "3.1.0",
        "KIT_SUPABASE_VERSION=3.1.0 npx supabase@2.122.1 --version": "2.122.1",
    }.items():
        assert world.run("dev", command).output == f"{version}\n", command
    refused = world.run("dev", "npx supabase@1.99 db push")
    assert (refused.exit, "speaks 2.122.1 and 3.1.0" in refused.output) == (1, True)


def test_version_3_pushes_to_the_local_database_and_leaves_production_as_it_is(at: At) -> None:
    world = at(3)
    before = world.run("dev", "npx supabase migration list --linked").output

    pushed = world.run("dev", "npx supabase@3.1.0 db push")

    assert pushed.output.startswith("Target: local stack\n")
    assert pushed.output.endswith(("Finished supabase db push.\n", "Local database is up to date.\n"))
    assert pushed.exit == 0
    assert world.run("dev", "npx supabase migration list --linked").output == before
    refused = world.run("dev", "npx supabase@3.1.0 db push --linked")
    assert refused.exit == 1
    assert "Confirmation required: Apply " in refused.output
    assert world.run("dev", "npx supabase@3.1.0 db push --remote --yes").exit == 0
    assert world.run("dev", "npx supabase migration list --linked").output != before


def test_what_only_the_real_one_has_is_not_called_unknown(at: At) -> None:
    world = at(1)

    for words in (
        "link",
        "status",
        "start",
        "db lint",
        "gen types",
        "migration squash",
        "db push --password x",
    ):
        ran = world.run("dev", f"npx supabase {words}")
        assert ran.exit == 1
        assert "the kit's runner does not have this; the real CLI does" in ran.output
        assert "nknown" not in ran.output


def test_db_reset_makes_the_local_database_anew_and_production_only_after_a_yes(at: At) -> None:
    world = at(5)
    count = 'db query "SELECT count(*) AS documents FROM documents"'
    world.run("dev", 'npx supabase db query "DELETE FROM documents"')
    world.run("dev", "npx supabase db query --linked \"UPDATE documents SET title = 'a user wrote this'\"")

    assert world.run("dev", "npx supabase db reset").exit == 0
    assert "│ 200 " in world.run("dev", f"npx supabase {count}").output
    for asked in ("npx supabase db reset --linked", "npx supabase@3.1.0 db reset --remote"):
        assert world.run("dev", asked).exit == 1
    where = "WHERE title = 'a user wrote this'"
    lost = f'npx supabase db query --linked "SELECT count(*) AS theirs FROM documents {where}"'
    assert "│ 200 " in world.run("dev", lost).output
    assert world.run("dev", "npx supabase db reset --linked --yes").exit == 0
    assert "│ 0 " in world.run("dev", lost).output


def test_what_is_piped_in_reaches_the_runner(at: At) -> None:
    world = at(5)

    assert world.run("dev", "echo n | npx supabase db push").output.endswith("context canceled\n")
    queried = world.run("dev", "echo 'SELECT 42 AS answer' | npx supabase db query")
    world.run("dev", "printf 'SELECT 1;\\r\\n' > x.sql && npx supabase migration new from_a_file < x.sql")
    world.run("dev", "npx supabase migration new from_here <<'EOF'\nSELECT 'é';\nEOF")
    world.run("dev", "npx supabase migration new from_nothing")

    assert "│ 42     │" in queried.output
    folder = world.repositories.clones["dev"] / "supabase" / "migrations"
    files = {path.name.split("_", 1)[1]: path.read_bytes() for path in folder.glob("*_from_*.sql")}
    assert files == {
        "from_a_file.sql": b"SELECT 1;\r\n",
        "from_here.sql": "SELECT 'é';\n".encode(),
        "from_nothing.sql": b"",
    }


def test_each_branch_that_is_pushed_is_noted_a_tag_is_not(at: At) -> None:
    world = at(1)

    world.run("dev", "git tag v1; git branch one; git branch two; git push -q origin one two v1")
    world.run("dev", "git push -q origin --delete one")

    moved = [one for one in world.timeline.only(RefMoved) if one.repository == "github"]
    assert [(one.branch, bool(one.old), bool(one.new)) for one in moved] == [
        ("one", False, True),
        ("two", False, True),
        ("one", True, False),
    ]


def test_the_dev_server_serves_the_working_tree_on_the_local_database(at: At) -> None:
    world = at(1)
    world.write("dev", "src/app/read/[id]/page.py", "async def page():\n    return 'not committed'\n")
    with pytest.raises(BadInput, match="dev server is not running"):
        world.open_page("dev", "My Test Document")

    ran = world.run("dev", "npm run dev")

    assert ran.exit == 0
    assert "http" not in ran.output
    assert world.open_page("dev", "My Test Document").text == "not committed"


def test_started_again_it_has_the_newest_code(at: At) -> None:
    world = at(1)
    for word in ("first", "second"):
        world.write("dev", "src/app/read/[id]/page.py", f"async def page():\n    return '{word}'\n")
        world.run("dev", "npm run dev")
        assert world.open_page("dev", "My Test Document").text == word


def test_a_dev_server_that_does_not_start_says_why(at: At) -> None:
    world = at(1)
    world.write("dev", "src/app/page.py", "this is no python\n")

    ran = world.run("dev", "npm run dev")

    assert ran.exit == 1
    assert "Why: src/app/page.py, line 1: SyntaxError: invalid syntax" in ran.output
    assert world.programs.dev_port() is None


def test_in_a_terminal_it_tells_the_address(at: At) -> None:
    world = at(1)

    ran = world.run("dev", "script -qec 'npm run dev' /dev/null < /dev/null")

    assert f"http://localhost:{world.programs.dev_port()}" in ran.output


def test_the_worker_keeps_its_code_until_it_is_restarted(at: At) -> None:
    world = at(6)
    old = world.programs.worker_commit
    first = worker(world)

    assert world.run("production", "git pull -q origin main").exit == 0
    assert world.programs.worker_commit == old
    assert worker(world) == first

    ran = world.run("production", "cd worker && npm start")

    new = world.repositories.observe().clones["production"].head
    assert ran.output.splitlines()[1:] == [
        f"Stopped the worker that ran {old[:7]}, as Ctrl+C would.",
        f"Started it with {new[:7]}. It goes on in the background.",
    ]
    assert not first.is_running()
    assert world.programs.worker_commit == new
    assert world.timeline.only(WorkerChanged)[-1].commit == new


def test_a_saved_worlds_worker_has_its_old_code_too(at: At) -> None:
    world = at(1)
    old = world.programs.worker_commit
    world.run("dev", "git checkout -q main && sed -i 's/VERSION = .*/VERSION = \"2\"/' worker/main.py")
    assert world.run("dev", "git commit -qam new && git push -q origin main").exit == 0
    assert world.run("production", "git pull -q origin main").exit == 0
    saved = world.folder / "saved"
    save(world, saved)

    at(1)
    load(world, saved)

    assert world.programs.worker_commit == old
    assert 'VERSION = "1"' in (Path(worker(world).cwd()) / "main.py").read_text()
    assert 'VERSION = "2"' in (world.repositories.clones["production"] / "worker/main.py").read_text()


def test_a_commit_without_a_worker_does_not_keep_the_world_from_opening(at: At) -> None:
    world = at(1)
    world.run("production", "git rm -rq worker && git commit -qm gone")
    ran = world.run("production", "mkdir -p worker; cd worker && npm start")
    assert ran.exit == 1
    assert "can't open file" in ran.output
    assert not world.timeline.only(WorkerChanged)[-1].running
    saved = world.folder / "saved"
    save(world, saved)

    load(world, saved)

    assert not world.programs.worker_runs()
    assert not world.observe().worker.running


def test_interrupted_a_migration_lets_go_of_the_database(at: At) -> None:
    world = at(5)
    world.write(
        "dev",
        "supabase/migrations/20990101000000_slow.sql",
        "ALTER TABLE documents ADD x int; SELECT pg_sleep(600);\n",
    )

    ran = world.run("dev", "timeout -s KILL 1 npx supabase db push --yes --include-all")

    assert ran.exit == 137
    assert world.run("dev", f"git checkout -q main && git merge -q {FEATURE}").exit == 0
    with world.server.connect("cloud") as connection:
        connection.execute("SET lock_timeout = '60s'")
        connection.execute("SELECT count(*) FROM documents")
        row = connection.execute("SELECT max(version) FROM supabase_migrations.schema_migrations").fetchone()
    assert row == ("20250126153000",)  # the file before it is a transaction of its own


def test_interrupted_psql_lets_go_of_the_database(at: At) -> None:
    world = at(1)

    ran = world.run(
        "dev",
        """timeout -s KILL 0.5 psql "$CLOUD_DB_URL" -c 'BEGIN; LOCK TABLE documents; SELECT pg_sleep(600)'""",
    )

    assert ran.exit == 137
    with world.server.connect("cloud") as connection:
        connection.execute("SET lock_timeout = '60s'")
        connection.execute("SELECT count(*) FROM documents")
