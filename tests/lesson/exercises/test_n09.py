from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit import World, exercise, open_world
from kit.lesson.exercises import EXERCISES


@pytest.fixture(scope="module")
def lab() -> Iterator[World]:
    with open_world(phase=8, scratch=True) as world:
        yield world


TOGETHER = """lab.dev.run("git push -q origin main && npx supabase db push")
lab.advance(36)"""
SCHEMA_FIRST = """lab.dev.run("npx supabase db push && git push -q origin main")
lab.advance(36)"""
BACK_AT_ONCE = """lab.rollback("1723189")
lab.advance(1)
lab.dev.write("supabase/migrations/20250126170000_back.sql",
              "ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ;")
lab.dev.run("npx supabase db push")
lab.advance(2)"""
WITHOUT_PEOPLE = """lab.visitors(rate=0)
lab.dev.run("git push -q origin main")
lab.advance(36)
lab.dev.run("npx supabase db push")
lab.advance(2)"""


@pytest.mark.parametrize(
    ("number", "attempt"),
    [
        ("9a", TOGETHER),
        ("9a", SCHEMA_FIRST),
        ("9a", WITHOUT_PEOPLE),
        ("9b", 'answer = {"A": "schema-first", "B": "any", "C": "any", "D": "schema-first"}'),
        ("9c", BACK_AT_ONCE),
    ],
)
def test_what_loses_a_view_or_shows_nothing_is_not_done(lab: World, number: str, attempt: str) -> None:
    names: dict[str, object] = {"lab": lab}
    exec(EXERCISES[number].before, names)  # noqa: S102 - the kit's own text, as the notebook runs it
    exec(attempt, names)  # noqa: S102 - as above
    assert not exercise(lab, number, names.get("answer")).holds
