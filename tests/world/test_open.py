from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.errors import BadInput, ProcessFailed, ServerFailed, UnusableFolder, WorldTaken
from kit.names import FEATURE, KIT_WORLD
from kit.postgres import dump
from kit.process import wait_until
from kit.world import checkpoints, holders
from kit.world.checkpoints import go_to
from kit.world.engine import Engine
from kit.world.open import Opened, open_at, open_scratch
from kit.world.save import fingerprint
from kit.world.workflow import LAST, PHASES, require_phase

At = Callable[[int], Engine]
ROOT = Path(__file__).parents[2]
READY = f"git branch {FEATURE}"
"""What phase 1 comes down to."""


class Kernel:
    """Another Python that does what it is told, as a notebook's kernel."""

    def __init__(self, home: Path, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", KERNEL],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "KIT_HOME": str(home), "HOME": str(home), **environment},
        )

    def __call__(self, code: str) -> Any:  # noqa: ANN401 - whatever the code says
        """Run code; return the value of its last line."""
        self.send(code)
        return self.answer()

    def send(self, code: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(textwrap.dedent(code)) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:  # noqa: ANN401 - as above
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


KERNEL = """
import ast, json, sys
from kit.errors import KitError
names = {}
exec("from kit import *", names)
for line in sys.stdin:
    tree = ast.parse(json.loads(line))
    last = ast.Expression(tree.body.pop().value)
    try:
        exec(compile(tree, "cell", "exec"), names)
        answer = eval(compile(last, "cell", "eval"), names)
    except KitError as error:
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer if isinstance(answer, (int, bool, str)) else repr(answer)), flush=True)
"""


@pytest.fixture
def home(kit_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a learner's world of its own, and all of them the same checkpoints."""
    checkpoints.find_checkpoint(5, print)
    if not (spare := checkpoints._spare()).exists() and (kit_home / "world" / "repos").exists():
        # As a scratch world leaves it to the next one: so its data folder, too, is made once.
        with contextlib.suppress(OSError):  # another process was quicker
            (kit_home / "world").rename(spare)
    for name in ("live", "world", "worlds"):
        path = kit_home / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    monkeypatch.delenv(KIT_WORLD, raising=False)
    return kit_home


@pytest.fixture
def kernel(home: Path) -> Iterator[Callable[..., Kernel]]:
    made: list[Kernel] = []

    def kernel(**environment: str) -> Kernel:
        made.append(Kernel(home, **environment))
        return made[-1]

    yield kernel
    for one in made:
        one.kill()
    assert wait_until(lambda: not live(home).exists(), seconds=60)


@pytest.fixture
def own(home: Path) -> Iterator[Callable[[int], Opened]]:
    """Open the learner's world in this process."""
    assert home
    yield open_at
    if (engine := holders.MINE.pop("own", None)) is not None:
        engine.close()


def live(home: Path) -> Path:
    return Path((home / "live").read_text()) if (home / "live").exists() else Path("/nonexistent")


# Phases


@pytest.mark.parametrize("phase", [0, 9, -1, 5.0, "5", None, True])
def test_a_phase_that_is_none_is_refused_with_those_there_are(phase: int) -> None:
    for ask in (require_phase, open_at, open_scratch):
        with pytest.raises(BadInput, match="There is no phase") as refused:
            ask(phase)
        assert len(refused.value.looked) == len(PHASES)


def test_each_phase_holds_from_nothing(at: At) -> None:
    world = at(1)
    for phase in PHASES:
        assert world.position() == phase.number
        go_to(world, phase.number + 1)
        assert phase.done(world.observe())
    assert world.position() == LAST


# What one scratch world leaves to the next


def contents(world: Engine) -> dict[str, Any]:
    """Return all that a learner could have changed in a new world."""
    names = "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1"
    top = world.repositories.folder
    files = {
        str(path.relative_to(top)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in top.rglob("*")
        if path.name not in ("index", "post-receive")  # git's notes of when; the sockets' place
    }
    dumps = {}
    for name in ("local", "cloud"):
        dump(world.server, name, world.folder / "dump.sql")
        dumps[name] = (world.folder / "dump.sql").read_bytes()
    with world.server.connect() as connection:
        databases = connection.execute(names).fetchall()
    return {"files": files, "dumps": dumps, "databases": databases, "records": world.timeline.records}


def test_a_world_on_what_another_has_left_is_like_a_new_one(own_cache: Path) -> None:
    assert own_cache
    new = open_at(5, scratch=True).engine
    first = contents(new)
    new.run("dev", "echo mine > mine; rm CLAUDE.md; chmod +x README.md; mkdir -p .git/hooks; ln -s / root")
    new.run("dev", "echo exit 1 > .git/hooks/pre-commit; git config user.name Me; git commit -qam mine -n")
    new.run("production", "git tag mine; git branch other; mv worker elsewhere; chmod 500 src")
    new.run("dev", "npx supabase db diff")
    for url in ("LOCAL", "CLOUD"):
        new.run("dev", f'psql "${url}_DB_URL" -qc "CREATE SCHEMA mine; CREATE TABLE mine.t (i int)"')
    new.run("dev", 'psql "$CLOUD_DB_URL" -qc "DROP TABLE documents CASCADE"')
    data = (new.folder / "pg" / "data" / "PG_VERSION").stat().st_ino
    new.close()

    taken = open_at(5, scratch=True).engine
    try:
        assert (taken.folder / "pg" / "data" / "PG_VERSION").stat().st_ino == data
        assert contents(taken) == first
    finally:
        taken.close()


@pytest.mark.parametrize("damage", ["data", "repositories", "another start of the machine"])
def test_what_cannot_be_used_any_more_is_not(own_cache: Path, damage: str) -> None:
    open_at(5, scratch=True).engine.close()
    (spare,) = own_cache.glob("*/spare-*")
    if damage == "data":
        shutil.rmtree(spare / "pg" / "data" / "base")
    elif damage == "repositories":
        shutil.rmtree(spare / "repos" / "github.git")
    else:
        spare.rename(spare.with_name("spare-earlier"))

    world = open_at(5, scratch=True).engine
    try:
        assert world.position() == 5
        assert not list(own_cache.glob("*/spare-*"))
    finally:
        world.close()


def test_a_world_whose_server_was_killed_leaves_nothing(own_cache: Path) -> None:
    for old in own_cache.glob("*/spare-*"):
        shutil.rmtree(old)
    world = open_at(5, scratch=True).engine
    os.kill(world.supervisor.processes()["postgres"].pid, signal.SIGKILL)
    world.close()

    assert not list(own_cache.glob("*/spare-*"))


# Checkpoints


def checkpoint(world: Engine, cache: Path, phase: int) -> Path:
    return cache / fingerprint(provider=world.server.provider) / str(phase)


@pytest.mark.parametrize("damage", ["empty", "half", "nothing"])
def test_a_damaged_checkpoint_is_built_again_and_says_so(at: At, own_cache: Path, damage: str) -> None:
    world = at(2)
    folder = checkpoint(world, own_cache, 2)
    if damage == "half":
        (folder / "cloud.sql").unlink()
    else:
        shutil.rmtree(folder)
        if damage == "empty":
            folder.mkdir()
    said: list[str] = []

    go_to(world, 2, progress=said.append)

    assert said == [f"Replaying phase 1, once: {PHASES[0].title}."]
    assert world.position() == 2
    go_to(world, 2, progress=said.append)
    assert len(said) == 1


def test_with_no_checkpoint_left_a_running_world_builds_them_all_in_place(at: At, own_cache: Path) -> None:
    world = at(3)
    for phase in (1, 2):
        shutil.rmtree(checkpoint(world, own_cache, phase))
    shutil.rmtree(checkpoint(world, own_cache, 3))
    folder = world.repositories.clones["dev"].stat().st_ino

    go_to(world, 2)

    assert world.position() == 2
    assert world.repositories.clones["dev"].stat().st_ino == folder  # a terminal that is in it stays in it


def test_a_replay_that_goes_wrong_is_no_checkpoint(
    at: At, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = at(2)
    shutil.rmtree(checkpoint(world, own_cache, 2))
    monkeypatch.setattr(checkpoints, "play", lambda world, _: world.run("dev", "git nonsense"))

    with pytest.raises(ProcessFailed, match="Replaying phase 1 did not do what it should") as failure:
        go_to(world, 2)

    assert "git: 'nonsense' is not a git command" in failure.value.why
    assert not checkpoint(world, own_cache, 2).exists()
    assert world.whole, "it was built elsewhere"


def test_a_wall_clocks_dates_get_into_no_checkpoint(at: At, own_cache: Path) -> None:
    world = at(2)
    head = world.repositories.observe().clones["dev"].head
    shutil.rmtree(checkpoint(world, own_cache, 2))

    walled = open_at(2, scratch=True, clock="wall").engine
    try:
        assert walled.repositories.observe().clones["dev"].head == head
        assert not walled.timeline.records
    finally:
        walled.close()


def test_two_that_are_cold_at_the_same_time_build_once(tmp_path: Path) -> None:
    kernels = [Kernel(tmp_path / "home", KIT_WORLD="fresh") for _ in range(2)]
    try:
        for one in kernels:
            one.send("told = []; w = open_world(phase=2, progress=told.append); [w, told]")
        answers = [one.answer() for one in kernels]
    finally:
        for one in kernels:
            one.kill()

    assert all(answer.startswith("[Phase 2: built from its checkpoint.") for answer in answers)
    assert sorted("Building the starting state" in answer for answer in answers) == [False, True]


# Scratch and fresh worlds


def test_a_scratch_world_opened_again_starts_over(home: Path) -> None:
    first = open_scratch(1).engine
    try:
        first.run("dev", READY)
        assert first.position() == 2

        second = open_scratch(1).engine

        assert second is first
        assert second.position() == 1
        assert not (home / "live").exists()
    finally:
        first.close()
    third = open_scratch(1).engine
    assert third is not first
    third.close()


def test_a_fresh_world_is_never_saved(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KIT_WORLD, "fresh")
    engine = open_at(1).engine
    try:
        engine.run("dev", READY)
        assert open_at(1).engine is engine
        assert engine.position() == 1
    finally:
        engine.close()
    assert not (home / "worlds").exists()


# The learner's own world


def test_where_it_was_left_it_goes_on(own: Callable[[int], Opened]) -> None:
    opened = own(1)
    assert opened.how == "Phase 1: built from its checkpoint."
    opened.engine.write("dev", "draft", "mine\n")

    again = own(1)

    assert again.how == "Phase 1: your own world, as you left it."
    assert again.engine is opened.engine
    assert again.engine.read("dev", "draft") == "mine\n"


def test_to_another_phase_and_back_nothing_is_lost(own: Callable[[int], Opened]) -> None:
    own(1).engine.write("dev", "draft", "mine\n")

    jumped = own(5)
    assert jumped.how == (
        "Phase 5: built from its checkpoint. "
        "Your own world of phase 1 is kept: open_world(phase=1) goes back to it."
    )
    assert jumped.engine.position() == 5
    back = own(1)

    assert back.how.startswith("Phase 1: your own world, saved when you left it.")
    assert back.engine.read("dev", "draft") == "mine\n"


def test_an_older_world_of_a_phase_is_not_replaced(own: Callable[[int], Opened], home: Path) -> None:
    own(1).engine.write("dev", "draft", "older\n")
    own(5)
    engine = own(1).engine
    engine.write("dev", "draft", "newer\n")

    assert own(5).how == (
        "Phase 5: your own world, saved when you left it. "
        "Your own world of phase 1 is kept: open_world(phase=1) goes back to it. "
        "The one that was kept before is 1.1 now."
    )
    assert (home / "worlds" / "1.1" / "repos" / "rhizome-v2-dev-1" / "draft").read_text() == "older\n"
    assert own(1).engine.read("dev", "draft") == "newer\n"


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ("pg/data/global/pg_control", "PostgreSQL did not start"),
        ("journal.jsonl", ""),
        ("state.json", "JSONDecodeError"),
        ("server.json", "JSONDecodeError"),
        ("repos/github.git/HEAD", ""),
    ],
)
def test_a_world_that_cannot_be_read_is_set_aside_and_named(
    own: Callable[[int], Opened], home: Path, damage: str, why: str
) -> None:
    own(1).engine.close()
    (home / "world" / damage).write_text("{\n{")

    opened = own(1)

    assert opened.how.startswith("Phase 1: built from its checkpoint. Your own world cannot be read (")
    assert why in opened.how
    assert opened.how.endswith("it was set aside as unreadable-1.")
    assert (home / "worlds" / "unreadable-1" / damage).read_text() == "{\n{"
    opened.engine.write("dev", "draft", "mine\n")
    assert opened.engine.position() == 1


def test_a_full_disk_is_said_before_anything_is_done(
    own: Callable[[int], Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = own(1).engine
    with monkeypatch.context() as patch:
        patch.setattr("kit.world.home.SPACE_NEEDED", 2**62)
        with pytest.raises(UnusableFolder, match="nearly full; nothing was done"):
            engine.write("dev", "draft", "mine\n")
        engine.close()
        with pytest.raises(UnusableFolder, match="nearly full"):
            own(1)

    assert "draft" not in own(1).engine.run("dev", "git status --short").output


def test_nobody_else_may_look_into_it(own: Callable[[int], Opened], home: Path) -> None:
    engine = own(1).engine
    private = 0o711 if os.geteuid() == 0 else 0o700  # PostgreSQL's account passes through to its data
    modes = {path: path.stat().st_mode & 0o777 for path in (home / "world", home / "world" / "pg")}
    assert set(modes.values()) == {private}
    assert (home / "world" / "pg" / "data").stat().st_mode & 0o777 == 0o700
    for name in ("journal.jsonl", "state.json", "server.json"):
        assert (engine.folder / name).stat().st_mode & 0o077 == 0


def test_a_saved_world_that_is_damaged_is_set_aside(own: Callable[[int], Opened], home: Path) -> None:
    own(1)
    own(5)
    (home / "worlds" / "1" / "state.json").write_text("{")

    opened = own(1)

    assert opened.how.startswith(
        "Phase 1: built from its checkpoint. What you saved of it cannot be read; "
        "it was set aside as unreadable-1."
    )
    assert (home / "worlds" / "unreadable-1" / "state.json").read_text() == "{"
    assert opened.engine.position() == 1


def test_what_was_interrupted_is_made_anew_and_never_saved(
    own: Callable[[int], Opened], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = own(1).engine
    engine.write("dev", "draft", "mine\n")

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(engine, "resume", interrupt)
        with pytest.raises(KeyboardInterrupt):
            go_to(engine, 5)  # as world.reset(5) does

    opened = own(1)
    assert opened.engine is engine
    assert opened.how == "Phase 1: built from its checkpoint."
    assert not (home / "worlds").exists()
    assert "draft" not in opened.engine.run("dev", "git status --short").output


def test_a_closed_world_is_opened_anew(own: Callable[[int], Opened]) -> None:
    first = own(1).engine
    first.write("dev", "draft", "mine\n")
    first.close()

    second = own(1)

    assert second.engine is not first
    assert second.how == "Phase 1: your own world, as you left it."
    assert second.engine.read("dev", "draft") == "mine\n"


def test_killed_without_warning_nothing_is_lost(kernel: Callable[..., Kernel], home: Path) -> None:
    first = kernel()
    assert first("w = open_world(phase=1); w") == "Phase 1: built from its checkpoint."
    first(f"w.dev.write('draft', 'mine'); w.visitors(rate=5); w.advance(2); w.dev.run('{READY}').exit")
    first.kill()

    # At once: the processes of the first one are still ending.
    second = kernel()
    assert second("w = open_world(phase=2); w") == "Phase 2: your own world, as you left it."

    assert second("w.dev.read('draft')") == "mine"
    assert second("w.advance(1)") == "1 s passed: 5 page views, 5 ok"
    assert second("[one.at for one in w.timeline][-1] > 2")
    assert not (home / "worlds").exists()


def test_killed_with_a_dead_server_nothing_is_lost(kernel: Callable[..., Kernel]) -> None:
    first = kernel()
    first("w = open_world(phase=1); w.dev.write('draft', 'mine')")
    pid = first("w.engine.supervisor.processes()['postgres'].pid")
    os.kill(pid, signal.SIGKILL)
    assert first("w.status()").startswith("ServerFailed: ")
    first.kill()

    second = kernel()

    assert second("w = open_world(phase=1); w") == "Phase 1: your own world, as you left it."
    assert second("w.dev.read('draft')") == "mine"


def test_the_setup_cell_starts_a_killed_server_on_its_data(own: Callable[[int], Opened]) -> None:
    engine = own(1).engine
    engine.run("dev", 'psql "$LOCAL_DB_URL" -qc "CREATE TABLE mine AS SELECT 7 AS x"')
    os.kill(engine.supervisor.processes()["postgres"].pid, signal.SIGKILL)
    assert wait_until(lambda: engine.supervisor.processes()["postgres"].exit is not None, seconds=60)

    opened = own(1)

    assert opened.how == "Phase 1: your own world, as you left it."
    assert opened.engine.run("dev", 'psql "$LOCAL_DB_URL" -Atc "TABLE mine"').output == "7\n"


def test_a_step_whose_visits_are_not_on_disk_does_not_end_well(
    own: Callable[[int], Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = own(5).engine
    engine.visit(10)
    keep_state = engine.keep_state

    def killed_just_then() -> None:
        os.kill(engine.supervisor.processes()["postgres"].pid, signal.SIGKILL)
        assert wait_until(lambda: engine.supervisor.processes()["postgres"].exit is not None, seconds=60)
        keep_state()

    monkeypatch.setattr(engine, "keep_state", killed_just_then)

    with pytest.raises(ServerFailed):
        engine.advance(1)


def test_a_port_that_was_taken_meanwhile_costs_nothing(own: Callable[[int], Opened]) -> None:
    engine = own(1).engine
    engine.run("dev", 'psql "$LOCAL_DB_URL" -qc "CREATE TABLE mine AS SELECT 7 AS x"')
    os.kill(engine.supervisor.processes()["postgres"].pid, signal.SIGKILL)
    assert wait_until(lambda: engine.supervisor.processes()["postgres"].exit is not None, seconds=60)
    with socket.create_server(("127.0.0.1", engine.server.port)):
        opened = own(1)

    assert opened.how == "Phase 1: your own world, as you left it."
    assert opened.engine.run("dev", 'psql "$LOCAL_DB_URL" -Atc "TABLE mine"').output == "7\n"


def test_two_notebooks_have_one_world_in_turns(kernel: Callable[..., Kernel]) -> None:
    first, second = kernel(), kernel()
    first("w = open_world(phase=1); w.visitors(rate=4); w.advance(1); w.dev.write('draft', 'first')")
    taken = second("told = []; w = open_world(phase=1, progress=told.append); [w, told]")
    assert taken == (
        "[Phase 1: your own world, as you left it., ['Your world is open elsewhere: taking it over.']]"
    )
    assert second("w.dev.read('draft')") == "first"
    assert second("w.advance(1)") == "1 s passed: 4 page views, 4 ok"

    for step in ("w.dev.run('git status')", "w.advance(1)", "w.status()", "w.reset(5)"):
        assert first(step).startswith("WorldTaken: This world is open in another notebook or terminal now.")
    second("w.dev.write('draft', 'second'); w.dev.run('git branch by-second').exit")

    assert first("w = open_world(phase=1); w") == "Phase 1: your own world, as you left it."
    assert first("w.dev.read('draft')") == "second"
    assert first("len([one for one in w.timeline if getattr(one, 'branch', '') == 'by-second'])") == 1
    assert first("w.dev.run('npx supabase migration list').exit") == 0
    assert second("w.dev.run('git status')").startswith("WorldTaken")

    # The one that lost it may end: the other's world stays.
    second.kill()
    assert first("w.dev.run('git branch').exit") == 0


def test_go_to_needs_the_world_to_be_ones_own(own: Callable[[int], Opened]) -> None:
    engine = own(1).engine
    engine.close()

    with pytest.raises(WorldTaken):
        go_to(engine, 1)


def test_a_home_that_cannot_be_written_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KIT_HOME", str(tmp_path / "file"))

    with pytest.raises(UnusableFolder, match="KIT_HOME"):
        open_at(1)


def test_a_world_works_below_a_path_with_spaces(kernel: Callable[..., Kernel]) -> None:
    # Not below pytest's own: a socket's path must be short, and PostgreSQL's account reach it.
    place = Path(tempfile.mkdtemp(prefix="it's a path "))
    place.chmod(0o755)
    try:
        one = kernel(TMPDIR=str(place), KIT_WORLD="fresh")
        assert one("w = open_world(phase=5); w") == "Phase 5: built from its checkpoint."
        assert "path" in one("w.engine.folder")
        push = "git checkout -q main && git push -q origin main && npx supabase db push --yes"
        assert one(f"w.dev.run('{push}').exit") == 0
        assert one("w.production.run('cd worker && npm start').exit") == 0
        assert one("w.dev.run('npm run dev').exit") == 0
        assert one("w.open_page('dev').status") == 200
        one.kill()
    finally:
        assert wait_until(lambda: not list(place.iterdir()), seconds=60)
        place.rmdir()


HOLDS = """
import fcntl, signal, sys
with open(sys.argv[1], "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("locked", flush=True)
    signal.pause()
"""


def test_behind_a_link_what_a_crash_has_left_is_ended_too(kernel: Callable[..., Kernel], home: Path) -> None:
    link = home.with_name(f"{home.name}-linked")
    link.symlink_to(home)
    left = subprocess.Popen([sys.executable, "-c", HOLDS, home / "world.lock"], stdout=subprocess.PIPE)
    try:
        assert left.stdout
        left.stdout.readline()

        opened = kernel(KIT_HOME=str(link))("w = open_world(phase=1); w")

        assert opened == "Phase 1: built from its checkpoint."
        assert left.wait() == -signal.SIGKILL
    finally:
        left.kill()
        left.communicate()
        link.unlink()
