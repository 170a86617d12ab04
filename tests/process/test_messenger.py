from __future__ import annotations

import json
import os
import pty
import shlex
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.errors import BadInput
from kit.process import wait_until
from kit.process.messenger import PROGRAMS, Command, Control, Handler, Terminal, hook_text, install_programs

Serve = Callable[[Handler], "Served"]


class Served:
    """A control that was opened in a folder, and what it was told to cancel."""

    def __init__(self, folder: Path, handler: Handler) -> None:
        self.folder = folder
        self.cancelled = threading.Event()
        self.programs = install_programs(folder, sockets=folder, psql=Path("/bin/echo"))
        self.control = Control(folder, handler, cancel=self.cancelled.set)

    def popen(
        self, *words: str, program: str = "npx", stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.programs / program, *words],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
        )

    def run(self, *words: str, program: str = "npx") -> subprocess.CompletedProcess[str]:
        with self.popen(*words, program=program) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(words, process.returncode, out, err)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    made: list[Served] = []

    def serve(handler: Handler) -> Served:
        folder = tmp_path / "a world's"  # a space and a quote
        folder.mkdir(exist_ok=True)
        made.append(Served(folder, handler))
        return made[-1]

    yield serve
    for one in made:
        one.control.close()


def echo(command: Command, terminal: Terminal) -> int:
    terminal.write(json.dumps([command.program, *command.arguments]) + "\n")
    return 7


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_was_typed_arrives_and_the_exit_code_comes_back(serve: Serve, program: str) -> None:
    words = ["db", "a b", "", '"', "$HOME", "é☃", "two\nlines", "\udcff"]

    done = serve(echo).run(*words, program=program)

    assert json.loads(done.stdout) == [program, *words]
    assert (done.returncode, done.stderr) == (7, "")


def test_the_handler_is_told_where_and_whether_somebody_can_be_asked(serve: Serve) -> None:
    seen: list[Command] = []

    def note(command: Command, _: Terminal) -> int:
        seen.append(command)
        return 0

    served = serve(note)
    served.run("x")

    assert seen == [Command(program="npx", arguments=("x",), folder=served.folder, input="", terminal=False)]


def test_psql_is_the_real_one_without_start_up_file_and_pager(serve: Serve) -> None:
    done = serve(echo).run("-c", "select 'a b'", program="psql")

    assert done.stdout == "-X -P pager=off -c select 'a b'\n"


def test_psql_keeps_options_of_the_learners(serve: Serve) -> None:
    served = serve(echo)
    printing = shlex.quote(str(served.programs / "psql"))
    (served.programs / "psql").write_text(
        (served.programs / "psql").read_text().replace("/bin/echo", "/usr/bin/env #")
    )

    done = subprocess.run(
        ["sh", "-c", f"PGOPTIONS='-c a=b' {printing}"], capture_output=True, text=True, check=True
    )

    assert "PGOPTIONS=-c client_connection_check_interval=500 -c a=b" in done.stdout.splitlines()


def test_the_hook_hands_on_what_git_pipes_into_it(serve: Serve) -> None:
    seen: list[str] = []

    def note(command: Command, terminal: Terminal) -> int:
        seen.append(command.input)
        terminal.write("heard")
        return 0

    served = serve(note)
    done = subprocess.run(
        ["sh", "-c", hook_text(served.folder, "post-receive")],
        input="a b refs/heads/main\n",
        capture_output=True,
        text=True,
        check=True,
    )

    assert (seen, done.stdout) == (["a b refs/heads/main\n"], "heard")


def test_an_answer_is_typed_at_the_terminal(serve: Serve) -> None:
    def ask(_: Command, terminal: Terminal) -> int:
        terminal.write(f"<{terminal.ask('Sure? [Y/n] ')!r} {terminal.ask('Really? ')!r}>")
        return 0

    served = serve(ask)
    ours, theirs = pty.openpty()
    with served.popen(stdin=theirs) as process:
        os.close(theirs)
        os.write(ours, b"y\n\x04")  # a line, then the end of the input
        out, _ = process.communicate(timeout=60)
    os.close(ours)

    assert out == "Sure? [Y/n] Really? <'y\\n' ''>"


def test_an_error_of_the_kit_is_told_in_full(serve: Serve) -> None:
    def refuse(_: Command, __: Terminal) -> int:
        raise BadInput("There is no such thing.", why="it is so", remedy="Try another.")

    done = serve(refuse).run()

    assert done.returncode == 1
    assert done.stdout == "npx: There is no such thing.\n  Why: it is so\n  What to do: Try another.\n"


