"""Monitors that look at production: which of them notices a window, and when."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.errors import BadInput
from kit.experiments.monitors import MonitorsRun, run_monitors
from kit.names import FEATURE
from kit.world.engine import Engine
from kit.world.world import World

At = Callable[[int], Engine]


@pytest.fixture
def live(at: At) -> World:
    """Return a world whose new code has just gone live, without its column."""
    engine = at(5)
    world = World(engine, "")
    world.dev.run(f"git checkout -q main && git merge -q --no-edit {FEATURE} && git push -q origin main")
    world.advance(34)
    world.visitors(rate=20)
    world.advance(1)
    return world


def test_what_looks_at_the_status_never_notices_and_what_looks_at_the_log_does(live: World) -> None:
    run = run_monitors(
        live,
        {
            "the status": (10, lambda: live.open_page().status != 200),
            "the log": (1, lambda: live.log("production").errors),
        },
        seconds=20,
    )

    assert run.noticed_after("the status") is None
    assert run.noticed_after("the log") == pytest.approx(1.0, abs=0.1)
    assert repr(run) == (
        "monitor     looks       noticed\n"
        "the status  every 10 s  never, in 20 s\n"
        "the log     every 1 s   after 1 s\n"
        "Production was broken for 20 s, and still is."
    )
    assert run._repr_html_().count("<img") == 1


def test_each_looks_as_often_as_it_says_until_its_alarm(live: World) -> None:
    looked: list[float] = []

    def look() -> bool:
        looked.append(live.engine.clock.now())
        return len(looked) == 3

    live.visitors(rate=1)
    start = live.engine.clock.now()
    run = run_monitors(live, {"it": (5, look)}, seconds=60)

    assert [at - start for at in looked] == [5, 10, 15]
    assert live.engine.clock.now() == start + 60
    assert [look.alarm for look in run.monitors[0].looks] == [False, False, True]


def test_an_alarm_without_a_window_is_a_false_one(at: At) -> None:
    world = World(at(1), "")
    world.visitors(rate=5)

    run = run_monitors(world, {"nervous": (2, lambda: True)}, seconds=4)

    assert "a false alarm" in repr(run)
    assert "found nothing broken" in repr(run)
    assert run.noticed_after("nervous") is None
    assert isinstance(run, MonitorsRun)
    with pytest.raises(BadInput):
        run.noticed_after("other")


@pytest.mark.parametrize(
    "monitor", [(0, lambda: True), (90, lambda: True), (1, "look"), ("often", lambda: True)]
)
def test_what_cannot_look_is_refused(at: At, monitor: tuple[float, Callable[[], object]]) -> None:
    with pytest.raises(BadInput):
        run_monitors(World(at(1), ""), {"it": monitor}, seconds=60)
