"""One run of a command: the project it is for, its databases, its terminal, its clock."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from kit.errors import BadInput
from kit.names import DatabaseName
from kit.supabase import history
from kit.supabase.arguments import Line
from kit.supabase.files import MigrationFile, list_migrations
from kit.supabase.history import Connection
from kit.timeline import MigrationApplied
from kit.timeline.clock import Clock

UrlName = Literal["local", "cloud", "shadow"]
"""shadow: an empty database for `db diff` and `db pull` to replay the migration files in."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a command needs; see `commands.main` for the parts."""

    project: Path
    urls: Mapping[str, str]
    clock: Clock
    write: Callable[[str], None]
    ask: Callable[[str], str] | None
    applied: Callable[[MigrationApplied], None]
    line: Line

    def __repr__(self) -> str:
        """Name the command; the URLs have passwords."""
        return f"Session({' '.join(self.line.command or ())})"

    def say(self, text: str) -> None:
        """Print a line."""
        self.write(f"{text}\n")

    def target(self, default: DatabaseName) -> DatabaseName:
        """Return the database that --local or --linked names, or else `default`.

        Raises:
            BadInput: if both are given.
        """
        local, linked = self.line.has("local"), self.line.has("linked")
        if local and linked:
            raise BadInput(
                "if any flags in the group [db-url linked local] are set none of the others can be; "
                "[linked local] were all set",
                remedy="Give one of --local and --linked.",
            )
        return "local" if local else "cloud" if linked else default

    @contextlib.contextmanager
    def connect(self, database: DatabaseName, *, silent: bool = False) -> Iterator[Connection]:
        """Open a connection for the length of a `with`.

        Raises:
            ServerFailed: if there is none.
            BadInput: if the project has no such database.
        """
        if not silent:
            self.say(f"Connecting to {'local' if database == 'local' else 'remote'} database...")
        if database not in self.urls:
            raise BadInput(
                "Cannot find project ref. Have you run supabase link?",
                remedy="Run the command in a clone of the world.",
            )
        with contextlib.closing(history.connect(self.urls[database], database=database)) as connection:
            yield connection

    def confirm(self, question: str, *, default: bool) -> bool:
        """Ask; without a terminal the answer is `default`, with --yes it is yes."""
        prompt = f"{question} [{'Y/n' if default else 'y/N'}] "
        if self.line.has("yes"):
            self.say(f"{prompt}y")
            return True
        if self.ask is None:
            self.say(prompt)
            return default
        answer = self.ask(prompt).strip().lower()
        return answer in ("y", "yes") if answer else default

    def cancel(self) -> BadInput:
        """Make the error for a question that was answered with no."""
        return BadInput("context canceled", remedy="Answer y to go on.", hint="")

    def list_files(self) -> tuple[MigrationFile, ...]:
        """List the migration files; say which are skipped, and why."""
        listing = list_migrations(self.project)
        for sentence in listing.skipped:
            self.say(sentence)
        return listing.files

    def record(self, connection: Connection, database: DatabaseName, version: str, name: str) -> None:
        """Tell that a migration is committed."""
        committed = None
        # On the virtual clock the server's calendar, which is the machine's, means nothing.
        if self.clock.name == "wall" and (date := history.read_commit_date(connection, version)):
            committed = (date - self.clock.date(0)) / timedelta(seconds=1)
        self.applied(
            MigrationApplied(
                at=self.clock.now(),
                database=database,
                version=version,
                name=name,
                committed=committed,
            )
        )
