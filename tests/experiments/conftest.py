from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit import World, open_world

FILE = "supabase/migrations/20250127090000_mine.sql"
ACTIONS = "src/app/actions/documents.py"


@pytest.fixture(scope="module")
def one_lab() -> Iterator[World]:
    with open_world(phase=8, scratch=True) as world:
        yield world


@pytest.fixture
def lab(one_lab: World) -> World:
    one_lab.reset(8)
    return one_lab
