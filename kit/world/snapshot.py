"""The world at one moment, frozen, and what it shows: status, change, the description by psql."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from kit.draw import BREAKING, DOTS, NARROW, TableRow, draw_table, draw_tag, format_columns, format_line
from kit.errors import ServerFailed
from kit.host import Deployment
from kit.names import VERSION
from kit.repos import CloneSeen, RepositoriesSeen
from kit.timeline import Timeline

COMMAND = r"\d documents"
"""What one types at psql's prompt to have a table described."""
LOCKED_S = 5
"""Seconds to wait for somebody else's lock before saying so."""


@dataclass(frozen=True, kw_only=True)
class Described:
    """What psql printed, of the local database and of the cloud's; an error, where it printed one."""

    local: str
    cloud: str


@dataclass(frozen=True, kw_only=True)
class DatabaseSeen:
    """What one database holds that the workflow speaks of.

    Attributes:
        columns: of `documents`, in their order.
        indexes: on `documents`, sorted.
        comment: on documents.last_viewed, "" for none.
        versions: of the applied migrations, sorted.
        names: of those that have one, by version.
        viewed: rows of `documents` whose last_viewed is set.
    """

    columns: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    comment: str = ""
    versions: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    viewed: int = 0


@dataclass(frozen=True, kw_only=True)
class CommitSeen:
    """What one commit holds that the workflow speaks of; a commit never changes.

    Attributes:
        migrations: file names in supabase/migrations, sorted.
        documented: whether docs/MIGRATION_WORKFLOW.md is there.
        writes_last_viewed: whether the reader page calls update_last_viewed.
    """

    migrations: tuple[str, ...] = ()
    documented: bool = False
    writes_last_viewed: bool = False

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of the migration files."""
        return tuple(name.partition("_")[0] for name in self.migrations)


NO_COMMIT = CommitSeen()


@dataclass(frozen=True, kw_only=True)
class WorkerSeen:
    """The worker process, and the commit that it was started with."""

    running: bool = False
    commit: str = ""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The world at one moment.

    Attributes:
        now: seconds of the clock.
        repositories: branches, commits and working trees.
        local: the local database.
        cloud: the cloud database.
        deployments: every push that the host took.
        live: the commit that production serves.
        rolled_back: whether somebody went back to it, so that pushes do not go live by themselves.
        dev_serving: whether `npm run dev` is running.
        worker: the worker.
        output: what the last command printed.
        exit: the last command's exit code.
        timeline: what happened so far.
        commits: what the commits hold with which branches end.
    """

    now: float
    repositories: RepositoriesSeen
    local: DatabaseSeen
    cloud: DatabaseSeen
    deployments: tuple[Deployment, ...]
    live: str
    dev_serving: bool
    worker: WorkerSeen
    rolled_back: bool = False
    output: str = ""
    exit: int = 0
    timeline: Timeline = field(default_factory=Timeline)
    commits: Mapping[str, CommitSeen] = field(default_factory=dict)

    @property
    def dev(self) -> CloneSeen:
        """The clone in which one develops."""
        return self.repositories.clones["dev"]

    @property
    def production(self) -> CloneSeen:
        """The clone that runs the worker."""
        return self.repositories.clones["production"]

    @property
    def live_commit(self) -> CommitSeen:
        """What the commit holds that production serves."""
        return self.commit(self.live)

    def commit(self, commit: str) -> CommitSeen:
        """Return what a commit holds; nothing for "" and for one that no branch ends with."""
        return self.commits.get(commit, NO_COMMIT)

    def on_dev(self, branch: str) -> CommitSeen:
        """Return what a branch of the dev clone holds; nothing if there is none of that name."""
        return self.commit(self.dev.branches.get(branch, ""))

    def on_github(self, branch: str = "main") -> CommitSeen:
        """Return what a branch on GitHub holds; nothing if there is none of that name."""
        return self.commit(self.repositories.github.get(branch, ""))


@dataclass(frozen=True, kw_only=True)
class Change:
    """The world before the last command that was typed, and now.

    Attributes:
        before: as it was then; None where nothing was typed since the world was opened.
        after: as it is.
        command: with a prompt, "dev$ git push origin main"; "" for none.
        by: whether the command alone did it; else what came after it, such as time that passed.
    """

    before: Snapshot | None
    after: Snapshot
    command: str = ""
    by: bool = True


