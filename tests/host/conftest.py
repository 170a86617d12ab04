"""Commits to build: repositories that a test may add to."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kit.names import EPOCH
from kit.repos import Repositories, git_environment

Commit = Callable[[Mapping[str, str | bytes | None]], str]


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Repositories:
    return Repositories.create(tmp_path_factory.mktemp("repositories") / "repos", when=EPOCH)


@pytest.fixture
def commit(repositories: Repositories) -> Commit:
    """Commit files on top of main in the dev clone: text, or None to delete one; return the commit's id."""
    clone = repositories.clones["dev"]
    environment = git_environment(home=repositories.folder, when=EPOCH, origin=repositories.github)

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=clone, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(files: Mapping[str, str | bytes | None]) -> str:
        git("checkout", "--quiet", "--force", "--detach", "origin/main")
        for name, text in files.items():
            path = clone / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        git("add", "--all")
        git("commit", "--quiet", "--allow-empty", "--message", "test")
        return git("rev-parse", "HEAD")

    return commit


@pytest.fixture
def builds(tmp_path: Path) -> Path:
    return tmp_path / "builds"
