from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit import World, exercise, open_world
from kit.experiments.locks import LargeTable, enlarge

INDEX = "supabase/migrations/20250126160000_index_document_title.sql"
PAGES = "supabase/migrations/20250126170000_add_document_pages.sql"
ADD = "ALTER TABLE documents ADD COLUMN pages INTEGER;"
PUSH = "npx supabase db push"


@pytest.fixture(scope="module")
def lab() -> Iterator[World]:
    with open_world(phase=5, scratch=True) as world:
        yield world


@pytest.fixture(scope="module")
def grown(lab: World) -> LargeTable:
    lab.dev.run(PUSH)
    return enlarge(lab)


@pytest.fixture
def large(grown: LargeTable) -> LargeTable:
    grown.world.dev.run("git clean -fdq supabase")
    return grown.undo()


def test_an_index_that_writers_wait_for_is_not_done(lab: World, large: LargeTable) -> None:
    lab.dev.write(INDEX, "CREATE INDEX idx_documents_title ON documents (title);")

    assert not exercise(lab, "10a", large.watch(PUSH)).holds


def test_a_watch_in_which_nothing_was_built_is_not_done(lab: World, large: LargeTable) -> None:
    assert not exercise(lab, "10a", large.watch("true")).holds
    assert not exercise(lab, "10a", "nobody waits").holds


def test_an_index_of_something_else_is_not_done(lab: World, large: LargeTable) -> None:
    lab.dev.write(INDEX, "CREATE INDEX CONCURRENTLY idx_files ON documents (file_name, title);")

    assert not exercise(lab, "10a", large.watch(PUSH)).holds


def test_a_migration_that_waits_for_the_end_of_the_coffee_is_not_done(lab: World, large: LargeTable) -> None:
    lab.dev.write(PAGES, ADD)

    seen = large.watch(f"{PUSH} || {PUSH}", idle=True)

    assert seen.ran.exit == 0
    assert not exercise(lab, "10b", seen).holds


def test_a_migration_that_gives_up_and_does_not_come_back_is_not_done(lab: World, large: LargeTable) -> None:
    lab.dev.write(PAGES, f"SET lock_timeout = '300ms'; {ADD}")

    seen = large.watch(PUSH, idle=True)

    assert "55P03" in seen.ran.output
    assert not exercise(lab, "10b", seen).holds


def test_a_column_that_came_while_nobody_was_in_the_way_is_not_done(lab: World, large: LargeTable) -> None:
    lab.dev.write(PAGES, f"SET lock_timeout = '300ms'; {ADD}")

    assert not exercise(lab, "10b", large.watch(PUSH)).holds
