from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from kit.cli import FAILED, MISUSED, main
from kit.world.checkpoints import find_checkpoint, find_refusal, prepare
from kit.world.engine import Engine
from kit.world.open import open_at
from kit.world.workflow import FIRST, LAST

pytestmark = pytest.mark.installs


@dataclass(frozen=True)
class Prepared:
    """What `python -m kit prepare` has made, and said; and what its caller had before and after."""

    folder: Path
    said: str
    before: list[str]
    after: list[str]


@pytest.fixture(scope="module")
def prepared(
    kit_home: Path, make_home: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory
) -> Prepared:
    """Prepare a cache as a hub does, once, for a caller who has a checkpoint; what is shared is a copy."""
    folder, home = tmp_path_factory.mktemp("prepared") / "for all", make_home()
    made = find_checkpoint(FIRST, print).relative_to(kit_home / "cache")
    (home / "cache").unlink()  # the run's
    shutil.copytree(kit_home / "cache" / made, home / "cache" / made)
    before, said = built(home), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        # For the command takes another one, for good, and none of the shared ones.
        patch.setenv("KIT_HOME", str(home))
        patch.setenv("KIT_CACHE", str(home / "cache"))
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            assert main(["prepare", str(folder)]) == 0
    return Prepared(folder, said.getvalue(), before, built(home))


@pytest.fixture
def shared(prepared: Prepared, new_home: Path, tmp_path: Path) -> Path:
    """Give the test a prepared cache that it may damage."""
    assert new_home
    return shutil.copytree(prepared.folder, tmp_path / "shared", symlinks=True)


@pytest.fixture
def learner(new_home: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test the KIT_HOME of a learner who has nothing yet, and the shared cache."""
    (new_home / "cache").unlink()
    monkeypatch.setenv("KIT_CACHE", str(shared))
    return new_home


@pytest.fixture
def worlds() -> Iterator[list[Engine]]:
    opened: list[Engine] = []
    yield opened
    for world in opened:
        world.close()


def built(home: Path) -> list[str]:
    """Return what was built at a learner's: checkpoints, and what PostgreSQL starts from."""
    names = [path.parent.name for path in home.glob("cache/*/digest")]
    return sorted([*names, *(path.name for path in home.glob("cache/*/[1-8]"))])


def test_everybody_may_read_what_was_prepared_and_nobody_else_may_write_it(shared: Path) -> None:
    assert {path.name for path in shared.glob("*/[0-9]")} == {str(n) for n in range(FIRST, LAST + 1)}
    assert len(list(shared.glob("cluster-*/data/PG_VERSION"))) == 1
    for path in shared.rglob("*"):
        mode = path.stat().st_mode
        assert mode & 0o044 == 0o044, path
        assert not mode & 0o022, path
    assert not list(shared.glob("*/spare-*"))
    assert not list(shared.glob(".*")), "what was being prepared is gone"


def test_a_first_world_builds_nothing(learner: Path, worlds: list[Engine]) -> None:
    said: list[str] = []
    opened = open_at(5, progress=said.append)
    worlds.append(opened.engine)
    assert opened.how == "Phase 5: built from its checkpoint."
    assert opened.engine.position() == 5
    assert built(learner) == []
    assert not [words for words in said if "once" in words]


def test_a_cache_that_everybody_reads_tells_nobody_a_password(
    shared: Path, learner: Path, worlds: list[Engine]
) -> None:
    assert learner
    (known,) = shared.glob("cluster-*/password")
    worlds.append(open_at(2, scratch=True).engine)
    server = worlds[0].server
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(
            host=server.host, port=server.port, user="kit", password=known.read_text(), dbname="postgres"
        )


def test_a_cache_of_another_version_is_not_used_and_the_first_world_says_so(
    shared: Path, learner: Path, worlds: list[Engine], capsys: pytest.CaptureFixture[str]
) -> None:
    (made,) = (path.parent for path in shared.glob("*/1"))
    made.rename(shared / "0123456789abcdef")
    said: list[str] = []
    opened = open_at(1, progress=said.append)
    worlds.append(opened.engine)
    assert opened.engine.position() == 1
    assert "was made by another version of the kit" in opened.how
    assert [words for words in said if str(shared) in words]
    assert built(learner) == ["1"]
    main(["doctor"])
    assert f"python -m kit prepare {shared}" in capsys.readouterr().out


def test_what_is_damaged_in_it_is_built_here_and_left_as_it_is_there(
    shared: Path, learner: Path, worlds: list[Engine]
) -> None:
    (state,) = shared.glob("*/2/state.json")
    state.write_text("{}")
    worlds.append(open_at(2).engine)
    assert worlds[0].position() == 2
    assert built(learner) == ["2"], "from the shared checkpoint of phase 1"
    assert state.read_text() == "{}"


def test_one_that_is_not_there_or_empty_says_so(
    learner: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert learner
    assert find_refusal() == ""
    monkeypatch.setenv("KIT_CACHE", str(tmp_path / "none"))
    assert "cannot be read (No such file or directory)" in find_refusal()
    (tmp_path / "none").mkdir()
    assert "is empty" in find_refusal()


def test_it_can_be_prepared_again(shared: Path) -> None:
    (state,) = shared.glob("*/2/state.json")
    state.write_text("{}")
    prepare(shared, progress=print)
    assert state.read_text() != "{}"


def test_the_command_takes_nothing_from_its_callers_cache_and_adds_nothing(prepared: Prepared) -> None:
    assert "Building the starting state, once." in prepared.said
    assert prepared.before == prepared.after == [str(FIRST)]
    assert len(list(prepared.folder.glob(f"*/{LAST}/digest"))) == 1
    assert f"KIT_CACHE={prepared.folder}" in prepared.said


def test_the_command_says_what_is_missing(
    tmp_path: Path, new_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIT_HOME", str(new_home))
    (tmp_path / "file").touch()
    assert main(["prepare", str(tmp_path / "file")]) == FAILED
    assert main(["prepare"]) == MISUSED
    assert "python -m kit prepare /srv/kit-cache" in capsys.readouterr().err
