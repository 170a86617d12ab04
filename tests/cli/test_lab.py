from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kit.cli.lab import FIRST_NOTEBOOK, JUPYTER_SETTINGS, plan
from kit.errors import MissingTool
from kit.names import ROOT
from kit.process import wait_until

PATIENCE_S = 60.0


def test_the_users_own_settings_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/yours")
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", "/yours/too")
    environment = plan().environment
    assert environment["JUPYTER_CONFIG_PATH"] == f"{JUPYTER_SETTINGS}{os.pathsep}/yours"
    assert environment["JUPYTER_CONFIG_DIR"] == "/yours/too"


def test_root_is_allowed_where_one_is_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.cli.lab.os.geteuid", lambda: 0)
    assert "--allow-root" in plan().command
    monkeypatch.setattr("kit.cli.lab.os.geteuid", lambda: 1000)
    assert "--allow-root" not in plan().command


def test_what_the_learner_adds_comes_last() -> None:
    command = plan(browser=False, port=9000, more=["--ServerApp.ip=0.0.0.0"]).command
    assert command[-2:] == ("--ServerApp.port=9000", "--ServerApp.ip=0.0.0.0")
    assert "--no-browser" in command


def test_without_notebooks_there_is_no_lesson(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match="clone of its repository"):
        plan(root=tmp_path)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lab-")).resolve()
    folder.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    left = list(folder.glob("kit-*"))
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
    assert left == []


def test_it_opens_beside_a_taken_port_and_ends_with_ctrl_c(
    tmp_path: Path, taken_port: int, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    words = ["lab", "--no-browser", "--port", str(taken_port), "--", "--IdentityProvider.token=secret"]
    with subprocess.Popen(
        [sys.executable, "-m", "kit", *words],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            facts = tmp_path / "runtime" / f"jpserver-{process.pid}.json"
            assert wait_until(facts.is_file, seconds=PATIENCE_S, every=0.05), process.poll()
            assert wait_until(lambda: bool(_read(facts)), seconds=60)
            address = f"http://127.0.0.1:{_read(facts)['port']}"
            assert _read(facts)["port"] != taken_port

            def ask(path: str, content: bytes | None = None) -> Any:  # noqa: ANN401 - JSON
                request = urllib.request.Request(
                    address + path, content, headers={"Authorization": "token secret"}
                )
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)

            found = ask("/lab/api/settings/@jupyterlab/apputils-extension:notification")
            defaults = found["schema"]["properties"]
            assert defaults["fetchNews"]["default"] == "false"
            assert ask(f"/api/contents/{FIRST_NOTEBOOK}?content=0")["type"] == "notebook"
            ask("/api/kernels", b'{"name": "python3"}')
            children = psutil.Process(process.pid).children(recursive=True)
            commands = [child.cmdline() for child in children]
            assert [command[0] for command in commands if "ipykernel_launcher" in command] == [sys.executable]
        finally:
            os.killpg(process.pid, signal.SIGINT)
            printed = process.communicate(timeout=PATIENCE_S)[0]
    assert process.returncode == 0
    assert f"/lab/tree/{FIRST_NOTEBOOK}" in printed
    assert psutil.wait_procs(children, timeout=PATIENCE_S)[1] == []


def _read(path: Path) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        facts: dict[str, Any] = json.loads(path.read_text())
        return facts
    return {}
