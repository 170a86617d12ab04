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
DATABASE_ONES = ("02", "05")


def _has_engine() -> bool:
    try:
        return bool(find_engine())
    except MissingTool:
        return False


@pytest.mark.parametrize(
    "provider",
    [pytest.param("docker", marks=pytest.mark.docker), pytest.param("system", marks=pytest.mark.system)],
)
def test_the_stored_outputs_hold_on_every_provider(
    provider: str, need: Callable[[object, str], None]
) -> None:
    """CI compares all notebooks; elsewhere the two that speak with the databases most stand for them."""
    if provider == "docker":
        need(_has_engine(), "a Docker engine")
    else:
        need(shutil.which("pg_ctl"), "PostgreSQL's pg_ctl on PATH")
    notebooks = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    chosen = [path for path in notebooks if os.environ.get("CI") or path.name[:2] in DATABASE_ONES]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--nbval",
        "--nbval-cell-timeout=120",
        "-p",
        "no:cacheprovider",
        "-k",
        "Cell",  # what is proved besides the outputs does not depend on the provider
    ]
    ran = subprocess.run(
        [*command, *map(str, chosen)],
        cwd=ROOT,
        env=os.environ | {"KIT_POSTGRES": provider},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:]
