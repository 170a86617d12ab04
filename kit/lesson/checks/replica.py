"""A database made from migration files, or a copy of one, and code on it: where a check tries things.

It is the server's shadow database, as `db diff` uses it: the learner's databases, timeline and logs are
left as they are.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg

from kit.errors import BuildFailed, KitError, MigrationFailed
from kit.host import LIBRARIES, Apps
from kit.host.build import build, records_views
from kit.host.outcome import Arrival, Witness
from kit.host.visitors import PATIENCE_S
from kit.names import DatabaseName
from kit.postgres import client, connect_url, create, dump, restore
from kit.process import wait_until
from kit.process.shell import Ran, run, shell_path
from kit.supabase import MigrationFile, history, list_migrations
from kit.supabase.apply import apply_file
from kit.supabase.diff import Catalog, name_differences, read_catalog
from kit.supabase.history import HistoryRow
from kit.world.engine import Engine
from kit.world.programs import app_environment

_SHADOW = "shadow"
_SITE, _WORKER = "check-site", "check-worker"
VIEWER = "11111111-1111-4111-8111-111111111111"
"""Who reads: the app's one user so far."""
_SOMEBODY = "22222222-2222-4222-8222-222222222222"
TEST_ID = "00000000-0000-4000-8000-000000000001"
"""The document that the lessons open."""
_DOCUMENT: LiteralString = """
    INSERT INTO documents (id, user_id, title, file_name, file_type, processing_status)
    VALUES (%s, %s, %s, 'book.epub', 'epub', 'completed')
"""
_OPENED: LiteralString = "UPDATE documents SET last_viewed = now() WHERE id = %s"
_NO_ANSWER = "no answer"


@dataclass(frozen=True)
class Trouble:
    """Something that did not work.

    Attributes:
        what: what was tried, with its verb: "a view is lost", "an upload fails".
        why: in the words of PostgreSQL or of the app; "" where nobody said.
    """

    what: str
    why: str = ""

    def __str__(self) -> str:
        """Say both."""
        return f"{self.what}: {self.why}" if self.why else self.what


@dataclass(frozen=True)
class Migrations:
    """Migration files by version, from wherever they are.

    Attributes:
        files: in order of their versions.
    """

    files: tuple[MigrationFile, ...]

    @property
    def versions(self) -> tuple[str, ...]:
        """Their versions, in order."""
        return tuple(file.version for file in self.files)

    def find(self, version: str) -> MigrationFile | None:
        """Return the file of a version, None if there is none."""
        return next((file for file in self.files if file.version == version), None)


def name_documents(share: int) -> tuple[str, str, str]:
    """Return three documents of a replica: the viewer's own, somebody else's, and one that was opened before.

    Args:
        share: a number of its own for whoever must meet rows that nobody has prepared, below 1000.
    """
    own, other, before = (f"99999999-0000-4000-8000-000000{share:03}00{number}" for number in (1, 2, 3))
    return own, other, before


OWN, OTHER, _ = name_documents(0)
"""Documents that nothing of `try_everything` has opened."""


