from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit import World, open_world
from kit.errors import BadInput
from kit.names import FEATURE
from kit.timeline import CommandRan, PageView

COLUMN = "processing_completed_at"


@pytest.fixture(scope="module")
def lab() -> Iterator[World]:
    with open_world(phase=6, scratch=True) as world:
        yield world


@pytest.fixture(autouse=True)
def _start(lab: World) -> None:
    lab.reset(6)


def in_cloud(world: World, sql: str) -> None:
    assert world.dev.run(f'psql "$CLOUD_DB_URL" -c "{sql}"').exit == 0


def test_the_worker_makes_it_readable(lab: World) -> None:
    page = lab.upload("A New Book")

    assert (page.site, page.status) == ("production", 200)
    assert "A New Book, made readable by version 1 of the worker." in page.text
    assert lab.timeline.only(CommandRan)[-1].command == "upload 'A New Book'"


def test_a_worker_that_fails_leaves_it_for_later_and_says_why(lab: World) -> None:
    in_cloud(lab, f"ALTER TABLE documents DROP COLUMN {COLUMN}")

    assert "Not ready to read yet: pending." in lab.upload("A New Book").text
    assert f'42703 column "{COLUMN}"' in repr(lab.log("worker"))


def test_a_worker_that_goes_on_failing_says_it_once(lab: World) -> None:
    in_cloud(lab, f"ALTER TABLE documents DROP COLUMN {COLUMN}")

    for title in ("A New Book", "Another Book"):
        assert "Not ready to read yet: pending." in lab.upload(title).text
    assert f'1 time: 42703 column "{COLUMN}"' in repr(lab.log("worker"))


def test_nobody_waits_for_a_worker_that_is_gone(lab: World) -> None:
    lab.engine.supervisor.stop("worker")

    assert "Not ready to read yet: pending." in lab.upload("A New Book").text


def test_a_worker_that_was_mended_makes_both_readable(lab: World) -> None:
    in_cloud(lab, f"ALTER TABLE documents RENAME COLUMN {COLUMN} TO completed_at")
    lab.upload("A New Book")
    in_cloud(lab, f"ALTER TABLE documents RENAME COLUMN completed_at TO {COLUMN}")

    assert "Another Book, made readable" in lab.upload("Another Book").text
    assert "A New Book, made readable" in lab.open_page(title="A New Book").text


def test_a_site_that_refuses_says_so(lab: World) -> None:
    in_cloud(lab, "ALTER TABLE documents RENAME COLUMN file_type TO kind")

    assert lab.upload("A New Book").status == 500
    assert "file_type" in repr(lab.log())


def test_a_phase_begins_without_the_errors_of_the_one_before(lab: World) -> None:
    in_cloud(lab, "ALTER TABLE documents DROP COLUMN last_viewed")
    lab.visitors(rate=10)
    lab.advance(1)
    assert "10 times: Failed to update last_viewed: 42703" in repr(lab.log())

    lab.reset(6)
    assert repr(lab.log()) == "the log of production: no errors"

    in_cloud(lab, "ALTER TABLE documents DROP COLUMN last_viewed")
    lab.visitors(rate=10)
    assert "10 LOST" in repr(lab.advance(1))
    assert "10 times: Failed to update last_viewed: 42703" in repr(lab.log())
    assert {view.sqlstate for view in lab.timeline.only(PageView)[-10:]} == {"42703"}


def test_a_branch_has_a_log_and_what_was_never_pushed_has_none(lab: World) -> None:
    assert repr(lab.log(FEATURE)) == f"the log of {FEATURE}: no errors"
    with pytest.raises(BadInput, match="There is no 'nonsense' that has a log"):
        lab.log("nonsense")
