from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.widgets.world_map import Place, find_places, format_agreement, format_change, is_gap
from kit.world.engine import Engine
from kit.world.snapshot import Change
from kit.world.world import World

At = Callable[[int], Engine]
FEATURE = "feature/document-last-viewed"


def has(places: tuple[Place, ...]) -> dict[str, list[bool | None]]:
    return {place.key: [fact.holds for fact in place.facts] for place in places}


def changed(world: World) -> dict[str, tuple[str, ...]]:
    return {place.key: place.changes for place in find_places(world.change()) if place.changes}


@pytest.fixture
def world(at: At) -> Callable[[int], World]:
    return lambda phase: World(at(phase), "")


@pytest.mark.parametrize(
    ("phase", "there"),
    [
        (1, {}),
        (3, {"dev": [None, False], "local": [True, True]}),
        (4, {"dev": [None, None], "local": [True, True]}),
        (5, {"dev": [True, True], "local": [True, True]}),
        (
            6,
            {
                "dev": [True, True],
                "local": [True, True],
                "github": [True, True],
                "site": [True],
                "cloud": [True, True],
            },
        ),
        (
            8,
            {
                "dev": [True, True],
                "local": [True, True],
                "github": [True, True],
                "site": [True],
                "production": [True, True],
                "worker": [True],
                "cloud": [True, True],
            },
        ),
    ],
)
def test_after_each_phase_the_change_is_where_the_workflow_has_brought_it(
    world: Callable[[int], World], phase: int, there: dict[str, list[bool | None]]
) -> None:
    places = find_places(world(phase).change())
    nowhere = {key: [False] * len(facts) for key, facts in has(places).items()}
    assert has(places) == nowhere | there
    assert not any(place.changes for place in places)


def test_each_command_marks_what_it_changed_and_nothing_else(world: Callable[[int], World]) -> None:
    w = world(5)
    assert format_change(w.change()) == "Nothing was typed here yet."

    w.dev.run("git checkout -q main")
    assert changed(w) == {"dev": (f"was on {FEATURE}", "was at 1f31094", "- file 20250126153000")}
    assert format_change(w.change()) == "Changed by: dev$ git checkout -q main"

    w.dev.run(f"git merge -q {FEATURE}")
    assert changed(w) == {"dev": ("was at be5fdcc", "+ file 20250126153000")}

    w.dev.run("git push -q origin main")
    assert changed(w) == {"github": ("was main at be5fdcc",), "site": ("now queued 1f31094",)}

    w.advance(10)
    assert changed(w) == {"site": ("now building 1f31094",)}
    assert format_change(w.change()) == "Changed since: dev$ git push -q origin main"

    w.advance(26)
    assert changed(w) == {"site": ("was serving be5fdcc",)}
    assert is_gap(w.change().after)
    assert format_agreement(w.change().after).startswith("GAP: ")

    w.dev.run("npx supabase db push --yes")
    assert changed(w) == {
        "cloud": (
            "was at migration 070",
            "+ migration 20250126153000",
            "+ column last_viewed",
            "+ index idx_documents_last_viewed",
        )
    }
    assert not is_gap(w.change().after)

    w.production.run("git pull -q origin main")
    assert changed(w) == {"production": ("was at be5fdcc", "+ file 20250126153000")}

    w.production.run("cd worker && npm start")
    assert changed(w) == {"worker": ("was running be5fdcc",)}

    w.dev.run("git status")
    assert changed(w) == {}
    assert format_change(w.change()) == "Nothing changed by: dev$ git status"


def test_schema_first_is_no_gap(world: Callable[[int], World]) -> None:
    w = world(5)
    w.dev.run("npx supabase db push --yes")
    assert format_agreement(w.change().after) == (
        "The cloud database has last_viewed; the production site does not write it yet."
    )


def test_edits_are_uncommitted_until_they_are_committed(world: Callable[[int], World]) -> None:
    w = world(3)
    w.dev.run("true")
    w.dev.write("src/app/read/[id]/page.py", "await update_last_viewed(1)")
    dev = find_places(w.change())[0]
    assert dev.facts[1].says == "uncommitted code"
    assert dev.changes == ("now 2 uncommitted files",)

    w.dev.run("git add -A && git commit -qm x")
    dev = find_places(w.change())[0]
    assert [fact.says for fact in dev.facts] == ["migration file", "new code"]
    assert len(dev.changes) == 1
    assert dev.changes[0].startswith("was at ")


def test_what_was_built_for_another_phase_is_no_command_of_the_learners(
    world: Callable[[int], World],
) -> None:
    w = world(5)
    w.dev.run("git checkout -q main")
    w.reset(5)
    assert changed(w) == {}
    assert w.change().command == ""


def test_a_worker_that_does_not_run_and_a_database_without_history(world: Callable[[int], World]) -> None:
    w = world(1)
    w.dev.run('psql "$LOCAL_DB_URL" -qc "DROP SCHEMA supabase_migrations CASCADE" 2>&1')
    w.engine.supervisor.stop("worker")
    places = {place.key: place for place in find_places(w.change())}
    assert places["worker"].lines == ("not running",)
    assert places["worker"].changes == ("was running be5fdcc",)
    assert places["local"].lines == ("without migrations",)
    assert places["local"].changes[:2] == ("was at migration 070", "- migration 001")


def test_every_text_of_a_place_is_one_line_without_control_characters(hostile: Change) -> None:
    for place in find_places(hostile):
        for text in (*place.lines, *place.changes, place.note, place.passing, *place.holds):
            assert text.isprintable(), text


def passing(world: World) -> str:
    return next(place.passing for place in find_places(world.change()) if place.key == "site")


def test_the_site_says_that_it_is_rolled_back_and_what_waits_behind_that(
    world: Callable[[int], World],
) -> None:
    w = world(5)
    old = w.engine.host.live
    w.dev.run(f"git checkout -q main && git merge -q {FEATURE} && git push -q origin main")
    w.advance(36)

    w.rollback(old)
    assert passing(w) == "rolled back"
    assert f"{old[:7]}, rolled back" in repr(w.status())

    w.dev.run("git commit -q --allow-empty -m fix && git push -q origin main")
    w.advance(36)
    fix = w.engine.host.deployments[-1].commit[:7]
    assert passing(w) == f"staged {fix}, rolled back"

    w.promote()
    assert passing(w) == ""
    assert "rolled back" not in repr(w.status())


def test_the_site_says_that_a_build_was_canceled(world: Callable[[int], World]) -> None:
    w = world(5)
    w.dev.run("git checkout -q main && git commit -q --allow-empty -m typo && git push -q origin main")
    commit = w.engine.host.deployments[-1].commit[:7]

    assert repr(w.cancel()) == f"canceled the build of {commit}"

    assert passing(w) == f"canceled {commit}"
