from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from IPython.core.events import EventManager, available_events

from kit.process import wait_until
from kit.widgets import WorldMap, cell_events
from kit.widgets.cell_events import Follower
from kit.world.open import open_at
from kit.world.world import World


class Shell:
    """IPython's own events, and a way to end a cell."""

    def __init__(self) -> None:
        self.events = EventManager(self, available_events)  # type: ignore[arg-type]  # it only keeps it
        self.run = 1

    def get_parent(self) -> dict[str, object]:
        return {"metadata": {"cellId": "a"}, "header": {"msg_id": str(self.run)}}

    def end_cell(self) -> None:
        self.events.trigger("post_run_cell", "a result")

    @property
    def followed(self) -> int:
        return len(self.events.callbacks["post_run_cell"])


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    shell = Shell()
    monkeypatch.setattr(cell_events, "get_ipython", lambda: shell)
    monkeypatch.setattr(cell_events, "_made", {})
    yield shell
    assert wait_until(lambda: not following(), seconds=60, every=0.02)


@pytest.fixture
def world(kit_home: object) -> Iterator[World]:
    assert kit_home
    world = World(open_at(5, scratch=True).engine, "")
    yield world
    world.close()


def following() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "kit-map"]


def soon(holds: Callable[[], bool]) -> bool:
    return wait_until(holds, seconds=60, every=0.02)


def test_a_map_that_follows_draws_each_command_after_its_cell(shell: Shell, world: World) -> None:
    shown = WorldMap(world, follow=True)
    still = WorldMap(world)
    before = still.value
    world.dev.run("git checkout -q main")
    shell.end_cell()
    assert soon(lambda: "Changed by: dev$ git checkout -q main" in shown.value)
    assert "* - file 20250126153000" in repr(shown)
    assert still.value == before
    shown.close()
    assert shell.followed == 0


def test_a_cell_does_not_wait_for_the_map(shell: Shell) -> None:
    go, done = threading.Event(), threading.Event()

    def work() -> bool:
        assert go.wait(10)
        done.set()
        return False

    follows = Follower(work)
    shell.end_cell()
    assert not done.is_set()
    go.set()
    assert done.wait(10)
    assert soon(lambda: repr(follows) == "Follower(closed)")
    assert shell.followed == 0


def test_a_closed_world_makes_it_stand_still(shell: Shell, world: World) -> None:
    shown = WorldMap(world, follow=True)
    text = repr(shown)
    world.close()
    shell.end_cell()
    assert soon(lambda: "This map stands still" in shown.value)
    assert soon(lambda: shell.followed == 0)
    assert repr(shown) == text
    shown.close()


def test_a_world_that_cannot_be_looked_at_is_tried_again(
    shell: Shell, world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = WorldMap(world, follow=True)
    hidden = world.engine.repositories.github.rename(world.engine.folder / "hidden.git")
    shell.end_cell()
    assert soon(lambda: "could not look just now" in shown.value)
    hidden.rename(world.engine.repositories.github)
    shell.end_cell()
    assert soon(lambda: "could not look just now" not in shown.value)
    assert capfd.readouterr() == ("", "")
    shown.close()


def test_a_cell_that_is_run_again_leaves_one_map(shell: Shell, world: World) -> None:
    first = WorldMap(world, follow=True)
    shell.run = 2
    second = WorldMap(world, follow=True)
    assert shell.followed == 1
    world.dev.run("git checkout -q main")
    shell.end_cell()
    assert soon(lambda: "git checkout" in second.value)
    assert "git checkout" not in first.value
    second.close()


def test_a_map_that_was_closed_while_it_looked_stays_closed(shell: Shell, world: World) -> None:
    shown = WorldMap(world, follow=True)
    shell.end_cell()
    shown.close()
    shown.close()
    assert shell.followed == 0


def test_outside_a_notebook_it_draws_once(world: World) -> None:
    shown = WorldMap(world, follow=True)
    assert following() == []
    shown.close()