class Replica:
    """A database, empty or a copy to begin with, and no code on it; `open_replica` makes one.

    Args:
        engine: of the world, whose server and repositories are used.
        folder: for what is written meanwhile; somebody else deletes it.
        copied: the database of the learner's to begin with, None for an empty one.
    """

    def __init__(self, engine: Engine, folder: Path, copied: DatabaseName | None = None) -> None:
        """Empty or fill the database."""
        self._engine = engine
        self._folder = folder
        if copied is None:
            create(engine.server, _SHADOW)
        else:
            dump(engine.server, copied, folder / "copy.sql")
            restore(engine.server, _SHADOW, folder / "copy.sql")
        self._migrator = connect_url(engine.server.url(_SHADOW, "migrator"), application="check")
        history.prepare(self._migrator)
        environment = app_environment(engine.server) | {"DATABASE_URL": engine.server.url(_SHADOW, "app")}
        self._apps = Apps(folder / "logs", supervisor=engine.supervisor, environment=environment)
        self._witness = Witness(lambda: engine.server.connect(_SHADOW))
        self._address, self._source = "", folder
        self._served = self._worker = ""  # commits; a folder's path where that is served
        self._asked = self._tried = 0
        self._client = httpx.Client(
            timeout=PATIENCE_S,
            trust_env=False,
            verify=False,  # noqa: S501 - plain HTTP: loading certificates would take longer than all else
        )

    def __repr__(self) -> str:
        """Say what runs on it."""
        return f"Replica({Path(self._served).name[:7] or None})"

    def close(self) -> None:
        """End what runs on it, and hang up; the database is left empty, as `db diff` leaves it."""
        self._stop(_SITE, _WORKER)
        self._client.close()
        self._witness.close()
        self._migrator.close()
        create(self._engine.server, _SHADOW)

    # The schema

    def apply(self, files: Sequence[MigrationFile]) -> Trouble | None:
        """Apply migrations, as `supabase` does; return what went wrong, at the first that did."""
        if refused := self._find_refused(files):
            name, why = refused
            return Trouble(f"{name} does not apply", why)
        return None

    def replay(self, project: Path) -> str:
        """Apply a project's migrations; return the file that does not apply, and why, "" where all do."""
        return ": ".join(self._find_refused(list_migrations(project).files) or ())

    def _find_refused(self, files: Sequence[MigrationFile]) -> tuple[str, str] | None:
        for file in files:
            try:
                apply_file(self._migrator, file)
            except MigrationFailed as error:
                # The first line is PostgreSQL's: "ERROR: column … already exists (SQLSTATE 42701)".
                return file.path.name, error.message.partition("\n")[0]
            except KitError as error:
                return file.path.name, error.message
            if self._migrator.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                self._migrator.rollback()
                return file.path.name, "it begins a transaction and leaves it open"
        return None

    def fill(self, shares: int = 1) -> None:
        """Put documents in, in a schema as the workflow leaves it.

        Args:
            shares: how many times `try_everything` will be asked.
        """
        with self.connect() as connection, connection.transaction():
            for share in range(shares + 1):
                own, other, before = name_documents(share)
                for document, owner in ((own, VIEWER), (other, _SOMEBODY), (before, VIEWER)):
                    connection.execute(_DOCUMENT, [document, owner, f"Book {document[-6:]}"])
                connection.execute(_OPENED, [before])

    def catalog(self) -> Catalog:
        """Return what the schema is."""
        return read_catalog(self._migrator)

    def connect(self) -> psycopg.Connection:
        """Connect as its superuser, in autocommit mode."""
        return self._engine.server.connect(_SHADOW)

    def ask(self, query: LiteralString, *values: object) -> tuple[Any, ...]:
        """Return the first row that the database answers, an empty one for none."""
        with self.connect() as connection:
            return connection.execute(query, values or None).fetchone() or ()

    def refuses(self, statement: LiteralString, *values: object) -> str:
        """Return why the app's role may not do this, "" if it may; it is not done in either case."""
        with self._engine.server.connect(_SHADOW, role="app") as connection:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement, values or None)
                    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            except psycopg.Error as error:
                return f"{error.sqlstate} {error.diag.message_primary}"
        return ""

    # The code

    def serve(self, commit: str, worker: str = "") -> Trouble | None:
        """Have a commit's site run, and a commit's worker beside it; return why one of them does not start.

        What runs already goes on, as in production: a schema changes under its connections.

        Args:
            commit: of the site.
            worker: of the worker, "" for none.
        """
        try:
            if commit != self._served:
                self._start_site(self._unpack(commit), commit, GIT_COMMIT_SHA=commit)
            if worker != self._worker:
                self._stop(_WORKER)
                self._worker = worker
                if worker:
                    self._start_worker(self._unpack(worker))
        except BuildFailed as error:
            return Trouble(f"the code of {commit[:7]} does not start", error.why or error.message)
        return None

    def serve_folder(self, project: Path) -> str:
        """Have a folder's site run; return why it does not start, "" where it does."""
        try:
            self._start_site(project, str(project))
        except BuildFailed as error:  # where its files lie differs from time to time
            return error.why.replace(f"{project}/", "") or error.message
        return ""

    def _start_site(self, source: Path, served: str, **more: str) -> None:
        self._stop(_SITE)
        self._source, self._served = source, served
        port = self._apps.start(_SITE, source, port=0, **more)
        self._apps.require_healthy(_SITE)
        self._address = f"http://127.0.0.1:{port}"

    def run(self, command: str) -> Ran:
        """Run a shell command in a copy of the dev clone's files, where the cloud's URL leads here.

        There is neither git's folder nor supabase: what it does there reaches nobody.
        """
        engine = self._engine
        with tempfile.TemporaryDirectory(prefix="kit-run-") as folder:
            files = Path(folder) / "files"
            clone = engine.repositories.clones["dev"]
            shutil.copytree(clone, files, ignore=shutil.ignore_patterns(".git", "node_modules"))
            environment = {
                "PATH": shell_path(Path(client("psql")).parent),
                "LANG": "C.UTF-8",
                "TERM": "dumb",
                "HOME": folder,
                "CLOUD_DB_URL": engine.server.url(_SHADOW, "migrator"),
            }
            return run(command, supervisor=engine.supervisor, folder=files, env=environment)

    def _start_worker(self, files: Path) -> None:
        environment = app_environment(self._engine.server)
        self._engine.supervisor.fork(
            _WORKER,
            ["main.py"],
            imports=LIBRARIES,
            env=environment | {"DATABASE_URL": self._engine.server.url(_SHADOW, "app")},
            cwd=files / "worker",
            log=self._apps.log(_WORKER),
        )

    def _unpack(self, commit: str) -> Path:
        """Return the folder with a commit's own files."""
        made = self._engine.host.build_folder(commit)
        if made.exists():
            return made
        return build(self._engine.repositories, commit, self._folder / "builds" / commit).folder

    def _stop(self, *names: str) -> None:
        self._apps.kill(*names)
        for name in names:
            self._apps.log(name).unlink(missing_ok=True)

    def read(self, document: str) -> tuple[str, Trouble | None]:
        """Open a document; return the page, and what became of the view if that is not ok.

        Args:
            document: its id.
        """
        self._asked += 1
        instant = self._engine.clock.date() + timedelta(milliseconds=self._asked)
        with self._witness.arrival(document, instant) as arrival:
            response = self._get(f"/read/{document}", at=instant.timestamp())
            if response is None or not response.is_success:
                return "", Trouble("a page of a document fails", self._why(response))
            if records_views(self._source) and self._is_lost(arrival):
                return response.text, Trouble("a view is lost", self._why(response))
        return response.text, None

    def open(self, document: str = TEST_ID) -> int | None:
        """Open a document; return the answer's status, None where no answer comes."""
        response = self._get(f"/read/{document}", at=self._engine.clock.date().timestamp())
        return response.status_code if response is not None else None

    def _is_lost(self, arrival: Arrival) -> bool:
        return bool(self._witness.find_lost([arrival]))

    def open_pages(self) -> Trouble | None:
        """Open every page of a fixed address, with words for a search; return what fails, even silently."""
        app = self._source / "src" / "app"
        for path in sorted(app.rglob("page.py")):
            parts = path.relative_to(app).parent.parts
            if any("[" in part for part in parts):
                continue
            address = "/" + "/".join(parts)
            response = self._get(f"{address}?q=book", at=self._engine.clock.date().timestamp())
            if response is None or not response.is_success:
                return Trouble(f"the page {address} fails", self._why(response))
            if said := self._last_error(self._apps.log(_SITE)):
                # An action that swallows the error shows less than there is, and answers 200.
                return Trouble(f"the page {address} is shown without what it asked for", said)
        return None

    def upload(self) -> Trouble | None:
        """Add a document, and wait until the worker, if there is one, has done it; return what goes wrong."""
        self._asked += 1
        sent = {"title": f"Uploaded {self._asked}", "file_name": "new.epub", "file_type": "epub"}
        headers = {"X-Request-Start": f"t={self._engine.clock.date().timestamp():.6f}"}
        response = None
        with contextlib.suppress(httpx.HTTPError):
            response = self._client.post(f"{self._address}/api/documents", json=sent, headers=headers)
        if response is None or not response.is_success:
            return Trouble("an upload fails", self._why(response))
        if not self._worker:
            return None
        title, log = sent["title"], self._apps.log(_WORKER)

        def is_over() -> bool:
            failed = log.exists() and b'"failed"' in log.read_bytes()
            return failed or self._is_processed(title) or not self._engine.supervisor.is_running(_WORKER)

        wait_until(is_over, seconds=PATIENCE_S)
        if self._is_processed(title):
            return None
        return Trouble("a job of the worker fails", self._last_error(log) or "it does not do it")

    def _is_processed(self, title: str) -> bool:
        found = self.ask("SELECT processing_status FROM documents WHERE title = %s", title)
        return found == ("completed",)

    def try_everything(self) -> Trouble | None:
        """Do what people do, with documents that nothing has touched yet; return what does not work."""
        self._tried += 1
        for document in name_documents(self._tried):
            _, trouble = self.read(document)
            if trouble:
                return trouble
        return self.open_pages() or self.upload()

    def _get(self, path: str, *, at: float) -> httpx.Response | None:
        try:
            return self._client.get(f"{self._address}{path}", headers={"X-Request-Start": f"t={at:.6f}"})
        except httpx.HTTPError:
            return None

    def _why(self, response: httpx.Response | None) -> str:
        said = self._last_error(self._apps.log(_SITE))
        return said or (f"status {response.status_code}" if response is not None else _NO_ANSWER)

    def _last_error(self, log: Path) -> str:
        """Return what the last error in a log says."""
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        for line in reversed(lines):
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("error"):
                    return f"{entry.get('sqlstate', '')} {entry['error']}".strip()
        return ""


