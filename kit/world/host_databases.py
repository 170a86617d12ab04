"""What a deployment does with databases: `db push` from a build, a preview's own database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import psycopg

from kit.errors import BuildFailed
from kit.postgres import Server, connect_url, create
from kit.supabase import cli
from kit.supabase.invocation import Invocation
from kit.timeline import Record, SchemaChanged
from kit.timeline.clock import Clock
from kit.world.snapshot import find_changes, read_database

_SEED = Path("supabase/seed.sql")
_open_url = partial(connect_url, application="supabase")


class HostDatabases:
    """The databases that a host's builds may change.

    Args:
        server: where they are.
        clock: the world's: on the virtual one, `db push` takes its two seconds here, too.
        record: told of each migration of the cloud database.
    """

    def __init__(self, server: Server, *, clock: Clock, record: Callable[[Record], None]) -> None:
        """Change nothing yet."""
        self._server = server
        self._clock = clock
        self._record = record
        self._made: dict[str, str] = {}  # by the name of a preview's database: the commit it was made of

    def __repr__(self) -> str:
        """Say the class."""
        return "HostDatabases()"

    def forget(self) -> None:
        """Make previews' databases anew when they are asked for next."""
        self._made.clear()

    def migrate(self, folder: Path) -> None:
        """Run `npx supabase db push` from a build's folder against the cloud database.

        Raises:
            BuildFailed: if it fails; `why` is PostgreSQL's or the command line's own word.
        """
        before = self._columns()
        try:
            self._run(["db", "push", "--yes"], folder, database="cloud", record=self._record)
        finally:  # of several files the first may have been applied
            for change in find_changes(before, self._columns()):
                self._record(SchemaChanged(at=self._clock.now(), database="cloud", change=change))

    def _columns(self) -> Sequence[str]:
        with self._server.connect("cloud") as connection:
            return read_database(connection).columns

    def preview_url(self, branch: str, commit: str, folder: Path) -> str:
        """Return the URL of a preview's own database: the commit's migrations and its seed, no data.

        It stays until the branch gets another commit, whose migrations make it anew.

        Raises:
            BuildFailed: if one of them fails.
        """
        name = f"preview_{hashlib.sha256(branch.encode()).hexdigest()[:12]}"
        if self._made.get(name) != commit:
            self._made.pop(name, None)
            create(self._server, name)
            self._run(["migration", "up", "--local"], folder, database=name, record=lambda _: None)
            self._seed(name, folder / _SEED)
            self._made[name] = commit
        return self._server.url(name, "app")

    def _run(
        self, arguments: list[str], folder: Path, *, database: str, record: Callable[[Record], None]
    ) -> None:
        said: list[str] = []
        url = self._server.url(database, "migrator")
        code = cli.main(
            Invocation(
                argv=arguments,
                folder=folder,
                urls={"cloud" if database == "cloud" else "local": url},
                open_url=_open_url,
                clock=self._clock,
                write=said.append,
                ask=None,
                applied=record,
            )
        )
        if code:
            lines = "".join(said).splitlines()
            error = next((line for line in lines if line.startswith("ERROR:")), "")
            raise _failed(f"npx supabase {' '.join(arguments[:2])} failed.", error or (lines or [""])[-1])

    def _seed(self, name: str, seed: Path) -> None:
        if not seed.is_file():
            return
        try:
            with self._server.connect(name, role="migrator") as connection:
                connection.execute(seed.read_bytes())
        except psycopg.Error as error:
            raise _failed(f"{_SEED} does not apply.", error.diag.message_primary or str(error)) from error


def _failed(message: str, why: str) -> BuildFailed:
    remedy = "Mend the migration, commit, and push again; until then the old code stays live."
    return BuildFailed(message, why=why, remedy=remedy)
