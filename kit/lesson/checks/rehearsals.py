"""Exercise on a rehearsal: a delay that is found from what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from kit.errors import UnclearAnswer
from kit.lesson.answer import require_answer
from kit.lesson.exercise import Attempt, Condition

_LOST = 200
_SAME: Mapping[str, object] = {
    "change": "add",
    "order": "code-first",
    "handling": "silent",
    "build_s": 35.0,
    "rate": 20.0,
}
"""What is as in the notebook's first rehearsal, by the names of `Rehearsal.facts`."""
_FORM = "Let one run: answer = rehearse(Plan(wait=…)), with seconds for the dots."


@runtime_checkable
class _Rehearsal(Protocol):
    """What `rehearse` answers, as far as the exercise asks it."""

    def facts(self) -> dict[str, Any]: ...


def lost_as_many(attempt: Attempt) -> Iterator[Condition]:
    """0a: a rehearsal of the same deploy, with the one wait at which so many views are lost."""
    facts = _read_facts(attempt.answer)
    other = [f"{name} is {facts.get(name)}" for name, value in _SAME.items() if facts.get(name) != value]
    yield Condition(
        "It is the same deploy: only wait is another one.",
        met=not other,
        seen=f"In this run {', '.join(other)}.",
    )
    lost = facts["requests"]["lost"]
    yield Condition(
        f"It lost {_LOST} views, no more and no fewer.",
        met=lost == _LOST,
        seen=f"This run lost {lost}, with a wait of {facts['wait_s']:g} s: "
        f"production was broken for {facts['broken_s']:g} s.",
    )


def _read_facts(answer: object) -> Mapping[str, Any]:
    """Return the numbers of a rehearsal, which may be given as such, as its facts, or as the last of several.

    Raises:
        UnclearAnswer: if it is none.
    """
    given = require_answer(answer, _FORM)
    if isinstance(given, list | tuple) and given:
        given = given[-1]
    facts = given.facts() if isinstance(given, _Rehearsal) and not isinstance(given, type) else given
    if not isinstance(facts, Mapping) or not {"requests", "wait_s", "broken_s"} <= facts.keys():
        raise UnclearAnswer("that is no rehearsal, and only a run tells.", remedy=_FORM)
    return facts
