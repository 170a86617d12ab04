"""Serve a learner's shell: the commands of its `bin/` reach the world over a socket of its folder."""

from __future__ import annotations

import contextlib
import json
import shlex
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

from kit.errors import KitError

_CLIENT = Path(__file__).with_name("_client.py")
PROGRAMS = ("supabase", "npx", "npm")


class Terminal(Protocol):
    """Where a command writes, and whom it asks."""

    def write(self, text: str) -> None:
        """Print text, as it is."""
        ...

    def ask(self, question: str) -> str:
        """Print a question; return the line that was typed, "" at the end of the input."""
        ...


@dataclass(frozen=True, kw_only=True)
class Command:
    """What somebody typed: the program, its arguments, where, what was piped into it."""

    program: str
    arguments: tuple[str, ...]
    folder: Path
    input: str
    terminal: bool


Handler = Callable[[Command, Terminal], int]
"""Does a command and returns its exit code."""


class _Connection:
    """A terminal at the other end of a socket."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        self._send({"text": text})

    def ask(self, question: str) -> str:
        self._send({"text": question, "ask": True})
        line = self._stream.readline()
        return str(json.loads(line)["answer"]) if line else ""

    def end(self, code: int) -> None:
        self._send({"exit": code})

    def _send(self, message: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(message) + "\n")
        self._stream.flush()


class Control:
    """Answers the commands of one world's shells; takes the socket over from whoever had it.

    Args:
        folder: the world's folder.
        handler: does the commands, one thread for each.
    """

    def __init__(self, folder: Path, handler: Handler) -> None:
        """Listen from now on."""
        path = folder / "control"
        path.unlink(missing_ok=True)
        self._handler = handler
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o600)
        self._listener.listen(16)
        self._thread = threading.Thread(target=self._serve, name="kit-control", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        """Say the class."""
        return "Control()"

    def close(self) -> None:
        """Listen no longer."""
        # shutdown() wakes the thread in accept(); close() alone would not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], name="kit-command", daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rw", encoding="utf-8") as stream:
            line = stream.readline()
            if not line:
                return
            facts = json.loads(line)
            terminal = _Connection(stream)
            command = Command(
                program=facts["program"],
                arguments=tuple(facts["arguments"]),
                folder=Path(facts["folder"]),
                input=facts["input"],
                terminal=facts["terminal"],
            )
            try:
                code = self._handler(command, terminal)
                terminal.end(code)
            except BrokenPipeError:
                return  # whoever typed it has gone
            except KitError as error:
                terminal.write(f"{command.program}: {error}\n")
                terminal.end(1)


def install_programs(folder: Path, *, psql: Path) -> Path:
    """Write the `bin/` of a world: supabase, npx, npm, psql; return it.

    Args:
        folder: the world's folder.
        psql: the real psql.
    """
    target = folder / "bin"
    target.mkdir(exist_ok=True)
    for program in PROGRAMS:
        _script(target / program, hook_text(folder, program) + ' "$@"\n')
    # -X: no start-up file of the learner's; the pager would wait for a key.
    _script(target / "psql", f'exec {shlex.quote(str(psql))} -X -P pager=off "$@"\n')
    return target


def hook_text(folder: Path, program: str) -> str:
    """Return the line of shell that hands `program` to the world of `folder`."""
    words = [sys.executable, "-I", "-S", str(_CLIENT), str(folder / "control"), program]
    return "exec " + " ".join(shlex.quote(word) for word in words)


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}")
    path.chmod(0o755)
