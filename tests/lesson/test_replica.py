"""What a replica does, and that the world it stands beside is left as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kit import World, open_world
from kit.lesson.checks.replica import TEST_ID, describe_difference, open_replica
from kit.lesson.exercise import Attempt
from kit.world.snapshot import read_database


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with open_world(phase=8, scratch=True) as world:
        yield world


@pytest.fixture
def lab(world: World) -> Iterator[World]:
    """Bring the world to the end of the workflow; after the test nothing of a replica runs any more."""
    world.reset(8)
    yield world
    assert {found for found in world.engine.supervisor.processes() if found.startswith("check")} == set()


def dev(lab: World) -> Path:
    return lab.engine.repositories.clones["dev"]


def test_a_folder_is_replayed_on_an_empty_database(lab: World) -> None:
    lab.dev.write(
        "supabase/migrations/20250127000000_add.sql", "ALTER TABLE documents ADD COLUMN stars INTEGER;"
    )
    before = len(lab.timeline), lab.engine.observe().cloud

    with open_replica(lab.engine) as replica, replica.connect() as connection:
        assert replica.replay(dev(lab)) == ""
        replayed = read_database(connection)

    assert "stars" in replayed.columns
    assert "20250127000000" in replayed.versions
    assert (len(lab.timeline), lab.engine.observe().cloud) == before


def test_what_does_not_apply_is_named_with_its_file(lab: World) -> None:
    lab.dev.write(
        "supabase/migrations/20250127000000_add.sql", "ALTER TABLE documents ADD COLUMN last_viewed TEXT;"
    )

    with open_replica(lab.engine) as replica:
        refused = replica.replay(dev(lab))

    assert refused.startswith("20250127000000_add.sql: ERROR: ")
    assert "42701" in refused


def test_a_database_is_compared_with_what_the_files_make(lab: World) -> None:
    assert describe_difference(lab.engine, dev(lab), "cloud") == ""
    lab.dev.run(
        'psql "$CLOUD_DB_URL" -c "ALTER TABLE documents DROP COLUMN last_viewed, ADD COLUMN stars INTEGER"'
    )

    difference = describe_difference(lab.engine, dev(lab), "cloud")

    assert "lacks what the files make: column documents.last_viewed timestamp with time zone" in difference
    assert "index public.idx_documents_last_viewed" in difference
    assert "has what no file makes: column documents.stars integer." in difference


def test_a_site_is_served_on_a_copy_and_the_worker_works_there(lab: World) -> None:
    asked = "SELECT count(*), count(last_viewed) FROM documents"
    attempt, before = Attempt(lab), len(lab.timeline)
    there, live = attempt.ask_cloud(asked), attempt.seen.live
    with open_replica(lab.engine, "cloud") as replica:
        with replica.connect() as connection:
            connection.execute("UPDATE documents SET last_viewed = NULL")
        assert replica.serve_folder(dev(lab)) == ""
        assert replica.open() == 200
        assert replica.open_pages() is None
        (viewed,) = replica.ask("SELECT last_viewed FROM documents WHERE id = %s", TEST_ID)
        assert viewed == lab.engine.clock.date()
        assert replica.serve(live, worker=live) is None
        assert replica.upload() is None
        assert replica.ask(asked) == (there[0] + 1, 1)
        assert replica.ask("SELECT count(*) FROM documents WHERE processing_status = 'pending'") == (0,)

    assert attempt.ask_cloud(asked) == there
    assert len(lab.timeline) == before
    assert lab.log("worker").errors == ()


def test_code_that_does_not_start_is_told_without_its_folder(lab: World) -> None:
    lab.dev.write("src/app/page.py", "from app.actions.documents import nothing_of_that_name")

    with open_replica(lab.engine, "cloud") as replica:
        why = replica.serve_folder(dev(lab))

    assert "nothing_of_that_name" in why
    assert str(dev(lab)) not in why


def test_a_worker_that_fails_says_why(lab: World) -> None:
    live = Attempt(lab).seen.live
    with open_replica(lab.engine, "cloud") as replica:
        with replica.connect() as connection:
            connection.execute("ALTER TABLE documents DROP COLUMN processing_completed_at")
        assert replica.serve(live, worker=live) is None
        trouble = replica.upload()

    assert trouble is not None
    assert "processing_completed_at" in trouble.why
    assert lab.log("worker").errors == ()


def test_a_command_reaches_the_copy_and_nothing_else(lab: World) -> None:
    with open_replica(lab.engine, "cloud") as replica:
        ran = replica.run(
            'psql "$CLOUD_DB_URL" -qc "DROP TABLE chunks CASCADE"; rm -r supabase; ls; git status'
        )

    assert "supabase" not in ran.output
    assert "not a git repository" in ran.output
    assert (dev(lab) / "supabase").is_dir()
    assert Attempt(lab).ask_cloud("SELECT to_regclass('chunks') IS NOT NULL") == (True,)