@contextlib.contextmanager
def open_replica(engine: Engine, copied: DatabaseName | None = None) -> Iterator[Replica]:
    """Have a replica for a while, and the world to oneself meanwhile.

    Args:
        engine: of the world.
        copied: the database of the learner's that it holds, None for an empty one.

    Raises:
        WorldTaken: if another notebook or terminal has the world.
    """
    with engine.step(), tempfile.TemporaryDirectory(prefix="check-", dir=engine.folder) as folder:
        replica = Replica(engine, Path(folder), copied)
        with contextlib.closing(replica):
            yield replica


def list_on(engine: Engine, commit: str, into: Path) -> Migrations:
    """Return the migrations of a commit, whose files are written to a folder.

    Args:
        engine: of the world.
        commit: its id.
        into: a folder that is not there yet.
    """
    engine.repositories.archive(commit, into)
    return Migrations(list_migrations(into).files)


def list_in_history(rows: Sequence[HistoryRow], into: Path) -> Migrations:
    """Return what a database's history says was applied, as files.

    Args:
        rows: of the history.
        into: a folder that is not there yet.
    """
    into.mkdir()
    files = []
    for row in rows:
        path = into / f"{row.version}_{row.name or 'unnamed'}.sql".replace("/", "_")
        path.write_text(";\n".join(row.statements) + ";\n", encoding="utf-8")
        files.append(MigrationFile(path, row.version, row.name))
    return Migrations(tuple(files))


