"""An exercise on monitors: one that notices lost writes soon, and does not cry wolf."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from kit.errors import UnclearAnswer
from kit.lesson.answer import require_answer
from kit.lesson.exercise import Attempt, Condition
from kit.timeline import Window

_SOON_S = 5.0
_FORM = "Let one look: answer = run_monitors(lab, {…}, seconds=30)."


class _Look(Protocol):
    @property
    def at(self) -> float: ...


class _Monitor(Protocol):
    @property
    def looks(self) -> Sequence[_Look]: ...
    @property
    def alarmed_at(self) -> float | None: ...
    @property
    def false_alarm(self) -> bool: ...


@runtime_checkable
class _MonitorsRun(Protocol):
    """What `run_monitors` answers, as far as the exercise asks it."""

    @property
    def window(self) -> Window | None: ...
    @property
    def monitors(self) -> Sequence[_Monitor]: ...


def noticed_soon(attempt: Attempt) -> Iterator[Condition]:
    """18a: one monitor, no false alarm, and five seconds at most until it notices."""
    answer = require_answer(attempt.answer, _FORM)
    if not isinstance(answer, _MonitorsRun):
        raise UnclearAnswer("That is nothing that run_monitors(…) has returned.", remedy=_FORM)
    window, count = answer.window, len(answer.monitors)
    yield Condition("It is one monitor that looks.", met=count == 1, seen=f"In this run there are {count}.")
    if count != 1:
        return
    monitor = answer.monitors[0]
    alarm, first = monitor.alarmed_at, monitor.looks[0].at if monitor.looks else None
    broke = window is not None and first is not None and first < window.start
    yield Condition(
        "It began to look when all was well, and then production broke.",
        met=broke,
        seen="Nothing broke in this run." if window is None else "At its first look it was broken already.",
        final=not broke,
    )
    if window is None:
        return
    false = monitor.false_alarm
    yield Condition(
        "It gave no alarm before that.",
        met=not false,
        seen="Visitors found all well after its alarm.",
        final=false,
    )
    late = alarm is not None and not false and alarm - window.start > _SOON_S
    yield Condition(
        f"It gave one within {_SOON_S:g} seconds of the first lost view.",
        met=alarm is not None and not false and not late,
        seen=f"It took {(alarm or 0.0) - window.start:.2g} s." if late else "It has not noticed.",
        final=alarm is None or late or false,
    )
