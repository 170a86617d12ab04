from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from kit.errors import MissingTool, ProcessFailed
from kit.process import Supervisor, shell, wait_until
from kit.process.shell import SHOWN_BYTES, Ran, as_shown, find_shell, run, shell_path

ENV = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "GREETING": "hello there"}
Type = Callable[[str], Ran]


@pytest.fixture
def supervisor(supervised: Callable[[], Supervisor]) -> Supervisor:
    return supervised()


@pytest.fixture
def typed(supervisor: Supervisor, tmp_path: Path) -> Type:
    def typed(command: str) -> Ran:
        return run(command, supervisor=supervisor, folder=tmp_path, env=ENV)

    return typed


@pytest.mark.parametrize(
    ("command", "output", "code"),
    [
        ("echo a && echo b", "a\nb\n", 0),
        ("false && echo b", "", 1),
        ("false; echo b", "b\n", 0),
        ("exit 3", "", 3),
        ("""echo 'a  b' "c  d" $GREETING '$GREETING'""", "a  b c  d hello there $GREETING\n", 0),
        ("printf 'a\\nb\\n' | grep b", "b\n", 0),
        ("echo out; echo err >&2; echo out", "out\nerr\nout\n", 0),
        ("cat <<'E'\nx\ny\nE", "x\ny\n", 0),
        ("cat", "", 0),  # there is no input to wait for
        ("test -t 0 || test -t 1 || echo no terminal", "no terminal\n", 0),
        ("echo é☃", "é☃\n", 0),
        (r"printf 'a\xff\x00b\x07'", "a\ufffdb", 0),
        (r"printf '10%%\r20%%\r100%%\nx\r\n'", "100%\nx\n", 0),
        (r"printf '\033[31mred\033[0m \033]0;title\007x'", "red x", 0),
        ("kill -9 $$", "", 137),
        ("kill -TERM $$", "", 143),
        ("echo ${BASH_VERSION:+bash}", "bash\n", 0),
        ("", "", 0),
        ("# only a comment", "", 0),
    ],
)
def test_a_command_is_the_shells_own_business(typed: Type, command: str, output: str, code: int) -> None:
    assert typed(command) == Ran(command=command, output=output, exit=code)


def test_what_is_not_there_is_the_shells_own_message(typed: Type) -> None:
    ran = typed("no-such-program --help")

    assert ran.exit == 127
    assert "no-such-program: command not found" in ran.output


def test_it_runs_in_the_folder(typed: Type, tmp_path: Path) -> None:
    assert typed("pwd").output == f"{tmp_path}\n"


def test_much_output_is_shown_without_its_middle(typed: Type) -> None:
    ran = typed("seq 1 200000")

    lines = ran.output.splitlines()
    assert (lines[0], lines[-1]) == ("1", "200000")
    (gap,) = [line for line in lines if not line.isdigit()]
    assert gap.endswith(" bytes are not shown]")
    whole = sum(len(f"{number}\n") for number in range(1, 200001))
    assert len(ran.output) - len(gap) - 2 + int(gap.split()[0][1:]) == whole
    assert len(ran.output) < SHOWN_BYTES + 100


def test_much_output_without_a_line_end_is_cut_too(typed: Type) -> None:
    ran = typed("head -c 5000000 /dev/zero | tr '\\0' x")

    assert len(ran.output) < SHOWN_BYTES + 100
    assert "\n[4800000 bytes are not shown]\n" in ran.output


def test_output_that_just_fits_is_whole(typed: Type) -> None:
    assert len(typed(f"head -c {SHOWN_BYTES} /dev/zero | tr '\\0' x").output) == SHOWN_BYTES


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_what_goes_on_in_the_background_ends_with_the_command(typed: Type) -> None:
    ran = typed("sleep 1000 & echo $!")

    assert wait_until(lambda: gone(int(ran.output)), seconds=60)


def test_nothing_is_left_in_the_scratch_folder(typed: Type, supervisor: Supervisor) -> None:
    before = sorted(supervisor.folder.iterdir())
    typed("echo x")

    assert sorted(supervisor.folder.iterdir()) == before
    assert not supervisor.processes()


@pytest.mark.parametrize("command", ["sleep 1000", "sleep 1000 | cat", "trap '' INT TERM; sleep 1000"])
def test_interrupted_it_leaves_nothing(
    typed: Type, supervisor: Supervisor, tmp_path: Path, command: str
) -> None:
    def interrupt() -> None:
        wait_until((tmp_path / "pid").exists, seconds=60)
        os.kill(os.getpid(), signal.SIGINT)

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    with pytest.raises(KeyboardInterrupt):
        typed(f"echo $$ > new; mv new pid; {command}")
    interrupting.join()

    pid = int((tmp_path / "pid").read_text())
    assert gone(pid)
    assert wait_until(lambda: not _group(pid), seconds=60)
    assert not supervisor.processes()
    assert typed("echo next").output == "next\n"


def _group(leader: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def test_several_at_once_do_not_meet(typed: Type) -> None:
    answers: dict[int, str] = {}

    def one(number: int) -> None:
        answers[number] = typed(f"echo {number}").output

    threads = [threading.Thread(target=one, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {number: f"{number}\n" for number in range(6)}


def test_a_command_of_a_killed_kernel_ends_with_it(tmp_path: Path) -> None:
    code = """
import os, pathlib, sys
from kit.process import Supervisor
from kit.process.shell import run
supervisor = Supervisor.start()
folder = pathlib.Path(sys.argv[1])
run("echo $$ > new; mv new pid; sleep 1000", supervisor=supervisor, folder=folder, env=dict(os.environ))
"""
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], cwd=Path(__file__).parents[2]) as kernel:
        assert wait_until((tmp_path / "pid").exists, seconds=60)
        kernel.kill()

    assert wait_until(lambda: gone(int((tmp_path / "pid").read_text())), seconds=60)


def test_without_a_reaper_it_says_so(typed: Type, supervisor: Supervisor) -> None:
    supervisor.close()

    with pytest.raises(ProcessFailed):
        typed("echo x")


def test_without_a_shell_it_says_where_it_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "_SYSTEM_FOLDERS", ("/nowhere",))

    with pytest.raises(MissingTool) as missing:
        find_shell()

    assert missing.value.looked == ("/nowhere/bash", "/nowhere/sh")


def test_the_worlds_programs_come_first_then_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = tmp_path / "git"
    git.write_text("")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/home/user/.local/bin:/usr/bin")

    folders = shell_path(Path("/world/bin")).split(":")

    assert folders[:2] == ["/world/bin", str(tmp_path)]
    assert "/home/user/.local/bin" not in folders
    assert len(folders) == len(set(folders))


def test_it_is_shown_as_a_terminal_shows_it() -> None:
    ran = Ran(command='git commit -m "a\n\nb"', output="done\n\n", exit=2)

    assert repr(ran) == '$ git commit -m "a\n> \n> b"\ndone\n[exit code 2]'
    assert repr(Ran(command="true", output="", exit=0)) == "$ true"


def test_plain_text_stays_as_it_is() -> None:
    text = "a\tb\n\n  c ░ é\n"

    assert as_shown(text) == text
