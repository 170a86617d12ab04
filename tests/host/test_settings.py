"""What one may set at the host: migrations of its own, a queue, previews with a database of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.errors import BadInput
from kit.host import HostSettings
from kit.names import FEATURE, MIGRATION, READER_PAGE
from kit.timeline import Deployed, MigrationApplied, count_outcomes
from kit.world.engine import Engine

At = Callable[[int], Engine]
DROP = "supabase/migrations/20250126160000_drop_document_last_viewed.sql"
DROPPED = "ALTER TABLE documents DROP COLUMN last_viewed;\n"
BROKEN = "supabase/migrations/20250126170000_wrong.sql"


def push(world: Engine, *files: tuple[str, str], to: str = "main") -> str:
    """Commit files and push them; return the commit."""
    for name, text in files:
        world.write("dev", name, text)
    ran = world.run(
        "dev", f"git add -A && git commit -qm change --allow-empty && git push -q origin HEAD:{to}"
    )
    assert ran.exit == 0, ran
    return world.repositories.observe().github[to]


def merge(world: Engine) -> str:
    """Merge the feature and push main; return the commit."""
    assert world.run("dev", f"git checkout -q main && git merge -q --no-edit {FEATURE}").exit == 0
    return push(world)


def stages(world: Engine, commit: str) -> list[tuple[float, str]]:
    return [(stage.at, stage.stage) for stage in world.timeline.only(Deployed) if stage.commit == commit]


def migrated(world: Engine) -> list[float]:
    return [applied.at for applied in world.timeline.only(MigrationApplied) if applied.database == "cloud"]


def columns(world: Engine) -> tuple[str, ...]:
    return world.observe().cloud.columns


def start(world: Engine, settings: HostSettings) -> float:
    """Set the host; return the present instant."""
    world.set_host(settings)
    return world.clock.now()


@pytest.mark.parametrize(("migrates", "after"), [("build", 7.0), ("release", 32.0)])
def test_a_host_that_migrates_adds_before_the_code_is_live(at: At, migrates: str, after: float) -> None:
    world = at(5)
    zero = start(world, HostSettings(migrates=migrates))  # type: ignore[arg-type]  # parametrized
    world.visit(4)

    commit = merge(world)
    world.advance(40)

    assert [when - zero for when in migrated(world)] == [after]
    assert stages(world, commit)[-1] == (zero + 35, "live")
    views = count_outcomes(world.timeline)
    assert views.ok == views.total == 40 * 4


@pytest.mark.parametrize(("migrates", "seconds"), [("build", 28), ("release", 3)])
def test_a_host_that_migrates_drops_under_the_old_code(at: At, migrates: str, seconds: int) -> None:
    world = at(8)
    world.run("dev", "git checkout -q main")
    zero = start(world, HostSettings(migrates=migrates))  # type: ignore[arg-type]  # parametrized
    world.visit(4)

    world.run("dev", "git checkout -q HEAD~1 -- src")
    push(world, (DROP, DROPPED))
    world.advance(40)

    here = [record for record in world.timeline if record.at >= zero]
    assert count_outcomes(here).lost == seconds * 4


@pytest.mark.parametrize("migrates", ["build", "release"])
def test_a_migration_that_fails_fails_the_deployment(at: At, migrates: str) -> None:
    world = at(5)
    start(world, HostSettings(migrates=migrates))  # type: ignore[arg-type]  # parametrized
    old = world.host.live
    world.run("dev", f"git checkout -q main && git merge -q --no-edit {FEATURE}")

    commit = push(world, (BROKEN, "ALTER TABLE documents ADD COLUMN title TEXT;\n"))
    world.advance(40)

    assert stages(world, commit)[-1][1] == "failed"
    assert 'column "title" of relation "documents" already exists' in world.timeline.only(Deployed)[-1].detail
    assert world.host.live == old
    assert "last_viewed" in columns(world), "the file before it stays applied"


def test_a_build_that_fails_after_its_migration_leaves_the_new_schema(at: At) -> None:
    world = at(8)
    world.run("dev", "git checkout -q main")
    start(world, HostSettings(migrates="build"))
    old = world.host.live

    commit = push(world, (DROP, DROPPED), (READER_PAGE, "def page(:\n"))
    world.advance(40)

    assert stages(world, commit)[-1][1] == "failed"
    assert world.host.live == old
    assert "last_viewed" not in columns(world)


def test_a_release_phase_does_not_run_after_a_build_that_failed(at: At) -> None:
    world = at(8)
    world.run("dev", "git checkout -q main")
    start(world, HostSettings(migrates="release"))

    push(world, (DROP, DROPPED), (READER_PAGE, "def page(:\n"))
    world.advance(40)

    assert "last_viewed" in columns(world)


@pytest.mark.parametrize(("migrates", "reached"), [("build", True), ("release", False)])
def test_a_preview_migrates_production_in_its_build_step_alone(
    at: At, migrates: str, *, reached: bool
) -> None:
    world = at(4)
    start(world, HostSettings(migrates=migrates))  # type: ignore[arg-type]  # parametrized

    push(world, to=FEATURE)
    world.advance(40)

    assert ("last_viewed" in columns(world)) is reached


def test_a_build_step_leaves_production_alone_where_the_preview_has_a_database_of_its_own(at: At) -> None:
    world = at(4)
    start(world, HostSettings(migrates="build", preview_database="own"))

    push(world, to=FEATURE)
    world.advance(40)

    assert "last_viewed" not in columns(world)
    assert world.open_page(FEATURE, "My Test Document").status_code == 200


def test_builds_wait_for_each_other_and_only_the_newest_of_a_branch_is_built(at: At) -> None:
    world = at(1)
    world.run("dev", "git checkout -q main")
    zero = start(world, HostSettings(concurrent_builds=1))

    first = push(world, ("notes.txt", "1\n"))
    world.advance(10)
    second = push(world, ("notes.txt", "2\n"))
    world.advance(10)
    third = push(world, ("notes.txt", "3\n"))
    world.advance(60)

    assert stages(world, first)[-1] == (zero + 35, "live")
    assert stages(world, second) == [(zero + 10, "queued"), (zero + 30, "canceled")]
    assert stages(world, third) == [
        (zero + 20, "queued"),
        (zero + 30, "building"),
        (zero + 55, "built"),
        (zero + 60, "live"),
    ]
    assert world.host.live == third


def test_builds_of_two_branches_are_built_one_after_the_other(at: At) -> None:
    world = at(1)
    zero = start(world, HostSettings(concurrent_builds=1))

    push(world, to="one")
    other = push(world, to="another")
    world.advance(70)

    assert stages(world, other)[-1] == (zero + 60, "live")


def test_a_build_that_fails_gives_its_place_away(at: At) -> None:
    world = at(1)
    world.run("dev", "git checkout -q main")
    zero = start(world, HostSettings(concurrent_builds=1))

    push(world, (READER_PAGE, "def page(:\n"))
    mended = push(world, (READER_PAGE, "async def page():\n    return '<p>mended</p>'\n"))
    world.advance(60)

    assert stages(world, mended)[1:] == [(zero + 30, "building"), (zero + 55, "built"), (zero + 60, "live")]


def test_a_queued_build_can_be_canceled(at: At) -> None:
    world = at(1)
    world.run("dev", "git checkout -q main")
    old = world.host.live
    start(world, HostSettings(migrates="build"))

    commit = push(world, (MIGRATION, "ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ;\n"))
    assert world.cancel() == commit
    world.advance(60)

    assert [stage for _, stage in stages(world, commit)] == ["queued", "canceled"]
    assert world.host.live == old
    assert "last_viewed" not in columns(world)
    with pytest.raises(BadInput):
        world.cancel()


def test_what_a_canceled_build_has_migrated_stays(at: At) -> None:
    world = at(1)
    world.run("dev", "git checkout -q main")
    start(world, HostSettings(migrates="build"))

    commit = push(world, (MIGRATION, "ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ;\n"))
    world.advance(10)
    world.cancel(commit[:7])

    assert "last_viewed" in columns(world)


def test_after_a_rollback_pushes_are_built_and_wait_for_a_promotion(at: At) -> None:
    world = at(1)
    world.run("dev", "git checkout -q main")
    old = world.host.live
    push(world, ("notes.txt", "bad\n"))
    world.advance(35)

    world.rollback(old)
    fix = push(world, ("notes.txt", "good\n"))
    world.advance(60)

    assert world.host.live == old
    assert stages(world, fix)[-1][1] == "staged"
    assert "rolled back" in repr(world.timeline)
    assert world.observe().rolled_back

    now = world.clock.now()
    world.promote()
    assert (world.host.live, world.clock.now()) == (fix, now)

    later = push(world, ("notes.txt", "better\n"))
    world.advance(35)
    assert world.host.live == later


def test_a_promotion_of_what_is_live_ends_the_rollback(at: At) -> None:
    world = at(1)
    world.run("dev", "git checkout -q main")
    old = world.host.live
    push(world, ("notes.txt", "bad\n"))
    world.advance(35)
    world.rollback(old)

    world.promote(old[:7])

    assert not world.observe().rolled_back
    assert world.host.live == old


def test_there_must_be_something_to_promote(at: At) -> None:
    world = at(1)

    with pytest.raises(BadInput):
        world.promote("zzz")


def test_a_preview_on_production_s_database_meets_its_schema(at: At) -> None:
    world = at(4)
    push(world, to=FEATURE)
    world.advance(40)

    world.open_page(FEATURE, "My Test Document")

    assert "last_viewed" in world.log(FEATURE).read_text()


def test_a_preview_with_a_database_of_its_own_has_its_migrations_and_touches_nothing(at: At) -> None:
    world = at(4)
    start(world, HostSettings(preview_database="own"))
    commit = push(world, to=FEATURE)
    world.advance(40)

    page = world.open_page(FEATURE, "My Test Document")

    assert (page.status_code, page.headers["X-Deployment"]) == (200, commit)
    assert "error" not in world.log(FEATURE).read_text()
    assert "last_viewed" not in columns(world)


def test_a_preview_s_own_database_finds_the_migration_that_does_not_apply(at: At) -> None:
    world = at(4)
    start(world, HostSettings(preview_database="own"))

    commit = push(world, (BROKEN, "ALTER TABLE documents ADD COLUMN title TEXT;\n"), to=FEATURE)
    world.advance(40)

    assert stages(world, commit)[-1][1] == "failed"


def test_production_may_serve_another_branch(at: At) -> None:
    world = at(1)
    world.run("dev", "git checkout -q main")
    old = world.host.live
    start(world, HostSettings(production_branch="production"))

    commit = push(world, ("notes.txt", "1\n"))
    world.advance(40)
    assert world.host.live == old

    push(world, to="production")
    world.advance(40)
    assert world.host.live != old
    assert world.host.deployments[-2].target == "preview"
    assert commit


@pytest.mark.parametrize(
    "setting",
    [
        {"migrates": "always"},
        {"concurrent_builds": 0},
        {"preview_database": "none"},
        {"production_branch": ""},
    ],
)
def test_what_no_host_has_is_refused(setting: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        HostSettings(**setting)  # type: ignore[arg-type]  # the point


def test_settings_and_rollback_are_kept_with_the_world(at: At) -> None:
    world = at(1)
    world.run("dev", "git checkout -q main")
    old = world.host.live
    push(world, ("notes.txt", "bad\n"))
    world.advance(35)
    start(world, HostSettings(migrates="build", concurrent_builds=2))
    world.rollback(old)

    state = world.host.state()
    world.host.settings, world.host.rolled_back = HostSettings(), False
    world.host.resume(state)

    assert world.host.settings == HostSettings(migrates="build", concurrent_builds=2)
    assert world.host.rolled_back
