from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import httpx
import pytest

from kit.errors import BadInput, BuildFailed
from kit.host import apps
from kit.names import FEATURE, READER_PAGE
from kit.timeline import Deployed, PageView
from kit.world.engine import Engine
from kit.world.open import open_at

At = Callable[[int], Engine]
ROUTING = "src/lib/routing.py"
HEALTH = "src/app/api/health/route.py"


def on_main(world: Engine) -> None:
    assert world.run("dev", "git checkout -q main").exit == 0


def push(world: Engine, *files: tuple[str, str], title: str = "change") -> str:
    """Commit files on main and push them; return the commit."""
    for name, text in files:
        world.write("dev", name, text)
    ran = world.run(
        "dev", f"git add -A && git commit -q --allow-empty -m '{title}' && git push -q origin main"
    )
    assert ran.exit == 0, ran
    return world.repositories.observe().github["main"]


def titled(world: Engine, word: str) -> str:
    """Push a reader page that says a word."""
    return push(world, (READER_PAGE, f"async def page():\n    return '<p>{word}</p>'\n"), title=word)


def shown(world: Engine) -> str:
    return world.open_page("production", "My Test Document").text


def stages(world: Engine, commit: str) -> list[tuple[float, str]]:
    return [(one.at, one.stage) for one in world.timeline.only(Deployed) if one.commit == commit]


def test_the_stages_come_when_the_workflow_says(at: At) -> None:
    world = at(1)
    on_main(world)

    commit = titled(world, "new")
    world.advance(34.999)
    assert "<p>new</p>" not in shown(world)
    world.advance(0.001)

    assert stages(world, commit) == [(0, "queued"), (5, "building"), (30, "built"), (35, "live")]
    assert shown(world) == "<p>new</p>"
    assert world.host.live == commit


def test_the_address_stays_and_a_page_that_is_open_in_a_browser_goes_on(at: At) -> None:
    world = at(1)
    on_main(world)
    address = world.host.address
    with httpx.Client(trust_env=False, timeout=60) as browser:
        assert browser.get(address).status_code == 200
        titled(world, "new")
        world.advance(35)
        document = httpx.URL(address).join("/read/00000000-0000-4000-8000-000000000001")
        assert browser.get(document).text == "<p>new</p>"

    assert world.host.address == address


@pytest.mark.parametrize(
    ("file", "text", "stage", "why"),
    [
        pytest.param(
            READER_PAGE, "def page(:\n", 30, "page.py, line 1. invalid syntax", id="does not compile"
        ),
        pytest.param(
            ROUTING,
            "import nothing_like_it\n",
            35,
            "routing.py, line 1: ModuleNotFoundError",
            id="does not start",
        ),
        pytest.param(
            HEALTH, "async def get(_):\n    1 / 0\n", 35, "/api/health answered 500", id="is not healthy"
        ),
    ],
)
def test_a_failing_build_leaves_the_old_code_live(
    at: At, file: str, text: str, stage: float, why: str
) -> None:
    world = at(1)
    on_main(world)
    old = world.host.live

    commit = push(world, (file, text))
    world.advance(36)

    assert stages(world, commit)[-1] == (stage, "failed")
    failed = world.timeline.only(Deployed)[-1]
    assert why in failed.detail
    assert world.host.live == old
    assert world.open_page("production", "My Test Document").status_code == 200
    assert commit not in world.supervisor.processes()

    assert world.run("dev", "git revert --no-edit HEAD").exit == 0
    mended = titled(world, "mended")
    world.advance(35)
    assert world.host.live == mended


def test_code_that_hangs_at_its_start_fails_too(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "HEALTH_S", 0.5)
    world = at(1)
    on_main(world)

    push(world, (ROUTING, "import time\ntime.sleep(60)\n"))
    world.advance(35)

    assert "did not answer" in world.timeline.only(Deployed)[-1].detail


def test_a_feature_branch_becomes_a_preview_and_touches_nothing(at: At) -> None:
    world = at(4)
    old = world.host.live
    world.run("dev", "git add -A && git commit -q -m feature && git push -q origin HEAD")
    with pytest.raises(BadInput, match="no preview that is ready"):
        world.open_page(FEATURE, "My Test Document")

    world.advance(35)

    assert world.host.live == old
    assert world.open_page("production", "My Test Document").headers["X-Deployment"] == old
    preview = world.open_page(FEATURE, "My Test Document")
    assert preview.headers["X-Deployment"] == world.repositories.observe().github[FEATURE]


def test_a_preview_of_a_branch_nobody_pushed_is_refused_with_those_there_are(at: At) -> None:
    world = at(5)

    with pytest.raises(BadInput) as refused:
        world.open_page("nope", "My Test Document")

    assert refused.value.looked == (FEATURE,)


def test_deleting_a_branch_deploys_nothing(at: At) -> None:
    world = at(5)
    before = world.host.deployments

    assert world.run("dev", f"git push -q origin --delete {FEATURE}").exit == 0

    assert world.host.deployments == before


def test_a_tag_deploys_nothing(at: At) -> None:
    world = at(1)
    before = world.host.deployments

    assert world.run("dev", "git tag v1 && git push -q origin v1").exit == 0

    assert world.host.deployments == before


