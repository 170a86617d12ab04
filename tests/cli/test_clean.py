from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from kit.cli.clean import find_kept, find_leftovers, measure, remove, remove_kept
from kit.process import Supervisor, wait_until
from kit.world.save import fingerprint

IDLE = [sys.executable, "-c", "import signal; signal.pause()"]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Give the test a temporary folder, short enough for sockets, and a KIT_HOME of its own."""
    monkeypatch.setenv("KIT_HOME", str(tmp_path / "home"))
    with tempfile.TemporaryDirectory(prefix="lo-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder).resolve()


def left_behind(place: Path, name: str, *, mark: str = "server.json") -> Path:
    """Make what a killed reaper leaves, long ago."""
    folder = place / name
    (folder / "pg").mkdir(parents=True)
    (folder / mark).write_text("{}")
    os.utime(folder, (1, 1))
    return folder


def test_nothing_is_found_in_an_empty_folder(place: Path) -> None:
    assert place
    found = find_leftovers()
    assert not found
    assert found.held == 0


def test_a_world_that_is_held_is_left_alone(place: Path) -> None:
    supervisor = Supervisor.start()
    assert supervisor.folder.parent == place
    os.utime(supervisor.folder, (1, 1))
    found = find_leftovers()
    assert (found.folders, found.held) == ((), 1)
    supervisor.close()


def test_what_only_looks_alike_is_not_ours(place: Path) -> None:
    left_behind(place, "kit-abcdefgh", mark="notes.txt")
    left_behind(place, "kit-somebodys")
    left_behind(place, "elsewhere")
    (place / "kit-linklink").symlink_to(place / "elsewhere")
    assert find_leftovers().folders == ()


def test_a_world_that_is_being_made_is_left_alone(place: Path) -> None:
    left_behind(place, "kit-abcdefgh")
    os.utime(place / "kit-abcdefgh")
    assert find_leftovers().folders == ()


def test_the_socket_of_a_dead_reaper_holds_nothing(place: Path) -> None:
    folder = left_behind(place, "kit-abcdefgh")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "reaper.sock"))
    os.utime(folder, (1, 1))
    assert find_leftovers().folders == (folder,)


def test_orphans_end_with_their_world(place: Path) -> None:
    folder = left_behind(place, "kit-abcdefgh")
    with subprocess.Popen(IDLE, cwd=folder / "pg", start_new_session=True) as orphan:
        found = find_leftovers()
        assert (found.folders, found.processes) == ((folder,), (orphan.pid,))
        assert remove(found) == ()
        assert wait_until(lambda: orphan.poll() is not None, seconds=60)
    assert not folder.exists()


def test_orphans_are_found_when_their_world_is_gone(place: Path) -> None:
    with subprocess.Popen(
        [*IDLE, str(place / "kit-abcdefgh" / "host" / "alias")], start_new_session=True
    ) as orphan:
        found = find_leftovers()
        assert (found.folders, found.processes) == ((), (orphan.pid,))
        assert remove(found) == ()
    assert orphan.poll() is not None


def test_read_only_folders_are_deleted_too(place: Path) -> None:
    folder = left_behind(place, "kit-abcdefgh")
    (folder / "pg").chmod(0o500)
    assert remove(find_leftovers()) == ()
    assert not folder.exists()


def test_caches_of_other_versions_go_unless_somebody_builds_in_them(place: Path) -> None:
    assert place
    cache = Path(os.environ["KIT_HOME"]) / "cache"
    current = cache / fingerprint(provider="embedded")
    old, building = cache / ("0" * 16), cache / ("1" * 16)
    for folder in (current, old, building):
        folder.mkdir(parents=True)
    with FileLock(building / "building.lock"):
        found = find_leftovers()
        assert found.caches == (old, building)
        remove(found)
    assert sorted(cache.iterdir()) == sorted([current, building])


def test_what_is_kept_is_named_and_measured_before_it_goes(place: Path) -> None:
    assert place
    home = Path(os.environ["KIT_HOME"])
    ours = [home / "cache" / ("a" * 16), home / "worlds" / "3", home / "worlds" / "unreadable-3"]
    theirs = [home / "cache" / "yours", home / "worlds" / "yours", home / "yours"]
    for folder in ours + theirs:
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(b"1234567890")
    kept = find_kept()
    assert sorted(kept) == sorted(ours)
    assert measure(kept) == 30
    assert remove_kept(kept) == ()
    assert [folder.exists() for folder in ours + theirs] == [False] * 3 + [True] * 3
