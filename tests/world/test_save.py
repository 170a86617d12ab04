from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.errors import BadInput, ServerFailed, UnusableFolder, WorldTaken
from kit.names import FEATURE
from kit.postgres import create
from kit.timeline import Deployed, PageView
from kit.timeline.journal import dump_records
from kit.world import save as checkpoints
from kit.world.engine import Engine
from kit.world.home import kit_home
from kit.world.open import open_at
from kit.world.ownership import Ownership
from kit.world.save import find_saved, fingerprint, load, require_intact, save

At = Callable[[int], Engine]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return tmp_path / "saved" / "5"


def facts(world: Engine) -> dict[str, object]:
    seen = world.observe()
    return {
        name: getattr(seen, name)
        for name in (
            "now",
            "repositories",
            "local",
            "cloud",
            "deployments",
            "live",
            "worker",
            "output",
            "exit",
        )
    } | {"journal": dump_records(world.timeline)}


def test_what_was_saved_comes_back_as_it_was(at: At, saved: Path) -> None:
    world = at(5)
    world.run(
        "dev", "git checkout -q main; echo draft > draft; git rm -q --cached CLAUDE.md; rm docs/DEPLOY.md"
    )
    world.run("dev", 'psql "$LOCAL_DB_URL" -qc "CREATE TABLE mine AS SELECT 1 AS x"; exit 3')
    world.visit(5)
    world.advance(2)
    before, status = facts(world), world.run("dev", "git status --short").output
    save(world, saved)
    before_state = world.state()

    at(2)
    load(world, saved)

    assert world.state() == before_state
    assert {**facts(world), "output": "", "exit": 0, "journal": ""} == {
        **before,
        "output": "",
        "exit": 0,
        "journal": "",
    }
    assert world.run("dev", "git status --short").output == status
    assert world.run("dev", 'psql "$LOCAL_DB_URL" -Atc "TABLE mine"').output == "1\n"


def test_saving_and_loading_again_and_again_changes_nothing(at: At, saved: Path) -> None:
    world = at(6)
    save(world, saved)
    first = {path.relative_to(saved): path.read_bytes() for path in saved.rglob("*") if path.is_file()}

    load(world, saved)
    save(world, saved)

    second = {path.relative_to(saved): path.read_bytes() for path in saved.rglob("*") if path.is_file()}
    assert {path for path in first | second if first.get(path) != second.get(path)} <= {
        path for path in first | second if path.name in ("index", "post-receive", "digest")
    }


def test_visitors_and_builds_go_on_where_they_were(at: At, saved: Path) -> None:
    world = at(5)
    world.run("dev", f"git checkout -q main && git merge -q {FEATURE} && git push -q origin main")
    world.visit(10)
    world.advance(20)
    save(world, saved)

    at(1)
    load(world, saved)
    world.advance(20)

    views = world.timeline.only(PageView)
    assert len(views) == 400
    deployed = [one for one in world.timeline.only(Deployed) if one.target == "production"]
    pushed = deployed[0].at
    assert [(one.stage, one.at - pushed) for one in deployed] == [
        ("queued", 0),
        ("building", 5),
        ("built", 30),
        ("live", 35),
    ]
    assert [view.outcome for view in views if view.at > pushed + 35] == ["lost"] * 50


def test_the_app_may_be_connected_and_busy(at: At, saved: Path) -> None:
    world = at(1)
    world.visit(20)
    world.advance(1)
    with contextlib.closing(world.server.connect("cloud", role="app")) as busy:
        busy.execute("BEGIN")
        busy.execute("SELECT count(*) FROM documents")
        save(world, saved)
        load(world, saved)  # drops the database under it

    world.advance(1)
    assert [view.outcome for view in world.timeline.only(PageView)] == ["ok"] * 40


def empty(saved: Path) -> None:
    shutil.rmtree(saved)
    saved.mkdir()


