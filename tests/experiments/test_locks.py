from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
import pytest

from kit import World, open_world
from kit.errors import BadInput, ServerFailed, UnusableFolder
from kit.experiments import locks as module
from kit.experiments.locks import BREAK_S, LargeTable, enlarge
from kit.experiments.queue import IDLE, MIGRATOR, READER, WRITER, Watched
from kit.names import KIT_WORLD
from kit.process import wait_until

PUSH = "npx supabase db push"
COLUMN = "supabase/migrations/20250126153000_add_document_last_viewed.sql"
INDEX = "supabase/migrations/20250126153100_index_document_last_viewed.sql"
ADD = "ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ;"
BUILD = "idx_documents_last_viewed ON documents(user_id, last_viewed DESC NULLS LAST);"


@pytest.fixture(scope="module")
def grown() -> Iterator[LargeTable]:
    with open_world(phase=5, scratch=True) as world:
        yield enlarge(world)


@pytest.fixture
def large(grown: LargeTable) -> LargeTable:
    """The large table, the migration files as committed, and nothing of them in the cloud."""
    grown.world.dev.run("git checkout -q . && git clean -fdq supabase")
    return grown.undo()


def ask(world: World, query: str) -> Any:  # noqa: ANN401 - whatever the query returns
    with world.engine.server.connect("cloud") as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


def lock_of(seen: Watched) -> str:
    place = seen.queue.place(MIGRATOR)
    assert place is not None
    return place.lock


def nobody_is_left(world: World) -> bool:
    """Nobody reads, writes, keeps a transaction open or migrates."""
    sessions = """
        SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'
        OR query LIKE 'SELECT title FROM documents%' OR query LIKE 'UPDATE documents SET title%'
        OR usename = 'migrator' AND state = 'active'
    """
    threads = [one.name for one in threading.enumerate()]
    ours = {f"kit-{name}" for name in (READER, WRITER, "lookout")}
    return ask(world, sessions) == 0 and not ours & set(threads)


def test_an_index_takes_as_long_as_many_reads(grown: LargeTable) -> None:
    assert grown.times >= module.TIMES
    assert repr(grown) == "documents in the cloud: building one index takes as long as more than 100 reads"


def test_enlarged_again_it_stays_as_it_is(large: LargeTable) -> None:
    count = "SELECT count(*) FROM documents"
    before = ask(large.world, count)

    again = enlarge(large.world)

    assert again.had == large.had
    assert ask(large.world, count) <= before + module._STEP  # a busy machine may want a little more


def test_the_workflows_file_keeps_even_reads_waiting_for_the_index(large: LargeTable) -> None:
    seen = large.watch(PUSH)

    assert lock_of(seen) == "ACCESS EXCLUSIVE"
    assert seen.queue.place(MIGRATOR) == seen.queue.sessions[0]
    assert seen.queue.sessions[0].statement.startswith("CREATE INDEX idx_documents_last_viewed")
    for who in (READER, WRITER):
        assert seen.waits(who)
        assert seen.answered(who) == 0
        assert seen.slowest(who) > seen.longest.seconds > 5 * seen.usual(who)
    assert seen.ran.exit == 0
    assert nobody_is_left(large.world)


def test_in_two_files_only_writes_wait(large: LargeTable) -> None:
    large.world.dev.write(COLUMN, ADD)
    large.world.dev.write(INDEX, f"CREATE INDEX {BUILD}")

    seen = large.watch(PUSH)

    assert lock_of(seen) == "SHARE"
    assert (seen.waits(READER), seen.waits(WRITER)) == (False, True)
    assert seen.answered(READER) > 0
    assert seen.answered(WRITER) == 0


def test_concurrently_nobody_waits(large: LargeTable) -> None:
    large.world.dev.write(COLUMN, ADD)
    large.world.dev.write(INDEX, f"CREATE INDEX CONCURRENTLY {BUILD}")

    seen = large.watch(PUSH)

    assert lock_of(seen) == "SHARE UPDATE EXCLUSIVE"
    assert seen.queue.waiting == ()
    assert seen.answered(READER) > 0
    assert seen.answered(WRITER) > 0
    assert ask(large.world, "SELECT indisvalid FROM pg_index WHERE indexrelid::regclass::text LIKE '%viewed'")


def test_an_idle_transaction_makes_everybody_queue_behind_the_migration(large: LargeTable) -> None:
    large.world.dev.write(COLUMN, ADD)

    seen = large.watch(PUSH, idle=True)

    assert [(one.who, one.behind) for one in seen.queue.sessions] == [
        (IDLE, ()),
        (MIGRATOR, (IDLE,)),
        (READER, (MIGRATOR,)),
        (WRITER, (MIGRATOR,)),
    ]
    assert seen.queue.sessions[0].statement == "nothing, since SELECT title FROM documents WHERE id = $1"
    assert seen.longest.seconds >= BREAK_S
    assert seen.ran.exit == 0
    assert nobody_is_left(large.world)


def test_with_a_lock_timeout_the_migration_gives_up_and_comes_back(large: LargeTable) -> None:
    large.world.dev.write(COLUMN, f"SET lock_timeout = '500ms'; {ADD}")

    seen = large.watch(f"{PUSH} || {PUSH}", idle=True)

    assert seen.ran.output.count("(SQLSTATE 55P03)") == 1
    assert seen.ran.exit == 0
    assert seen.longest.seconds < BREAK_S
    assert ask(large.world, "SELECT count(*) FROM pg_attribute WHERE attname = 'last_viewed'") > 0


