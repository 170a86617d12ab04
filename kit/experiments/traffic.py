"""People at a table: one who reads, one who writes, one who leaves a transaction open."""

from __future__ import annotations

import contextlib
import threading
from typing import LiteralString

import psycopg

from kit.errors import ServerFailed
from kit.experiments.queue import IDLE, READER, WRITER
from kit.experiments.watched import READ, WRITE, Answer
from kit.postgres import Server, explain
from kit.timeline.clock import Clock

_FIRST: LiteralString = "SELECT id::text FROM documents WHERE title IS NOT NULL ORDER BY id LIMIT 1"
_PAUSE_S = 0.005
_END_S = 10.0


class Caller:
    """One who asks the same again and again, on a connection and a thread of its own.

    Args:
        who: how to call it.
        statement: what it asks; has one placeholder.
        document: the id for that placeholder.
        server: whose cloud database it asks, as the app does.
        clock: for the instants of its answers.
    """

    def __init__(
        self, who: str, statement: LiteralString, document: str, *, server: Server, clock: Clock
    ) -> None:
        """Connect; ask nothing yet."""
        self.answers: list[Answer] = []
        self.failure: psycopg.Error | None = None
        self.who = who
        self._statement, self._document = statement, document
        self._clock = clock
        self._enough = threading.Event()
        self._connection = server.connect("cloud", role="app")
        self.pid = self._connection.info.backend_pid
        self._thread = threading.Thread(target=self._ask, name=f"kit-{who}", daemon=True)

    def __repr__(self) -> str:
        """Name it."""
        return f"Caller({self.who})"

    def start(self) -> None:
        """Ask from now on."""
        self._thread.start()

    def leave(self) -> None:
        """Ask no more after the next answer."""
        self._enough.set()

    def close(self) -> None:
        """Wait for the last answer, and disconnect."""
        self.leave()
        if self._thread.ident is not None:
            self._thread.join(_END_S)
        self._connection.close()

    def _ask(self) -> None:
        while not self._enough.wait(_PAUSE_S):
            asked = self._clock.now()
            try:
                self._connection.execute(self._statement, [self._document])
            except psycopg.Error as error:
                if not self._enough.is_set():
                    self.failure = error
                return
            self.answers.append(Answer(who=self.who, asked=asked, answered=self._clock.now()))


class Traffic:
    """A reader and a writer of `documents`, and on request somebody who leaves a transaction open.

    Args:
        server: whose cloud database they use.
        clock: for the instants of their answers.
    """

    def __init__(self, server: Server, clock: Clock) -> None:
        """Connect the reader and the writer.

        Raises:
            ServerFailed: if the database does not answer.
        """
        self._server = server
        self._open: psycopg.Connection | None = None
        with server.connect("cloud", role="app") as connection:
            row = connection.execute(_FIRST).fetchone()
        self._document = str(row[0]) if row else ""
        self._callers: list[Caller] = []
        try:
            for who, statement in ((READER, READ), (WRITER, WRITE)):
                self._callers.append(Caller(who, statement, self._document, server=server, clock=clock))
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        """Say the class."""
        return "Traffic()"

    def start(self) -> None:
        """Let them ask from now on."""
        for caller in self._callers:
            caller.start()

    def names(self) -> dict[int, str]:
        """Return what each session is called, by its pid."""
        names = {caller.pid: caller.who for caller in self._callers}
        return names | ({self._open.info.backend_pid: IDLE} if self._open else {})

    def answers(self) -> tuple[Answer, ...]:
        """Return the answers so far, in the order of the questions."""
        every = [one for caller in self._callers for one in tuple(caller.answers)]
        return tuple(sorted(every, key=lambda one: one.asked))

    def fewest(self) -> int:
        """Return how many answers the one with the fewest has."""
        return min(len(caller.answers) for caller in self._callers)

    def leave_open(self) -> None:
        """Begin a transaction, read one document in it, and do nothing more."""
        self._open = self._server.connect("cloud", role="app")
        self._open.autocommit = False
        self._open.execute(READ, [self._document])

    def end_open(self) -> None:
        """Let the open transaction end, if there is one."""
        connection, self._open = self._open, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error), contextlib.closing(connection):
                connection.rollback()

    def check(self) -> None:
        """Make sure that nobody was refused.

        Raises:
            ServerFailed: if somebody was, with what the database said.
        """
        failures = [caller.failure for caller in self._callers if caller.failure is not None]
        if failures:
            raise ServerFailed(
                "A reader or a writer of documents was refused by the database.",
                why=explain(failures[0]),
                remedy="Start over: world.reset(5), then enlarge(world).",
            )

    def close(self) -> None:
        """End everybody, whatever they wait for; leave no open transaction behind."""
        with contextlib.ExitStack() as steps:  # the last one put on it is the first one done
            for caller in self._callers:
                steps.callback(caller.close)
            steps.callback(self._end_statements)
            for caller in self._callers:
                steps.callback(caller.leave)
            steps.callback(self.end_open)

    def _end_statements(self) -> None:
        """End what the callers wait for; a lock that somebody else keeps would keep their threads."""
        with contextlib.suppress(ServerFailed, psycopg.Error), self._server.connect() as connection:
            for caller in self._callers:
                connection.execute("SELECT pg_terminate_backend(%s, %s)", [caller.pid, int(_END_S * 1000)])
