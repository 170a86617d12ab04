from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import textwrap
import threading
import time
import urllib.request
import venv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from kit.errors import ProcessFailed
from kit.process import Running, Supervisor, temporary_folder, wait_until

PATIENCE_S = 60.0
ROOT = Path(__file__).parents[2]
ENV = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
FOREVER = [sys.executable, "-c", "import signal; signal.pause()"]
DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
while True:
    signal.pause()
"""
STUBBORN = [sys.executable, "-c", DEAF]
BARE = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
PAUSE = "import signal; signal.pause()"


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def forever(supervisor: Supervisor, name: str = "forever", argv: list[str] = FOREVER, **more: Any) -> Running:  # noqa: ANN401 - as spawn's own
    return supervisor.spawn(name, argv, env=ENV, cwd=supervisor.folder, **more)


class Holder:
    """Another Python that holds a reaper, as a notebook's kernel does."""

    def __init__(self, code: str, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENV | {"TMPDIR": os.environ.get("TMPDIR", "")},
            start_new_session=True,
        )
        assert self.process.stdout
        self.facts = json.loads(self.process.stdout.readline())

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def holding() -> Iterator[Callable[..., Holder]]:
    made: list[Holder] = []

    def make(code: str, *arguments: object) -> Holder:
        made.append(Holder(code, *arguments))
        return made[-1]

    yield make
    for holder in made:
        holder.end()


STARTS = """
    import json, os, sys
    from kit.process import Supervisor
    supervisor = Supervisor.start()
    forever = [sys.executable, "-c", "import signal; signal.pause()"]
    pids = [
        supervisor.spawn(name, forever, env={}, cwd=supervisor.folder).pid for name in ("one", "two")
    ]
    print(json.dumps({"folder": str(supervisor.folder), "pids": pids}), flush=True)
    sys.stdin.read()
"""


def all_gone(facts: dict[str, Any]) -> bool:
    return not Path(facts["folder"]).exists() and not any(alive(pid) for pid in facts["pids"])


def test_a_killed_holder_takes_its_processes_and_its_folder_with_it(holding: Callable[..., Holder]) -> None:
    holder = holding(STARTS)
    assert all(alive(pid) for pid in holder.facts["pids"])

    holder.process.kill()

    assert wait_until(lambda: all_gone(holder.facts), seconds=PATIENCE_S)


KILLED = """
    import json, os, signal, subprocess, sys
    from kit.process import Supervisor, supervisor

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    def run(argv, **options):
        print(json.dumps({"folder": str(argv[-1]), "pids": []}), flush=True)
        if sys.argv[1] == "while it starts":
            options.pop("check")
            subprocess.Popen(argv, **options)
            die()
        return ran(argv, **options)

    ran, subprocess.run = subprocess.run, run
    if sys.argv[1] == "before it answers":
        supervisor._receive = die
    Supervisor.start()
    die()
"""


@pytest.mark.parametrize("when", ["while it starts", "before it answers", "at once"])
def test_a_holder_that_is_killed_while_its_reaper_starts_leaves_nothing(
    holding: Callable[..., Holder], when: str
) -> None:
    holder = holding(KILLED, when)
    holder.process.wait()

    folder = Path(holder.facts["folder"])
    # A reaper that forks just now may be in no list of processes: its folder says that it is there.
    assert wait_until(lambda: not reapers_of(str(folder)) and not folder.exists(), seconds=PATIENCE_S)


def reapers_of(folder: str) -> list[int]:
    return [process.pid for process in psutil.process_iter() if folder in words(process)]


def words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_holder_that_ends_without_closing_leaves_nothing(holding: Callable[..., Holder]) -> None:
    holder = holding(STARTS)

    holder.process.communicate()  # its standard input ends, and so does it

    assert wait_until(lambda: all_gone(holder.facts), seconds=PATIENCE_S)


def test_whoever_holds_second_keeps_everything(holding: Callable[..., Holder]) -> None:
    first = holding(STARTS)
    second = Supervisor.attach(Path(first.facts["folder"]))
    assert second is not None

    first.end()

    assert set(second.processes()) == {"one", "two"}
    assert all(alive(pid) for pid in first.facts["pids"])
    second.close()
    assert all_gone(first.facts)


