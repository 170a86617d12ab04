"""Try code and migrations of the learner beside their world: on a database of its own, recorded nowhere."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from kit.errors import BuildFailed, ServerFailed
from kit.host import LIBRARIES
from kit.host.apps import HEALTH_S
from kit.host.outcome import Log
from kit.names import CloneName, DatabaseName
from kit.postgres import client, connect_url, create, dump, restore
from kit.process import wait_until
from kit.process.shell import Ran, run, shell_path
from kit.supabase import cli
from kit.supabase.diff import read_catalog
from kit.supabase.invocation import Invocation
from kit.world.engine import Engine
from kit.world.programs import app_environment
from kit.world.snapshot import DatabaseSeen, read_database

_DATABASE = _SITE = "trial"
_WORKER = "trial-worker"
TEST_ID = "00000000-0000-4000-8000-000000000001"
"""The document that the lessons open."""


@dataclass(frozen=True)
class Replayed:
    """What came of applying a folder's migrations to an empty database.

    Attributes:
        database: what it holds then.
        refused: what supabase said of the file that did not apply, "" where all did.
    """

    database: DatabaseSeen
    refused: str = ""


class TrialSite:
    """The learner's site, started once more on the database of the trial.

    Args:
        engine: of the world.
        address: of the site.
    """

    def __init__(self, engine: Engine, address: str) -> None:
        """Take a site that runs."""
        self._engine = engine
        self._address = address

    def open(self, document: str = TEST_ID) -> httpx.Response | None:
        """Open a document as a reader does; None where no answer comes."""
        with contextlib.suppress(httpx.HTTPError):
            return self._engine.visitors.open(f"{self._address}/read/{document}")
        return None

    def get(self, path: str) -> httpx.Response | None:
        """Get any page: "/search"; None where no answer comes."""
        with contextlib.suppress(httpx.HTTPError):
            return self._engine.visitors.open(self._address + path)
        return None

    def upload(self, title: str = "The Book of the Check") -> httpx.Response | None:
        """Add a document as a reader does; None where no answer comes."""
        sent = {"title": title, "file_name": "the-book.epub", "file_type": "epub"}
        now = self._engine.clock.date().timestamp()
        with contextlib.suppress(httpx.HTTPError):
            return httpx.post(
                f"{self._address}/api/documents",
                json=sent,
                headers={"X-Request-Start": f"t={now:.6f}"},
                timeout=HEALTH_S,
                trust_env=False,
                verify=False,  # noqa: S501 - plain HTTP
            )
        return None


class Trial:
    """A database beside the learner's two, and what may run on it meanwhile.

    What is tried is in no journal, no log and no database of the learner's. The database is filled by
    `replay` or `copy`, each of which begins with an empty one.

    Args:
        engine: of the world; it stays as it is.
    """

    def __init__(self, engine: Engine) -> None:
        """Try nothing yet."""
        self._engine = engine

    def __repr__(self) -> str:
        """Say the class."""
        return "Trial()"

    def connect(self) -> psycopg.Connection:
        """Connect to the database, in autocommit mode.

        Raises:
            ServerFailed: if the server does not answer.
        """
        return self._engine.server.connect(_DATABASE)

    def replay(self, project: Path) -> Replayed:
        """Apply a project's migrations, in their order, to an empty database.

        Args:
            project: a folder with `supabase/` in it.
        """
        engine, said = self._engine, [""]
        with engine.step():
            create(engine.server, _DATABASE)
            failed = cli.main(
                Invocation(
                    argv=["migration", "up", "--local"],
                    folder=project,
                    urls={"local": engine.server.url(_DATABASE, "migrator")},
                    open_url=lambda url: connect_url(url, application=_DATABASE),
                    clock=engine.clock,
                    write=said.append,
                    ask=None,
                    applied=lambda _: None,
                )
            )
            with self.connect() as connection:
                found = read_database(connection)
        return Replayed(found, _find_refusal("".join(said)) if failed else "")

    def copy(self, name: DatabaseName) -> None:
        """Fill the database with what one of the learner's holds."""
        engine = self._engine
        with engine.step(), tempfile.TemporaryDirectory() as folder:
            dumped = Path(folder) / "copy.sql"
            dump(engine.server, name, dumped)
            restore(engine.server, _DATABASE, dumped)

    def compare(self, project: Path, name: DatabaseName) -> str:
        """Say how one of the learner's databases differs from what a project's migrations make; "" for not.

        Order of columns, comments and rows do not count.

        Args:
            project: a folder with `supabase/` in it; the database of the trial is filled from it.
            name: of the database.
        """
        if refused := self.replay(project).refused:
            return f"On an empty database the migrations do not apply: {refused}"
        with self.connect() as made, self._engine.server.connect(name) as connection:
            wanted, found = _describe(made), _describe(connection)
        return " ".join(
            f"{words}: {'; '.join(sorted(things))}."
            for words, things in (
                (f"The {name} database lacks what the files make", wanted - found),
                (f"The {name} database has what no file makes", found - wanted),
            )
            if things
        )

    def run(self, command: str) -> Ran:
        """Run a shell command in a copy of the dev clone's files, where the cloud's URL leads to the trial.

        There is neither git's folder nor supabase: what it does there reaches nobody.
        """
        engine = self._engine
        with engine.step(), tempfile.TemporaryDirectory(prefix="kit-trial-") as folder:
            files = Path(folder) / "files"
            shutil.copytree(self.folder(), files, ignore=shutil.ignore_patterns(".git", "node_modules"))
            environment = {
                "PATH": shell_path(Path(client("psql")).parent),
                "LANG": "C.UTF-8",
                "TERM": "dumb",
                "HOME": folder,
                "CLOUD_DB_URL": engine.server.url(_DATABASE, "migrator"),
            }
            return run(command, supervisor=engine.supervisor, folder=files, env=environment)

    @contextlib.contextmanager
    def files(self, commit: str) -> Iterator[Path]:
        """Give the files of a commit, in a folder of their own.

        Raises:
            BadInput: if there is no such commit.
        """
        with tempfile.TemporaryDirectory(prefix="kit-trial-") as folder:
            files = Path(folder) / "files"
            self._engine.repositories.archive(commit, files)
            yield files

    def folder(self, clone: CloneName = "dev") -> Path:
        """Return a clone's folder, as the learner has it now."""
        return self._engine.repositories.clones[clone]

    @contextlib.contextmanager
    def site(self, project: Path) -> Iterator[TrialSite]:
        """Serve a project's site on the database, as long as the block lasts.

        Raises:
            BuildFailed: if its code does not start.
        """
        engine = self._engine
        apps = engine.programs.apps
        with engine.step(), contextlib.ExitStack() as over:
            apps.log(_SITE).unlink(missing_ok=True)
            over.callback(apps.log(_SITE).unlink, missing_ok=True)
            over.callback(apps.kill, _SITE)
            apps.start(_SITE, project, DATABASE_URL=engine.server.url(_DATABASE, "app"))
            try:
                port = apps.require_healthy(_SITE)
            except BuildFailed as error:  # where its files lie differs from time to time
                why = error.why.replace(f"{project}/", "")
                raise BuildFailed(error.message, why=why, remedy=error.remedy) from error
            yield TrialSite(engine, f"http://127.0.0.1:{port}")

    def starts(self, project: Path) -> str:
        """Return why a project's site does not start, "" where it does."""
        try:
            with self.site(project):
                return ""
        except BuildFailed as error:
            return error.why or error.message

    def work_off(self, project: Path) -> str:
        """Have a project's worker process what waits; return the error that it logged, "" for none."""
        engine, log = self._engine, self._engine.programs.apps.log(_WORKER)
        environment = app_environment(engine.server) | {"DATABASE_URL": engine.server.url(_DATABASE, "app")}
        with engine.step(), self.connect() as connection, contextlib.ExitStack() as over:
            log.unlink(missing_ok=True)
            over.callback(log.unlink, missing_ok=True)
            over.callback(engine.supervisor.stop, _WORKER, kill=True)
            engine.supervisor.fork(
                _WORKER, ["main.py"], imports=LIBRARIES, env=environment, cwd=project / "worker", log=log
            )

            def is_over() -> bool:
                waiting = connection.execute(
                    "SELECT EXISTS (SELECT FROM documents WHERE processing_status = 'pending')"
                ).fetchone()
                failed = log.exists() and b'"failed"' in log.read_bytes()
                return failed or waiting == (False,) or not engine.supervisor.is_running(_WORKER)

            if not wait_until(is_over, seconds=HEALTH_S):
                raise ServerFailed(
                    "The worker does not come to an end.", remedy="Ask again; or begin the exercise anew."
                )
            said = Log.read("worker", log).errors
            return (
                said[0][0] if said else "" if engine.supervisor.is_running(_WORKER) else "it does not start"
            )


def _describe(connection: psycopg.Connection) -> set[str]:
    """Return what a schema holds, but for comments: each thing with its definition, or its name alone."""
    catalog = read_catalog(connection)
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


def _find_refusal(said: str) -> str:
    """Return the file that supabase was at, and what it said then."""
    lines = [line for line in said.splitlines() if line.strip()]
    at = next((line for line in reversed(lines) if line.startswith("Applying migration ")), "")
    errors = [line for line in lines if "SQLSTATE" in line or line.startswith("ERROR")]
    name = at.removeprefix("Applying migration ").removesuffix("...")
    return ": ".join(filter(None, [name, errors[0] if errors else lines[-1] if lines else ""]))
