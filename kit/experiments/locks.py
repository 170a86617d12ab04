"""Make `documents` of the cloud database large enough for its locks to be felt, and watch it."""

from __future__ import annotations

import contextlib
import shutil
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from kit.errors import BadInput, UnusableFolder
from kit.experiments.watched import READ, Watched
from kit.experiments.watching import watch
from kit.timeline.clock import WallClock
from kit.world.open import is_own
from kit.world.world import World

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
            idle: somebody has read a document in a transaction and left it open; see `watching`.

        Returns:
            Who held the table meanwhile, and who waited.

        Raises:
            ServerFailed: if the database does not answer, or refuses the reader or the writer.
            WorldTaken: if another notebook or terminal has taken the world over.
        """
        return watch(self.world.engine.server, lambda: self.world.dev.run(command), idle=idle)

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
    _check_space(world)
    with engine.step(), _told(), engine.server.connect("cloud") as connection:
        had = _look(connection)
        # The world's own housekeeping would take locks of its own; helpers would make the build shorter.
        connection.execute(_CALM)
        rows = _one(connection, _COUNT)
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


def _one(connection: psycopg.Connection, query: LiteralString) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


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


def _check_space(world: World) -> None:
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
