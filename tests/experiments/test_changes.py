from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest

from kit.experiments.changes import CHANGES, ChangeName, Commit, Recipe, columns_after, recipe
from kit.names import DOCUMENTS, MIGRATION, READER_PAGE, VERSION
from kit.repos import Handling, feature
from kit.world.engine import Engine
from kit.world.open import open_at

HANDLINGS: tuple[Handling, ...] = ("silent", "loud")


def versions(commit: Commit) -> set[str]:
    """Return the versions of the migrations that a commit brings."""
    return {path.split("/")[-1].partition("_")[0] for path in commit.files if path.endswith(".sql")}


def written(text: str) -> set[str]:
    """Return the columns that an UPDATE in a text sets."""
    updates = re.findall(r"UPDATE documents SET (.*?) WHERE", text)
    return set(re.findall(r"(\w+) = %s", " ".join(updates)))


@pytest.fixture
def world() -> Iterator[Engine]:
    """Give a world in which the workflow is done."""
    engine = open_at(8, scratch=True).engine
    yield engine
    engine.close()


@pytest.mark.parametrize("handling", HANDLINGS)
@pytest.mark.parametrize("change", ["drop", "rename"])
def test_the_files_write_the_columns_that_the_steps_name(change: ChangeName, handling: Handling) -> None:
    made = recipe(change, handling)
    files = dict(feature(handling).files)
    assert written(files[DOCUMENTS]) == made.writes
    for commit in made.apart:
        assert commit.migrates == bool(versions(commit))
        assert not (commit.migrates and {DOCUMENTS, READER_PAGE} & commit.files.keys())  # one thing at a time
        files.update(commit.files)
        assert written(files[DOCUMENTS]) == commit.writes
    # Both ways lead to the same code.
    whole = {**feature(handling).files, **made.whole.files}
    assert [whole[path] for path in (DOCUMENTS, READER_PAGE)] == [
        files[path] for path in (DOCUMENTS, READER_PAGE)
    ]


@pytest.mark.parametrize(("change", "handling"), list(itertools.product(CHANGES, HANDLINGS)))
def test_between_the_steps_each_code_works_before_and_after_its_neighbours(
    change: ChangeName, handling: Handling
) -> None:
    made = recipe(change, handling)
    applied = {VERSION} if made.phase == 8 else set()
    live = made.writes
    for commit in made.apart:
        new = applied | (versions(commit) if commit.migrates else set())
        for writes, seen in itertools.product((live, commit.writes), (applied, new)):
            assert writes <= columns_after(seen)
        applied, live = new, commit.writes


@pytest.mark.parametrize("handling", HANDLINGS)
def test_loud_code_is_loud_before_the_change_too(handling: Handling) -> None:
    for change in ("drop", "rename"):
        before = recipe(change, handling).before
        assert (before is None) == (handling == "silent")
        if before:
            assert before.files == {READER_PAGE: feature("loud").page}


def test_the_columns_follow_from_the_migrations() -> None:
    made = recipe("rename", "silent")
    (rename,) = versions(made.whole)
    assert columns_after(()) == set()
    assert columns_after(["070", VERSION]) == {"last_viewed"}
    assert columns_after([rename, VERSION]) == {"viewed_at"}  # in the order of their versions


def carry_out(world: Engine, made: Recipe) -> None:
    """Write and apply each migration of the steps."""
    for commit in made.apart:
        for path, text in commit.files.items():
            if path.endswith(".sql"):
                world.write("dev", path, text)
                assert world.run("dev", "npx supabase db push").exit == 0


@pytest.mark.parametrize("apart", [True, False])
def test_a_rename_keeps_every_view_and_an_index(world: Engine, *, apart: bool) -> None:
    ask = "SELECT id::text, {} FROM documents WHERE {} IS NOT NULL ORDER BY id"
    with world.server.connect("cloud") as connection:
        before = connection.execute(ask.format("last_viewed", "last_viewed")).fetchall()
    made = recipe("rename", "silent")
    carry_out(
        world,
        made if apart else Recipe(phase=8, writes=made.writes, whole=made.whole, apart=(made.whole,)),
    )
    with world.server.connect("cloud") as connection:
        assert before
        assert connection.execute(ask.format("viewed_at", "viewed_at")).fetchall() == before
    cloud = world.observe().cloud
    assert "last_viewed" not in cloud.columns
    assert "idx_documents_viewed_at" in cloud.indexes
    assert "idx_documents_last_viewed" not in cloud.indexes


def test_the_first_step_of_adding_is_the_feature_s_own_migration() -> None:
    expand, _ = recipe("add", "silent").apart
    assert expand.files == {MIGRATION: feature().migration}
