from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kit import Plan, open_world, rehearse
from kit.process import wait_until
from kit.timeline import PageView
from kit.widgets.notebook_world import NotebookWorld
from kit.widgets.stage import Stage
from kit.world.open import open_at

Told = list[dict[str, Any]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Collect what the page is told."""
    told: Told = []
    monkeypatch.setattr(Stage, "send", lambda _, message, __=None: told.append(message))
    return told


@pytest.fixture
def stage(told: Told) -> Iterator[Stage]:
    assert told == []
    made = Stage()
    yield made
    made.close()
    assert wait_until(lambda: not any(t.name == "kit-stage" for t in threading.enumerate()), seconds=60)


@pytest.fixture(scope="module")
def world() -> Iterator[NotebookWorld]:
    with open_world(phase=5, scratch=True) as world:
        world.dev.run("git checkout -q main && git merge -q feature/document-last-viewed")
        yield world


def shows(told: Told, what: Callable[[dict[str, Any]], object]) -> bool:
    """Wait until the page was told of something."""
    return wait_until(lambda: any(what(message) for message in told[:]), seconds=60, every=0.02)


def found(told: Told, place: str) -> str:
    """Return what was told last of the first thing that a place has."""
    return str(told[-1]["places"][place]["facts"][0]["says"])


@pytest.mark.usefixtures("stage")
def test_it_moves_while_a_command_runs_and_no_page_view_is_left_out(world: NotebookWorld, told: Told) -> None:
    world.visitors(rate=20)
    world.dev.run("git push origin main")
    assert shows(
        told,
        lambda message: (
            {"at": world.timeline.last_deploy.records[0].at, "way": "git push"} in message["flights"]
        ),
    )
    began = world.engine.clock.now()
    world.advance(36)
    assert shows(told, lambda message: message["now"] == began + 36 and not message["doing"])
    during = [
        message["now"] for message in told if message["doing"] == {"clone": "world", "command": "wait 36 s"}
    ]
    assert any(began < now < began + 36 for now in during), "it is told of time while it passes"
    last = told[-1]
    assert last["gap"]
    assert last["says"].startswith("GAP: ")
    assert [(round(w["end"] - w["start"], 1), w["open"]) for w in last["windows"]] == [(1.0, True)]
    assert last["code"][-1]["texts"][1] == "writes last_viewed"
    assert last["schema"][-1]["texts"] == ["no last_viewed"] * 2 + [""]
    assert last["places"]["site"]["facts"][0]["holds"] is True
    rows = [tuple(row) for message in told for row in message["rows"]]
    assert len(rows) == len(set(rows)) == len(world.timeline.only(PageView))

    world.dev.run("npx supabase db push")
    assert shows(told, lambda message: any(flight["way"] == "db push" for flight in message["flights"]))
    world.advance(2)
    assert shows(told, lambda message: message.get("gap") is False and not message["doing"])
    assert wait_until(lambda: told[-1]["schema"][-1]["texts"][1] == "has last_viewed", seconds=60)
    assert wait_until(lambda: not told[-1]["windows"][0]["open"], seconds=60)
    world.visitors(rate=0)


def test_it_follows_whatever_world_something_happens_in(
    stage: Stage, world: NotebookWorld, told: Told
) -> None:
    world.dev.run("true")
    assert shows(told, lambda message: message["type"] == "stage" and message["anew"])
    del told[:]
    other = open_at(1, scratch=True).engine
    assert shows(told, lambda message: message["anew"])
    other.run("dev", "git status")
    assert wait_until(lambda: found(told, "dev") == "no migration file", seconds=60)
    other.close()
    del told[:]
    world.reset(5)
    assert shows(told, lambda message: message["anew"])
    assert wait_until(lambda: found(told, "dev") == "migration file", seconds=60)
    del told[:]
    rehearse(Plan(rate=2))

    def turns() -> list[dict[str, Any]]:
        return [turn for message in told[:] for turn in message["turns"]]

    # However quickly it is over, and whenever somebody looks.
    assert wait_until(lambda: [turn["gap"] for turn in turns()] == [True, False], seconds=60)
    assert turns()[0]["says"].startswith("GAP: ")
    del told[:]
    world.dev.run("true")
    assert shows(told, lambda message: message["anew"])
    stage._receive(stage, {"do": "hello"}, {})
    stage._receive(stage, {"do": "<b>"}, {})
    assert wait_until(lambda: sum(message["anew"] for message in told) == 2, seconds=60)


def test_it_may_look_as_late_as_it_likes(world: NotebookWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stage, "_loop", lambda _: None)
    stage = Stage()
    world.reset(5)
    world.dev.run("git checkout -q main && git merge -q feature/document-last-viewed")
    world.dev.run("git push -q origin main")
    world.advance(36)
    world.dev.run("npx supabase db push")
    said = [stage._said.get() for _ in range(stage._said.qsize())]
    message = stage._scene.follow(each for each in said if each)
    assert [(turn["gap"], turn["places"]["site"]["facts"][0]["holds"]) for turn in message["turns"]] == [
        (True, True),
        (False, True),
    ]
    assert [flight["way"] for flight in message["flights"]] == ["git push", "builds", "db push"]
    assert message["gap"] is False
    assert [part["new"] for part in message["code"]] == [False, True]
    stage.close()


def test_a_refused_command_is_not_waited_for(stage: Stage, world: NotebookWorld, told: Told) -> None:
    assert stage
    with pytest.raises(Exception, match="cannot come at a rate"):
        world.visitors(rate=-1)
    assert shows(told, lambda message: message["type"] == "stage" and message["doing"] is None)
    assert told[-1]["doing"] is None


def test_asked_for_twice_there_is_one(world: NotebookWorld) -> None:
    first = world.stage(dock=False)
    second = world.stage(dock=False)
    assert isinstance(first, Stage)
    assert isinstance(second, Stage)
    assert first.comm is None
    assert second.comm is not None
    assert repr(world.stage()) == "The stage is on the right; it follows whatever this notebook does."
    assert wait_until(lambda: [t.name for t in threading.enumerate()].count("kit-stage") == 1, seconds=60)
    last = world.stage(dock=False)
    assert isinstance(last, Stage)
    last.close()


def test_a_button_is_there_where_lab_offers_it(world: NotebookWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KIT_STAGE", raising=False)
    assert world._repr_mimebundle_() == {"text/plain": repr(world)}
    monkeypatch.setenv("KIT_STAGE", "1")
    shown = world._repr_mimebundle_()
    assert shown["text/plain"] == repr(world)
    assert "application/vnd.jupyter.widget-view+json" in shown
