from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import BadInput
from kit.names import EPOCH
from kit.timeline.clock import Clock, VirtualClock, WallClock

SHORT_S = 0.02
LONG_S = 60.0


@pytest.fixture
def wall() -> Iterator[WallClock]:
    clock = WallClock()
    yield clock
    clock.close()


@pytest.fixture(params=[VirtualClock, WallClock])
def clock(request: pytest.FixtureRequest) -> Iterator[Clock]:
    made: Clock = request.param()
    yield made
    made.close()


# --- both -------------------------------------------------------------------------------------------


def test_what_is_due_has_run_when_advance_returns(clock: Clock) -> None:
    ran: list[str] = []
    start = clock.now()
    clock.at(start + 2 * SHORT_S, partial(ran.append, "second"))
    clock.at(start + SHORT_S, partial(ran.append, "first"))
    clock.at(start + LONG_S, partial(ran.append, "never"))

    clock.advance(2 * SHORT_S)

    assert ran == ["first", "second"]
    assert clock.now() >= start + 2 * SHORT_S


def test_at_equal_instants_first_come_first_served(clock: Clock) -> None:
    ran: list[int] = []
    when = clock.now() + SHORT_S
    for number in range(20):
        clock.at(when, partial(ran.append, number))

    clock.advance(2 * SHORT_S)

    assert ran == list(range(20))


def test_what_is_late_runs_at_once(clock: Clock) -> None:
    ran: list[float] = []
    clock.advance(SHORT_S)
    clock.at(0.0, lambda: ran.append(clock.now()))

    clock.advance(SHORT_S)

    assert len(ran) == 1
    assert ran[0] >= SHORT_S


def test_an_action_plans_another_one(clock: Clock) -> None:
    ran: list[str] = []

    def first() -> None:
        clock.at(clock.now(), lambda: ran.append("planned meanwhile"))

    clock.at(clock.now(), first)
    clock.advance(2 * SHORT_S)

    assert ran == ["planned meanwhile"]


def test_an_action_lets_time_pass(clock: Clock) -> None:
    seen: list[float] = []

    def action() -> None:
        clock.advance(SHORT_S)
        seen.append(clock.now())

    clock.at(clock.now(), action)
    clock.advance(SHORT_S / 2)

    assert seen
    assert seen[0] >= SHORT_S
    assert clock.now() >= seen[0], "time went back"


def test_a_failing_action_is_told_once_and_is_not_repeated(clock: Clock) -> None:
    ran: list[str] = []

    def fail() -> None:
        ran.append("failed")
        raise ZeroDivisionError

    clock.at(clock.now(), fail)
    clock.at(clock.now() + SHORT_S, lambda: ran.append("went on"))
    with pytest.raises(ZeroDivisionError):
        clock.advance(2 * SHORT_S)
    clock.advance(3 * SHORT_S)

    assert ran == ["failed", "went on"]


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_time_passes_by_a_finite_number_of_seconds(clock: Clock, seconds: float) -> None:
    with pytest.raises(BadInput, match="cannot pass"):
        clock.advance(seconds)


def test_nan_is_not_an_instant(clock: Clock) -> None:
    with pytest.raises(BadInput, match="nan"):
        clock.at(float("nan"), lambda: None)


def test_restart_forgets_what_was_planned(clock: Clock) -> None:
    ran: list[str] = []
    clock.at(clock.now() + SHORT_S, partial(ran.append, "forgotten"))

    clock.restart(0.0)
    clock.advance(2 * SHORT_S)

    assert ran == []


def test_closing_forgets_what_was_planned(clock: Clock) -> None:
    ran: list[str] = []
    clock.at(clock.now() + SHORT_S, partial(ran.append, "forgotten"))

    clock.close()
    clock.close()
    clock.advance(2 * SHORT_S)

    assert ran == []


# --- virtual ----------------------------------------------------------------------------------------


def test_virtual_time_does_not_take_time() -> None:
    started = time.monotonic()
    clock = VirtualClock()

    clock.advance(1_000_000)

    assert time.monotonic() - started < 1
    assert repr(clock) == "VirtualClock(now=1e+06)"


def test_an_action_may_know_until_when_nothing_else_is_due() -> None:
    clock, seen = VirtualClock(), []
    for when in (1, 4, 6):
        clock.at(when, lambda: seen.append(clock.free_until()))

    clock.advance(5)

    assert seen == [4, 5]


