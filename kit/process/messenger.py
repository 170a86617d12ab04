"""Serve a learner's shell: the commands of its `bin/` reach the world over a socket of its folder."""

from __future__ import annotations

import contextlib
import json
import selectors
import shlex
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

from kit.errors import KitError
from kit.names import ROOT

MESSENGER = Path(__file__).with_name("_messenger.py")
"""The program that `supabase`, `npx`, `npm` and the hook of the origin start in a learner's shell."""
PROGRAMS = ("supabase", "npx", "npm")
"""What the messenger stands for; psql is the real one."""
_NOTICE_MS = 500
"""How soon a server notices that its psql was interrupted: client_connection_check_interval, new in 14."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What somebody typed.

    Attributes:
        program: one of `PROGRAMS`, "post-receive" for the origin's hook, or a pipeline's "sleep".
        arguments: those after the program's name.
        folder: the working folder.
        input: what was piped into the hook, "" for the other programs.
        terminal: whether standard input is a terminal: somebody can be asked.
        shown: whether standard output is one.
        version: the shell's KIT_SUPABASE_VERSION.
    """

    program: str
    arguments: tuple[str, ...]
    folder: Path
    input: str
    terminal: bool
    shown: bool = False
    version: str = ""


class Terminal:
    """Where a command writes, and whom it asks: the messenger at the other end of a socket.

    Args:
        writing: to the messenger.
        answers: the lines that come from it, "" when no more will come.
    """

    def __init__(self, writing: TextIO, answers: SimpleQueue[str]) -> None:
        """Say nothing yet."""
        self._writing = writing
        self._answers = answers

    def __repr__(self) -> str:
        """Say the class."""
        return "Terminal()"

    def write(self, text: str) -> None:
        """Print text, as it is."""
        self.send({"text": text})

    def ask(self, question: str) -> str:
        """Print a question; return the line that was typed, "" at the end of the input."""
        return self._ask(text=question, ask="line")

    def read_line(self) -> str:
        """Return the line that a pipe has by now, "" if it has none."""
        return self._ask(ask="now")

    def read_all(self) -> str:
        """Return all that is piped in; what is not UTF-8 is escaped as `surrogateescape` does."""
        return self._ask(ask="all")

    def _ask(self, **message: str) -> str:
        self.send(message)
        line = self._answers.get()
        return str(json.loads(line)["answer"]) if line else ""

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message of the messenger's protocol."""
        self._writing.write(json.dumps(message) + "\n")
        self._writing.flush()


Handler = Callable[[Command, Terminal], int]
"""Does a command and returns its exit code."""


class Control:
    """Answers the commands of one world's shells; takes the socket over from whoever had it.

    Args:
        folder: for its socket; it needs a short path.
        handler: does the commands, one thread for each.
        cancel: called when whoever typed a command has gone before its end.
    """

    def __init__(self, folder: Path, handler: Handler, *, cancel: Callable[[], None]) -> None:
        """Listen from now on."""
        path = folder / "control"
        path.unlink(missing_ok=True)
        self._handler = handler
        self._cancel = cancel
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o600)
        self._listener.listen(16)
        # A thread in accept() cannot be woken on every system; one that selects can.
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="kit-control", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        """Say the class."""
        return "Control()"

    def close(self) -> None:
        """Listen no longer; commands that are under way go on."""
        self._stop.close()
        self._thread.join()
        self._stopped.close()
        self._listener.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(self._listener, selectors.EVENT_READ)
            ready.register(self._stopped, selectors.EVENT_READ)
            while all(key.fileobj is self._listener for key, _ in ready.select()):
                connection, _ = self._listener.accept()
                threading.Thread(
                    target=self._answer, args=[connection], name="kit-command", daemon=True
                ).start()

    def _answer(self, connection: socket.socket) -> None:
        # Whoever typed the command may go at any time: what cannot be said then, is not.
        with connection, contextlib.suppress(OSError), contextlib.ExitStack() as last:
            reading = last.enter_context(connection.makefile("r", encoding="utf-8"))
            writing = last.enter_context(connection.makefile("w", encoding="utf-8"))
            try:
                facts = json.loads(reading.readline())
                facts |= {"arguments": tuple(facts["arguments"]), "folder": Path(facts["folder"])}
                command = Command(**facts)
            except (ValueError, KeyError, TypeError):
                return  # not our messenger
            answers: SimpleQueue[str] = SimpleQueue()
            over = threading.Event()

            def listen() -> None:
                with contextlib.suppress(OSError):
                    for line in reading:
                        answers.put(line)
                answers.put("")
                if not over.is_set():  # the messenger has gone (Ctrl+C)
                    self._cancel()

            listening = threading.Thread(target=listen, name="kit-answers", daemon=True)
            listening.start()
            last.callback(listening.join)
            last.callback(connection.shutdown, socket.SHUT_RD)  # ends `listen`
            last.callback(over.set)
            terminal = Terminal(writing, answers)
            code = self._do(command, terminal)
            over.set()  # before it can be read: the messenger goes when it knows the code
            terminal.send({"exit": code})

    def _do(self, command: Command, terminal: Terminal) -> int:
        try:
            return self._handler(command, terminal)
        except KitError as error:
            terminal.write(f"{command.program}: {error}\n")
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the one who typed must hear it
            terminal.write(f"{command.program}: the kit failed: {type(error).__name__}: {error}\n")
        return 1


def install_programs(folder: Path, *, sockets: Path, psql: Path) -> Path:
    """Write the `bin/` of a world: supabase, npx, npm, psql, kit; return it.

    Args:
        folder: the world's folder.
        sockets: where its `Control` listens.
        psql: the real psql.
    """
    target = folder / "bin"
    target.mkdir(exist_ok=True)
    for program in PROGRAMS:
        _script(target / program, hook_text(sockets, program) + ' "$@"\n')
    # -X: no start-up file of the learner's; the pager would wait for a key. Interrupted, psql
    # leaves its statement to the server, which would go on with it, and with its locks.
    notice = f'PGOPTIONS="-c client_connection_check_interval={_NOTICE_MS} $PGOPTIONS"'
    _script(target / "psql", f'{notice} exec {shlex.quote(str(psql))} -X -P pager=off "$@"\n')
    # What an activated environment has as `kit`; -P: the clone's own folders hide no module of ours.
    top = shlex.quote(str(ROOT))
    _script(target / "kit", f'PYTHONPATH={top} exec {shlex.quote(sys.executable)} -P -m kit "$@"\n')
    return target


def install_sleep(folder: Path, *, sockets: Path) -> Path:
    """Write a `bin/` whose `sleep` lets the world's time pass, for a program that waits; return it.

    Args:
        folder: in which to make it.
        sockets: where the world's `Control` listens.
    """
    target = folder / "bin"
    target.mkdir(exist_ok=True)
    _script(target / "sleep", hook_text(sockets, "sleep") + ' "$@"\n')
    return target


def hook_text(sockets: Path, program: str) -> str:
    """Return the line of shell that hands `program` to the world whose `Control` listens there."""
    words = [sys.executable, "-I", "-S", str(MESSENGER), str(sockets / "control"), program]
    return "exec " + " ".join(shlex.quote(word) for word in words)


def _script(path: Path, line: str) -> None:
    text = f"#!/bin/sh\n{line}"
    if path.exists() and path.read_text() == text:
        return  # somebody may be running it
    path.write_text(text)
    path.chmod(0o755)
