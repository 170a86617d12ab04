"""The reaper: parent of every process that a world starts, and the one who ends them.

It runs as a process of its own (standard library only, so that it starts in a few
milliseconds) and lives as long as somebody holds a connection to its socket. The
kernel of the operating system closes a dead holder's connection whatever it died
of, SIGKILL included; when the last holder has gone the reaper stops the processes,
deletes its folder and ends. Nothing is saved then: what lasts is on disk all the time.

A reaper that is killed itself is survived by its parent, the guard, who does nothing but
wait for that, and then ends what the reaper had started. On Linux the processes also die
with the reaper by PR_SET_PDEATHSIG, should both be killed in the same instant.

Usage: python -I -S _reaper.py HOLDERS_SOCKET_FD LOCK_FD FOLDER

It makes the folder itself: at no instant is there one that nobody would delete. The
first holder has the other end of the socket, and hears of success or failure on it. The
lock (-1 for none) is an open file: everything that is started inherits it, so that whoever
waits for that lock waits for the end of the last of these processes.

One request a connection: a JSON object on one line, a JSON object back. The request
{"do": "hold"} is different: its connection stays open, and counts as a holder.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

GRACE_S = 1.0
"""How long a process may take to end after its signal; with the one below, twice (apps, then the
server), everything has ended within the promised 5 s. What is ended sooner loses nothing."""
LAST_GRACE_S = 0.4
"""How long it may take after the harder signal, if it has one, before it is killed with its group."""
FINAL_S = 2.5
"""How long cleaning up elsewhere may take, each command; nothing of ours runs here any more."""


_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # prctl(2), on Linux only


class Forked:
    """A process that the seed has forked and this one has adopted; it is spoken to as one of Popen's is."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._wait(os.WNOHANG)

    def wait(self) -> int | None:
        """Wait for its end; return the exit code."""
        return self._wait(0)

    def _wait(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


@dataclass
class Child:
    """One process: how to end it, and who waits for its end."""

    process: subprocess.Popen[bytes] | Forked
    port: int | None
    signals: list[int]
    last: bool
    deadline: float | None = None
    buried: bool = False
    waiting: list[socket.socket] = field(default_factory=list)

    def signal(self) -> None:
        """Ask it to end, unless that was done already."""
        if self.deadline is None:
            self._next(GRACE_S)

    def kill(self) -> None:
        """End it at once, with its group."""
        self.signals.clear()
        self._next(0)

    def press(self) -> None:
        """Whenever its time is over use the next, harder signal; in the end SIGKILL."""
        if self.deadline is not None and time.monotonic() >= self.deadline and not self.ended():
            self._next(LAST_GRACE_S)

    def _next(self, patience: float) -> None:
        if self.signals:
            self.process.send_signal(self.signals.pop(0))
            self.deadline = time.monotonic() + patience
        else:
            _kill_group(self.process.pid)
            self.process.wait()

    def ended(self) -> bool:
        """Say whether it has ended; whoever it left behind in its group ends with it."""
        if self.process.poll() is None:
            return False
        if not self.buried:
            # At once, and once: later the number could be somebody else's.
            self.buried = True
            self.deadline = None
            _kill_group(self.process.pid)
        return True


@dataclass
class Unborn:
    """A program that the seed is to fork, and what it takes to start it should the seed end instead."""

    request: dict[str, Any]
    port: int | None
    log: IO[bytes]
    descriptors: list[int]
    opened: contextlib.ExitStack


class Reaper:
    """Serves requests until the last holder has gone.

    Args:
        folder: its own; it is there, and is deleted in the end.
        first: the first holder's connection.
        lock: the file that every process inherits, -1 for none.
    """

    def __init__(self, folder: str, first: socket.socket, lock: int) -> None:
        self.folder = folder
        self.first = first
        self.lock = lock
        self.selector = selectors.DefaultSelector()
        self.children: dict[str, Child] = {}
        self.holders: set[socket.socket] = set()
        self.finals: list[dict[str, Any]] = []
        self.written: list[tuple[int, bool]] = []
        self.bequest: dict[str, Any] | None = None
        self.disposable = False
        self.seed: tuple[subprocess.Popen[bytes], socket.socket] | None = None
        self.planted = False
        self.unborn: dict[str, Unborn] = {}
        self.deferred: list[tuple[bytes, socket.socket]] = []
        self.last: socket.socket | None = None
        self.ended = False

    def serve(self) -> None:
        """Answer requests; return when the last holder has gone or on SIGTERM."""
        wake, woken = socket.socketpair()
        for end in (wake, woken):
            end.settimeout(0)
        signal.set_wakeup_fd(woken.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "ended", True))
        for ignored in (signal.SIGINT, signal.SIGHUP):
            # Not SIG_IGN, which every child would inherit.
            signal.signal(ignored, lambda *_: None)
        listener = self._listen()
        self.selector.register(wake, selectors.EVENT_READ, "wake")
        self.selector.register(listener, selectors.EVENT_READ, "accept")
        self._write_plan()
        self._answer(self.first, {"pid": os.getpid()}, stay=True)
        while not self.ended and self.holders:
            self._serve_once()

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX)
        path = os.path.join(self.folder, "reaper.sock")  # noqa: PTH118 - no pathlib here
        listener.bind(path)
        os.chmod(path, 0o600)  # noqa: PTH101 - no pathlib here
        listener.listen(64)
        listener.settimeout(0)  # who is announced may be gone again: do not wait for the next one
        return listener

    def _serve_once(self) -> None:
        for key, _ in self.selector.select(self._patience()):
            if key.data == "wake":
                with contextlib.suppress(BlockingIOError):
                    key.fileobj.recv(4096)  # type: ignore[union-attr]  # only sockets are registered
            elif key.data == "accept":
                with contextlib.suppress(OSError):  # it may have gone again
                    connection, _ = key.fileobj.accept()  # type: ignore[union-attr]  # as above
                    self.selector.register(connection, selectors.EVENT_READ, "request")
            elif key.data == "seed":
                self._adopt(key.fileobj)  # type: ignore[arg-type]  # as above
            else:
                self._read(key.fileobj, key.data)  # type: ignore[arg-type]  # only sockets are registered
        self._collect()

    def _patience(self) -> float | None:
        deadlines = [child.deadline for child in self.children.values() if child.deadline is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _read(self, connection: socket.socket, role: str) -> None:
        if role == "holder":
            # A holder never writes again: readable means that it has gone. The last
            # one's connection stays open until the end, so that it can wait for that.
            self.holders.discard(connection)
            self.selector.unregister(connection)
            if self.holders:
                connection.close()
            else:
                self.last = connection
            return
        connection.settimeout(5)
        data = b""
        with contextlib.suppress(OSError):
            while not data.endswith(b"\n") and (more := connection.recv(65536)):
                data += more
        self.selector.unregister(connection)
        if not data.endswith(b"\n"):
            connection.close()
            return
        self._obey(data, connection)

    def _obey(self, data: bytes, connection: socket.socket) -> None:
        request: dict[str, Any] = {}
        try:
            request = json.loads(data)
            if self._is_early(request):
                self.deferred.append((data, connection))
                return
            reply = self._do(request, connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, the one who asked must hear it
            reply = {"error": f"{type(error).__name__}: {error}"}
        if reply is not None:
            self._answer(connection, reply, stay=request.get("do") == "hold" and "error" not in reply)

    def _answer(self, connection: socket.socket, reply: dict[str, Any], *, stay: bool = False) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(json.dumps(reply).encode() + b"\n")
        if stay:
            if self.last is not None:  # another came just in time: the last one need not wait
                self.last.close()
                self.last = None
            self.holders.add(connection)
            self.selector.register(connection, selectors.EVENT_READ, "holder")
        else:
            connection.close()

    def _do(self, request: dict[str, Any], connection: socket.socket) -> dict[str, Any] | None:
        match request["do"]:
            case "hold":
                return {"pid": os.getpid()}
            case "spawn":
                return self._spawn(request)
            case "stop" | "wait":
                return self._await_end(request, connection)
            case "status":
                return self._status(request["names"])
            case "bequeath":
                self.bequest = request
            case "dispose":
                self.disposable = True
            case "finally":
                self.finals.append(request)
                self._write_plan()
            case other:
                return {"error": f"the reaper does not know how to {other!r}"}
        return {}

    def _await_end(self, request: dict[str, Any], connection: socket.socket) -> dict[str, Any] | None:
        child = self.children.get(request["names"][0])
        if child is None:
            return {"exit": None}
        child.waiting.append(connection)
        if request["do"] == "stop" and not child.ended():
            if request["kill"]:
                child.kill()
            else:
                child.signal()
        return None  # the answer follows when it has ended

    def _is_early(self, request: dict[str, Any]) -> bool:
        """Say whether a request needs the process of a program that is being forked."""
        waits = request["do"] in ("stop", "wait") or (request["do"] == "status" and not request["now"])
        return waits and not self.unborn.keys().isdisjoint(request["names"] or self.unborn)

    def _status(self, names: list[str]) -> dict[str, dict[str, Any]]:
        """Return what there is to say of processes, of all if no names are given."""
        status = {
            name: {
                "pid": child.process.pid,
                "port": child.port,
                "exit": child.process.returncode if child.ended() else None,
            }
            for name, child in self.children.items()
        }
        status |= {
            name: {"pid": None, "port": unborn.port, "exit": None} for name, unborn in self.unborn.items()
        }
        return {name: facts for name, facts in status.items() if not names or name in names}

    def _spawn(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["name"]
        before = self._status([name]).get(name)
        if before is not None and before["exit"] is None:
            return {"error": f"a process named {name!r} is running already"}
        port, descriptors = None, []
        with contextlib.ExitStack() as opened:
            log = opened.enter_context(open(request["log"] or os.devnull, "ab"))  # noqa: PTH123 - no pathlib here
            if request.get("listen") is not None:
                # The child inherits a socket that listens already: no port is ever
                # guessed, and the first visitor waits in the queue instead of failing.
                listening = socket.create_server(("127.0.0.1", request["listen"]), backlog=256)
                opened.callback(listening.close)
                port = listening.getsockname()[1]
                descriptors.append(listening.fileno())
            if request["seed"] and self._is_there(request) and self._ask_seed(request, log, descriptors):
                self.unborn[name] = Unborn(request, port, log, descriptors, opened.pop_all())
                return {"pid": None, "port": port}  # whoever needs to know more waits for its birth
            return self._start(request, port, log, descriptors)

    def _ask_seed(self, request: dict[str, Any], log: IO[bytes], descriptors: list[int]) -> bool:
        """Have the seed fork a program when it has imported what it is to; say whether there is one."""
        self._plant(request["seed"])
        if self.seed is None:
            return False
        # Whom the process in between leaves behind is ours from now on.
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        message = json.dumps({**request, "parent": os.getpid()}).encode()
        with contextlib.suppress(OSError):  # it has just ended: this one starts by itself
            socket.send_fds(self.seed[1], [message], [log.fileno(), *descriptors])
            return True
        return False

    @staticmethod
    def _is_there(request: dict[str, Any]) -> bool:
        """Say whether a program's file is there; of one that is not, Python itself has something to say."""
        return os.path.isfile(os.path.join(request["cwd"], request["program"][0]))  # noqa: PTH113, PTH118 - no pathlib

    def _start(
        self, request: dict[str, Any], port: int | None, log: IO[bytes], descriptors: list[int]
    ) -> dict[str, Any]:
        rights: dict[str, Any] = {}
        if request["account"]:
            user, group = request["account"]
            rights = {"user": user, "group": group, "extra_groups": []}
        # A server is asked to end at once, which its data survives; it has children of its own.
        at_our_death = getattr(signal, request["signals"][-1]) if request["last"] else signal.SIGKILL
        process = subprocess.Popen(
            [word.replace("{fd}", str(*descriptors)) for word in request["argv"]],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=request["cwd"],
            env=request["env"],
            pass_fds=[*descriptors, *([self.lock] if self.lock >= 0 else [])],
            start_new_session=True,
            preexec_fn=_die_with_parent(at_our_death),  # noqa: PLW1509 - this process has one thread
            **rights,
        )
        return self._watch_over(process, request, port)

    def _watch_over(
        self, process: subprocess.Popen[bytes] | Forked, request: dict[str, Any], port: int | None
    ) -> dict[str, Any]:
        signals = [getattr(signal, signal_name) for signal_name in request["signals"]]
        self.children[request["name"]] = Child(process, port, signals, last=request["last"])
        self._write_plan()
        return {"pid": process.pid, "port": port}

    def _plant(self, argv: list[str]) -> None:
        """Start the seed, once; elsewhere than on Linux nobody can adopt what it forks, and there is none."""
        if self.planted or not sys.platform.startswith("linux"):
            return
        self.planted = True
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            process = subprocess.Popen(
                [word.replace("{fd}", str(its.fileno())) for word in argv],
                stdin=subprocess.DEVNULL,
                env={},
                cwd="/",
                pass_fds=[its.fileno(), *([self.lock] if self.lock >= 0 else [])],
                start_new_session=True,
                preexec_fn=_die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - this process has one thread
            )
        self.seed = process, ours
        self.selector.register(ours, selectors.EVENT_READ, "seed")

    def _adopt(self, control: socket.socket) -> None:
        """Take what the seed has forked as ours; if the seed has ended, start what it has not forked."""
        born = b""
        with contextlib.suppress(ConnectionResetError):
            born = control.recv(4096)
        if born:
            facts = json.loads(born)
            unborn = self.unborn.pop(facts["name"])
            unborn.opened.close()
            if facts["pid"]:
                self._watch_over(Forked(facts["pid"]), unborn.request, unborn.port)
        else:
            self._uproot()
            for name in list(self.unborn):
                unborn = self.unborn.pop(name)
                with unborn.opened:
                    try:
                        self._start(unborn.request, unborn.port, unborn.log, unborn.descriptors)
                    except OSError as error:  # nobody waits for an answer: it goes to the log
                        unborn.log.write(f"{error}\n".encode())
        if not self.unborn:
            _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 0)
        deferred, self.deferred = self.deferred, []
        for data, connection in deferred:
            self._obey(data, connection)

    def _uproot(self) -> None:
        """End the seed."""
        if self.seed:
            process, control = self.seed
            self.seed = None
            self.selector.unregister(control)
            control.close()
            process.kill()
            process.wait()

    def _collect(self) -> None:
        for name, child in list(self.children.items()):
            child.press()
            if child.ended() and child.waiting:
                for connection in child.waiting:
                    self._answer(connection, {"exit": child.process.returncode})
                del self.children[name]
        if self._groups() != self.written:
            # An ended one's number could be somebody else's when the guard reads it.
            with contextlib.suppress(OSError):  # somebody has deleted the folder
                self._write_plan()

    def _groups(self) -> list[tuple[int, bool]]:
        """Return what runs: the number of each group, and whether it is kept until the last."""
        return [(child.process.pid, child.last) for child in self.children.values() if not child.ended()]

    def _write_plan(self) -> None:
        """Write down for the guard what it has to end, and to run, should this process be killed."""
        self.written = groups = self._groups()
        plan = os.path.join(self.folder, "plan")  # noqa: PTH118 - no pathlib here
        with open(plan + ".new", "w") as file:  # noqa: PTH123 - as above
            json.dump({"groups": groups, "finals": self.finals}, file)
        os.replace(plan + ".new", plan)  # noqa: PTH105 - as above

    def end(self) -> None:
        """Stop, clean up, delete: each step whatever became of the one before."""
        with contextlib.ExitStack() as steps:  # the last one put on it is the first one done
            steps.callback(_delete, self.folder)
            steps.callback(self._bequeath)
            for command in self.finals:
                steps.callback(_run, command)
            steps.callback(self._stop, last=True)
            steps.callback(self._stop, last=False)
            steps.callback(self._uproot)

    def _bequeath(self) -> None:
        """Leave parts of the folder to whoever comes next, if every server has ended well."""
        servers = [child.process.returncode for child in self.children.values() if child.last]
        if self.bequest is None or not servers or any(servers):
            return
        # One rename at the end: what is found there is whole. It fails if something is there already.
        left = os.path.join(self.folder, "bequest")  # noqa: PTH118 - no pathlib here
        with contextlib.suppress(OSError):
            os.mkdir(left, 0o700)  # noqa: PTH102 - as above
            for name in self.bequest["names"]:
                os.rename(os.path.join(self.folder, name), os.path.join(left, name))  # noqa: PTH104, PTH118 - as above
            os.rename(left, self.bequest["to"])  # noqa: PTH104 - as above

    def _stop(self, *, last: bool) -> None:
        children = [child for child in self.children.values() if child.last == last]
        for child in children:
            if child.ended():
                continue
            if self.disposable and not last:
                child.kill()
            else:
                child.signal()
        while alive := [child for child in children if not child.ended()]:
            for child in alive:
                child.press()
            time.sleep(0.005)  # too short a time, and too few of them, to wait for signals


def _run(command: dict[str, Any]) -> None:
    # Nobody is left who could be told of a failure: it goes to the log.
    with contextlib.suppress(OSError):
        process = subprocess.Popen(
            command["argv"],
            env=command["env"],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            stderr=sys.stderr,
            start_new_session=True,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(FINAL_S)
        _kill_group(process.pid)
        process.wait()


def _die_with_parent(number: int) -> Callable[[], None] | None:
    """Return what a new process does first, so that the kernel sends it this signal when we die."""
    if not sys.platform.startswith("linux"):
        return None  # the guard alone ends it
    parent = os.getpid()

    def die_with_parent() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died before that
            os._exit(1)

    return die_with_parent


def _kill_group(pid: int) -> None:
    # A child leads its own session, so its group has its pid; whoever it left behind goes too.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _delete(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.isdir(folder):  # noqa: PTH112 - no pathlib here
        # Folders that were made read-only keep their content: open them, and try again.
        for place, names, _ in os.walk(folder):
            for name in names:
                with contextlib.suppress(OSError):
                    os.chmod(os.path.join(place, name), 0o700)  # noqa: PTH101, PTH118 - no pathlib here
        shutil.rmtree(folder, ignore_errors=True)


def _guard(folder: str) -> None:
    """End what a reaper that was killed has left: its processes, what it would have run, its folder."""
    plan: dict[str, Any] = {"groups": [], "finals": []}
    with contextlib.suppress(OSError), open(os.path.join(folder, "plan")) as file:  # noqa: PTH118, PTH123 - no pathlib
        plan = json.load(file)
    # They are not our children: nobody tells us of their end, so a server has its grace to the full.
    for pid, last in plan["groups"]:
        if last:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGQUIT)
        else:
            _kill_group(pid)
    deadline = time.monotonic() + GRACE_S
    for pid, _ in plan["groups"]:
        while _is_there(pid) and time.monotonic() < deadline:
            time.sleep(0.005)  # as in `Reaper._stop`
        _kill_group(pid)
    for command in plan["finals"]:
        _run(command)
    _delete(folder)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def main() -> None:
    """Leave the starter's family, serve under a guard, then end everything."""
    if os.fork():
        # Whoever ends "this kernel and all its children" must not find the reaper among
        # them, and its owner need not wait for its end.
        os._exit(0)
    first, lock, folder = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), sys.argv[3]
    try:
        os.mkdir(folder, 0o700)  # noqa: PTH102 - no pathlib here
    except OSError as error:
        first.sendall(json.dumps({"error": error.strerror}).encode() + b"\n")
        return
    if os.geteuid() == 0:
        # Others may pass through: PostgreSQL refuses to run as root, and then runs as somebody else.
        os.chmod(folder, 0o711)  # noqa: PTH101, S103 - no pathlib here; passing through is meant
    if reaper_pid := os.fork():
        _watch(reaper_pid, first, folder)
        return
    reaper = Reaper(folder, first, lock)
    try:
        _write_to(os.path.join(folder, "reaper.log"))  # noqa: PTH118 - no pathlib here
        reaper.serve()
    finally:
        reaper.end()


def _watch(reaper_pid: int, first: socket.socket, folder: str) -> None:
    """Wait for the end of the reaper; where it was killed, end what it leaves."""
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    first.close()
    _write_to(os.devnull)
    _, status = os.waitpid(reaper_pid, 0)
    if os.WIFSIGNALED(status):
        _guard(folder)


def _write_to(log: str) -> None:
    words = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(words, 1)
    os.dup2(words, 2)
    os.close(words)


if __name__ == "__main__":
    main()
