"""What the lesson on locks shows is true of the real Supabase CLI, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kit import open_world
from kit.experiments.locks import LargeTable, enlarge
from kit.experiments.queue import MIGRATOR, READER, WRITER

pytestmark = pytest.mark.supabase


@pytest.fixture
def large(cli: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LargeTable]:
    monkeypatch.setenv("KIT_SUPABASE", "cli")
    monkeypatch.setenv("KIT_SUPABASE_CLI", str(cli))
    with open_world(phase=5, scratch=True) as world:
        yield enlarge(world)


def test_one_file_keeps_reads_waiting_while_its_index_is_built(large: LargeTable) -> None:
    seen = large.watch("npx supabase db push")

    place = seen.queue.place(MIGRATOR)
    assert place is not None
    assert (place.state, place.lock) == ("HOLDS", "ACCESS EXCLUSIVE")
    assert place.statement.startswith("CREATE INDEX")
    assert seen.queue.waiting == (READER, WRITER)
    assert seen.ran.exit == 0
