"""What all processes of a test run share: the checkpoints, which are built once."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from kit.lesson.notebooks import environment

RUN = "KIT_TEST_RUN"
"""Names the run's folder to pytest-xdist's workers, and to a pytest that a test starts."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's folder, before there are workers; whoever made it deletes it."""
    if RUN in os.environ:
        return
    # Not pytest's own, which only its owner may enter: as root, PostgreSQL runs as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="run-")).resolve()
    folder.chmod(0o711)
    (folder / "cache").mkdir(mode=0o711)
    os.environ[RUN] = str(folder)
    config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(RUN), ignore_errors=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Start a notebook's kernel, which happens before its first cell, from the run's checkpoints."""
    if item.path.suffix != ".ipynb":
        return (yield)
    run = Path(os.environ[RUN])
    place = run / f"nbval-{os.environ.get('PYTEST_XDIST_WORKER', os.getpid())}"
    if not place.exists():
        (place / "home").mkdir(parents=True)
        (place / "home" / "cache").symlink_to(run / "cache")
    with environment(place):
        return (yield)