def test_closing_one_of_two_holds_returns_at_once(supervised: Callable[[], Supervisor]) -> None:
    first = supervised()
    running = forever(first)
    second = Supervisor.attach(first.folder)
    assert second is not None

    second.close()

    assert alive(running.pid)
    first.close()
    assert not alive(running.pid)
    assert not first.folder.exists()


def test_a_forked_child_does_not_hold(holding: Callable[..., Holder]) -> None:
    holder = holding(
        """
        import json, os, signal, sys
        from kit.process import Supervisor
        supervisor = Supervisor.start()
        pid = supervisor.spawn("one", [sys.executable, "-c", "import signal; signal.pause()"],
                               env={}, cwd=supervisor.folder).pid
        child = os.fork()
        if child == 0:
            signal.pause()
        print(json.dumps({"folder": str(supervisor.folder), "pids": [pid], "child": child}), flush=True)
        sys.stdin.read()
        """
    )
    child = holder.facts["child"]
    try:
        os.kill(holder.process.pid, signal.SIGKILL)

        assert wait_until(lambda: all_gone(holder.facts), seconds=PATIENCE_S)
        assert alive(child)
    finally:
        os.kill(child, signal.SIGKILL)


def test_nobody_can_attach_where_no_reaper_is(tmp_path: Path) -> None:
    assert Supervisor.attach(tmp_path) is None
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "reaper.sock"))
    assert Supervisor.attach(tmp_path) is None


def test_a_deaf_process_is_killed_after_its_grace(
    supervised: Callable[[], Supervisor], tmp_path: Path
) -> None:
    supervisor, log = supervised(), tmp_path / "log"
    running = forever(supervisor, argv=STUBBORN, log=log)
    assert wait_until(lambda: b"deaf" in log.read_bytes(), seconds=PATIENCE_S)

    assert supervisor.stop("forever") == -signal.SIGKILL

    assert not alive(running.pid)
    assert supervisor.processes() == {}


def test_the_end_does_not_wait_for_the_deaf(supervised: Callable[[], Supervisor], tmp_path: Path) -> None:
    supervisor, log = supervised(), tmp_path / "log"
    names = ["app", "worker", "server"]
    pids = [forever(supervisor, name, STUBBORN, log=log, last=name == "server").pid for name in names]
    assert wait_until(lambda: log.read_bytes().count(b"deaf") == len(names), seconds=PATIENCE_S)
    started = time.monotonic()

    supervisor.close()

    assert time.monotonic() - started < PATIENCE_S
    assert not any(alive(pid) for pid in pids)


OBEDIENT = "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(0)); print('up', flush=True); "


@pytest.mark.parametrize("case", ["well", "killed", "taken", "nowhere"])
def test_what_ended_well_is_left_to_the_next(
    supervised: Callable[[], Supervisor], tmp_path: Path, case: str
) -> None:
    supervisor, log = supervised(), tmp_path / "log"
    to = tmp_path / "left" if case != "nowhere" else tmp_path / "not there" / "left"
    code = OBEDIENT + "signal.pause()"
    running = forever(supervisor, argv=[sys.executable, "-c", code], log=log, last=True)
    assert wait_until(lambda: b"up" in log.read_bytes(), seconds=PATIENCE_S)
    for name in ("data", "other"):
        (supervisor.folder / name).mkdir()
        (supervisor.folder / name / "file").touch()
    if case == "killed":
        os.kill(running.pid, signal.SIGKILL)
    if case == "taken":
        (to / "somebody's").mkdir(parents=True)

    supervisor.bequeath("data", to=to)
    supervisor.close()

    assert not supervisor.folder.exists()
    left = sorted(str(path.relative_to(to)) for path in to.rglob("*")) if to.exists() else []
    assert left == {"well": ["data", "data/file"], "taken": ["somebody's"]}.get(case, [])


@pytest.mark.parametrize("end", ["asked", "disposed of"])
def test_who_is_disposed_of_is_not_asked_unless_it_is_kept_until_the_last(
    supervised: Callable[[], Supervisor], tmp_path: Path, end: str
) -> None:
    supervisor = supervised()
    code = OBEDIENT.replace("exit(0)", "exit(print('asked'))") + "signal.pause()"
    for name, last in (("app", False), ("server", True)):
        log = tmp_path / name
        words = [sys.executable, "-c", code]
        running = forever(supervisor, name, words, log=log, last=last)
        assert wait_until(lambda log=log: b"up" in log.read_bytes(), seconds=PATIENCE_S)  # type: ignore[misc]
    if end == "disposed of":
        supervisor.dispose()
    supervisor.close()

    asked = {name: "asked" in (tmp_path / name).read_text() for name in ("app", "server")}
    assert asked == {"app": end == "asked", "server": True}
    assert not alive(running.pid)


