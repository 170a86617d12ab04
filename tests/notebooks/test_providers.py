"""The notebooks say the same on every PostgreSQL: in a container, and from the system's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.errors import MissingTool
from kit.postgres import find_engine

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
DATABASE_ONES = [notebook for notebook in NOTEBOOKS if notebook.name[:2] in ("02", "05")]
"""Those that speak with the databases most."""


def _has_engine() -> bool:
    try:
        return bool(find_engine())
    except MissingTool:
        return False


@pytest.mark.docker
@pytest.mark.parametrize(
    "notebook", NOTEBOOKS if os.environ.get("CI") else DATABASE_ONES, ids=lambda path: path.stem
)
def test_the_stored_outputs_hold_in_a_container(notebook: Path, need: Callable[[object, str], None]) -> None:
    need(_has_engine(), "a Docker engine")
    _hold_on("docker", notebook)


@pytest.mark.system
@pytest.mark.parametrize("notebook", DATABASE_ONES, ids=lambda path: path.stem)
def test_the_stored_outputs_hold_on_the_systems_postgresql(
    notebook: Path, need: Callable[[object, str], None]
) -> None:
    """These stand for all: the kit starts the system's programs as it starts the bundled ones."""
    need(shutil.which("pg_ctl"), "PostgreSQL's pg_ctl on PATH")
    _hold_on("system", notebook)


def _hold_on(provider: str, notebook: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "-p", "no:cacheprovider"]
    command += [
        "-k",
        "Cell",
        str(notebook),
    ]  # what is proved besides the outputs does not depend on the provider
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"KIT_POSTGRES": provider},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:]
