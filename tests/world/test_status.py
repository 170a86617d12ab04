from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.world.engine import Engine
from kit.world.snapshot import Status

At = Callable[[int], Engine]


def table(world: Engine) -> dict[str, tuple[str, str]]:
    """Return for each place whether it has the migration, and the code or the column."""
    return {place: (migration, column) for place, _, migration, column in Status(world.observe()).rows()}


@pytest.mark.parametrize(
    ("phase", "yes"),
    [
        (1, set[str]()),
        (3, {("dev clone", 0), ("local database", 0), ("local database", 1)}),
        (5, {("dev clone", 0), ("dev clone", 1), ("local database", 0), ("local database", 1)}),
        (
            8,
            {
                (place, column)
                for place in ("dev clone", "production clone", "github main", "local database")
                for column in (0, 1)
            }
            | {("cloud database", 0), ("cloud database", 1), ("production site", 1), ("worker", 1)},
        ),
    ],
)
def test_it_says_where_the_migration_and_the_code_are(at: At, phase: int, yes: set[tuple[str, int]]) -> None:
    rows = table(at(phase))

    assert {(place, n) for place, row in rows.items() for n in (0, 1) if row[n] == "yes"} == yes


def test_it_is_shown_as_a_table(at: At) -> None:
    lines = repr(Status(at(5).observe())).splitlines()

    assert lines[0].split() == ["stands", "at", "migration", "last_viewed"]
    assert len(lines) == 8
    assert len({line.find("no") for line in lines if line.startswith("cloud")}) == 1
    assert not any(line.endswith(" ") for line in lines)


def test_what_is_not_committed_and_what_is_checked_out_is_seen(at: At) -> None:
    world = at(1)
    world.run("dev", "git checkout -q --detach")
    world.run("dev", "git add -A")

    shown = repr(Status(world.observe()))

    assert "detached" in shown
    assert ", 4 changed" in shown


def test_a_worker_that_does_not_run_is_told(at: At) -> None:
    world = at(1)
    world.supervisor.stop("worker")

    assert "worker            not running" in repr(Status(world.observe()))


def test_a_database_without_history_is_empty(at: At) -> None:
    world = at(1)
    world.run("dev", 'psql "$LOCAL_DB_URL" -qc "DROP SCHEMA supabase_migrations CASCADE" 2>&1')

    assert "local database    empty" in repr(Status(world.observe()))


def test_in_a_notebook_it_has_the_marks_of_the_map_and_a_database_is_round(at: At) -> None:
    shown = Status(at(5).observe())._repr_html_()

    assert shown.count("● yes") == 4
    assert shown.count("○ no") == repr(Status(at(5).observe())).count(" no")
    assert shown.count("border-radius:11px") == 2
    assert shown.count("border-radius:2px") == 5
    assert "2px solid #3b82f6;border-radius:11px'>local database" in shown