def test_the_virtual_epoch_gives_the_workflows_own_stamp() -> None:
    clock = VirtualClock()

    assert clock.date().strftime("%Y%m%d%H%M%S") == "20250126153000"
    assert clock.date(90.5) == EPOCH + timedelta(seconds=90.5)


def test_restart_sets_the_virtual_time() -> None:
    clock = VirtualClock(5)
    clock.restart(7200)
    assert clock.now() == 7200


@given(st.lists(st.floats(min_value=0, max_value=100)), st.lists(st.floats(min_value=0, max_value=50)))
def test_actions_run_in_order_at_their_exact_instants(instants: list[float], steps: list[float]) -> None:
    clock = VirtualClock()
    ran: list[tuple[float, float]] = []
    for instant in instants:
        clock.at(instant, lambda instant=instant: ran.append((instant, clock.now())))  # type: ignore[misc]

    for step in [*steps, 0.0]:
        clock.advance(step)

    assert all(planned == shown for planned, shown in ran)
    assert [planned for planned, _ in ran] == sorted(i for i in instants if i <= clock.now())


def test_a_failure_stops_the_virtual_clock_at_its_instant() -> None:
    clock = VirtualClock()
    clock.at(3, lambda: 1 / 0)  # type: ignore[arg-type]  # it never returns

    with pytest.raises(ZeroDivisionError):
        clock.advance(10)

    assert clock.now() == 3


def test_another_thread_may_plan_while_an_action_waits_for_it() -> None:
    clock = VirtualClock()
    ran: list[float] = []

    def serve() -> None:
        clock.at(clock.now() + 1, lambda: ran.append(clock.now()))

    def ask() -> None:
        server = threading.Thread(target=serve)
        server.start()
        server.join(timeout=60)
        assert not server.is_alive(), "the action and the thread wait for each other"

    clock.at(2, ask)
    clock.advance(5)

    assert ran == [3]


# --- wall -------------------------------------------------------------------------------------------


def test_wall_time_goes_on_by_itself(wall: WallClock) -> None:
    before = wall.now()
    wall.advance(SHORT_S)

    assert wall.now() - before >= SHORT_S
    assert (wall.date(10) - wall.date(0)).total_seconds() == 10
    assert repr(wall) == "WallClock()"


def test_wall_actions_run_without_anybody_waiting(wall: WallClock) -> None:
    done = threading.Event()
    wall.at(wall.now() + SHORT_S, done.set)
    assert done.wait(10)


def test_advance_waits_for_an_action_that_takes_long(wall: WallClock) -> None:
    ran: list[str] = []
    release = threading.Event()

    def action() -> None:
        release.wait(10)
        ran.append("done")

    wall.at(0, action)
    threading.Timer(3 * SHORT_S, release.set).start()
    wall.advance(SHORT_S)

    assert ran == ["done"]


def test_a_clock_beside_it_shows_the_same_and_does_not_wait_for_its_actions(wall: WallClock) -> None:
    beside, blocked, passed = wall.beside(), threading.Event(), threading.Event()

    def wait() -> None:
        blocked.wait(LONG_S)

    try:
        wall.at(0, wait)
        beside.at(0, passed.set)

        assert passed.wait(LONG_S)
        assert abs(beside.now() - wall.now()) < LONG_S
        assert beside.date(1.0) == wall.date(1.0)
    finally:
        blocked.set()
        beside.close()


def test_closing_wakes_whoever_waits(wall: WallClock) -> None:
    waiting = threading.Thread(target=wall.advance, args=(LONG_S,))
    waiting.start()

    wall.close()

    waiting.join(timeout=60)
    assert not waiting.is_alive()


def test_an_action_may_close_the_clock(wall: WallClock) -> None:
    wall.at(0, wall.close)
    wall.advance(LONG_S)  # it ends when the clock is closed


def test_a_closed_clock_starts_nothing(wall: WallClock) -> None:
    wall.close()
    wall.at(0, pytest.fail)
    wall.advance(SHORT_S)


def test_ctrl_c_while_the_thread_starts_leaves_a_clock_that_can_be_closed(
    wall: WallClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: threading.Thread) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            wall.at(0.0, lambda: None)
    wall.close()
