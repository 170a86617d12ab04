from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from kit.errors import MissingTool
from kit.postgres import Embedded, start_server
from kit.postgres import programs as tools
from kit.postgres.programs import account, everybody_may_read, lend_name, read_programs, wheel_folder
from kit.process import Supervisor


def test_the_wheels_programs_say_their_version() -> None:
    programs = read_programs(wheel_folder() / "bin")

    assert programs.major == 18
    assert programs.version.startswith("postgres (PostgreSQL) 18.")


def test_programs_that_do_not_run_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match="do not run") as caught:
        read_programs(tmp_path)

    assert caught.value.looked == (str(tmp_path / "initdb"), str(tmp_path / "postgres"))
    assert "No such file" in caught.value.why


def test_only_root_needs_another_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert account() is None
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    nobody = pwd.getpwnam("nobody")
    assert account() == (nobody.pw_uid, nobody.pw_gid)


def test_a_machine_without_such_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", lambda name: {}[name])

    with pytest.raises(MissingTool, match="nobody"):
        account()


def test_a_user_with_a_name_needs_none(tmp_path: Path) -> None:
    assert lend_name(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def nameless(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let the server's user be one that /etc/passwd does not know, as in a container with any number."""
    number = 54321
    with pytest.raises(KeyError):
        pwd.getpwuid(number)
    monkeypatch.setattr(pwd, "getpwnam", lambda _: SimpleNamespace(pw_uid=number, pw_gid=number))
    return number


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.mark.usefixtures("as_root")
def test_where_a_name_cannot_be_lent_the_error_says_what_to_install(
    nameless: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "_LIBRARIES", (tmp_path,))
    with pytest.raises(MissingTool, match=f"user {nameless} has none") as caught:
        lend_name(tmp_path)
    assert caught.value.looked == (str(tmp_path / "libnss_wrapper.so"),)
    assert "libnss-wrapper" in caught.value.remedy


@pytest.mark.usefixtures("as_root")
def test_a_name_is_lent_from_a_file(nameless: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "libnss_wrapper.so").touch()
    monkeypatch.setattr(tools, "_LIBRARIES", (tmp_path,))
    lent = lend_name(tmp_path)
    assert lent["LD_PRELOAD"] == str(tmp_path / "libnss_wrapper.so")
    assert Path(lent["NSS_WRAPPER_PASSWD"]).read_text().startswith(f"kit:x:{nameless}:{nameless}:")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_user_without_a_name_has_a_server(nameless: int, need: Callable[[object, str], None]) -> None:
    need(any(Path("/usr").glob("lib*/**/libnss_wrapper.so")), "nss_wrapper")
    supervisor = Supervisor.start()
    try:
        server = start_server(Embedded(), supervisor.folder, supervisor)
        with server.connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert (supervisor.folder / "pg" / "data").stat().st_uid == nameless
    finally:
        supervisor.close()


def test_one_closed_folder_on_the_way_is_enough(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "inner").mkdir(mode=0o755)

    assert everybody_may_read(Path("/usr/bin"))
    assert not everybody_may_read(tmp_path / "inner")
