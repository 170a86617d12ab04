from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from kit.errors import UnusableFolder
from kit.process import SOCKET_PATH_LIMIT, make_folder


def test_the_folder_can_be_passed_through_but_not_listed() -> None:
    folder = make_folder()
    try:
        assert folder.stat().st_mode & 0o777 == 0o711
        assert folder == folder.resolve()
    finally:
        folder.rmdir()


def test_a_path_too_long_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * SOCKET_PATH_LIMIT)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))

    with pytest.raises(UnusableFolder, match="too long") as caught:
        make_folder()

    assert "TMPDIR" in caught.value.remedy
    assert caught.value.looked == (str(long),)
    assert list(long.iterdir()) == []


def test_a_tmpdir_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()  # root may write everywhere, but not below a file
    monkeypatch.setenv("TMPDIR", str(tmp_path / "file"))

    with pytest.raises(UnusableFolder, match="No temporary folder") as caught:
        make_folder()

    assert caught.value.looked == (str(tmp_path / "file"),)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])  # noqa: PYI024 - what shutil itself returns
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2**40, 2**40 - 2**20, 2**20))
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    with pytest.raises(UnusableFolder, match="full") as caught:
        make_folder()

    assert "1 MB are free" in caught.value.why
    assert list(tmp_path.iterdir()) == []
