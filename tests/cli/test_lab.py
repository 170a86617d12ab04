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
from typing import Any, NoReturn

import psutil
import pytest

from kit.cli import FAILED, MISUSED, main
from kit.cli.lab import COPIES, FIRST_NOTEBOOK, JUPYTER_SETTINGS, STORED, Launch, plan
from kit.lesson.notebooks import find_notebooks
from kit.lesson.working_copies import WorkingCopies
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


def test_without_notebooks_there_is_no_lesson(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("kit.cli.lab.STORED", tmp_path)
    assert main(["lab"]) == FAILED
    assert "Install it anew" in capsys.readouterr().err


def test_copies_in_the_checkout_are_opened_from_its_root_so_that_links_lead_on(tmp_path: Path) -> None:
    inside, outside = plan(), plan(folder=tmp_path / "my own", notebook="05_merge_and_deploy")

    assert f"--ServerApp.root_dir={ROOT}" in inside.command
    assert f"--LabApp.default_url=/lab/tree/my-notebooks/{FIRST_NOTEBOOK}.ipynb" in inside.command
    assert f"--ServerApp.root_dir={tmp_path / 'my own'}" in outside.command
    assert "--LabApp.default_url=/lab/tree/05_merge_and_deploy.ipynb" in outside.command
    assert COPIES.parent == STORED.parent


def test_jupyter_starts_without_the_grammars_that_take_a_second(tmp_path: Path) -> None:
    program = """
import json, sys, jsonschema, jupyter_server.serverapp
checker = jsonschema.Draft7Validator.FORMAT_CHECKER
print(json.dumps([sys.argv, "lark" in sys.modules, checker.conforms("no date", "date")]))
"""
    (tmp_path / "probe.py").write_text(program)
    environment = {**plan().environment, "PYTHONPATH": str(tmp_path)}
    started = plan().command
    words = [*started[: started.index("jupyterlab")], "probe", "--option", "word"]
    argv, grammars, conforms = json.loads(subprocess.check_output(words, cwd=tmp_path, env=environment))
    assert argv == [str(tmp_path / "probe.py"), "--option", "word"]
    assert not grammars
    assert not conforms, "what else it validates, it does"


def test_the_stored_notebooks_are_listed_for_who_changes_the_lesson_only() -> None:
    assert "--ContentsManager.hide_globs=notebooks" in plan().command
    stored = plan(folder=STORED)
    assert f"--LabApp.default_url=/lab/tree/notebooks/{FIRST_NOTEBOOK}.ipynb" in stored.command
    assert not [word for word in stored.command if "hide_globs" in word]


@pytest.mark.parametrize(
    "words",
    [
        ["--stored", "--fresh", "05"],
        ["--stored", "--folder", "x"],
        ["--stored", "--only-copies"],
        ["--fresh", "99"],
    ],
)
def test_bad_usage_starts_nothing(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("kit.cli.lab.COPIES", tmp_path / "copies")
    assert main(["lab", *words]) == MISUSED
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []


def test_what_became_of_the_copies_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def start(_: Launch) -> NoReturn:
        raise SystemExit

    monkeypatch.setattr("kit.cli.lab.start", start)
    words = ["lab", "--folder", str(tmp_path / "copies")]
    with pytest.raises(SystemExit):
        main(words)
    assert f"copies/: {len(find_notebooks())} new copies without outputs (00, " in capsys.readouterr().out
    # This process has them open: it has not become JupyterLab, and has not ended.
    assert main([*words, "--fresh", "05"]) == 0
    printed = capsys.readouterr().out
    assert "copies/05_merge_and_deploy: made anew (as it was: earlier/05_merge_and_deploy until" in printed
    assert "close the notebook's tab there" in printed
    with pytest.raises(SystemExit):
        main(words)
    assert "Another JupyterLab has your copies open" in capsys.readouterr().out


def test_copies_can_be_made_without_opening_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", "--only-copies", "--folder", str(tmp_path / "copies")]) == 0
    assert f"copies/: {len(find_notebooks())} new copies without outputs" in capsys.readouterr().out
    assert (tmp_path / "copies" / f"{FIRST_NOTEBOOK}.ipynb").is_file()


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
    copies = WorkingCopies(STORED, tmp_path / "copies")
    words = ["lab", "--no-browser", "--folder", str(copies.folder), "--port", str(taken_port)]
    words += ["--", "--IdentityProvider.token=secret"]
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
            # It says where it will listen before it does.
            assert wait_until(lambda: _listens(_read(facts)["port"]), seconds=PATIENCE_S)

            def ask(path: str, content: bytes | None = None) -> Any:  # noqa: ANN401 - JSON
                request = urllib.request.Request(
                    address + path, content, headers={"Authorization": "token secret"}
                )
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)

            found = ask("/lab/api/settings/@jupyterlab/apputils-extension:notification")
            defaults = found["schema"]["properties"]
            assert defaults["fetchNews"]["default"] == "false"
            manager = ask("/lab/api/settings/@jupyter-widgets/jupyterlab-manager:plugin")
            assert manager["schema"]["properties"]["saveState"]["default"] is True
            listed = {entry["name"]: entry["type"] for entry in ask("/api/contents/")["content"]}
            assert listed == {path.name: "notebook" for path in find_notebooks()}
            ask("/api/kernels", b'{"name": "python3"}')
            copies.update()
            assert copies.is_open_elsewhere
            children = psutil.Process(process.pid).children(recursive=True)
            commands = []
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):  # Jupyter asks programs now and then
                    commands.append(child.cmdline())
            assert [command[0] for command in commands if "ipykernel_launcher" in command] == [sys.executable]
        finally:
            os.killpg(process.pid, signal.SIGINT)
            printed = process.communicate(timeout=PATIENCE_S)[0]
    assert process.returncode == 0
    assert f"/lab/tree/{FIRST_NOTEBOOK}" in printed
    copies.close()
    after = WorkingCopies(STORED, copies.folder)
    after.update()
    assert not after.is_open_elsewhere
    after.close()
    assert psutil.wait_procs(children, timeout=PATIENCE_S)[1] == []


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def _read(path: Path) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        facts: dict[str, Any] = json.loads(path.read_text())
        return facts
    return {}
