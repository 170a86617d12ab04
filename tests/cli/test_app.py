from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kit import open_world
from kit.cli import MISUSED, main
from kit.errors import WorldTaken
from kit.experiments.rehearsal import Plan, Rehearsal
from kit.process import Supervisor, wait_until
from kit.world.workflow import PHASES

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
COMMANDS = (
    "check",
    "doctor",
    "lab",
    "run",
    "window",
    "progress",
    "status",
    "reset",
    "shell",
    "prepare",
    "clean",
    "notebooks",
)
WINDOW = (
    "window",
    "--change",
    "add",
    "--order",
    "code-first",
    "--build",
    "35",
    "--wait",
    "36",
    "--rate",
    "20",
)

Kit = Callable[..., subprocess.CompletedProcess[str]]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "kit", *arguments]


def names(process: psutil.Process, folder: Path) -> bool:
    with contextlib.suppress(psutil.Error):
        return any(str(folder) in word for word in [*process.cmdline(), process.cwd()])
    return False


def processes_in(folder: Path) -> list[int]:
    return [process.pid for process in psutil.process_iter() if names(process, folder)]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the test a temporary folder of its own; in the end nothing of the kit's may be in it."""
    tmp_path_factory.getbasetemp()  # made now, so that it is not made in this folder
    # Not pytest's, which only its owner may enter: as root, PostgreSQL runs as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="cli-")).resolve()
    folder.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    gone = wait_until(lambda: not list(folder.iterdir()) and not processes_in(folder), seconds=PATIENCE_S)
    assert gone, [*folder.iterdir(), *processes_in(folder)]
    folder.rmdir()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `python -m kit` be found from every folder, as where it is installed."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("KIT_WORLD", "KIT_SUPABASE", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def kit(place: Path, new_home: Path, environment: None, tmp_path: Path) -> Kit:
    """Run a command line from a folder that is not the project's."""
    assert place
    assert new_home
    assert environment is None

    def run(*arguments: str, typed: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            env=os.environ | more,
            cwd=tmp_path,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def here(
    place: Path,
    new_home: Path,
    environment: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Kit:
    """Run a command line in this process, as `kit` does in another: what a process is is proved by that."""
    assert place
    assert new_home
    assert environment is None

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patch:
            for name, value in more.items():
                patch.setenv(name, value)
            code = main(arguments)
        shown = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, shown.out, shown.err)

    return run


# The words


@pytest.mark.parametrize("arguments", [(), *[(name,) for name in COMMANDS]])
def test_everything_explains_itself(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--help"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith(f"Usage: {' '.join(['python -m kit', *arguments])} [OPTIONS]")
    assert shown.err == ""


def test_the_help_lists_every_command_each_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    listed = re.findall(
        r"^  ([a-z]+) +\w.*$", shown.partition("Commands:\n")[2].partition("\n\n")[0], re.MULTILINE
    )
    assert sorted(listed) == sorted(COMMANDS)


def test_without_a_command_the_help_is_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    wanted = capsys.readouterr().out
    assert main([]) == MISUSED
    assert capsys.readouterr() == ("", wanted)


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([option]) == 0
    assert capsys.readouterr().out == f"broken-window-kit {importlib.metadata.version('broken-window-kit')}\n"


def loaded_by(*arguments: str) -> set[str]:
    """Return the modules that a command line imports, as Python itself tells."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "kit", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in ran.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_is_asked_of_no_command_loads_none(option: str) -> None:
    loaded = loaded_by(option)
    assert {name for name in loaded if re.match(r"kit\b", name)} == {
        "kit",
        "kit.cli",
        "kit.cli.app",
        "kit.errors",
    }
    assert loaded.isdisjoint({"psycopg", "git", "docker", "starlette", "uvicorn", "httpx", "rich", "IPython"})


@pytest.mark.usefixtures("environment")
def test_judging_migrations_loads_no_world_and_no_jupyter() -> None:
    loaded = loaded_by("check", "--help")
    assert "kit.review" in loaded
    assert loaded.isdisjoint(
        {"kit.world", "kit.host", "kit.experiments", "kit.lesson", "IPython", "ipywidgets"}
        | {"psycopg", "git", "docker", "kit.repos", "kit.process"}
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("deploy",), "No such command 'deploy'"),
        (("window", "--change", "split"), "'split' is not one of 'add', 'drop', 'rename'"),
        (("window", "--order", "contract"), "expand-contract"),
        (("window", "--build", "-1"), "Give a number from"),
        (("window", "--rate", "nan"), "Give a number from"),
        (("window", "--order", "together", "--wait", "3"), "Leave --wait out"),
        (("run", "--to", "8"), "8 is not in the range 1<=x<=7"),
        (("reset", "--phase", "0"), "0 is not in the range 1<=x<=8"),
        (("status", "all"), "unexpected extra argument (all)"),
        (("check", "--since"), "Option '--since' requires an argument"),
        (("progress", "--json", "--markdown"), "exclude each other"),
        (("run", "--js"), "No such option '--js'. Did you mean '--json'?"),
    ],
)
def test_bad_usage_is_told_on_stderr(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == MISUSED
    shown = capsys.readouterr()
    assert shown.out == ""
    assert says in shown.err


def test_bad_usage_in_a_process_of_its_own(kit: Kit) -> None:
    ran = kit("run", "--js")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("Usage: python -m kit run")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("command_name", ["run", "window"])
def test_an_error_of_the_kit_is_its_text(kit: Kit, command_name: str, options: tuple[str, ...]) -> None:
    ran = kit(command_name, *options, TMPDIR="/nowhere")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "What to do: Set TMPDIR" in ran.stderr
    assert "Traceback" not in ran.stderr


# run


def test_run_says_of_each_step_what_is_true(here: Kit) -> None:
    ran = here("run", "--to", "2", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "phases": [
            {
                "phase": phase.number,
                "title": phase.title,
                "steps": [
                    {
                        "step": step.number,
                        "clone": "dev",
                        "command": step.action.text,
                        "exit": 0,
                        "predicates": [
                            {"says": predicate.says, "holds": True} for predicate in step.predicates
                        ],
                    }
                    for step in phase.steps
                ],
                "holds": True,
            }
            for phase in PHASES[:2]
        ]
    }
    assert "Phase 2 of 2" in ran.stderr


def test_run_fails_when_a_sentence_is_not_true(here: Kit) -> None:
    # The real CLI is asked for, and what stands in its place always fails.
    cli = shutil.which("false")
    assert cli
    ran = here("run", "--to", "2", KIT_SUPABASE="cli", KIT_SUPABASE_CLI=cli)
    assert ran.returncode == 1
    assert "NO   There is one new migration file, stamped with the time." in ran.stdout
    assert "yes  The documentation is committed on homepage-and-search." in ran.stdout
    assert "sentences are not true:" in ran.stdout


def test_a_reader_that_goes_is_no_error(place: Path, new_home: Path, environment: None) -> None:
    assert place
    assert new_home
    assert environment is None
    with subprocess.Popen(
        command("run", "--to", "1"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/"
    ) as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        words = process.stderr.read()
    assert process.returncode == 141
    assert "Traceback" not in words
    assert "Exception" not in words


# window


def test_the_virtual_clock_measures_the_same_in_every_process(
    kit: Kit, rehearsed: Callable[[Plan], Rehearsal]
) -> None:
    ran = kit(*WINDOW, "--json")
    assert ran.returncode == 0, ran.stderr
    facts: dict[str, Any] = json.loads(ran.stdout)
    assert facts == rehearsed(Plan(order="code-first", wait=36)).facts()
    requests = facts["requests"]
    assert facts == {
        "change": "add",
        "order": "code-first",
        "clock": "virtual",
        "handling": "silent",
        "build_s": 35.0,
        "wait_s": 36.0,
        "rate": 20.0,
        "windows": facts["windows"],
        "broken_s": facts["broken_s"],
        "truth_s": 3.0,
        "requests": {"total": 840, "ok": 780, "failed": 0, "lost": 60, "blocked": 0},
        "first_error": {
            "sqlstate": "42703",
            "message": 'column "last_viewed" of relation "documents" does not exist',
        },
    }
    assert facts["broken_s"] == pytest.approx(facts["truth_s"], abs=1 / 20)
    (window,) = facts["windows"]
    assert (window["start_s"], window["end_s"]) == pytest.approx((35, 38), abs=1 / 20)
    assert requests["lost"] == pytest.approx(3 * 20, abs=1)


def test_without_a_terminal_the_window_is_plain_text(
    here: Kit, rehearsed: Callable[[Plan], Rehearsal]
) -> None:
    ran = here("window", "--change", "drop", "--order", "expand-contract", "--build", "7", "--rate", "4")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Timeline; 00:00 is the first push of main to GitHub")
    assert repr(rehearsed(Plan(change="drop", order="expand-contract", build=7, rate=4))) in ran.stdout
    assert re.search(r"^change, order +drop, expand-contract$", ran.stdout, re.MULTILINE)
    assert re.search(r"^broken, since git push +never$", ran.stdout, re.MULTILINE)
    assert "\x1b" not in ran.stdout + ran.stderr


def test_ctrl_c_leaves_nothing(place: Path, new_home: Path, environment: None) -> None:
    assert new_home
    assert environment is None
    with subprocess.Popen(
        command("window", "--clock", "wall"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr
        seen = iter(process.stderr.readline, "")
        assert any(line.startswith("Deploying") for line in seen)
        assert processes_in(place)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everybody in the group
        words = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in words
    assert wait_until(lambda: not processes_in(place) and not list(place.iterdir()), seconds=PATIENCE_S)
    assert time.monotonic() - began < PATIENCE_S


# The learner's own world


def test_a_world_from_the_terminal_alone(kit: Kit, here: Kit, new_home: Path) -> None:
    assert "You have no world yet" in here("status").stdout
    ran = kit("shell", typed='git checkout -q -b mine; psql -At "$LOCAL_DB_URL" -c "select 41 + 1"; exit 3')
    assert (ran.returncode, ran.stdout) == (3, "42\n")
    assert (new_home / "world" / "state.json").exists()
    ran = kit("status")
    assert "closed, and saved. It stands at phase 1" in ran.stdout
    assert re.search(r"^dev clone +mine ", ran.stdout, re.MULTILINE)
    ran = kit("reset")
    assert (ran.returncode, "start of phase 1" in ran.stdout) == (0, True)
    assert re.search(r"^dev clone +homepage-and-search ", here("status").stdout, re.MULTILINE)


def test_beside_an_open_notebook(kit: Kit) -> None:
    with open_world(phase=1) as world:
        world.dev.run("git checkout -q -b mine")
        ran = kit("status")
        assert "is open. It stands at phase 1" in ran.stdout
        assert re.search(r"^dev clone +mine ", ran.stdout, re.MULTILINE)
        # What the notebook's world does for its own commands, it does for the terminal's.
        ran = kit("shell", typed="git branch --show-current; npx supabase migration up")
        assert ran.stdout == "mine\nLocal database is up to date.\n" or "mine\n" in ran.stdout
        assert ran.returncode == 0, ran.stdout
        assert world.dev.run("git branch --show-current").output == "mine\n"

        ran = kit("reset", "--phase", "2")
        assert "start of phase 2" in ran.stdout
        with pytest.raises(WorldTaken, match="setup cell"):
            world.dev.run("git status")
        again = open_world(phase=2)
        assert repr(again) == "Phase 2: your own world, as you left it."
        assert "mine" not in again.dev.run("git branch").output
        assert open_world(phase=1).dev.run("git branch --show-current").output == "mine\n"


def test_reset_makes_new_databases_where_they_are_lost(kit: Kit) -> None:
    with open_world(phase=1) as world:
        postgres = world.engine.supervisor.processes()["postgres"]
        os.kill(postgres.pid, signal.SIGKILL)
        assert wait_until(
            lambda: world.engine.supervisor.processes()["postgres"].exit is not None, seconds=PATIENCE_S
        )
        shutil.rmtree(world.engine.folder / "pg" / "data")
        ran = kit("reset")
        assert ran.returncode == 0, ran.stderr
        assert "Your own world cannot be read (PostgreSQL did not start)" in ran.stderr
        assert "it was set aside as unreadable-1." in ran.stderr


# A terminal


def in_terminal(*arguments: str, typed: bytes = b"", **more: str) -> str:
    """Run a command line in a terminal; return everything that it shows there."""
    pid, terminal = pty.fork()
    if pid == 0:
        environment = os.environ | {"TERM": "xterm-256color"} | more
        os.execve(sys.executable, command(*arguments), environment)  # noqa: S606 - none is wanted
    shown = b""
    with contextlib.suppress(OSError):  # Linux: the other end is closed
        while more_shown := os.read(terminal, 65536):
            shown += more_shown
            if typed and shown.rstrip().endswith((b"$", b"#")):
                os.write(terminal, typed)
                typed = b""
    os.close(terminal)
    os.waitpid(pid, 0)
    return shown.decode()


@pytest.mark.usefixtures("kit")
def test_a_terminal_has_colours_unless_they_are_not_wanted() -> None:
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    assert colour.search(in_terminal("clean")) or colour.search(in_terminal("doctor"))
    assert not colour.search(in_terminal("doctor", NO_COLOR="1"))


@pytest.mark.usefixtures("kit")
def test_the_shell_has_a_prompt_that_says_where_one_is() -> None:
    shown = in_terminal("shell", typed=b"echo $((6 * 7)) $TERM\nexit\n")
    assert "(kit) rhizome-v2-dev-1" in shown
    assert "42 xterm-256color" in shown


# clean


def test_clean_ends_what_lost_its_reaper(kit: Kit, place: Path) -> None:
    supervisor = Supervisor.start()
    (supervisor.folder / "host").mkdir()
    # A process dies with its reaper; what it has started itself does not.
    told = supervisor.folder / "host" / "pid"
    supervisor.spawn(
        "parent", ["/bin/sh", "-c", f"sleep 600 & echo $! > '{told}'; wait"], env={}, cwd=told.parent
    )
    assert wait_until(lambda: told.exists() and told.read_text().endswith("\n"), seconds=PATIENCE_S)
    orphan = psutil.Process(int(told.read_text()))
    reapers = [
        process
        for process in psutil.process_iter()
        if names(process, place) and any("_reaper" in word for word in process.cmdline())
    ]
    holder = Supervisor.start()
    held = holder.folder
    assert "In use, and left alone: 2 worlds" in kit("clean").stdout
    for reaper in sorted(reapers, key=lambda process: process.parent() not in reapers, reverse=True):
        reaper.kill()  # the guard before the reaper that it looks after
    psutil.wait_procs(reapers)
    somebody = place / "kit-somebody"
    somebody.mkdir()
    (somebody / "file").touch()
    for folder in (supervisor.folder, somebody):
        os.utime(folder, (1, 1))
    ran = kit("clean")
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"^worlds without an owner +1$", ran.stdout, re.MULTILINE)
    assert re.search(r"^processes without an owner +1$", ran.stdout, re.MULTILINE)
    assert not supervisor.folder.exists()
    assert orphan.pid not in processes_in(place)
    assert held.exists()
    assert (somebody / "file").exists()
    shutil.rmtree(somebody)
    supervisor.close()
    holder.close()


def test_clean_all_asks_and_leaves_what_is_not_the_kits(kit: Kit, tmp_path: Path) -> None:
    home = tmp_path / "other"
    for name in ("cache/0123456789abcdef", "cache/cluster-18-0123456789ab", "cache/yours", "worlds/3"):
        (home / name).mkdir(parents=True)
        (home / name / "file").write_text("kept?")
    ran = kit("clean", "--all", KIT_HOME=str(home))
    assert ran.returncode == 2
    assert str(home / "worlds" / "3") in ran.stdout
    assert "Give --yes" in ran.stderr
    assert (home / "worlds" / "3" / "file").exists()
    assert kit("clean", "--all", "--yes", KIT_HOME=str(home)).returncode == 0
    assert sorted(path.name for path in home.rglob("file")) == ["file"]
    assert (home / "cache" / "yours" / "file").exists()


# notebooks


def test_a_notebook_that_is_none(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "no.ipynb").write_text("{")
    ran = kit("notebooks", "--check", "no.ipynb")
    assert ran.returncode == 1
    assert "no.ipynb is not a notebook" in ran.stderr
