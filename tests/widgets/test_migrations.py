from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import HistoryDiverged, OutOfOrder
from kit.repos import CloneSeen, RepositoriesSeen
from kit.supabase import find_pending
from kit.widgets import MigrationTable
from kit.widgets.migrations import compare_histories, draw_histories, format_histories, format_push
from kit.world.engine import Engine
from kit.world.snapshot import Change, DatabaseSeen, Snapshot, WorkerSeen
from kit.world.world import World

At = Callable[[int], Engine]
OURS = "20250126153000"
PUSH = "npx supabase db push --yes"


def parse(html: str) -> ET.Element:
    """Parse what is drawn as XML, stricter than any browser."""
    return ET.fromstring(f"<div>{html}</div>")  # noqa: S314 - the kit's own text


def drift(world: World) -> dict[str, tuple[str, ...]]:
    return {row.version: row.drift for row in compare_histories(world.change().after) if row.drift}


@pytest.mark.parametrize(
    ("phase", "expected"),
    [(1, {}), (3, {OURS: ("pending in cloud",)}), (5, {OURS: ("pending in cloud",)}), (6, {})],
)
def test_each_phase_has_the_drift_that_the_workflow_leaves(
    at: At, phase: int, expected: dict[str, tuple[str, ...]]
) -> None:
    assert drift(World(at(phase), "")) == expected


def test_a_branch_without_the_file_leaves_a_version_without_one(at: At) -> None:
    world = World(at(5), "")
    world.dev.run("git checkout -q main")
    assert drift(world) == {OURS: ("in local without a file",)}
    ours = compare_histories(world.change().after)[-1]
    assert (ours.name, ours.file, ours.local, ours.cloud) == ("add_document_last_viewed", False, True, False)
    assert format_push(world.change().after) == "db push has nothing to do: the cloud has them all."


def test_a_number_that_comes_too_late_is_marked_and_the_runner_refuses_it(at: At) -> None:
    world = World(at(6), "")
    world.dev.write("supabase/migrations/071_add_pinned.sql", "ALTER TABLE documents ADD pinned boolean;")
    world.dev.write("supabase/migrations/notes.sql", "-- no migration")
    assert drift(world) == {"071": ("too old for local", "too old for cloud")}
    assert format_push(world.change().after) == "db push refuses: a file here is too old for the cloud."
    assert "inserted before the last migration" in world.dev.run(PUSH).output


def test_a_version_that_only_the_cloud_has_stops_the_push(at: At) -> None:
    world = World(at(6), "")
    world.production.run("git checkout -q --detach")
    world.dev.run("rm supabase/migrations/070_*")
    assert drift(world) == {"070": ("in local without a file", "in cloud without a file")}
    assert (
        format_push(world.change().after) == "db push refuses: the cloud has a version that is no file here."
    )
    assert "not found in local migrations directory" in world.dev.run(PUSH).output


def test_what_is_said_of_the_push_is_what_it_does(at: At) -> None:
    world = World(at(5), "")
    assert format_push(world.change().after) == "db push would apply 1 file to the cloud."
    assert world.dev.run(PUSH).output.count("Applying migration") == 1
    assert format_push(world.change().after) == "db push has nothing to do: the cloud has them all."


def seen(files: list[str], local: list[str], cloud: list[str]) -> Snapshot:
    names = tuple(f"{version}_a.sql" for version in files)
    clone = CloneSeen(branch="main", head="", branches={}, changed=(), migrations=names)
    return Snapshot(
        now=0,
        repositories=RepositoriesSeen(github={}, clones={"dev": clone, "production": clone}),
        local=DatabaseSeen(versions=tuple(sorted(local))),
        cloud=DatabaseSeen(versions=tuple(sorted(cloud))),
        deployments=(),
        live="",
        dev_serving=False,
        worker=WorkerSeen(),
    )


versions = st.lists(st.sampled_from(["001", "002", "010", "070", "071", "2025", "2026"]), unique=True)


@given(versions, versions)
def test_the_marks_agree_with_the_runners_own_rule(files: list[str], cloud: list[str]) -> None:
    rows = compare_histories(seen(files, files, cloud))
    marks: dict[str, list[str]] = {}
    for row in rows:
        for mark in row.drift:
            marks.setdefault(mark, []).append(row.version)
    said, named = _ask_the_runner(files, cloud)
    assert marks.get(said, []) == named
    if said == "pending in cloud":
        assert set(marks) <= {said}


def _ask_the_runner(files: list[str], cloud: list[str]) -> tuple[str, list[str]]:
    try:
        return "pending in cloud", list(find_pending(files, sorted(cloud)))
    except (HistoryDiverged, OutOfOrder) as error:
        versions = cast("tuple[str, ...]", error.details["versions"])
        early = isinstance(error, OutOfOrder)
        return "too old for cloud" if early else "in cloud without a file", list(versions)


def test_two_files_of_one_version_are_told() -> None:
    twins = seen(["001", "001"], ["001"], ["001"])
    assert [row.drift for row in compare_histories(twins)] == [("two files",)]


def test_the_table_is_real_and_marked_in_words(at: At) -> None:
    table = MigrationTable(World(at(5), ""))
    tree = next(parse(table._repr_html_()).iter("table"))
    assert tree.findtext("caption")
    assert all(cell.get("scope") for cell in tree.iter("th"))
    marked = [row for row in tree.iter("tr") if row.get("class") == "kw-marked"]
    assert [[cell.text for cell in row] for row in marked] == [
        [OURS, "add_document_last_viewed", "● yes", "● yes", "○ no", "pending in cloud"]
    ]
    lines = repr(table).splitlines()
    assert [line for line in lines if line.startswith("*")] == [
        "*  20250126153000  add_document_last_viewed    yes   yes    no     pending in cloud"
    ]
    assert repr(table).isascii()


def test_without_any_migration_there_is_an_empty_table() -> None:
    empty = seen([], [], [])
    assert "db push has nothing to do" in draw_histories(empty)
    assert len(format_histories(empty).splitlines()) == 3


def test_what_came_from_elsewhere_is_escaped(hostile: Change) -> None:
    html = draw_histories(hostile.after)
    assert "<img" not in html
    assert "<img src=x" in "".join(parse(html).itertext())
    assert html.encode()
    assert format_histories(hostile.after).isascii()


def test_hostile_names_of_a_real_history_are_escaped(at: At) -> None:
    world = World(at(1), "")
    evil = "<img src=x onerror=alert(1)>"
    world.dev.run(f"echo 'SELECT 1' > 'supabase/migrations/2_{evil}.sql'")
    world.dev.run("npx supabase migration up --include-all")
    world.dev.run(
        f"""psql "$CLOUD_DB_URL" -qc "INSERT INTO supabase_migrations.schema_migrations VALUES ('{evil}')" """
    )
    html = draw_histories(world.change().after)
    assert "<img" not in html
    assert "".join(parse(html).itertext()).count(evil) == 2


def test_a_snapshot_stays_as_it_was(at: At) -> None:
    world = World(at(5), "")
    table = MigrationTable(world)
    before = repr(table)
    world.dev.run(PUSH)
    assert repr(table) == before != repr(MigrationTable(world))


def test_replaced_snapshots_are_drawn_anew(hostile: Change) -> None:
    assert draw_histories(replace(hostile.after, cloud=DatabaseSeen())) != draw_histories(hostile.after)
