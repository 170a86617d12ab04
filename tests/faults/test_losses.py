"""Whatever a cell has returned is there again, whoever was killed at whatever instant."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from .conftest import Place

pytestmark = pytest.mark.losses

HUNG_S = 900.0
"""After which a process is taken for one that will never end; some minutes are usual for the slowest."""
SESSION = """
import json, sys
from kit import open_world
w = open_world(phase=8)
assert w.visitors(rate=5)
print(json.dumps({"how": repr(w)}), flush=True)
number = int(sys.argv[1])
def do(command):
    ran = w.dev.run(command)
    assert ran.exit == 0, ran
while True:
    number += 1
    w.dev.write(f"notes/{number}.md", f"note {number}")
    do(f"git add notes && git commit -qm 'note {number}'")
    do(f'psql "$LOCAL_DB_URL" -qc "INSERT INTO notes VALUES ({number})"')
    do(f'psql "$CLOUD_DB_URL" -qc "INSERT INTO notes VALUES ({number})"')
    w.advance(1)
    ok = [view.at for view in w.timeline if getattr(view, "outcome", "") == "ok"]
    print(json.dumps({"number": number, "viewed": max(ok)}), flush=True)
"""
FIRST = """
from kit import open_world
with open_world(phase=8) as w:
    for database in ("LOCAL", "CLOUD"):
        assert w.dev.run(f'psql "${database}_DB_URL" -qc "CREATE TABLE notes (n int)"').exit == 0
"""
ASKED = """
import json
from kit import open_world
with open_world(phase=8) as w:
    ask = 'psql "${}_DB_URL" -Atc "SELECT {}"'
    rows = [w.dev.run(ask.format(name, "n FROM notes ORDER BY n")).output for name in ("LOCAL", "CLOUD")]
    viewed = w.dev.run(ask.format("CLOUD", "extract(epoch FROM max(last_viewed)) FROM documents")).output
    print(json.dumps({
        "how": repr(w),
        "rows": [[int(n) for n in text.split()] for text in rows],
        "log": w.dev.run("git log --format=%s").output.splitlines(),
        "files": w.dev.run("git ls-files notes").output.splitlines(),
        "typed": [record.command for record in w.timeline if hasattr(record, "command")],
        "views": max(view.at for view in w.timeline if getattr(view, "outcome", "") == "ok"),
        "viewed": float(viewed) - w.engine.clock.date().timestamp() + w.engine.clock.now(),
        "goes on": w.advance(1).text,
    }))
"""


@pytest.fixture
def new_home(make_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the test a KIT_HOME on a disk, as a learner's is: what was written there is safe after a while."""
    home = Path(tempfile.mkdtemp(prefix="home-", dir="/var/tmp"))
    home.chmod(0o711)
    (home / "cache").symlink_to(make_home() / "cache")
    monkeypatch.setenv("KIT_HOME", str(home))
    yield home
    shutil.rmtree(home)


def is_reaper(process: psutil.Process | None) -> bool:
    with contextlib.suppress(psutil.Error):  # it has just ended
        return process is not None and any(word.endswith("_reaper.py") for word in process.cmdline())
    return False