def test_two_pushes_in_a_row_go_live_one_after_the_other(at: At) -> None:
    world = at(1)
    on_main(world)
    first = titled(world, "first")
    world.advance(1)
    second = titled(world, "second")

    world.advance(34)
    assert world.host.live == first
    world.advance(1)

    assert world.host.live == second


def test_an_older_push_that_takes_longer_does_not_replace_a_newer_one(at: At) -> None:
    world = at(1)
    on_main(world)
    first = titled(world, "first")
    world.host.build_seconds = 7
    second = titled(world, "second")

    world.advance(40)

    assert world.host.live == second
    assert stages(world, first)[-1][1] == "built"


def test_a_rollback_is_at_once_and_needs_no_build(at: At) -> None:
    world = at(1)
    on_main(world)
    old = world.host.live
    titled(world, "bad")
    world.advance(35)
    now = world.clock.now()

    world.rollback(old[:7])

    assert world.clock.now() == now
    assert world.host.live == old
    assert shown(world) != "<p>bad</p>"
    assert stages(world, old)[-1] == (now, "live")


def test_what_was_live_ends_a_while_after_the_switch(at: At) -> None:
    world = at(1)
    on_main(world)
    old = world.host.live
    new = titled(world, "new")

    world.advance(35)
    assert stages(world, new)[-1] == (35, "live")
    assert world.supervisor.processes()[old].exit is None
    world.advance(10)

    assert old not in world.supervisor.processes()
    assert shown(world) == "<p>new</p>"


def test_what_is_live_again_by_then_does_not_end(at: At) -> None:
    world = at(1)
    on_main(world)
    old = world.host.live
    titled(world, "bad")
    world.advance(35)
    world.rollback(old)

    world.advance(20)

    assert world.supervisor.processes()[old].exit is None


@pytest.mark.parametrize("commit", ["", "zzz", "0" * 40])
def test_a_rollback_to_what_was_never_live_is_refused(still_at: At, commit: str) -> None:
    world = still_at(1)

    with pytest.raises(BadInput) as refused:
        world.rollback(commit)

    assert refused.value.looked == (world.host.live[:7],)


def test_a_rollback_to_what_does_not_start_any_more_leaves_production_alone(at: At) -> None:
    world = at(1)
    on_main(world)
    old = world.host.live
    for word in ("one", "two"):
        newest = titled(world, word)
        world.advance(35)
    assert old not in world.supervisor.processes()
    (world.folder / "host" / "builds" / old / "src" / "main.py").write_text("1 / 0\n")
    try:
        with pytest.raises(BuildFailed):
            world.rollback(old)
        assert world.host.live == newest
        assert shown(world) == "<p>two</p>"
    finally:
        # Builds are kept by their commit: the next test would find this one.
        (world.folder / "host" / "builds" / old / "src" / "main.py").unlink()
        (world.folder / "host" / "builds" / old).rename(world.folder / "host" / "builds" / "spoiled")


def test_the_dev_server_has_its_own_port_where_somebody_else_has_3000(at: At) -> None:
    world = at(4)
    try:
        theirs = socket.create_server(("127.0.0.1", 3000))
    except OSError:
        theirs = socket.socket()  # taken already: as good
    with theirs:
        ran = world.run("dev", "npm run dev")
        assert ran.exit == 0, ran
        port = world.programs.dev_port()
        assert port not in (None, 3000)
        assert world.open_page("dev", "My Test Document").status_code == 200
    assert str(port) not in ran.output


def test_nothing_of_a_stage_comes_into_the_world_that_was_loaded_meanwhile(at: At) -> None:
    world = at(1)
    on_main(world)
    titled(world, "gone")
    number = len(world.host.deployments) - 1
    planned = world.host.deployments[number]

    at(1)
    world.host._run_stage(planned, number, world.host._release)  # as a thread that had to wait
    world.advance(40)

    assert not world.timeline.only(Deployed)


def test_its_repr_names_the_commit(at: At) -> None:
    world = at(1)

    assert repr(world.host) == f"Host(live={world.host.live[:7]})"


@pytest.fixture
def wall() -> Iterator[Engine]:
    engine = open_at(5, scratch=True, clock="wall").engine
    yield engine
    engine.close()


def test_no_request_fails_while_the_alias_is_switched(wall: Engine) -> None:
    wall.run("dev", f"git checkout -q main && git merge -q --no-edit {FEATURE}")
    assert wall.run("dev", "npx supabase db push --yes").exit == 0
    wall.host.build_seconds = 0.7
    wall.visit(80)

    old = wall.host.live
    wall.run("dev", "git push -q origin main")
    while wall.host.live == old:  # a busy machine takes longer than the build's 0.7 s
        wall.advance(0.1)
    new = wall.host.live
    wall.advance(0.5)
    wall.rollback(old)
    wall.advance(0.5)
    wall.visit(0)

    views = wall.timeline.only(PageView)
    assert {view.outcome for view in views} == {"ok"}
    assert {view.commit for view in views} == {wall.host.live, new}
    assert new != wall.host.live
    assert len(views) > 100