def test_the_harder_signal_comes_before_the_kill(
    supervised: Callable[[], Supervisor], tmp_path: Path
) -> None:
    supervisor, log = supervised(), tmp_path / "log"
    code = DEAF.replace("print(", "signal.signal(signal.SIGQUIT, lambda *_: exit(7)); print(")
    forever(supervisor, argv=[sys.executable, "-c", code], log=log, then="SIGQUIT")
    assert wait_until(lambda: b"deaf" in log.read_bytes(), seconds=PATIENCE_S)

    assert supervisor.stop("forever") == 7


def test_whom_a_process_leaves_behind_goes_with_it(
    supervised: Callable[[], Supervisor], tmp_path: Path
) -> None:
    supervisor, log = supervised(), tmp_path / "log"
    supervisor.spawn(
        "shell",
        ["/bin/sh", "-c", 'sleep 600 & echo "$!"; exit 3'],
        env=ENV,
        cwd=tmp_path,
        log=log,
    )

    assert supervisor.wait("shell") == 3
    assert wait_until(lambda: not alive(int(log.read_text())), seconds=PATIENCE_S)


def test_finals_run_after_the_processes_have_ended(
    supervised: Callable[[], Supervisor], tmp_path: Path
) -> None:
    supervisor = supervised()
    pids = [forever(supervisor, name, last=name == "server").pid for name in ("server", "app")]
    look = "import os, sys; from pathlib import Path\ndef alive(pid):\n try: os.kill(pid, 0); return True\n"
    look += " except ProcessLookupError: return False\n"
    look += f"Path({str(tmp_path / 'after')!r}).write_text(str([alive(pid) for pid in {pids}]))"
    supervisor.after_end([sys.executable, "-c", look], env={})

    supervisor.close()

    assert (tmp_path / "after").read_text() == "[False, False]"


def test_an_impossible_final_is_passed_over(supervised: Callable[[], Supervisor]) -> None:
    supervisor = supervised()
    running = forever(supervisor)
    supervisor.after_end(["/nowhere/program"], env={})

    supervisor.close()

    assert not alive(running.pid)
    assert not supervisor.folder.exists()


def family(supervisor: Supervisor) -> tuple[psutil.Process, psutil.Process]:
    """Return the reaper and its guard."""
    found = [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(supervisor.folder) in (process.info["cmdline"] or []) and "_reaper.py" in str(process.info)
    ]
    reaper, guard = sorted(found, key=lambda process: process.parent() not in found)
    return reaper, guard


def test_what_a_killed_reaper_started_is_ended_by_its_guard(
    supervised: Callable[[], Supervisor], tmp_path: Path
) -> None:
    supervisor, log = supervised(), tmp_path / "log"
    shell = supervisor.spawn(
        "shell", ["/bin/sh", "-c", 'sleep 600 & echo "$!"; wait'], env=ENV, cwd=tmp_path, log=log
    )
    server = forever(supervisor, "server", last=True)
    supervisor.after_end(["/bin/sh", "-c", f"echo removed > '{tmp_path / 'final'}'"], env=ENV)
    assert wait_until(lambda: log.read_text().endswith("\n"), seconds=PATIENCE_S)
    reaper, guard = family(supervisor)

    reaper.kill()

    guard.wait()
    pids = [shell.pid, server.pid, int(log.read_text())]
    assert not [pid for pid in pids if alive(pid)]
    assert (tmp_path / "final").read_text() == "removed\n"
    assert not supervisor.folder.exists()


def test_what_has_ended_is_no_business_of_the_guards_any_more(supervised: Callable[[], Supervisor]) -> None:
    supervisor = supervised()
    running, ending = forever(supervisor, "runs"), forever(supervisor, "ends")

    def groups() -> list[int]:
        plan = json.loads((supervisor.folder / "plan").read_text())
        return [number for number, _ in plan["groups"]]

    assert groups() == [running.pid, ending.pid]
    os.kill(ending.pid, signal.SIGKILL)

    # Its number may be given to somebody else from now on.
    assert wait_until(lambda: groups() == [running.pid], seconds=PATIENCE_S)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the guard alone does it")
