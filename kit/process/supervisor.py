"""Run what must outlive a call but never its owner: a folder with a reaper.

The reaper (`kit/process/_reaper.py`) is the parent of every long-running process. It ends
them, and deletes the folder, when the last holder has gone, by whatever cause.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from kit.errors import ProcessFailed, UnusableFolder

SOCKET_PATH_LIMIT = 100
"""Bytes: Linux allows 108 for a socket's path, macOS 104."""
FREE_SPACE_NEEDED = 300 * 2**20
"""Bytes: a world takes about 120 MB; the rest is for what a learner does in it."""
PREFIX = "kit-"
_SOCKET = "reaper.sock"


def temporary_folder() -> Path:
    """Return the machine's folder for temporary files; whether it can be used, a reaper finds out."""
    # Python would pass over an unusable TMPDIR in silence, in the end for the working folder.
    return Path(os.environ.get("TMPDIR") or tempfile.gettempdir()).resolve()


def choose_folder() -> Path:
    """Choose the path of a new folder for one world; its reaper makes it.

    Raises:
        UnusableFolder: if the machine's folder for temporary files is not there or nearly full, or the
            path is too long for a socket.
    """
    parent = temporary_folder()
    folder = parent / f"{PREFIX}{secrets.token_hex(4)}"
    try:
        free = shutil.disk_usage(parent).free
    except OSError as error:
        raise unusable("No temporary folder can be made.", why=str(error.strerror)) from error
    if free < FREE_SPACE_NEEDED:
        raise unusable(
            "The disk is nearly full.",
            why=f"{free // 2**20} MB are free, a world needs {FREE_SPACE_NEEDED // 2**20} MB",
        )
    socket_path = folder / _SOCKET
    if len(os.fsencode(socket_path)) > SOCKET_PATH_LIMIT:
        raise unusable(
            "The path of the temporary folder is too long for a socket.",
            why=f"{socket_path} has more than {SOCKET_PATH_LIMIT} bytes",
        )
    return folder


def unusable(message: str, *, why: str) -> UnusableFolder:
    """Return the error that says why no folder can be had, and what to do."""
    return UnusableFolder(
        message,
        why=why,
        looked=[str(temporary_folder())],
        remedy="Set TMPDIR to a folder that you may write, with a short path and 300 MB free.",
    )


_PYTHON = (sys.executable, "-s")
"""How a program in Python is started: without the user's own packages."""
_REAPER, _SEED = (Path(__file__).with_name(name) for name in ("_reaper.py", "_seed.py"))
PEERS = Path(__file__).with_name("_peers.py")
"""For a program of its own that is to answer its user only."""
_LOOK_S = 0.004

_holders: weakref.WeakSet[Supervisor] = weakref.WeakSet()


@dataclass(frozen=True, kw_only=True)
class Running:
    """A process that the reaper watches; `exit` is None while it runs."""

    name: str
    pid: int
    port: int | None
    exit: int | None = None


