from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from kit.errors import MissingTool
from kit.postgres.programs import account, everybody_may_read, read_programs, wheel_folder


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


def test_one_closed_folder_on_the_way_is_enough(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "inner").mkdir(mode=0o755)

    assert everybody_may_read(Path("/usr/bin"))
    assert not everybody_may_read(tmp_path / "inner")