def test_processes_end_with_reaper_and_guard_killed_in_one_instant(
    supervised: Callable[[], Supervisor],
) -> None:
    supervisor = supervised()
    pids = [forever(supervisor, name, last=name == "server").pid for name in ("server", "app")]
    for process in family(supervisor)[::-1]:
        process.kill()

    assert wait_until(lambda: not [pid for pid in pids if alive(pid)], seconds=PATIENCE_S)


def program(
    supervisor: Supervisor, name: str, code: str, *, imports: Sequence[str] = (), listen: int | None = None
) -> int | None:
    """Start a Python program, forked where that can be; its output goes to a log of its name."""
    file = supervisor.folder / f"{name}.py"
    file.write_text(code)
    return supervisor.fork(
        name,
        [file.name, "--fd", "{fd}"],
        imports=imports,
        env=BARE,
        cwd=supervisor.folder,
        log=supervisor.folder / f"{name}.log",
        listen=listen,
    )


TELLING = """
import json, os, signal, sys
print(json.dumps([sys.argv, sys.path[0], __name__, sorted(os.environ.items()), os.getcwd(),
                  "decimal" in sys.modules, os.getsid(0) == os.getpid(), os.read(0, 1).decode()]), flush=True)
signal.pause()
"""


def test_a_forked_program_finds_what_a_started_one_does(supervised: Callable[[], Supervisor]) -> None:
    told = []
    for forked in (False, True):
        supervisor = supervised()
        log = supervisor.folder / "told.log"
        if forked:
            port = program(supervisor, "told", TELLING, imports=["decimal"], listen=0)
        else:
            (supervisor.folder / "told.py").write_text(TELLING)
            argv, env = [sys.executable, "-s", "-B", "told.py", "--fd", "{fd}"], BARE
            port = supervisor.spawn("told", argv, env=env, cwd=supervisor.folder, log=log, listen=0).port
        socket.create_connection(("127.0.0.1", port or 0)).close()
        while not log.exists() or not log.read_text().endswith("\n"):
            assert supervisor.processes()["told"].exit is None
        argv, *rest, imported, leads, read = json.loads(log.read_text())
        assert imported == (forked and sys.platform == "linux")
        told.append([argv[:2], str(rest).replace(str(supervisor.folder), "FOLDER"), leads, read])
        assert supervisor.stop("told") == -signal.SIGTERM
    assert told[0] == told[1]


def test_one_name_one_program_also_while_the_seed_imports(supervised: Callable[[], Supervisor]) -> None:
    supervisor, started, refused = supervised(), [], []
    imports = ["asyncio", "email.message", "http.server", "unittest.mock", "xml.dom.minidom"]

    def start() -> None:
        try:
            started.append(program(supervisor, "app", PAUSE, imports=imports))
        except ProcessFailed as error:
            refused.append(str(error))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == 1
    assert len(refused) == 7
    assert all("running already" in words for words in refused)


