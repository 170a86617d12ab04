"""The kit as a wheel installs it: nothing of the checkout is on the path, and the folder is another one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from kit.lesson.notebooks import find_notebooks
from kit.names import ROOT
from kit.process import wait_until

pytestmark = pytest.mark.installs

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel of what is here and install it, beside this environment's other packages; its `bin`."""
    top = tmp_path_factory.mktemp("installed")
    source = top / "source"
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in filter(None, subprocess.check_output(listed, text=True).split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", top, source], check=True)
    (wheel,) = top.glob("*.whl")
    place = top / "environment"
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    subprocess.run([*pip, "--python", python, "install", "--no-deps", wheel], check=True)
    (packages,) = place.glob("lib/python*/site-packages")
    # A line of a .pth file is a folder for sys.path; .pth files in that folder, the checkout's, are not read.
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin"


@pytest.fixture
def environment(tmp_path: Path, kit_home: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER"))}
    home = tmp_path / "home"
    home.mkdir()
    return own | {
        "HOME": str(home),
        "KIT_HOME": str(kit_home),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
    }


def kit(installed: Path, environment: dict[str, str], folder: Path, *words: str) -> str:
    ran = subprocess.run(
        [installed / "kit", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_commands_work_from_another_folder(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    assert kit(installed, environment, tmp_path, "--version").startswith("broken-window-kit 1.")
    shutil.copytree(ROOT / "kit" / "starter" / "main", tmp_path / "project")
    assert "migrations pending" in kit(installed, environment, tmp_path, "check", "project")
    measured = json.loads(kit(installed, environment, tmp_path, "window", "--json"))
    assert measured["requests"]["lost"] > 0


def test_the_container_is_described_there_too(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    variables = "{'KIT_POSTGRES_PASSWORD': 'x', 'KIT_INSTANCE': 'x'}"
    program = f"import kit.postgres.docker as it; print(it.__file__); print(it.read_service({variables}))"
    where, service = subprocess.check_output(
        [installed / "python", "-c", program], cwd=tmp_path, env=environment, text=True
    ).splitlines()
    assert not Path(where).is_relative_to(ROOT)
    assert service.startswith("Service(postgres:")


def test_the_lesson_opens_in_a_folder_of_the_learners(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    words = ["lab", "--no-browser", "--", "--IdentityProvider.token=secret"]
    with subprocess.Popen(
        [installed / "kit", *words],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            facts = tmp_path / "runtime" / f"jpserver-{process.pid}.json"
            assert wait_until(facts.is_file, seconds=PATIENCE_S, every=0.05), process.poll()
        finally:
            os.killpg(process.pid, signal.SIGINT)
            printed = process.communicate(timeout=PATIENCE_S)[0]
    folder = Path(environment["HOME"]) / "broken-window-kit"
    assert f"my-notebooks/: {len(find_notebooks())} new copies without outputs" in printed
    assert "/lab/tree/my-notebooks/00_start_here.ipynb" in printed
    assert {path.name for path in (folder / "my-notebooks").glob("*.ipynb")} == {
        path.name for path in find_notebooks()
    }
    assert (folder / "docs" / "glossary.md").is_file()


def test_without_a_home_folder_it_asks_for_one(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    lost = environment | {"HOME": "nowhere"}
    ran = subprocess.run(
        [installed / "kit", "lab"], cwd=tmp_path, env=lost, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "python -m kit lab --folder DIR" in ran.stderr
    assert list(tmp_path.glob("nowhere*")) == []


def test_what_is_installed_is_not_rewritten(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    ran = subprocess.run(
        [installed / "kit", "notebooks"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "Change the lesson in a clone" in ran.stderr
