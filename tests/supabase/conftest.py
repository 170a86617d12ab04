from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from kit.postgres import Server, connect_url, create
from kit.supabase.cli import main
from kit.supabase.invocation import Invocation, UrlName
from kit.timeline import MigrationApplied
from kit.timeline.clock import Clock, VirtualClock


class Project:
    """A folder with supabase/migrations, two databases and a shadow, and somebody who types."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server
        self.clock: Clock = VirtualClock()
        self.urls: dict[UrlName, str] = {
            "local": server.url("local", "migrator"),
            "cloud": server.url("cloud", "migrator"),
            "shadow": server.url("shadow", "migrator"),
        }
        self.ask: Callable[[str], str] | None = None
        self.applied: list[MigrationApplied] = []
        self.empty: Callable[[], None] | None = partial(create, server, "local")
        self.migrations = folder / "supabase" / "migrations"
        self.migrations.mkdir(parents=True)

    def run(self, *words: str) -> tuple[int, str]:
        printed: list[str] = []
        code = main(
            Invocation(
                argv=words,
                folder=self.folder,
                urls=self.urls,
                open_url=partial(connect_url, application="supabase"),
                clock=self.clock,
                write=printed.append,
                ask=self.ask,
                applied=self.applied.append,
                empty=self.empty,
            )
        )
        text = "".join(printed)
        assert self.server.passwords["migrator"] not in text
        return code, text

    def write(self, name: str, text: str) -> None:
        (self.migrations / name).write_text(text)

    def rows(self, database: str, query: str) -> list[tuple[object, ...]]:
        with self.server.connect(database, role="migrator") as connection:
            return connection.execute(query.encode()).fetchall()

    def versions(self, database: str) -> list[object]:
        query = "SELECT version FROM supabase_migrations.schema_migrations ORDER BY 1"
        return [version for (version,) in self.rows(database, query)]

    def columns(self, database: str, table: str = "t") -> list[object]:
        query = f"SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('{table}') AND attnum > 0"
        return [name for (name,) in self.rows(database, query)]


@pytest.fixture
def project(tmp_path: Path, server: Server, databases: tuple[str, str]) -> Project:  # noqa: ARG001 - made anew
    return Project(tmp_path, server)


@pytest.fixture
def shadow(server: Server) -> None:
    create(server, "shadow")