@pytest.fixture
def halted(supervised: Callable[[], Supervisor]) -> Iterator[tuple[Supervisor, psutil.Process]]:
    """Make a reaper whose seed is halted: what is to be forked is not, until it goes on or ends."""
    supervisor = supervised()
    program(supervisor, "first", PAUSE, imports=["decimal"])
    first = psutil.Process(supervisor.processes()["first"].pid)
    (seed,) = {*first.parent().children()} - {first}  # type: ignore[union-attr]  # the reaper has adopted it
    seed.suspend()
    yield supervisor, seed
    with contextlib.suppress(psutil.Error):
        seed.resume()


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
def test_who_is_ended_as_soon_as_it_is_born_does_not_take_the_seed_with_it(
    halted: tuple[Supervisor, psutil.Process],
) -> None:
    supervisor, seed = halted
    seed.resume()
    for _ in range(100):
        program(supervisor, "short", PAUSE)
        supervisor.stop("short", kill=True)
    assert alive(seed.pid)
    program(supervisor, "long", PAUSE)
    born = psutil.Process(supervisor.processes("long")["long"].pid)
    assert born.cmdline() == seed.cmdline(), "forked, not started by itself"


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
@pytest.mark.parametrize("ends", [False, True])
def test_what_is_being_forked_runs_already_for_whoever_need_not_wait(
    halted: tuple[Supervisor, psutil.Process], *, ends: bool
) -> None:
    supervisor, seed = halted
    before = supervisor.processes("first")
    port = program(supervisor, "told", TELLING, listen=0)
    assert port
    socket.create_connection(("127.0.0.1", port)).close()
    assert supervisor.is_running("told")
    assert supervisor.port("told") == port
    with pytest.raises(ProcessFailed, match="running already"):
        forever(supervisor, "told")
    log, found, exits = supervisor.folder / "told.log", [], []
    threads = [
        threading.Thread(target=lambda: found.append(supervisor.processes())),
        threading.Thread(target=lambda: found.append(supervisor.processes("told"))),
    ]
    for thread in threads:
        thread.start()
    assert supervisor.processes("first") == before  # who has been born is told of at once
    assert not found
    assert log.read_text() == ""

    seed.kill() if ends else seed.resume()

    for thread in threads:
        thread.join()
    assert {facts["told"].port for facts in found} == {port}
    assert alive(found[0]["told"].pid)
    while not log.read_text().endswith("\n"):
        assert supervisor.is_running("told")
    assert json.loads(log.read_text())[-3] is not ends  # started by itself, it has imported nothing
    exits.append(supervisor.stop("told"))
    assert exits == [-signal.SIGTERM]
    assert not supervisor.is_running("told")
    assert supervisor.port("told") is None


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
@pytest.mark.parametrize("kill", [False, True])
def test_what_is_being_forked_is_stopped_when_it_is_born(
    halted: tuple[Supervisor, psutil.Process], *, kill: bool
) -> None:
    supervisor, seed = halted
    program(supervisor, "app", PAUSE)
    exits: list[int | None] = []
    stopping = threading.Thread(target=lambda: exits.append(supervisor.stop("app", kill=kill)))
    stopping.start()
    seed.resume()
    stopping.join()
    for _ in range(20):  # at once, whatever it has come to
        program(supervisor, "app", PAUSE)
        exits.append(supervisor.stop("app", kill=kill))
    assert exits == 21 * [-signal.SIGKILL if kill else -signal.SIGTERM]
    assert not supervisor.is_running("app")


