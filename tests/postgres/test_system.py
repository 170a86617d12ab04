from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.errors import MissingTool
from kit.postgres import start_server
from kit.postgres.providers import OLDEST_MAJOR, System, find_programs
from kit.process import Supervisor
from kit.process.supervisor import choose_folder


@pytest.fixture
def place() -> Iterator[Path]:
    """Make a folder that the server's account may enter."""
    folder = choose_folder()
    folder.mkdir(mode=0o711)
    yield folder
    shutil.rmtree(folder)


def install(folder: Path, version: str, *, names: tuple[str, ...] = ("pg_ctl", "initdb", "postgres")) -> Path:
    """Make programs that can do nothing but say their version."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def search(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, folders)))


def test_none_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search(monkeypatch, tmp_path, Path("/nowhere"))

    with pytest.raises(MissingTool, match=f"version {OLDEST_MAJOR} or later") as caught:
        find_programs()

    assert caught.value.looked == (f"{tmp_path}/pg_ctl: no such program", "/nowhere/pg_ctl: no such program")
    assert "KIT_POSTGRES" in caught.value.remedy


def test_the_first_that_can_be_used_is_taken(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = install(place / "14", "14.12 (Debian 14.12-1)")
    lone = install(place / "lone", "17.1", names=("pg_ctl",))
    good = install(place / "15", "15.0")
    better = install(place / "18", "18.4")
    search(monkeypatch, old, lone, good, better)

    programs = find_programs()

    assert (programs.bin, programs.major) == (good, 15)


def test_a_version_that_is_asked_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older = install(place / "97", "97.1")
    wanted = install(place / "98", "98.4")
    search(monkeypatch, older, wanted)

    assert find_programs(98).bin == wanted
    with pytest.raises(MissingTool, match="of version 99 are on PATH") as caught:
        find_programs(99)
    assert f"{older}: version postgres (PostgreSQL) 97.1 is another" in caught.value.looked
    assert "/usr/lib/postgresql/99/bin/pg_ctl: no such program" in caught.value.looked


def test_each_that_cannot_be_used_is_named_with_the_reason(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = install(place / "14", "14.12 (Debian 14.12-1)")
    lone = install(place / "lone", "17.1", names=("pg_ctl", "postgres"))
    broken = install(place / "broken", "17.1")
    (broken / "postgres").write_text("#!/bin/sh\nexit 1\n")
    search(monkeypatch, old, lone, broken)

    with pytest.raises(MissingTool) as caught:
        find_programs()

    first, second, third = caught.value.looked
    assert first == f"{old}: version postgres (PostgreSQL) 14.12 (Debian 14.12-1) is too old"
    assert second == f"{lone}: pg_ctl without initdb"
    assert third.startswith(f"{broken}: ")
    assert "exit status 1" in third


def test_a_link_leads_to_its_installation(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = install(place / "lib" / "postgresql" / "16" / "bin", "16.3")
    links = place / "links"
    links.mkdir()
    (links / "pg_ctl").symlink_to(real / "pg_ctl")
    search(monkeypatch, links)

    assert find_programs().bin == real


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_programs_that_the_servers_account_cannot_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = install(place / "closed", "17.1")
    closed.chmod(0o700)
    search(monkeypatch, closed)

    with pytest.raises(MissingTool) as caught:
        find_programs()

    assert "not readable" in caught.value.looked[0]


@pytest.mark.system
def test_a_server_of_this_machines_programs(
    supervised: Callable[[], Supervisor], need: Callable[[object, str], None]
) -> None:
    need(shutil.which("pg_ctl"), "PostgreSQL's pg_ctl on PATH")
    supervisor = supervised()

    server = start_server(System(), supervisor.folder, supervisor)

    assert (server.provider, repr(System())) == ("system", "System()")
    with server.connect() as connection:
        assert connection.info.server_version // 10000 == find_programs().major