def is_postgres(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.name() == "postgres"
    return False


def is_below_reaper(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return is_reaper(process.parent())
    return False


def find(place: Place, kind: str, kernel: int) -> list[psutil.Process]:
    """Return whom to kill: children before their parents, so that none has time to act."""
    running = place.processes()
    match kind:
        case "kernel":
            return [process for process in running if process.pid == kernel]
        case "reaper":
            return [process for process in running if is_reaper(process) and is_below_reaper(process)]
        case "kernel and reaper":
            return [*find(place, "kernel", kernel), *find(place, "reaper", kernel)]
        case "PostgreSQL":
            return [process for process in running if is_postgres(process)]
        case _:
            return running


KINDS = ("kernel", "reaper", "kernel and reaper", "PostgreSQL", "all at once")


@pytest.fixture
def busy() -> Iterator[None]:
    """Keep the machine busy: eight loops, on however many cores there are."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(8)]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


def slowed(need: Callable[[object, str], None]) -> list[str]:
    """Return what to put before a command so that each write of it and its children takes 3 ms longer."""
    strace = shutil.which("strace")
    need(strace, "strace, to slow writes down")
    calls = "write,pwrite64,pwritev,writev,fsync,fdatasync,rename,renameat,renameat2"
    return [
        str(strace),
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-o",
        os.devnull,
        "-e",
        f"inject={calls}:delay_enter=3000",
    ]


def watched(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    """Have a process that hangs die of it, and write down where each of its threads stands."""

    def abort() -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGABRT)

    timer = threading.Timer(HUNG_S, abort)
    timer.daemon = True
    timer.start()
    return process


class Session:
    """A kernel that works in the world, and everything that it was told has happened."""

    def __init__(self, place: Place, before: list[str]) -> None:
        self.place, self.before = place, before
        self.told: set[int] = set()
        self.last, self.viewed = 0, 0.0

    def python(self, code: str, *arguments: str) -> subprocess.Popen[str]:
        return watched(
            subprocess.Popen(
                [*self.before, sys.executable, "-X", "faulthandler", "-c", code, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=self.place.environment,
                start_new_session=True,
            )
        )

    def begin(self) -> None:
        """Make the world, with a table for what is noted."""
        first = self.python(FIRST)
        _, errors = first.communicate()
        assert first.returncode == 0, errors

    def interrupt(self, kind: str, chance: random.Random) -> None:
        """Work for a while, and have somebody killed in the middle of something."""
        process = self.python(SESSION, str(self.last))
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        assert line, process.stderr.read()
        begun = json.loads(line)
        assert begun["how"] == "Phase 8: your own world, as you left it."
        kernel = process.pid if not self.before else psutil.Process(process.pid).children()[0].pid
        for _ in range(chance.randrange(3)):
            self.note(process.stdout.readline())
        # Any instant will do, and each run has others: how long a cell takes nobody knows.
        time.sleep(chance.uniform(0.0, 0.4))  # not a wait for anything
        for victim in find(self.place, kind, kernel):
            with contextlib.suppress(psutil.Error):
                victim.kill()
        with contextlib.suppress(psutil.Error):
            psutil.Process(kernel).kill()  # where others were killed, its next step has failed anyway
        told, _ = process.communicate()
        for line in told.splitlines():
            self.note(line)

    def note(self, line: str) -> None:
        if line.endswith(("}\n", "}")):
            facts = json.loads(line)
            self.told.add(facts["number"])
            self.viewed = facts["viewed"]

    def ask(self) -> dict[str, object]:
        asking = self.python(ASKED)
        answer, errors = asking.communicate()
        assert asking.returncode == 0, errors
        facts: dict[str, object] = json.loads(answer)
        return facts

    def require_everything(self, seen: dict[str, object]) -> None:
        numbers = self.told
        assert seen["how"] == "Phase 8: your own world, as you left it."
        for rows in seen["rows"]:  # type: ignore[attr-defined] # JSON
            assert numbers <= set(rows)
        assert {f"note {number}" for number in numbers} <= set(seen["log"])  # type: ignore[call-overload] # JSON
        assert {f"notes/{number}.md" for number in numbers} <= set(seen["files"])  # type: ignore[call-overload] # JSON
        typed = set(seen["typed"])  # type: ignore[call-overload] # JSON
        assert {f"git add notes && git commit -qm 'note {number}'" for number in numbers} <= typed
        assert seen["views"] >= self.viewed  # type: ignore[operator] # JSON
        assert seen["viewed"] >= self.viewed - 1e-3  # type: ignore[operator] # JSON
        assert seen["goes on"] == "1 s passed: 5 page views, 5 ok"
        # What was interrupted may be there in part: the next session counts on from behind it.
        self.last = max((int(path[6:-3]) for path in seen["files"]), default=0)  # type: ignore[attr-defined] # JSON
        self.last += 1


def work_and_be_killed(place: Place, *, rounds: int, seed: int, before: list[str]) -> None:
    chance, session = random.Random(seed), Session(place, before)  # noqa: S311 - instants, not secrets
    session.begin()
    for number in range(rounds):
        session.interrupt(KINDS[number % len(KINDS)], chance)
        reopened_by = ("a kernel", "a terminal", "both")[number % 3]
        terminal = None
        if reopened_by != "a kernel":
            terminal = watched(
                subprocess.Popen(
                    [sys.executable, "-X", "faulthandler", "-m", "kit", "shell"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    env=place.environment,
                    start_new_session=True,
                )
            )
            count = 'psql "$CLOUD_DB_URL" -Atc "SELECT count(*) FROM notes"'
            if reopened_by == "a terminal":
                told, _ = terminal.communicate(count)
                assert int(told.split()[-1]) >= len(session.told), told
        try:
            session.require_everything(session.ask())
            if terminal is not None and terminal.poll() is None:
                told, _ = terminal.communicate("exit 0")
                assert terminal.returncode == 0, told
        finally:
            if terminal is not None:
                terminal.kill()


def test_at_fifty_instants(place: Place) -> None:
    work_and_be_killed(place, rounds=50, seed=1, before=[])


@pytest.mark.usefixtures("busy")
def test_on_a_busy_machine(place: Place) -> None:
    work_and_be_killed(place, rounds=10, seed=2, before=[])


def test_with_slow_writes(place: Place, need: Callable[[object, str], None]) -> None:
    work_and_be_killed(place, rounds=5, seed=3, before=slowed(need))


def test_a_stopped_postgresql_does_not_keep_the_world(place: Place, tmp_path: Path) -> None:
    assert tmp_path
    session = Session(place, [])
    session.begin()
    process = session.python(SESSION, "0")
    assert process.stdout
    process.stdout.readline()
    session.note(process.stdout.readline())
    for server in find(place, "PostgreSQL", process.pid):
        server.suspend()
    process.kill()
    process.communicate()

    session.require_everything(session.ask())
