from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.errors import UnusableFolder
from kit.process import Supervisor
from kit.process.supervisor import SOCKET_PATH_LIMIT


def test_the_folder_can_be_passed_through_but_not_listed(supervised: Callable[[], Supervisor]) -> None:
    folder = supervised().folder
    # As root, for PostgreSQL, which then runs as somebody else; otherwise nobody else needs to.
    assert folder.stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)
    assert folder == folder.resolve()


def test_a_path_too_long_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * SOCKET_PATH_LIMIT)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))

    with pytest.raises(UnusableFolder, match="too long") as caught:
        Supervisor.start()

    assert "TMPDIR" in caught.value.remedy
    assert caught.value.looked == (str(long),)
    assert list(long.iterdir()) == []


def test_a_tmpdir_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.NamedTemporaryFile() as file:  # root may write everywhere, but not below a file
        monkeypatch.setenv("TMPDIR", file.name)

        with pytest.raises(UnusableFolder, match="No temporary folder") as caught:
            Supervisor.start()

    assert caught.value.looked == (file.name,)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])  # noqa: PYI024 - what shutil itself returns
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2**40, 2**40 - 2**20, 2**20))
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    with pytest.raises(UnusableFolder, match="full") as caught:
        Supervisor.start()

    assert "1 MB are free" in caught.value.why
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        tempfile.TemporaryDirectory() as place
    ):  # not tmp_path, which is too long for a socket on some machines
        taken = Path(place, "kit-00000000")
        taken.mkdir()
        (taken / "theirs").touch()
        monkeypatch.setenv("TMPDIR", place)
        monkeypatch.setattr(secrets, "token_hex", lambda size: "00" * size)

        with pytest.raises(UnusableFolder, match="No temporary folder") as caught:
            Supervisor.start()

        assert caught.value.why == "File exists"
        assert [path.name for path in taken.iterdir()] == ["theirs"]
