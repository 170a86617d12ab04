"""A large table under traffic while a migration runs."""

from __future__ import annotations

import contextlib
import shutil
import statistics
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from kit.errors import BadInput, ServerFailed, UnusableFolder
from kit.experiments.queue import (
    IDLE,
    MIGRATOR,
    READ,
    READER,
    WRITE,
    WRITER,
    LockRow,
    Queue,
    RoundTrip,
    Stretch,
    Watched,
)
from kit.postgres import Server, explain
from kit.process import wait_until
from kit.timeline.clock import Clock, WallClock
from kit.world.open import is_own
from kit.world.world import World

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
        self.answers: list[RoundTrip] = []
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
            self.answers.append(RoundTrip(who=self.who, asked=asked, answered=self._clock.now()))


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

    def answers(self) -> tuple[RoundTrip, ...]:
        """Return the answers so far, in the order of the questions."""
        every = (trip for caller in self._callers for trip in tuple(caller.answers))
        return tuple(sorted(every, key=lambda trip: trip.asked))

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

    def require_answers(self) -> None:
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
        ((self._table,),) = self._connection.execute(_TABLE).fetchall()
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

    def require_sight(self) -> None:
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
        except Exception as error:  # noqa: BLE001 - told by require_sight(), to whoever started the thread
            self._failure = error
        finally:
            self._traffic.end_open()  # nobody else would

    def _rows(self, names: Mapping[int, str]) -> list[LockRow]:
        return [
            LockRow(
                pid=pid,
                who=names.get(pid, MIGRATOR if role == "migrator" else "somebody else"),
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
        waits = frozenset(row.pid for row in rows if row.who == MIGRATOR and not row.granted)
        gave_up = not self._waited <= waits
        self._waited |= waits
        long_enough = (
            all(who in queue.waiting for who in (MIGRATOR, READER, WRITER))
            and queue.place(IDLE) is not None
            and self.stretches[-1].seconds >= BREAK_S
        )
        if gave_up or long_enough or self._clock.now() - self._began > _LONGEST_BREAK_S:
            self._traffic.end_open()


TIMES = 100
"""An index build takes at least as long as so many reads: whoever waits for it notices."""
_BUILD_S = 0.25  # and at least so long, to be seen by somebody who looks every hundredth of a second
_STEP, _MOST = 200_000, 3_200_000
_READS = 50
_BYTES = 1_000_000_000
"""Free space wanted: the largest table, its indexes, PostgreSQL's own log of it, and a second index."""

_CALM: LiteralString = "ALTER TABLE documents SET (autovacuum_enabled = off, parallel_workers = 0)"
_COUNT: LiteralString = "SELECT count(*) FROM documents WHERE id >= '00000000-0000-4000-9000-000000000000'"
_FILL: LiteralString = """
    INSERT INTO documents (id, user_id, title, file_name, file_type, uploaded_at, processing_status)
    SELECT ('00000000-0000-4000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, md5((n %% 1009)::text)::uuid,
           'Document ' || n, 'document-' || n || '.md', 'md',
           timestamptz '2024-11-20 08:00:00+00' + n * interval '1 second', 'completed'
    FROM generate_series(%s::integer + 1, %s::integer) AS n
    ON CONFLICT DO NOTHING
"""
_BUILD: tuple[LiteralString, ...] = (
    "ALTER TABLE documents ADD COLUMN kit_measures TIMESTAMPTZ",
    "CREATE INDEX kit_measures ON documents (user_id, kit_measures DESC NULLS LAST)",
)
_HAS: LiteralString = """
    SELECT 'CONSTRAINT', conname::text FROM pg_constraint WHERE conrelid = 'public.documents'::regclass
        AND contype <> 'n'
    UNION ALL
    SELECT 'INDEX', indexrelid::regclass::text FROM pg_index i WHERE indrelid = 'public.documents'::regclass
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
    UNION ALL
    SELECT 'COLUMN', attname::text FROM pg_attribute
    WHERE attrelid = 'public.documents'::regclass AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT 'VERSION', version FROM supabase_migrations.schema_migrations
"""
_FORGET: LiteralString = "DELETE FROM supabase_migrations.schema_migrations WHERE version = %s"


@dataclass(frozen=True)
class LargeTable:
    """The cloud's `documents`, grown; `enlarge` makes one.

    Attributes:
        world: whose cloud database it is in.
        times: how many ordinary reads fit into one index build, measured.
        had: its constraints, indexes and columns, and the history's versions, before anything was watched.
    """

    world: World
    times: float
    had: frozenset[tuple[str, str]]

    def __repr__(self) -> str:
        """Say how large it is, as a relation: numbers of rows and seconds differ from machine to machine."""
        large = self.times >= TIMES
        reads = f"more than {TIMES} reads" if large else "several reads"
        return f"documents in the cloud: building one index takes as long as {reads}"

    def watch(self, command: str, *, idle: bool = False) -> Watched:
        """Type a command in the dev clone while somebody reads documents and somebody writes them.

        Args:
            command: any shell syntax.
            idle: somebody has read from the table and left the transaction open. It ends when the reader
                and the writer have queued behind it for `BREAK_S` seconds, or when the migration that
                waited for it has given up.

        Returns:
            Who held the table meanwhile, and who waited.

        Raises:
            ServerFailed: if the database does not answer, or refuses the reader or the writer.
            WorldTaken: if another notebook or terminal has taken the world over.
        """
        server = self.world.engine.server
        clock = WallClock()  # what a lock does to people is measured in the machine's own time
        traffic = Traffic(server, clock)
        with contextlib.closing(traffic):
            traffic.start()
            if not wait_until(lambda: traffic.fewest() >= _FIRST_ANSWERS, seconds=_FIRST_S):
                traffic.require_answers()
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
                ran = self.world.dev.run(command)
            lookout.require_sight()
            traffic.require_answers()
        return Watched(ran=ran, began=began, stretches=tuple(lookout.stretches), answers=traffic.answers())

    def undo(self) -> LargeTable:
        """Take back what migrations have added to the table since it was enlarged, in the history too.

        Raises:
            BadInput: if they have removed something: that is gone.
        """
        with self.world.engine.step(), self.world.engine.server.connect("cloud") as connection:
            has = _look(connection)
            if gone := sorted(name for _, name in self.had - has):
                raise BadInput(
                    f"documents does not have {', '.join(gone)} any more, and cannot get it back.",
                    remedy="Start over: world.reset(5), then enlarge(world).",
                )
            with connection.transaction():
                for kind, name in sorted(has - self.had):
                    _remove(connection, kind, name)
        return self


def enlarge(world: World) -> LargeTable:
    """Fill the cloud's `documents` until an index build takes long on this machine; what is there is kept.

    Args:
        world: a scratch world, whose tables may be filled.

    Raises:
        UnusableFolder: if there is no room for it on the disk.
        ServerFailed: if the database does not answer.
        BadInput: if the world is the learner's own, or has no such table any more.
    """
    engine = world.engine
    if is_own(engine):
        raise BadInput(
            "This is your own world: a large table would be saved with it, again and again.",
            remedy="Open a lab for it: lab = open_world(phase=5, scratch=True).",
        )
    _require_space(world)
    with engine.step(), _told(), engine.server.connect("cloud") as connection:
        had = _look(connection)
        # The world's own housekeeping would take locks of its own; helpers would make the build shorter.
        connection.execute(_CALM)
        ((rows,),) = connection.execute(_COUNT).fetchall()
        times = 0.0
        while rows < _MOST:
            if rows:
                build, read = _time_build(connection), _time_read(connection)
                times = build / read
                if build >= _BUILD_S and times >= TIMES:
                    break
            connection.execute(_FILL, [rows, rows + _STEP])
            rows += _STEP
        connection.execute("ANALYZE documents")
    return LargeTable(world, times, had)


def _time_build(connection: psycopg.Connection) -> float:
    """Return the seconds that an index takes; it is not kept."""
    clock = WallClock()
    with connection.transaction(force_rollback=True):
        for statement in _BUILD:
            connection.execute(statement)
        return clock.now()


def _time_read(connection: psycopg.Connection) -> float:
    """Return the median of seconds of an ordinary read."""
    document = connection.execute("SELECT id FROM documents LIMIT 1").fetchone()
    took = []
    for _ in range(_READS):
        clock = WallClock()
        connection.execute(READ, document)
        took.append(clock.now())
    return statistics.median(took)


def _look(connection: psycopg.Connection) -> frozenset[tuple[str, str]]:
    return frozenset((kind, name) for kind, name in connection.execute(_HAS))


def _remove(connection: psycopg.Connection, kind: str, name: str) -> None:
    if kind == "VERSION":
        connection.execute(_FORGET, [name])
        return
    # With a constraint goes its index, with a column its indexes and constraints.
    drop = {
        "CONSTRAINT": "ALTER TABLE documents DROP CONSTRAINT IF EXISTS {}",
        "COLUMN": "ALTER TABLE documents DROP COLUMN IF EXISTS {}",
        "INDEX": "DROP INDEX IF EXISTS {}",
    }[kind]
    connection.execute(sql.SQL(drop).format(sql.Identifier(name)))


def _require_space(world: World) -> None:
    folder = world.engine.folder
    if shutil.disk_usage(folder).free < _BYTES:
        raise _full(f"less than {_BYTES // 1_000_000} MB are free", folder=str(folder))


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise _full(error.diag.message_primary or "the disk is full") from error
    except psycopg.errors.UndefinedTable as error:
        raise BadInput(
            "The cloud database has no documents any more.", remedy="Start over: world.reset(5)."
        ) from error


def _full(why: str, *, folder: str = "") -> UnusableFolder:
    return UnusableFolder(
        "There is no room for a large table.",
        why=why,
        looked=[folder] if folder else [],
        remedy="Free some space on the disk, or set TMPDIR to a folder on a larger one; "
        "then run the notebook's setup cell again.",
    )
