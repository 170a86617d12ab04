from __future__ import annotations

import pytest

from kit.experiments.queue import IDLE, MIGRATOR, READER, WRITER, LockRow, Queue, name_lock, one_line

EXCLUSIVE, SHARED, ROWS = "AccessExclusiveLock", "AccessShareLock", "RowExclusiveLock"


def row(pid: int, who: str, mode: str, *blockers: int, granted: bool = False, asked: bool = True) -> LockRow:
    return LockRow(
        pid=pid,
        who=who,
        mode=mode,
        granted=granted or not blockers,
        blockers=blockers,
        statement=f"statement of {who}",
        asked=asked,
    )


def test_whoever_waits_comes_after_those_whom_it_waits_for() -> None:
    queue = Queue.read(
        [
            row(4, WRITER, ROWS, 2),
            row(3, READER, SHARED, 2),
            row(2, MIGRATOR, EXCLUSIVE, 1),
            row(1, IDLE, SHARED),
        ]
    )

    assert queue is not None
    assert [(one.who, one.state, one.lock, one.behind) for one in queue.sessions] == [
        (IDLE, "HOLDS", "ACCESS SHARE", ()),
        (MIGRATOR, "waits for", "ACCESS EXCLUSIVE", (IDLE,)),
        (READER, "waits for", "ACCESS SHARE", (MIGRATOR,)),
        (WRITER, "waits for", "ROW EXCLUSIVE", (MIGRATOR,)),
    ]
    assert queue.waiting == (MIGRATOR, READER, WRITER)


def test_of_several_locks_the_strongest_counts() -> None:
    queue = Queue.read([row(1, MIGRATOR, "ShareLock"), row(1, MIGRATOR, EXCLUSIVE)])

    assert queue is not None
    assert [one.lock for one in queue.sessions] == ["ACCESS EXCLUSIVE"]


def test_one_that_waits_for_more_than_it_has_waits() -> None:
    queue = Queue.read([row(1, MIGRATOR, SHARED), row(1, MIGRATOR, EXCLUSIVE, 2), row(2, IDLE, SHARED)])

    assert queue is not None
    place = queue.place(MIGRATOR)
    assert place is not None
    assert (place.state, place.lock) == ("waits for", "ACCESS EXCLUSIVE")


def test_those_who_pass_are_left_out() -> None:
    rows = [
        row(1, MIGRATOR, "ShareLock"),
        row(2, READER, SHARED),
        row(3, "somebody else", SHARED, asked=False),
    ]

    queue = Queue.read(rows)

    assert queue is not None
    assert [one.who for one in queue.sessions] == [MIGRATOR]


def test_a_stranger_is_shown_where_it_is_in_the_way_and_not_where_it_waits() -> None:
    in_the_way = Queue.read([row(1, "somebody else", SHARED, asked=False), row(2, MIGRATOR, EXCLUSIVE, 1)])
    waiting = Queue.read([row(1, "somebody else", SHARED, 2, asked=False), row(2, MIGRATOR, EXCLUSIVE)])

    assert in_the_way is not None
    assert waiting is not None
    assert [one.who for one in in_the_way.sessions] == ["somebody else", MIGRATOR]
    assert [one.who for one in waiting.sessions] == [MIGRATOR]


@pytest.mark.parametrize(
    "rows",
    [
        # Seen waiting, and a moment later pg_blocking_pids knew of nobody any more.
        [LockRow(pid=1, who=READER, mode=SHARED, granted=False, blockers=(), statement="", asked=True)],
        # Its blocker has let go meanwhile.
        [row(1, READER, SHARED, 2)],
    ],
    ids=["nobody blocks", "a blocker that is gone"],
)
def test_a_look_in_the_moment_of_a_change_says_nothing(rows: list[LockRow]) -> None:
    assert Queue.read(rows) is None


def test_an_empty_table_has_an_empty_queue() -> None:
    assert Queue.read([]) == Queue()
    assert repr(Queue()) == "nobody is at the table"


def test_sessions_that_wait_for_each_other_end_the_drawing_all_the_same() -> None:
    """PostgreSQL breaks a deadlock after a second; until then it is there to be seen."""
    queue = Queue.read([row(1, READER, SHARED, 2), row(2, MIGRATOR, EXCLUSIVE, 1)])

    assert queue is not None
    assert {one.who for one in queue.sessions} == {READER, MIGRATOR}
    assert READER in repr(queue)
    assert MIGRATOR in repr(queue)


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        ("AccessShareLock", "ACCESS SHARE"),
        ("ShareUpdateExclusiveLock", "SHARE UPDATE EXCLUSIVE"),
        ("ShareRowExclusiveLock", "SHARE ROW EXCLUSIVE"),
        ("AccessExclusiveLock", "ACCESS EXCLUSIVE"),
        ("SIReadLock", "none"),
    ],
)
def test_locks_have_the_names_of_the_documentation(mode: str, name: str) -> None:
    assert name_lock(mode) == name


def test_a_statement_is_shown_without_its_comments() -> None:
    assert one_line("-- first\nCREATE /* an */ INDEX\n  i ON t (a);") == "CREATE INDEX i ON t (a);"