COMPILES = """
import sys
from pathlib import Path
from kit.process import Supervisor, wait_until
supervisor = Supervisor.start()
try:
    log = supervisor.folder / "log"
    supervisor.fork("app", ["app.py"], imports=["library"], env={}, cwd=Path(sys.argv[1]), log=log)
    wait_until(lambda: log.exists() and "\\n" in log.read_text(), seconds=60)
    print(log.read_text())
finally:
    supervisor.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
def test_what_the_seed_imports_stays_compiled_and_what_a_program_imports_does_not(tmp_path: Path) -> None:
    place, app = tmp_path / "environment", tmp_path / "app"
    venv.create(place, with_pip=False)
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    (packages / "library.py").touch()
    app.mkdir()
    (app / "own.py").touch()
    (app / "app.py").write_text("import library, own\nprint(library.__file__, own.__file__, flush=True)\n")

    told = subprocess.check_output([place / "bin" / "python", "-c", COMPILES, app], text=True, env=BARE)

    assert told.split() == [str(packages / "library.py"), str(app / "own.py")]
    assert list((packages / "__pycache__").glob("library.*.pyc"))
    assert not (app / "__pycache__").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
@pytest.mark.parametrize("ends", [False, True])
def test_what_cannot_enter_its_folder_any_more_says_so(
    halted: tuple[Supervisor, psutil.Process], tmp_path: Path, *, ends: bool
) -> None:
    supervisor, seed = halted
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "app.py").write_text(PAUSE)
    log = tmp_path / "log"
    supervisor.fork("app", ["app.py"], imports=[], env=BARE, cwd=tmp_path / "app", log=log)
    shutil.rmtree(tmp_path / "app")

    seed.kill() if ends else seed.resume()

    assert set(supervisor.processes()) == {"first"}
    assert log.read_text() == f"[Errno 2] No such file or directory: '{tmp_path / 'app'}'\n"
    program(supervisor, "second", PAUSE)
    assert supervisor.processes()["second"].exit is None


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
def test_what_is_being_forked_when_the_last_holder_goes_never_is(
    halted: tuple[Supervisor, psutil.Process],
) -> None:
    supervisor, seed = halted
    port = program(supervisor, "app", PAUSE, listen=0)
    supervisor.close()
    assert not supervisor.folder.exists()
    assert not alive(seed.pid)
    # Its socket was on its way to the seed; the kernel takes such a one away after the process.
    assert wait_until(lambda: refuses(port or 0), seconds=PATIENCE_S)


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_what_a_forked_program_raises_stands_in_its_log_alone(supervised: Callable[[], Supervisor]) -> None:
    supervisor = supervised()
    for name, code, exit_code in (("raises", "1 / 0", 1), ("exits", "import sys; sys.exit(3)", 3)):
        program(supervisor, name, code, imports=["decimal"])
        assert supervisor.wait(name) == exit_code
    raised = (supervisor.folder / "raises.log").read_text()
    assert raised.startswith('Traceback (most recent call last):\n  File "raises.py", line 1')
    assert raised.endswith("ZeroDivisionError: division by zero\n")
    assert (supervisor.folder / "exits.log").read_text() == ""
    program(supervisor, "again", PAUSE)
    assert supervisor.processes()["again"].exit is None


def test_without_a_seed_programs_start_by_themselves(supervised: Callable[[], Supervisor]) -> None:
    supervisor = supervised()
    for name in ("first", "second"):  # of the first it is asked before it finds out that it cannot import
        program(supervisor, name, PAUSE, imports=["no_such_module"])
        assert supervisor.processes()[name].exit is None


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
def test_a_forked_program_ends_with_its_reaper(supervised: Callable[[], Supervisor]) -> None:
    supervisor = supervised()
    for name in ("one", "two"):
        program(supervisor, name, PAUSE, imports=["decimal"])
    pids = [running.pid for running in supervisor.processes().values()]
    seed = psutil.Process(pids[0]).parent().children()  # type: ignore[union-attr]  # the reaper has adopted it
    for process in family(supervisor)[::-1]:
        process.kill()

    assert wait_until(lambda: not [pid for pid in pids if alive(pid)], seconds=PATIENCE_S)
    assert wait_until(lambda: not [each for each in seed if each.is_running()], seconds=PATIENCE_S)


def test_a_lock_is_free_when_the_last_process_has_ended(
    tmp_path: Path,
) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        supervisor = Supervisor.start(lock=lock.fileno())
        running = forever(supervisor)
    with (tmp_path / "lock").open("w") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for process in family(supervisor)[::-1]:
            process.kill()
        fcntl.flock(other, fcntl.LOCK_EX)

    # Its files are closed an instant before it counts as ended.
    assert wait_until(lambda: not alive(running.pid), seconds=PATIENCE_S)
    supervisor.close()
    shutil.rmtree(supervisor.folder)


def test_one_that_is_ending_is_waited_for_and_not_held(
    supervised: Callable[[], Supervisor], tmp_path: Path
) -> None:
    supervisor = supervised()
    supervisor.after_end(
        ["/bin/sh", "-c", f"touch '{tmp_path / 'ending'}'; sleep 1; rm '{tmp_path}/ending'"], env=ENV
    )
    supervisor.close(wait=False)
    assert wait_until((tmp_path / "ending").exists, seconds=PATIENCE_S)

    assert Supervisor.attach(supervisor.folder) is None

    assert not (tmp_path / "ending").exists()


def test_a_terminated_reaper_still_ends_everything(supervised: Callable[[], Supervisor]) -> None:
    supervisor = supervised()
    running = forever(supervisor)
    reaper, _ = family(supervisor)

    reaper.terminate()

    assert wait_until(lambda: not supervisor.folder.exists(), seconds=PATIENCE_S)
    assert not alive(running.pid)
    with pytest.raises(ProcessFailed, match="gone"):
        supervisor.processes()


def test_the_reaper_is_not_of_its_starters_family(supervised: Callable[[], Supervisor]) -> None:
    forever(supervised())

    family = psutil.Process().children(recursive=True)

    assert not [process for process in family if "_reaper.py" in " ".join(process.cmdline())]


def test_ctrl_c_reaches_neither_the_reaper_nor_its_children(holding: Callable[..., Holder]) -> None:
    holder = holding(STARTS.replace("sys.stdin.read()", "import time\n    time.sleep(1000)"))
    spectator = Supervisor.attach(Path(holder.facts["folder"]))
    assert spectator is not None

    os.killpg(holder.process.pid, signal.SIGINT)  # as a terminal does
    holder.process.wait()

    assert {name: running.exit for name, running in spectator.processes().items()} == {
        "one": None,
        "two": None,
    }
    spectator.close()
    assert all_gone(holder.facts)


def test_children_can_be_interrupted(supervised: Callable[[], Supervisor], tmp_path: Path) -> None:
    supervisor, log = supervised(), tmp_path / "log"
    code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    supervisor.spawn("one", [sys.executable, "-c", code], env=ENV, cwd=tmp_path, log=log)

    assert supervisor.wait("one") == 0
    assert log.read_text() == "True\n"


@pytest.mark.parametrize(
    ("argv", "cwd", "why"),
    [
        (["/nowhere/program"], "/", "/nowhere/program"),
        (["/dev/null"], "/", "Permission denied"),
        (FOREVER, "/nowhere", "/nowhere"),
    ],
)
def test_what_cannot_be_started_is_named_with_the_reason(
    supervised: Callable[[], Supervisor], argv: list[str], cwd: str, why: str
) -> None:
    with pytest.raises(ProcessFailed, match="could not be started: app") as caught:
        supervised().spawn("app", argv, env=ENV, cwd=Path(cwd))

    assert why in caught.value.why
    assert "doctor" in str(caught.value)


def test_one_name_one_process(supervised: Callable[[], Supervisor]) -> None:
    supervisor = supervised()
    forever(supervisor)

    with pytest.raises(ProcessFailed, match="running already"):
        forever(supervisor)
    assert supervisor.stop("forever") == -signal.SIGTERM
    forever(supervisor)
    assert supervisor.stop("nobody") is None


def test_an_exit_is_seen(supervised: Callable[[], Supervisor]) -> None:
    supervisor = supervised()
    forever(supervisor, argv=[sys.executable, "-c", "exit(5)"])

    assert wait_until(lambda: supervisor.processes()["forever"].exit == 5, seconds=PATIENCE_S)


def test_a_listening_socket_is_inherited_and_freed(
    supervised: Callable[[], Supervisor], tmp_path: Path
) -> None:
    supervisor = supervised()
    code = (
        "import http.server, socket, sys\n"
        "server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler, False)\n"
        "server.socket.close(); server.socket = socket.socket(fileno=int(sys.argv[1]))\n"
        "server.serve_forever()"
    )
    (tmp_path / "page").write_text("seen")
    running = supervisor.spawn("web", [sys.executable, "-c", code, "{fd}"], env=ENV, cwd=tmp_path, listen=0)

    # At once: whoever comes before the program listens waits in the queue.
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/page", timeout=60) as page:
        assert page.read() == b"seen"
    with pytest.raises(ProcessFailed, match="use"):
        supervisor.spawn("other", FOREVER, env=ENV, cwd=tmp_path, listen=running.port)
    supervisor.stop("web")
    again = supervisor.spawn("web", FOREVER, env=ENV, cwd=tmp_path, listen=running.port)
    assert again.port == running.port


def test_garbage_does_not_end_the_reaper(supervised: Callable[[], Supervisor]) -> None:
    supervisor = supervised()
    for words in (b"garbage\n", b"{}\n", b'{"do": "dance"}\n', b"half a line"):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(supervisor.folder / "reaper.sock"))
            stranger.sendall(words)

    assert supervisor.processes() == {}


def test_folders_that_were_made_read_only_are_deleted(supervised: Callable[[], Supervisor]) -> None:
    supervisor = supervised()
    inner = supervisor.folder / "closed" / "inner"
    inner.mkdir(parents=True)
    (inner / "file").touch()
    inner.chmod(0o500)
    inner.parent.chmod(0o500)

    supervisor.close()

    assert not supervisor.folder.exists()


def test_a_reaper_that_cannot_start_leaves_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(temporary_folder().glob("kit-*"))
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(ProcessFailed):
        Supervisor.start()

    assert set(temporary_folder().glob("kit-*")) <= before


def test_the_repr_tells_no_folder(supervised: Callable[[], Supervisor]) -> None:
    supervisor = supervised()
    assert repr(supervisor) == "Supervisor(open)"
    supervisor.close()
    supervisor.close()
    assert repr(supervisor) == "Supervisor(closed)"


def test_waiting_has_an_end() -> None:
    assert wait_until(lambda: True, seconds=0)
    assert not wait_until(lambda: False, seconds=0.01)