def compare(engine: Engine, replica: Replica, database: DatabaseName) -> list[str]:
    """Name what is not the same in a replica and in a database of the world."""
    with engine.server.connect(database) as connection:
        return name_differences(replica.catalog(), read_catalog(connection))


def describe_difference(engine: Engine, project: Path, database: DatabaseName) -> str:
    """Say how a database of the world differs from what a project's migrations make; "" for not.

    Order of columns, comments and rows do not count.

    Args:
        engine: of the world.
        project: a folder with `supabase/` in it.
        database: which one.
    """
    with open_replica(engine) as replica, engine.server.connect(database) as connection:
        if refused := replica.replay(project):
            return f"On an empty database the migrations do not apply: {refused}"
        wanted, found = _describe(replica.catalog()), _describe(read_catalog(connection))
    return " ".join(
        f"{words}: {'; '.join(sorted(things))}."
        for words, things in (
            (f"The {database} database lacks what the files make", wanted - found),
            (f"The {database} database has what no file makes", found - wanted),
        )
        if things
    )


def _describe(catalog: Catalog) -> set[str]:
    """Return what a schema holds, but for comments: each thing with its definition, or its name alone."""
    return {
        *(
            f"column {table}.{column} {definition}"
            for table, columns in catalog.tables.items()
            for column, definition in columns.items()
        ),
        *(
            f"constraint {name} of {table}: {definition}"
            for (table, name), definition in catalog.constraints.items()
        ),
        *(f"index {name}: {definition}" for name, (_, definition) in catalog.indexes.items()),
        *catalog.others,
    }