def test_without_a_migration_nobody_is_at_the_table(large: LargeTable) -> None:
    seen = large.watch("true")

    assert seen.queue.sessions == ()
    assert repr(seen) == "$ true\n\nnobody is at the table\n\nreads go on, writes go on"


def test_undo_takes_back_columns_indexes_constraints_and_history(large: LargeTable) -> None:
    more = (
        "ALTER TABLE documents ADD CHECK (length(title) < 1000) NOT VALID; CREATE INDEX ON documents (title);"
    )
    large.world.dev.write("supabase/migrations/20250126190000_more.sql", more)
    assert large.world.dev.run(PUSH).exit == 0
    before = ask(large.world, "SELECT count(*) FROM documents")

    large.undo()

    with large.world.engine.server.connect("cloud") as connection:
        assert module._look(connection) == large.had
    assert ask(large.world, "SELECT count(*) FROM documents") == before
    assert "20250126190000_more.sql" in large.world.dev.run(f"{PUSH} --dry-run").output


def test_what_was_removed_cannot_be_taken_back(grown: LargeTable) -> None:
    with grown.world.engine.server.connect("cloud", role="migrator") as connection:
        connection.execute("ALTER TABLE documents RENAME file_name TO name")
        with pytest.raises(BadInput, match="does not have file_name any more"):
            grown.undo()
        connection.execute("ALTER TABLE documents RENAME name TO file_name")


def test_interrupted_it_leaves_nobody_behind(large: LargeTable) -> None:
    queued = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted"

    def interrupt() -> None:
        wait_until(lambda: bool(ask(large.world, queued)), seconds=60)
        os.kill(os.getpid(), signal.SIGINT)

    stop = threading.Thread(target=interrupt)
    stop.start()
    with pytest.raises(KeyboardInterrupt):
        large.watch(PUSH, idle=True)
    stop.join()

    assert wait_until(lambda: nobody_is_left(large.world), seconds=60)
    large.undo()
    assert large.watch("true").ran.exit == 0


def test_interrupted_while_it_grows_it_can_grow_on() -> None:
    fills = """
        SELECT count(*) FROM pg_stat_activity WHERE state = 'active'
        AND query LIKE '%INSERT INTO documents%' AND pid <> pg_backend_pid()
    """
    with open_world(phase=5, scratch=True, clock="wall") as world:

        def interrupt() -> None:
            wait_until(lambda: ask(world, fills) > 0, seconds=60, every=0.005)
            os.kill(os.getpid(), signal.SIGINT)

        stop = threading.Thread(target=interrupt)
        stop.start()
        with pytest.raises(KeyboardInterrupt):
            enlarge(world)
        stop.join()

        assert wait_until(lambda: ask(world, fills) == 0, seconds=60)
        assert enlarge(world).times >= module.TIMES


def test_where_the_locks_cannot_be_seen_any_more_nobody_is_kept_waiting(large: LargeTable) -> None:
    looks = "FROM pg_stat_activity WHERE query LIKE '%pg_blocking_pids(a.pid)%' AND pid <> pg_backend_pid()"

    def blind() -> None:
        queued = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted"
        wait_until(lambda: bool(ask(large.world, queued)), seconds=60)
        ask(large.world, f"SELECT pg_terminate_backend(pid) {looks}")

    stop = threading.Thread(target=blind)
    stop.start()
    with pytest.raises(ServerFailed, match="could not be looked at"):
        large.watch(PUSH, idle=True)
    stop.join()

    assert nobody_is_left(large.world)


def test_a_reader_that_is_refused_is_told(large: LargeTable) -> None:
    with pytest.raises(ServerFailed, match="was refused") as failure:
        large.watch('psql -q "$CLOUD_DB_URL" -c "ALTER TABLE documents RENAME TO gone" && sleep 0.5')
    with large.world.engine.server.connect("cloud") as connection:
        connection.execute("ALTER TABLE gone RENAME TO documents")

    assert failure.value.why == 'relation "documents" does not exist'
    assert nobody_is_left(large.world)


def test_a_world_without_the_table_is_told(large: LargeTable) -> None:
    with large.world.engine.server.connect("cloud") as connection:
        connection.execute("ALTER TABLE documents RENAME TO gone")
        try:
            with pytest.raises(BadInput, match="no documents any more"):
                enlarge(large.world)
        finally:
            connection.execute("ALTER TABLE gone RENAME TO documents")


def test_the_learners_own_world_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KIT_WORLD, raising=False)
    with open_world(phase=1) as own:
        before = ask(own, "SELECT count(*) FROM documents")
        with pytest.raises(BadInput, match="your own world"):
            enlarge(own)
        assert ask(own, "SELECT count(*) FROM documents") == before


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_a_disk_that_is_too_small_is_told_before_anything_is_filled(
    large: LargeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 5))

    with pytest.raises(UnusableFolder, match="no room") as failure:
        enlarge(large.world)

    assert failure.value.why == "less than 1000 MB are free"
    assert failure.value.looked == (str(large.world.engine.folder),)


def test_a_disk_that_fills_up_meanwhile_is_told() -> None:
    with pytest.raises(UnusableFolder, match="no room"), module._told():
        raise psycopg.errors.DiskFull("could not extend file")