class DatabaseReader:
    """Looks at one database again and again, in one session: a new one takes five times as long.

    Args:
        connect: makes a session, in autocommit mode.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection]) -> None:
        """Keep how to get there; the first look connects."""
        self._connect = connect
        self._session: psycopg.Connection | None = None

    def read(self) -> DatabaseSeen:
        """Ask the database what it holds.

        Raises:
            ServerFailed: if an open transaction keeps the table locked for longer than `LOCKED_S`, or
                the server was killed.
        """
        kept = self._session
        try:
            return _look(kept or self._begin())
        except psycopg.errors.LockNotAvailable as error:
            raise ServerFailed(
                "An open transaction keeps documents locked, so nobody can look at it.",
                remedy="End it, with COMMIT or ROLLBACK, in the psql in which it was begun.",
            ) from error
        except psycopg.OperationalError as error:
            self.close()
            if kept is None:
                raise server_killed() from error
        return self.read()  # whoever makes a database anew ends the sessions of the old one

    def _begin(self) -> psycopg.Connection:
        self._session = self._connect()
        self._session.execute(f"SET lock_timeout = '{LOCKED_S}s'")
        return self._session

    def close(self) -> None:
        """End the session; the next look begins another one."""
        if self._session is not None:
            self._session.close()
            self._session = None


def read_database(connection: psycopg.Connection) -> DatabaseSeen:
    """Ask one database what it holds, once; see `DatabaseReader.read`."""
    return DatabaseReader(lambda: connection).read()


def find_changes(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Return what became of columns, as `SchemaChanged` says it: those that are gone, then the new ones."""
    gone = [f"-{column}" for column in before if column not in after]
    return gone + [f"+{column}" for column in after if column not in before]


def server_killed() -> ServerFailed:
    """Make the error for a server that runs no more."""
    return ServerFailed(
        "PostgreSQL was killed.",
        remedy="Run the notebook's setup cell again: open_world() starts it on the same data.",
    )


def _look(connection: psycopg.Connection) -> DatabaseSeen:
    row = connection.execute(
        """
        SELECT
          (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
            WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped),
          (SELECT array_agg(relname::text ORDER BY relname)
            FROM pg_index JOIN pg_class i ON i.oid = indexrelid WHERE indrelid = t.oid),
          (SELECT col_description(t.oid, attnum)
            FROM pg_attribute WHERE attrelid = t.oid AND attname = 'last_viewed'),
          to_regclass('supabase_migrations.schema_migrations') IS NOT NULL
        FROM (SELECT to_regclass('public.documents') AS oid) t
        """
    ).fetchone()
    columns, indexes, comment, has_history = row or (None, None, None, False)
    versions = (
        connection.execute(
            # As JSON: an old table has no column for names.
            "SELECT version, coalesce(to_jsonb(m)->>'name', '')"
            " FROM supabase_migrations.schema_migrations m ORDER BY version"
        ).fetchall()
        if has_history
        else []
    )
    viewed = (
        connection.execute("SELECT count(last_viewed) FROM public.documents").fetchone()
        if "last_viewed" in (columns or ())
        else None
    )
    return DatabaseSeen(
        columns=tuple(columns or ()),
        indexes=tuple(indexes or ()),
        comment=comment or "",
        versions=tuple(version for version, _ in versions),
        names={version: name for version, name in versions if name},
        viewed=viewed[0] if viewed else 0,
    )


@dataclass(frozen=True)
class Status:
    """One look at the world; shown as a table."""

    seen: Snapshot

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return place, what is there, and whether it has the migration and last_viewed."""
        seen = self.seen
        rows: list[tuple[str, str, bool | None, bool | None]] = []
        for label, clone in (("dev clone", seen.dev), ("production clone", seen.production)):
            file = any(name.startswith(VERSION) for name in clone.migrations)
            changed = f", {len(clone.changed)} changed" if clone.changed else ""
            stands = f"{clone.branch or 'detached'} {clone.head[:7]}{changed}"
            rows.append((label, stands, file, seen.commit(clone.head).writes_last_viewed))
        main, github = seen.repositories.github.get("main", ""), seen.on_github()
        rows.append(("github main", main[:7], VERSION in github.versions, github.writes_last_viewed))
        back = ", rolled back" if seen.rolled_back else ""
        rows.append(("production site", seen.live[:7] + back, None, seen.live_commit.writes_last_viewed))
        worker = seen.worker.commit if seen.worker.running else ""
        code = seen.commit(worker).writes_last_viewed if worker else None
        rows.append(("worker", worker[:7] or "not running", None, code))
        for label, database in (("local database", seen.local), ("cloud database", seen.cloud)):
            newest = max(database.versions, default="empty")
            rows.append((label, newest, VERSION in database.versions, "last_viewed" in database.columns))
        marks = {True: "yes", False: "no", None: "-"}
        return [(place, what, marks[file], marks[column]) for place, what, file, column in rows]

    def __repr__(self) -> str:
        """Show the table."""
        return format_columns([_HEAD, *self.rows()])

    def _repr_html_(self) -> str:
        """Show the table with the marks of the map: a full dot for what is there, a ring for what is not."""
        rows = []
        for place, what, file, column in self.rows():
            kind = "schema" if place.endswith("database") else "code"
            tag = draw_tag(kind, "new" if column == "yes" else "old", place)
            rows.append(TableRow((tag, format_line(what), DOTS[file], DOTS[column])))
        return draw_table("", _HEAD, rows, style=f"{BREAKING};padding:4px", whole=f"{NARROW}:46em")


_HEAD = ("", "stands at", "migration", "last_viewed")
