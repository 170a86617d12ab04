"""The reaper: parent of every process that a world starts, and the one who ends them.

It runs as a process of its own (standard library only, so that it starts in a few
milliseconds) and lives as long as somebody holds a connection to its socket. The
kernel of the operating system closes a dead holder's connection whatever it died
of, SIGKILL included; when the last holder has gone the reaper says goodbye (saves),
stops the processes in reverse order, deletes the folders and ends.

Usage: python -I -S _reaper.py LISTENING_SOCKET_FD

One request a connection: a JSON object on one line, a JSON object back. The request
{"do": "hold"} is different: its connection stays open, and counts as a holder.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

GRACE_S = 1.5
"""How long a process may take to end after its signal, before it is killed with its group."""
FAREWELL_S = 2.5
"""How long saving may take. With GRACE_S for two layers of processes it stays below the promised 5 s."""


@dataclass
class Child:
    """One process: how to end it, and who waits for its end."""

    process: subprocess.Popen[bytes]
    port: int | None
    signal: int
    killed_at: float | None = None
    waiting: list[socket.socket] = field(default_factory=list)


class Reaper:
    """Serves requests until the last holder has gone."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.selector = selectors.DefaultSelector()
        self.children: dict[str, Child] = {}
        self.holders: set[socket.socket] = set()
        self.farewells: list[dict[str, Any]] = []
        self.finals: list[dict[str, Any]] = []
        self.folders: list[str] = []
        self.last: socket.socket | None = None
        self.ended = False

    def serve(self) -> None:
        """Answer requests; return when the last holder has gone or on SIGTERM."""
        wake, woken = socket.socketpair()
        for end in (wake, woken):
            end.setblocking(False)
        signal.set_wakeup_fd(woken.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "ended", True))
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        self.selector.register(wake, selectors.EVENT_READ, "wake")
        self.selector.register(self.listener, selectors.EVENT_READ, "accept")
        held = False
        while not self.ended and (self.holders or not held):
            for key, _ in self.selector.select(self._patience()):
                if key.data == "wake":
                    with contextlib.suppress(BlockingIOError):
                        wake.recv(4096)
                elif key.data == "accept":
                    connection, _ = self.listener.accept()
                    self.selector.register(connection, selectors.EVENT_READ, "request")
                else:
                    self._read(key.fileobj, key.data)  # type: ignore[arg-type]  # only sockets are registered
            held = held or bool(self.holders)
            self._collect()

    def _patience(self) -> float | None:
        deadlines = [child.killed_at for child in self.children.values() if child.killed_at is not None]
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
        if not data.endswith(b"\n"):
            self._forget(connection)
            return
        request = json.loads(data)
        self.selector.unregister(connection)
        try:
            reply = self._do(request, connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, the one who asked must hear it
            reply = {"error": f"{type(error).__name__}: {error}"}
        if reply is not None:
            self._answer(connection, reply, stay=request["do"] == "hold")

    def _answer(self, connection: socket.socket, reply: dict[str, Any], *, stay: bool = False) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(json.dumps(reply).encode() + b"\n")
        if stay:
            self.holders.add(connection)
            self.selector.register(connection, selectors.EVENT_READ, "holder")
        else:
            connection.close()

    def _forget(self, connection: socket.socket) -> None:
        self.selector.unregister(connection)
        connection.close()

    def _do(self, request: dict[str, Any], connection: socket.socket) -> dict[str, Any] | None:
        match request["do"]:
            case "hold":
                return {"pid": os.getpid()}
            case "spawn":
                return self._spawn(request)
            case "stop":
                child = self.children.get(request["name"])
                if child is None:
                    return {"exit": None}
                child.waiting.append(connection)
                self._signal(child)
                return None
            case "status":
                return {
                    name: {"pid": child.process.pid, "port": child.port, "exit": child.process.poll()}
                    for name, child in self.children.items()
                }
            case "farewell":
                self.farewells.append(request)
            case "finally":
                self.finals.append(request)
            case "own":
                self.folders.append(request["folder"])
            case other:
                return {"error": f"the reaper does not know how to {other!r}"}
        return {}

    def _spawn(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["name"]
        if name in self.children and self.children[name].process.poll() is None:
            return {"error": f"a process named {name!r} is running already"}
        argv, descriptors, port = request["argv"], [], None
        with contextlib.ExitStack() as stack:
            if request.get("listen") is not None:
                # The child inherits a socket that listens already: no port is ever
                # guessed, and the first visitor waits in the queue instead of failing.
                listening = stack.enter_context(socket.create_server(("127.0.0.1", request["listen"]), backlog=256))
                port = listening.getsockname()[1]
                descriptors.append(listening.fileno())
                argv = [word.replace("{fd}", str(listening.fileno())) for word in argv]
            log = stack.enter_context(open(request["log"] or os.devnull, "ab"))  # noqa: PTH123 - no pathlib here
            rights = {"user": request["user"], "group": request["group"], "extra_groups": []} if request.get("user") else {}
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=request["cwd"],
                env=request["env"],
                pass_fds=descriptors,
                start_new_session=True,
                **rights,
            )
        self.children[name] = Child(process, port, getattr(signal, request["signal"]))
        return {"pid": process.pid, "port": port}

    def _signal(self, child: Child) -> None:
        if child.killed_at is None and child.process.poll() is None:
            child.process.send_signal(child.signal)
            child.killed_at = time.monotonic() + GRACE_S

    def _collect(self) -> None:
        for name, child in list(self.children.items()):
            if child.process.poll() is None and child.killed_at and time.monotonic() >= child.killed_at:
                _kill_group(child)
                child.process.wait()
            if child.process.poll() is not None and child.waiting:
                _kill_group(child)
                for connection in child.waiting:
                    self._answer(connection, {"exit": child.process.returncode})
                del self.children[name]

    def end(self) -> None:
        """Save, stop, clean up, delete: each step whatever became of the one before."""
        for command in self.farewells:
            _run(command)
        children = list(reversed(self.children.values()))
        # Everything but the first process (the server) may end at the same time.
        for layer in (children[:-1], children[-1:]):
            for child in layer:
                self._signal(child)
            for child in layer:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.0, (child.killed_at or 0) - time.monotonic()))
                _kill_group(child)
                child.process.wait()
        for command in reversed(self.finals):
            _run(command)
        for folder in reversed(self.folders):
            shutil.rmtree(folder, ignore_errors=True)


def _run(command: dict[str, Any]) -> None:
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(  # noqa: PLW1510 - nobody is left who could be told of a failure
            command["argv"],
            env=command["env"],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            stderr=sys.stderr,
            timeout=FAREWELL_S,
        )


def _kill_group(child: Child) -> None:
    # A child leads its own session, so its group has its pid; whoever it left behind goes too.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, signal.SIGKILL)


def main() -> None:
    """Serve, then end everything."""
    reaper = Reaper(socket.socket(fileno=int(sys.argv[1])))
    try:
        reaper.serve()
    finally:
        reaper.end()


if __name__ == "__main__":
    main()