def be_a_file(saved: Path) -> None:
    shutil.rmtree(saved)
    saved.touch()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a file is cut short": lambda saved: (saved / "cloud.sql").write_text("SELECT 1"),
    "a file is gone": lambda saved: (saved / "local.sql").unlink(),
    "a file of git is gone": lambda saved: next((saved / "repos" / "github.git").rglob("*.pack")).unlink(),
    "half of it is gone": lambda saved: shutil.rmtree(saved / "repos"),
    "a file is empty": lambda saved: (saved / "state.json").write_text(""),
    "there is a file more": lambda saved: (saved / "repos" / "rhizome-v2" / "x").touch(),
    "no digest": lambda saved: (saved / "digest").unlink(),
    "a digest that is no text": lambda saved: (saved / "digest").write_bytes(b"\xff"),
    "it is empty": empty,
    "it is a file": be_a_file,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_is_found_before_anything_is_replaced(at: At, saved: Path, damage: str) -> None:
    world = at(1)
    save(world, saved)
    before = facts(world)
    require_intact(saved)
    DAMAGE[damage](saved)

    with pytest.raises(BadInput, match="cannot be read") as refused:
        load(world, saved)

    assert refused.value.looked == (str(saved),)
    assert facts(world) == before


def test_another_form_of_saving_is_not_loaded(at: At, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(at(1), saved)
    monkeypatch.setattr(checkpoints, "_FORM", "2")

    with pytest.raises(BadInput):
        require_intact(saved)


def test_a_save_that_fails_leaves_the_one_before(at: At, saved: Path) -> None:
    world = at(1)
    save(world, saved)
    with world.server.connect() as connection:
        connection.execute("DROP DATABASE cloud WITH (FORCE)")

    with pytest.raises(ServerFailed, match="could not be saved"):
        save(world, saved)

    require_intact(saved)
    assert [path.name for path in saved.parent.iterdir()] == ["5"]
    create(world.server, "cloud")


def test_a_save_that_was_killed_between_its_two_steps_is_mended(at: At, saved: Path) -> None:
    world = at(1)
    assert not find_saved(saved)
    save(world, saved)
    saved.rename(saved.with_name(".5-before"))

    assert find_saved(saved)

    require_intact(saved)
    save(world, saved)
    assert [path.name for path in saved.parent.iterdir()] == ["5"]


def test_a_folder_that_cannot_be_written_is_told(at: At, saved: Path) -> None:
    saved.parent.parent.joinpath("saved").write_text("a file")

    with pytest.raises(UnusableFolder, match="could not be saved") as failure:
        save(at(1), saved)

    assert str(saved.parent) in failure.value.looked


def test_a_world_that_somebody_else_has_is_not_replaced(saved: Path) -> None:
    world = open_at(1, scratch=True).engine
    try:
        save(world, saved)
        Ownership(world.folder).claim()
        with pytest.raises(WorldTaken):
            load(world, saved)
        assert world.whole
    finally:
        world.close()


def test_the_home_is_made_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_HOME", str(tmp_path / "a" / "b c"))

    home = kit_home()

    assert home == tmp_path / "a" / "b c"
    assert home.stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)
    assert list(home.iterdir()) == []


def test_without_a_word_it_is_the_users_folder_for_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KIT_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    assert kit_home().name == "broken-window-kit"
    assert kit_home().is_relative_to(tmp_path)


def test_root_has_one_that_postgresqls_account_can_reach(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("KIT_HOME")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("kit.world.home._OF_ROOT", tmp_path / "of root")

    assert kit_home() == tmp_path / "of root"
    assert kit_home().stat().st_mode & 0o777 == 0o711


@pytest.mark.parametrize("home", ["file", "file/below", "/proc/nothing"])
def test_a_home_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIT_HOME", home)

    with pytest.raises(UnusableFolder, match="cannot be written") as failure:
        kit_home()

    assert failure.value.looked == (str(tmp_path / home),)
    assert "KIT_HOME" in failure.value.remedy


def test_the_fingerprint_is_that_of_what_makes_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("kit/names.py", "kit/starter/a.py", "kit/widgets/b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(checkpoints, "ROOT", tmp_path)
    first = fingerprint(provider="embedded")

    assert fingerprint(provider="system") != first
    (tmp_path / "kit/starter/__pycache__").mkdir()
    for name in ("kit/starter/__pycache__/a.pyc", "kit/widgets/b.py"):
        (tmp_path / name).write_text("makes no checkpoint")
    assert fingerprint(provider="embedded") == first
    (tmp_path / "kit/starter/a.py").write_text("other")
    second = fingerprint(provider="embedded")
    assert second != first
    (tmp_path / "kit/starter/a.py").rename(tmp_path / "kit/starter/b.py")
    assert fingerprint(provider="embedded") not in (first, second)


def test_the_state_is_plain_json(at: At, saved: Path) -> None:
    save(at(5), saved)

    state = json.loads((saved / "state.json").read_text())

    assert state.keys() == {"now", "host", "worker", "rate", "output", "exit"}
