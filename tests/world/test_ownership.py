from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kit.errors import WorldTaken
from kit.process import wait_until
from kit.world.ownership import Ownership

ROOT = Path(__file__).parents[2]


@pytest.fixture
def mine(tmp_path: Path) -> Ownership:
    ownership = Ownership(tmp_path)
    ownership.claim()
    return ownership


def test_nothing_is_held_before_a_claim(tmp_path: Path) -> None:
    ownership = Ownership(tmp_path)

    assert not ownership.holds()
    with pytest.raises(WorldTaken), ownership.turn():
        pass


def test_whoever_claims_last_has_it_and_the_other_is_told(mine: Ownership, tmp_path: Path) -> None:
    other = Ownership(tmp_path)
    other.claim()

    assert (mine.holds(), other.holds()) == (False, True)
    with pytest.raises(WorldTaken, match="another notebook or terminal"), mine.turn():
        pytest.fail("two had the world")


def test_it_can_be_taken_back(mine: Ownership, tmp_path: Path) -> None:
    Ownership(tmp_path).claim()
    mine.claim()

    with mine.turn():
        assert repr(mine) == "Ownership(ours)"


def test_steps_within_a_step_are_fine(mine: Ownership) -> None:
    with mine.turn(), mine.turn(), mine.turn():
        pass
    with mine.turn():
        pass


def test_an_error_ends_the_turn(mine: Ownership) -> None:
    with pytest.raises(ValueError, match="x"), mine.turn():
        raise ValueError("x")

    done = threading.Event()

    def take() -> None:
        with mine.turn():
            done.set()

    threading.Thread(target=take).start()
    assert done.wait(5)


def test_one_thread_at_a_time(mine: Ownership) -> None:
    inside: list[int] = []

    def work() -> None:
        for _ in range(20):
            with mine.turn():
                inside.append(1)
                assert len(inside) == 1
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_claim_waits_for_the_step_that_another_process_is_in(tmp_path: Path) -> None:
    code = """
import pathlib, sys
from kit.world.ownership import Ownership
ownership = Ownership(pathlib.Path(sys.argv[1]))
ownership.claim()
with ownership.turn():
    print("in", flush=True)
    sys.stdin.readline()
    print("out", flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.readline() == "in\n"
        mine = Ownership(tmp_path)
        claiming = threading.Thread(target=mine.claim)
        claiming.start()
        claiming.join(0.2)
        assert claiming.is_alive()

        other.kill()  # the operating system lets go for it

        claiming.join(5)
        assert mine.holds()


def test_after_release_it_is_closed_even_if_the_folder_stays(mine: Ownership) -> None:
    mine.release()

    assert not mine.holds()
    with pytest.raises(WorldTaken, match="closed"), mine.turn():
        pass


@pytest.mark.parametrize("how", ["folder", "content"])
def test_a_world_that_was_deleted_is_closed(mine: Ownership, tmp_path: Path, how: str) -> None:
    if how == "folder":
        shutil.rmtree(tmp_path)
    else:
        (tmp_path / "owner").unlink()

    with pytest.raises(WorldTaken), mine.turn():
        pass
    assert not mine.holds()


def test_a_world_deleted_while_it_is_claimed_is_closed(tmp_path: Path) -> None:
    ownership = Ownership(tmp_path / "gone")

    with pytest.raises(WorldTaken, match="closed"):
        ownership.claim()


def test_waiting_can_be_interrupted(tmp_path: Path) -> None:
    first, second = Ownership(tmp_path), Ownership(tmp_path)
    first.claim()
    code = "import os, signal, sys, time; time.sleep(0.3); os.kill(int(sys.argv[1]), signal.SIGINT)"
    with first.turn():
        import os  # noqa: PLC0415 - for its own pid

        with subprocess.Popen([sys.executable, "-c", code, str(os.getpid())]):
            began = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                second.claim()
            assert time.monotonic() - began < 5
    assert wait_until(first.holds, seconds=60)
