"""Let the notebooks that nbval runs start from the checkpoints, in a home of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from kit.lesson.notebooks import environment

_FOLDER = pytest.StashKey[Path]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Start a notebook's kernel, which happens before its first cell, in that environment."""
    if item.path.suffix != ".ipynb":
        return (yield)
    if _FOLDER not in item.config.stash:
        folder = tempfile.TemporaryDirectory(prefix="kit-nbval-", ignore_cleanup_errors=True)
        item.config.add_cleanup(folder.cleanup)
        item.config.stash[_FOLDER] = Path(folder.name)
    with environment(item.config.stash[_FOLDER]):
        return (yield)
