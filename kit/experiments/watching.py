"""Look at a table's locks again and again while a command runs."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import LiteralString

import psycopg

from kit.errors import ServerFailed
from kit.experiments.queue import IDLE, MIGRATION, READER, WRITER, LockRow, Queue
from kit.experiments.traffic import Traffic
from kit.experiments.watched import Stretch, Watched
from kit.postgres import Server, explain
from kit.process import wait_until
from kit.process.shell import Ran
from kit.timeline.clock import Clock, WallClock

_LOOK_S = 0.01
_FIRST_ANSWERS = 20  # of each, before the command: what is usual
_FIRST_S = 20.0
BREAK_S = 2.0
"""Seconds that everybody queues behind an open transaction before its owner comes back to it."""
_LONGEST_BREAK_S = 20.0  # comes back even if nobody queues

_ROWS: LiteralString = """
    SELECT a.pid, a.usename, l.mode, l.granted,
           CASE WHEN l.granted THEN '{}' ELSE pg_blocking_pids(a.pid) END, a.query,
           a.state LIKE 'idle in transaction%%'
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'relation' AND l.relation = %s
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_TABLE: LiteralString = "SELECT 'public.documents'::regclass::oid"


def watch(server: Server, command: Callable[[], Ran], *, idle: bool = False) -> Watched:
    """Run a command while a reader and a writer use `documents`, and look at the table's locks meanwhile.

    Args:
        server: whose cloud database they use.
        command: what to run.
        idle: somebody has read from the table and left the transaction open. It ends when the reader and
            the writer have queued behind it for `BREAK_S` seconds, or when the migration that waited
            for it has given up.

    Raises:
        ServerFailed: if the database does not answer, or refuses the reader or the writer.
    """
    clock = WallClock()  # what a lock does to people is measured in the machine's own time
    traffic = Traffic(server, clock)
    with contextlib.closing(traffic):
        traffic.start()
        if not wait_until(lambda: traffic.fewest() >= _FIRST_ANSWERS, seconds=_FIRST_S):
            traffic.check()
            raise ServerFailed(
                "documents does not answer its reader and its writer.",
                remedy="Run the notebook's setup cell again.",
            )
        if idle:
            traffic.leave_open()
        lookout = Lookout(server, traffic, clock)
        with contextlib.closing(lookout):
            lookout.start()
            began = clock.now()
            ran = command()
        lookout.check()
        traffic.check()
    return Watched(ran=ran, began=began, stretches=tuple(lookout.stretches), answers=traffic.answers())


class Lookout:
    """Looks at pg_locks on a thread and a connection of its own, and keeps each queue with how long it stood.

    Args:
        server: whose cloud database to look at.
        traffic: who is watched; whoever left a transaction open is sent back to it here.
        clock: for the instants.
    """

    def __init__(self, server: Server, traffic: Traffic, clock: Clock) -> None:
        """Connect."""
        self.stretches: list[Stretch] = []
        self._traffic, self._clock = traffic, clock
        self._began = clock.now()
        self._waited: frozenset[int] = frozenset()
        self._failure: Exception | None = None
        self._enough = threading.Event()
        self._connection = server.connect("cloud")
        row = self._connection.execute(_TABLE).fetchone()
        self._table = row[0] if row else 0
        self._thread = threading.Thread(target=self._look, name="kit-lookout", daemon=True)

    def __repr__(self) -> str:
        """Say how much was seen."""
        return f"Lookout({len(self.stretches)} queues)"

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._enough.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._connection.close()

    def check(self) -> None:
        """Make sure that it could see everything.

        Raises:
            ServerFailed: if it could not.
        """
        if isinstance(self._failure, psycopg.Error):
            raise ServerFailed(
                "The locks of documents could not be looked at.",
                why=explain(self._failure),
                remedy="Run the notebook's setup cell again.",
            ) from self._failure
        if self._failure is not None:
            raise self._failure

    def _look(self) -> None:
        try:
            while not self._enough.wait(_LOOK_S):
                rows = self._rows(self._traffic.names())
                if (queue := Queue.read(rows)) is not None:
                    self._note(queue)
                    self._end_break(queue, rows)
        except Exception as error:  # noqa: BLE001 - told by check(), to whoever started the thread
            self._failure = error
        finally:
            self._traffic.end_open()  # nobody else would

    def _rows(self, names: Mapping[int, str]) -> list[LockRow]:
        return [
            LockRow(
                pid=pid,
                who=names.get(pid, MIGRATION if role == "migrator" else "somebody else"),
                mode=mode,
                granted=granted,
                blockers=tuple(blockers),
                statement=statement,
                idle=idle,
                asked=pid in names,
            )
            for pid, role, mode, granted, blockers, statement, idle in self._connection.execute(
                _ROWS, [self._table]
            )
        ]

    def _note(self, queue: Queue) -> None:
        now = self._clock.now()
        if self.stretches and self.stretches[-1].queue == queue:
            before = self.stretches.pop()
            self.stretches.append(Stretch(queue=queue, begin=before.begin, end=now))
        else:
            self.stretches.append(Stretch(queue=queue, begin=now, end=now))

    def _end_break(self, queue: Queue, rows: Iterable[LockRow]) -> None:
        """End the open transaction once it has been in the way for long enough, or for nothing."""
        waits = frozenset(row.pid for row in rows if row.who == MIGRATION and not row.granted)
        gave_up = not self._waited <= waits
        self._waited |= waits
        long_enough = (
            all(who in queue.waiting for who in (MIGRATION, READER, WRITER))
            and queue.place(IDLE) is not None
            and self.stretches[-1].seconds >= BREAK_S
        )
        if gave_up or long_enough or self._clock.now() - self._began > _LONGEST_BREAK_S:
            self._traffic.end_open()