def test_any_other_error_is_told_too(serve: Serve) -> None:
    def fail(_: Command, __: Terminal) -> int:
        raise LookupError("where is it")

    done = serve(fail).run()

    assert (done.returncode, done.stdout) == (1, "npx: the kit failed: LookupError: where is it\n")


def test_a_reader_who_has_seen_enough_gets_no_traceback(serve: Serve) -> None:
    def talk(_: Command, terminal: Terminal) -> int:
        for _time in range(5000):
            terminal.write("y\n" * 100)
        return 0

    served = serve(talk)
    script = f"{shlex.quote(str(served.programs / 'npx'))} | head -1"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert (done.stdout, done.stderr) == ("y\n", "")


def test_whoever_leaves_early_has_the_rest_cancelled(serve: Serve) -> None:
    begun, failed = threading.Event(), threading.Event()

    def work(_: Command, terminal: Terminal) -> int:
        begun.set()
        assert served.cancelled.wait(10)
        try:
            terminal.write("too late" * 10_000)
        except OSError:
            failed.set()
            raise
        return 0

    served = serve(work)
    with served.popen() as process:
        assert begun.wait(10)
        process.kill()

    assert served.cancelled.wait(10)
    assert failed.wait(10)


def test_nothing_is_cancelled_for_those_who_stay(serve: Serve) -> None:
    served = serve(echo)
    for _ in range(30):
        served.run()

    assert not wait_until(served.cancelled.is_set, seconds=0.1)


@pytest.mark.parametrize("words", [b"", b"\n", b"junk\n", b"{}\n", b"[1]\n", b'{"program": 1}'])
def test_whoever_does_not_speak_the_language_is_ignored(serve: Serve, words: bytes) -> None:
    served = serve(echo)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(served.folder / "control"))
        stranger.sendall(words)

    assert served.run().returncode == 7


def test_many_at_once(serve: Serve) -> None:
    together = threading.Barrier(4)

    def meet(command: Command, terminal: Terminal) -> int:
        together.wait(10)
        terminal.write(command.arguments[0])
        return 0

    served = serve(meet)
    running = [served.popen(str(number)) for number in range(4)]

    assert [process.communicate(timeout=60)[0] for process in running] == ["0", "1", "2", "3"]


def test_who_listens_last_gets_the_commands(serve: Serve) -> None:
    first = serve(lambda *_: 1)
    serve(lambda *_: 2)
    assert first.run().returncode == 2

    first.control.close()

    assert first.run().returncode == 2


def test_a_closed_world_says_so(serve: Serve) -> None:
    served = serve(echo)
    served.control.close()

    done = served.run("supabase")

    assert done.returncode == 1
    assert done.stderr.startswith("npx: the world of this shell is closed.\n  What to do: ")


def test_a_world_that_dies_in_the_middle_says_so(tmp_path: Path) -> None:
    programs = install_programs(tmp_path, sockets=tmp_path, psql=Path("/bin/echo"))
    code = f"""
import os, pathlib, time
from kit.process.messenger import Control
Control(pathlib.Path({str(tmp_path)!r}), lambda *_: os._exit(0), cancel=print)
print("ready", flush=True)
time.sleep(600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as world:
        assert world.stdout
        world.stdout.readline()
        done = subprocess.run([programs / "npm"], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == "npm: the world was closed before the command had ended.\n"


def test_a_shell_whose_folder_is_gone_is_told(serve: Serve, tmp_path: Path) -> None:
    served = serve(echo)
    (tmp_path / "gone").mkdir()
    script = f"cd {tmp_path}/gone && rmdir ../gone && {shlex.quote(str(served.programs / 'npx'))}"

    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "npx: the folder that this shell is in is gone." in done.stderr
    assert "Traceback" not in done.stderr


def test_nobody_else_may_connect(serve: Serve) -> None:
    served = serve(echo)

    assert stat.S_IMODE((served.folder / "control").stat().st_mode) == 0o600


def test_closing_leaves_no_thread(serve: Serve) -> None:
    before = set(threading.enumerate())
    served = serve(echo)
    served.run()
    served.control.close()

    assert wait_until(lambda: set(threading.enumerate()) <= before, seconds=60)
    assert repr(served.control) == "Control()"
