from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import kit
from kit import Timeline, World, open_world
from kit.errors import BadInput
from kit.names import FEATURE, KIT_WORLD
from kit.world.engine import Engine
from kit.world.world import Clone

At = Callable[[int], Engine]


@pytest.fixture
def world(at: At) -> Callable[[int], World]:
    def world(phase: int) -> World:
        return World(at(phase), f"Phase {phase}.")

    return world


def test_a_lesson_reads_as_it_should(world: Callable[[int], World]) -> None:
    w = world(5)
    dev = w.dev

    assert repr(dev.run("git checkout -q main")) == "$ git checkout -q main"
    dev.run(f"git merge -q {FEATURE}")
    assert repr(w.visitors(rate=20)) == "20 visitors a second from now on"
    dev.run("git push -q origin main")
    assert repr(w.advance(36)) == "36 s passed: 720 page views, 700 ok, 20 LOST"
    assert repr(w.visitors(rate=0)) == "nobody comes any more"
    assert repr(w.advance(1.5)) == "1.5 s passed"
    assert repr(w.open_page()).startswith("production: 200 OK\n  My Test Document\n")
    assert "721 page views" in repr(w.timeline)


def test_a_check_shows_each_sentence_with_whether_it_is_true(world: Callable[[int], World]) -> None:
    w = world(2)

    done = w.check("1.2")
    not_yet = w.check("2.2b")

    assert done.holds
    assert repr(done).splitlines()[0] == "✓ The new branch starts where homepage-and-search ends."
    assert not not_yet.holds
    assert repr(not_yet).startswith("✗ not true: There is ")


@pytest.mark.parametrize("number", ["5.3", "9.9", "", None, 5.3])
def test_a_step_without_sentences_is_refused_with_those_that_have(
    world: Callable[[int], World], number: str
) -> None:
    with pytest.raises(BadInput, match="There is no step") as refused:
        world(1).check(number)

    assert "5.3c" in refused.value.looked[0]


def test_a_rollback_says_what_production_serves(world: Callable[[int], World]) -> None:
    w = world(6)
    first = w.engine.host.deployments[0].commit

    assert repr(w.rollback(first[:10])) == f"production serves {first[:7]} again"
    assert w.engine.host.live == first


def test_reset_starts_the_phase_over(world: Callable[[int], World]) -> None:
    w = world(2)
    w.dev.write("draft", "x")

    assert repr(w.reset(2)) == repr(w) == "Phase 2: built from its checkpoint."

    with pytest.raises(BadInput):
        w.dev.read("draft")
    with pytest.raises(BadInput, match="There is no phase 9"):
        w.reset(9)
    assert w.dev.run("git status").exit == 0


def test_the_address_can_be_opened_and_is_shown_only_when_asked_for(world: Callable[[int], World]) -> None:
    w = world(1)

    assert repr(w.address).startswith("http://127.0.0.1:")
    port = repr(w.address).rpartition(":")[2]
    for shown in (w, w.engine, w.status(), w.timeline, w.dev, w.open_page()):
        assert port not in repr(shown)


def test_the_timeline_is_one(world: Callable[[int], World]) -> None:
    assert isinstance(world(1).timeline, Timeline)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(KIT_WORLD, "fresh")
    yield
    open_world().close()


@pytest.mark.usefixtures("fresh")
def test_open_world_in_a_with_statement_closes_it() -> None:
    with open_world(phase=2) as w:
        assert repr(w) == "Phase 2: built from its checkpoint."
        folder = w.engine.folder
        assert folder.exists()

    assert not folder.exists()


@pytest.mark.usefixtures("fresh")
def test_a_cell_that_runs_twice_finds_its_world_at_the_start() -> None:
    first = open_world(phase=2)
    first.dev.write("draft", "x")

    second = open_world(phase=2)

    assert second.engine is first.engine
    assert "draft" not in second.dev.run("git status --short").output


def test_everything_a_learner_may_call_says_what_it_does() -> None:
    for name in kit.__all__:
        assert inspect.getdoc(getattr(kit, name)), name
    for kind in (World, Clone):
        for name, member in inspect.getmembers(kind):
            if not name.startswith("_"):
                assert inspect.getdoc(member), name


def test_a_scratch_world_may_run_on_the_wall_clock_and_is_another_one_than_the_virtual() -> None:
    with (
        open_world(phase=1, scratch=True) as virtual,
        open_world(phase=1, scratch=True, clock="wall") as wall,
    ):
        assert (virtual.engine.clock.name, wall.engine.clock.name) == ("virtual", "wall")
        assert open_world(phase=1, scratch=True, clock="wall").engine is wall.engine


@pytest.mark.parametrize(("scratch", "clock"), [(False, "wall"), (True, "sun")])
def test_a_clock_that_a_world_cannot_run_on_is_refused(scratch: bool, clock: Any) -> None:  # noqa: FBT001, ANN401 - from a table; a word that is none
    with pytest.raises(BadInput, match="does not run on a clock"):
        open_world(scratch=scratch, clock=clock)
