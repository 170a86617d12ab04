"""What a trial does, and that the world it stands beside is left as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit import World, open_world
from kit.errors import BuildFailed
from kit.lesson.exercise import Attempt
from kit.lesson.trial import TEST_ID, Trial


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with open_world(phase=8, scratch=True) as world:
        yield world


@pytest.fixture
def lab(world: World) -> Iterator[World]:
    """Bring the world to the end of the workflow; after the test nothing of a trial runs any more."""
    world.reset(8)
    yield world
    assert {found for found in world.engine.supervisor.processes() if found.startswith("trial")} == set()


@pytest.fixture
def trial(lab: World) -> Trial:
    return Trial(lab.engine)


def test_a_folder_is_replayed_on_an_empty_database(lab: World, trial: Trial) -> None:
    lab.dev.write(
        "supabase/migrations/20250127000000_add.sql", "ALTER TABLE documents ADD COLUMN stars INTEGER;"
    )
    before = len(lab.timeline), lab.engine.observe().cloud

    replayed = trial.replay(trial.folder())

    assert not replayed.refused
    assert "stars" in replayed.database.columns
    assert "20250127000000" in replayed.database.versions
    assert (len(lab.timeline), lab.engine.observe().cloud) == before


def test_what_does_not_apply_is_named_with_its_file(lab: World, trial: Trial) -> None:
    lab.dev.write(
        "supabase/migrations/20250127000000_add.sql", "ALTER TABLE documents ADD COLUMN last_viewed TEXT;"
    )

    refused = trial.replay(trial.folder()).refused

    assert refused.startswith("20250127000000_add.sql: ERROR: ")
    assert "42701" in refused


def test_a_database_is_compared_with_what_the_files_make(lab: World, trial: Trial) -> None:
    assert trial.compare(trial.folder(), "cloud") == ""
    lab.dev.run(
        'psql "$CLOUD_DB_URL" -c "ALTER TABLE documents DROP COLUMN last_viewed, ADD COLUMN stars INTEGER"'
    )

    difference = trial.compare(trial.folder(), "cloud")

    assert "lacks what the files make: column documents.last_viewed timestamp with time zone" in difference
    assert "index public.idx_documents_last_viewed" in difference
    assert "has what no file makes: column documents.stars integer." in difference


def test_a_site_is_served_on_a_copy_and_the_worker_works_there(lab: World, trial: Trial) -> None:
    asked = "SELECT count(*), count(last_viewed) FROM documents"
    attempt, before = Attempt(lab), len(lab.timeline)
    there = attempt.ask_cloud(asked)
    trial.copy("cloud")
    with trial.connect() as connection:
        connection.execute("UPDATE documents SET last_viewed = NULL")
        with trial.site(trial.folder()) as site:
            opened, added, home = site.open(), site.upload(), site.get("/")
        assert [page.status_code for page in (opened, added, home) if page is not None] == [200, 201, 200]
        assert connection.execute(asked).fetchone() == (there[0] + 1, 1)
        viewed = connection.execute("SELECT last_viewed FROM documents WHERE id = %s", [TEST_ID]).fetchone()
        assert viewed
        assert viewed[0] == lab.engine.clock.date()
        assert trial.work_off(trial.folder("production")) == ""
        waiting = connection.execute("SELECT count(*) FROM documents WHERE processing_status = 'pending'")
        assert waiting.fetchone() == (0,)

    assert attempt.ask_cloud(asked) == there
    assert len(lab.timeline) == before
    assert lab.log("worker").errors == ()


def test_code_that_does_not_start_is_told_without_its_folder(lab: World, trial: Trial) -> None:
    lab.dev.write("src/app/page.py", "from app.actions.documents import nothing_of_that_name")
    trial.copy("cloud")

    with pytest.raises(BuildFailed) as raised, trial.site(trial.folder()):
        pass

    assert "nothing_of_that_name" in raised.value.why
    assert str(trial.folder()) not in raised.value.why
    assert trial.starts(trial.folder()) == raised.value.why


def test_a_worker_that_fails_says_why(lab: World, trial: Trial) -> None:
    trial.copy("cloud")
    with trial.connect() as connection:
        connection.execute("ALTER TABLE documents DROP COLUMN processing_completed_at")
        connection.execute("UPDATE documents SET processing_status = 'pending' WHERE id = %s", [TEST_ID])

    assert "processing_completed_at" in trial.work_off(trial.folder("production"))
    assert lab.log("worker").errors == ()


def test_a_command_reaches_the_copy_and_nothing_else(lab: World, trial: Trial) -> None:
    trial.copy("cloud")

    ran = trial.run('psql "$CLOUD_DB_URL" -qc "DROP TABLE chunks CASCADE"; rm -r supabase; ls; git status')

    assert "supabase" not in ran.output
    assert "not a git repository" in ran.output
    assert (trial.folder() / "supabase").is_dir()
    assert Attempt(lab).ask_cloud("SELECT to_regclass('chunks') IS NOT NULL") == (True,)