def wait_until(condition: Callable[[], bool], *, seconds: float, every: float = _LOOK_S) -> bool:
    """Look at `condition` again and again until it holds.

    For what has no handle to wait on, such as a file that another program writes.

    Args:
        condition: what is waited for.
        seconds: how long at most.
        every: how many seconds to leave between two looks.

    Returns:
        Whether it held within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


class Supervisor:
    """A hold on the reaper of one folder; close it, or die, and the hold is gone.

    Attributes:
        folder: the folder that the reaper deletes in the end.
    """

    def __init__(self, folder: Path, hold: socket.socket) -> None:
        """Keep a hold that `start` or `attach` has made."""
        self.folder = folder
        self._hold = hold
        _holders.add(self)

    def __repr__(self) -> str:
        """Say that it is open or closed; the folder differs from run to run."""
        return f"Supervisor({'closed' if self._hold.fileno() == -1 else 'open'})"

    @classmethod
    def start(cls, *, lock: int = -1) -> Self:
        """Start a reaper with a new folder, which it makes and will delete, and hold it.

        Args:
            lock: an open file that everything started here inherits: locked, it stays so until the
                last of these processes has ended. -1: none.

        Raises:
            UnusableFolder: if no folder can be made.
            ProcessFailed: if the reaper does not start; there is no folder then.
        """
        folder = choose_folder()
        hold, held = socket.socketpair()
        with contextlib.ExitStack() as undo:
            # Were this process to die from here on, the reaper would find its hold closed, and end.
            supervisor = cls(folder, hold)
            undo.callback(hold.close)
            with held:
                started = subprocess.run(
                    [sys.executable, "-I", "-S", _REAPER, str(held.fileno()), str(lock), folder],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,  # until it has a folder to write a log in
                    cwd="/",
                    pass_fds=[held.fileno(), *([lock] if lock >= 0 else [])],
                    start_new_session=True,
                    check=False,
                )
            if started.returncode:
                raise ProcessFailed(
                    "The process that looks after this world could not be started.",
                    why=started.stderr.decode(errors="replace").strip().rpartition("\n")[2],
                    looked=[sys.executable],
                    remedy="Run `python -m kit doctor`.",
                )
            reply = _receive(hold)
            if "error" in reply:
                raise unusable("No temporary folder can be made.", why=reply["error"])
            undo.pop_all()
        return supervisor

    @classmethod
    def attach(cls, folder: Path) -> Self | None:
        """Hold a reaper that runs already; None if there is none for `folder`, or it has just ended.

        One that is ending does not answer any more: its end is waited for.
        """
        with contextlib.ExitStack() as undo:
            try:
                supervisor = cls(folder, _connect(folder / _SOCKET))
                undo.callback(supervisor._hold.close)
                supervisor._hold.sendall(b'{"do": "hold"}\n')
                _receive(supervisor._hold)
            except (OSError, ProcessFailed):
                return None
            undo.pop_all()
        return supervisor

    def spawn(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path | None = None,
        listen: int | None = None,
        account: tuple[int, int] | None = None,
        stop: Literal["SIGTERM", "SIGINT"] = "SIGTERM",
        then: Literal["SIGQUIT"] | None = None,
        last: bool = False,
    ) -> Running:
        """Start a process under the reaper.

        Args:
            name: what `stop` and `processes` call it; unique among those that run.
            argv: the command; "{fd}" stands for the number of the inherited socket.
            env: its whole environment.
            cwd: its working folder.
            log: a file to which its output is appended.
            listen: give it a socket that listens on this port of 127.0.0.1 (0: any free one).
            account: user id and group id to run it as.
            stop: the signal that asks it to end.
            then: a harder one for when it takes too long, before it is killed.
            last: keep it, in the end, until every other process has ended.

        Returns:
            The process, with its pid and port.

        Raises:
            ProcessFailed: if it cannot be started.
        """
        reply = self._ask(
            {
                "do": "spawn",
                "name": name,
                "argv": [str(word) for word in argv],
                "env": dict(env),
                "cwd": str(cwd),
                "log": str(log) if log else None,
                "listen": listen,
                "account": account,
                "signals": [stop, then] if then else [stop],
                "last": last,
                "seed": None,
            }
        )
        return Running(name=name, pid=reply["pid"], port=reply["port"])

    def fork(
        self,
        name: str,
        program: Sequence[str | Path],
        *,
        imports: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        log: Path,
        listen: int | None = None,
    ) -> int | None:
        """Start a Python program, forked from a Python that has imported what it imports; wait for neither.

        What is imported is chosen by the first program that is forked. Where none can be forked, each is
        started like any other process.

        Args:
            name: as for `spawn`.
            program: its file, and its arguments; "{fd}" stands for the number of the inherited socket.
            imports: names of modules.
            env: its whole environment.
            cwd: its working folder.
            log: a file to which its output is appended.
            listen: as for `spawn`.

        Returns:
            The port that it listens on, None for none.

        Raises:
            ProcessFailed: if it cannot be started, as far as that is known at once.
        """
        words = [str(word) for word in program]
        reply = self._ask(
            {
                "do": "spawn",
                "name": name,
                "argv": [*_PYTHON, "-B", *words],  # it leaves no compiled files
                "env": dict(env),
                "cwd": str(cwd),
                "log": str(log),
                "listen": listen,
                "account": None,
                "signals": ["SIGTERM"],
                "last": False,
                "program": words,
                "seed": [*_PYTHON, str(_SEED), "{fd}", *imports],
            }
        )
        port: int | None = reply["port"]
        return port

    def stop(self, name: str, *, kill: bool = False) -> int | None:
        """End a process and wait for its end; return its exit code, None if there was none.

        Args:
            name: as it was started.
            kill: without asking it to end.
        """
        exit_code: int | None = self._ask({"do": "stop", "names": [name], "kill": kill})["exit"]
        return exit_code

    def wait(self, name: str) -> int | None:
        """Wait, however long, for a process to end by itself; return its exit code, None without one."""
        exit_code: int | None = self._ask({"do": "wait", "names": [name]})["exit"]
        return exit_code

    def processes(self, *names: str) -> dict[str, Running]:
        """Return every process started so far and not stopped, by name; wait for what is being forked.

        Args:
            names: those that are asked for, if not all.
        """
        reply = self._ask({"do": "status", "names": names, "now": False})
        return {name: Running(name=name, **facts) for name, facts in reply.items()}

    def is_running(self, name: str) -> bool:
        """Say whether a process of that name runs, or is being forked."""
        return self._find(name) is not None

    def port(self, name: str) -> int | None:
        """Return the port of the process of that name, None if it listens on none, or does not run."""
        found = self._find(name)
        return found["port"] if found is not None else None

    def _find(self, name: str) -> dict[str, Any] | None:
        """Return the facts of a process that runs or is being forked, None if there is none; do not wait."""
        found: dict[str, Any] | None = self._ask({"do": "status", "names": [name], "now": True}).get(name)
        return found if found is not None and found["exit"] is None else None

    def after_end(self, argv: Sequence[str | Path], *, env: Mapping[str, str]) -> None:
        """Have a command run in the end, after the processes were stopped."""
        self._ask({"do": "finally", "argv": [str(word) for word in argv], "env": dict(env)})

    def bequeath(self, *names: str, to: Path) -> None:
        """Have parts of the folder moved away in the end, before the rest is deleted.

        That is done if every process that was kept until the last has ended with success, if nothing is at
        the new place, and if it is on the same file system; else they are deleted, too.

        Args:
            names: what to move.
            to: the folder that is made for them.
        """
        self._ask({"do": "bequeath", "names": names, "to": str(to)})

    def dispose(self) -> None:
        """Have nothing asked to end in the end: what is not kept until the last is killed.

        For what nobody goes on with: an app that is asked to end takes a tenth of a second to notice.
        """
        self._ask({"do": "dispose"})

    def close(self, *, wait: bool = True) -> None:
        """Let go; where this was the last hold and `wait` is true, return when everything has ended."""
        if self._hold.fileno() == -1:
            return
        with contextlib.suppress(OSError):
            # The reaper closes its end at once if others hold, else by ending.
            self._hold.shutdown(socket.SHUT_WR)
            while wait and self._hold.recv(4096):
                pass
        self._hold.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            with _connect(self.folder / _SOCKET) as connection:
                connection.sendall(json.dumps(request).encode() + b"\n")
                reply = _receive(connection)
        except OSError as error:
            raise ProcessFailed(
                "The process that looks after this world is gone.",
                why=str(error),
                remedy="Open the world again: run the notebook's setup cell.",
            ) from error
        if "error" in reply:
            raise ProcessFailed(
                f"A process of the kit could not be started: {request.get('name', request['do'])}.",
                why=reply["error"],
                remedy="Run `python -m kit doctor`.",
            )
        return reply


def is_served(path: Path) -> bool:
    """Say whether somebody listens at a socket; whoever was killed has left its file behind."""
    try:
        _connect(path).close()
    except OSError:
        return False
    return True


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def _receive(connection: socket.socket) -> dict[str, Any]:
    data = b""
    while not data.endswith(b"\n"):
        more = connection.recv(65536)
        if not more:
            raise ProcessFailed(
                "The process that looks after this world ended.",
                remedy="Open the world again: run the notebook's setup cell.",
            )
        data += more
    reply: dict[str, Any] = json.loads(data)
    return reply


def _let_go_in_child() -> None:
    # A forked child has a copy of every hold; left open, it would keep the world alive.
    for holder in list(_holders):
        holder._hold.close()  # noqa: SLF001 - the same module


os.register_at_fork(after_in_child=_let_go_in_child)
