"""Worlds to solve exercises in: each attempt begins as the notebook does, and the check must leave it so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kit import World, exercise, open_world
from kit.lesson.exercise import Assessment
from kit.lesson.exercises import EXERCISES

Solve = Callable[..., Assessment]
FEWEST = {"wrong": 4, "right": 3}
"""Attempts for each exercise, at least; how they were found, says CONTRIBUTING.md."""


@pytest.fixture(scope="module")
def lab() -> Iterator[World]:
    with open_world(phase=1, scratch=True) as world:
        yield world


@pytest.fixture
def solve(lab: World) -> Solve:
    """Do an exercise from its beginning, ask whether it is done; asking changes nothing."""

    def solve(number: str, code: str, *, before: str | None = None) -> Assessment:
        set_up = EXERCISES[number].before if before is None else before
        if "lab.reset(" not in set_up:
            lab.reset(EXERCISES[number].phase)
        names: dict[str, Any] = {"lab": lab, "world": lab}
        exec(set_up, names)  # noqa: S102 - the kit's own text, as the notebook runs it
        exec(code, names)  # noqa: S102 - the test's own text, as a learner types it
        answer = names.get("answer")
        left = observe(lab)
        assessment = exercise(lab, number, answer)
        assert observe(lab) == left, "the check changed the world"
        assert repr(exercise(lab, number, answer)) == repr(assessment), "asked again, it says something else"
        return assessment

    return solve


def observe(world: World) -> tuple[object, ...]:
    """Return what a check has to leave as it is: all that one can see, and every row."""
    engine = world.engine
    with engine.step():
        seen = engine.observe()
    rows = []
    for database in ("local", "cloud"):
        with engine.server.connect(database) as connection:
            for table in ("documents", "chunks"):
                found = connection.execute("SELECT to_regclass(%s)", [table]).fetchone()
                if found and found[0]:
                    counted = connection.execute(
                        f"SELECT count(*), sum(hashtext(to_jsonb(t)::text)::bigint) FROM {table} t"
                    )
                    rows.append(counted.fetchone())
    running = {name: found.exit for name, found in engine.supervisor.processes().items()}
    return seen, tuple(rows), running, world.log("worker").errors


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each attempt in a module's WRONG and RIGHT, and of the kit's own solution."""
    for name in FEWEST:
        if name in metafunc.fixturenames:
            attempts: dict[str, dict[str, str]] = getattr(metafunc.module, name.upper())
            cases = [
                pytest.param((number, code), id=f"{number}-{words}")
                for number, each in attempts.items()
                for words, code in [*each.items(), *_own(name, number)]
            ]
            metafunc.parametrize(name, cases)


def _own(name: str, number: str) -> list[tuple[str, str]]:
    return [("the kit's own", EXERCISES[number].solution)] if name == "right" else []


@pytest.fixture
def require_enough() -> Callable[..., None]:
    """Make sure that a module tries each of its notebook's exercises, and often enough, either way."""

    def require_enough(wrong: dict[str, dict[str, str]], right: dict[str, dict[str, str]]) -> None:
        (notebook,) = {number[:-1] for number in right}
        assert wrong.keys() == right.keys() == {number for number in EXERCISES if number[:-1] == notebook}
        assert {
            number: attempts for number, attempts in wrong.items() if len(attempts) < FEWEST["wrong"]
        } == {}
        assert {
            number: attempts for number, attempts in right.items() if len(attempts) < FEWEST["right"]
        } == {}

    return require_enough
