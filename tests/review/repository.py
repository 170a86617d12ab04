"""A repository with a migration on main, and a branch for what comes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from kit.review.report import Report, review

ADD = "ALTER TABLE documents ADD COLUMN last_viewed timestamptz;\n"
DROP = "ALTER TABLE documents DROP COLUMN title;\n"
FIRST = "CREATE TABLE documents (\n    id bigint,\n    title text\n);\n"
QUIET = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@rhizome.example",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@rhizome.example",
}


class Project:
    """A repository with a migration on main, and a branch for what comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.migrations = folder / "supabase" / "migrations"
        self.migrations.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.write("001_documents.sql", FIRST)
        self.commit()
        self.git("checkout", "-q", "-b", "feature")

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=QUIET, check=True, capture_output=True, text=True
        ).stdout

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "a change")

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.migrations / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def review(self, since: str | None = None) -> Report:
        return review(self.folder, since=since)

    def problem(self) -> tuple[str, int, str]:
        (found,) = self.review().problems
        assert found.message
        assert found.remedy
        assert self.review().commands == ()
        return found.file, found.line, found.kind
