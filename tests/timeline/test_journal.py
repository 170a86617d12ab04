from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kit.errors import BadInput
from kit.timeline import CommandRan, RefMoved, Timeline, WorkerChanged
from kit.timeline.journal import Journal


def ran(at: float = 1.0, command: str = "git status") -> CommandRan:
    return CommandRan(at=at, until=at, clone="dev", command=command, exit=0)


def moved(at: float) -> RefMoved:
    return RefMoved(at=at, repository="github", branch="main", old="", new="a" * 40)


def test_what_is_added_is_on_disk_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add(moved(1))

    other = Journal(tmp_path)
    other.load()

    assert other.timeline == journal.timeline == Timeline.of([moved(1)])


def test_a_command_stands_before_what_it_caused_with_its_end_and_exit(tmp_path: Path) -> None:
    journal = Journal(tmp_path)

    with journal.command(ran()) as command:
        journal.add(moved(1))
        command.until, command.exit = 3.0, 2

    first, second = journal.timeline.records
    assert isinstance(first, CommandRan)
    assert (first.until, first.exit) == (3.0, 2)
    assert second == moved(1)


def test_an_end_at_the_clocks_zero_counts(tmp_path: Path) -> None:
    journal = Journal(tmp_path)

    with journal.command(ran(at=-1.0)) as command:
        command.until = 0.0

    assert journal.timeline.only(CommandRan)[0].until == 0.0


def test_while_a_command_is_carried_out_its_effects_can_be_seen(tmp_path: Path) -> None:
    journal = Journal(tmp_path)

    with journal.command(ran()):
        journal.add(moved(1))
        assert journal.timeline == Timeline.of([moved(1)])


def test_a_command_within_a_command_stays_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path)

    with journal.command(ran(command="outer")):
        with journal.command(ran(command="inner")):
            journal.add(moved(1))
        journal.add(moved(1))

    kinds = [getattr(one, "command", "moved") for one in journal.timeline]
    assert kinds == ["outer", "inner", "moved", "moved"]


def test_what_was_refused_is_no_event_but_what_it_caused_is(tmp_path: Path) -> None:
    journal = Journal(tmp_path)

    def refuse() -> None:
        with journal.command(ran()):
            journal.add(moved(1))
            raise BadInput("No.", remedy="None.")

    with pytest.raises(BadInput):
        refuse()

    assert journal.timeline == Timeline.of([moved(1)])


@pytest.mark.parametrize(("error", "code"), [(ValueError, 1), (KeyboardInterrupt, 130)])
def test_what_failed_or_was_interrupted_has_an_exit_code(
    tmp_path: Path, error: type[BaseException], code: int
) -> None:
    journal = Journal(tmp_path)

    with pytest.raises(error), journal.command(ran()):
        raise error

    assert journal.timeline.only(CommandRan)[0].exit == code
    journal.add(moved(2))
    assert len(journal.timeline) == 2


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add(moved(1))
    journal.add(moved(2))
    file = tmp_path / "journal.jsonl"
    file.write_text(file.read_text()[:-10])

    other = Journal(tmp_path)
    other.load()

    assert other.timeline == Timeline.of([moved(1)])


@pytest.mark.parametrize("missing", [1, 10])
def test_what_is_added_after_a_cut_off_line_can_be_read_again(tmp_path: Path, missing: int) -> None:
    Journal(tmp_path).add(moved(1))
    file = tmp_path / "journal.jsonl"
    file.write_text(file.read_text()[:-missing])

    for number in (2, 3):
        journal = Journal(tmp_path)
        journal.load()
        journal.add(moved(number))

    whole = [moved(1)] if missing == 1 else []
    assert journal.timeline == Timeline.of([*whole, moved(2), moved(3)])


def test_what_is_no_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text("nonsense\n{}\n")

    with pytest.raises(BadInput):
        Journal(tmp_path).load()


def test_replace_begins_again_on_disk_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add(moved(1))

    journal.replace(Timeline.of([moved(5)]))
    journal.add(moved(6))

    other = Journal(tmp_path)
    other.load()
    assert other.timeline == journal.timeline == Timeline.of([moved(5), moved(6)])


def test_many_threads_may_add(tmp_path: Path) -> None:
    journal = Journal(tmp_path)

    def add() -> None:
        for _ in range(50):
            journal.add(WorkerChanged(at=1, commit="a", running=True))

    threads = [threading.Thread(target=add) for _ in range(8)]
    with journal.command(ran()):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    other = Journal(tmp_path)
    other.load()
    assert len(other.timeline) == len(journal.timeline) == 401


def test_its_repr_counts(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add(moved(1))

    assert repr(journal) == "Journal(1 records)"
