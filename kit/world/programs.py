"""What a learner's shell finds in its `bin/`: supabase, npx, npm, and the origin's post-receive hook."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kit.errors import BuildFailed
from kit.host import LIBRARIES, Apps, Host
from kit.host.visitors import WORKER_SESSION
from kit.names import KIT_SUPABASE, DatabaseName
from kit.postgres import Server, connect_url, create
from kit.process import Supervisor, wait_until
from kit.process.messenger import Command, Terminal
from kit.repos import Repositories
from kit.supabase import cli, real
from kit.supabase.invocation import Invocation, UrlName
from kit.supabase.release import find_release
from kit.timeline import Record, RefMoved, WorkerChanged
from kit.timeline.clock import Clock

DEV_PORT = 3000
"""Where `npm run dev` listens if nobody else does, as in the workflow (3.3)."""
_STARTS_S = 60.0  # one that ends is not waited for
_NPX_OPTIONS = ("-y", "--yes", "-q", "--quiet", "--no", "--no-install", "--prefer-offline", "--offline", "--")
_open_url = partial(connect_url, application="supabase")


@dataclass(kw_only=True, eq=False)
class Programs:
    """Does the commands that the messengers of a world's shells bring.

    Attributes:
        clock: the world's.
        server: its databases.
        repositories: its clones.
        host: told of pushes.
        apps: starts the dev server.
        supervisor: the worker's parent.
        record: told of what happened.
        worker_commit: what the worker was started with, "" for nothing.
    """

    clock: Clock
    server: Server
    repositories: Repositories
    host: Host
    apps: Apps
    supervisor: Supervisor
    record: Callable[[Record], None]
    worker_commit: str = ""

    def __repr__(self) -> str:
        """Say the class."""
        return "Programs()"

    def do(self, command: Command, terminal: Terminal) -> int:
        """Do a command; return its exit code."""
        match command.program, command.arguments[:1]:
            case "post-receive", _:
                return self._receive(command.input)
            case "supabase", _:
                return self._supabase(command.arguments, "", command, terminal)
            case "npx", _ if found := _find_package(command.arguments):
                version, arguments = found
                return self._supabase(arguments, version, command, terminal)
            case "sleep", (seconds,) if seconds.isdecimal():
                self.clock.advance(int(seconds))
                return 0
            case "npm", _:
                return self._npm(" ".join(command.arguments), command, terminal)
        terminal.write(
            f"npx {' '.join(command.arguments)}: this kit's npx runs supabase alone.\n"
            "  What to do: npx supabase --help lists what there is.\n"
        )
        return 1

    def _receive(self, lines: str) -> int:
        for line in lines.splitlines():
            old, new, ref = line.split()
            branch = ref.removeprefix("refs/heads/")
            if branch == ref:
                continue  # a tag
            self.record(
                RefMoved(
                    at=self.clock.now(),
                    repository="github",
                    branch=branch,
                    old=old if old.strip("0") else "",
                    new=new if new.strip("0") else "",
                )
            )
            self.host.receive(branch, new)
        return 0

    def _supabase(
        self, arguments: tuple[str, ...], version: str, command: Command, terminal: Terminal
    ) -> int:
        release = find_release(command.folder, version or command.version)
        if arguments[:2] in (("db", "diff"), ("db", "pull")):
            create(self.server, "shadow")  # an empty one, to replay the files in
        main = real.main_real if os.environ.get(KIT_SUPABASE) == "cli" else cli.main
        names: tuple[UrlName, ...] = ("local", "cloud", "shadow")
        return main(
            Invocation(
                argv=arguments,
                folder=command.folder,
                urls={name: self.server.url(name, "migrator") for name in names},
                open_url=_open_url,
                clock=self.clock,
                write=terminal.write,
                ask=terminal.ask if command.terminal else None,
                applied=self.record,
                read_line=terminal.read_line,
                read_all=terminal.read_all,
                release=release,
                shown=command.shown,
                empty=lambda: create(self.server, "local"),
            )
        )

    def migrate(self, database: DatabaseName) -> int:
        """Apply the production clone's migrations to a new database; return the exit code."""
        silent = Invocation(
            argv=["migration", "up", "--local"],
            folder=self.repositories.clones["production"],
            urls={"local": self.server.url(database, "migrator")},
            open_url=_open_url,
            clock=self.clock,
            write=lambda _: None,
            ask=None,
            applied=lambda _: None,
        )
        return cli.main(silent)

    def _npm(self, script: str, command: Command, terminal: Terminal) -> int:
        clones, folder = self.repositories.clones, command.folder.resolve()
        clone = next((path for path in clones.values() if folder.is_relative_to(path.resolve())), None)
        if clone is not None and script == "run dev" and folder == clone.resolve():
            return self._serve_dev(clone, command, terminal)
        if clone == clones["production"] and script == "start" and folder.name == "worker":
            return self._restart_worker(terminal)
        terminal.write(
            f"npm {script}: there is no such script here.\n"
            "  What there is: npm run dev at the top of a clone, "
            "npm start in the production clone's worker/.\n"
        )
        return 1

    def _serve_dev(self, clone: Path, command: Command, terminal: Terminal) -> int:
        terminal.write("> rhizome dev\n")
        self.apps.stop("dev")
        self.apps.log("dev").unlink(missing_ok=True)
        self.apps.start("dev", clone, port=DEV_PORT, DATABASE_URL=self.server.url("local", "app"))
        try:
            self.apps.require_healthy("dev")
        except BuildFailed as error:
            terminal.write(f"{error}\n")
            return 1
        terminal.write("Ready: your working tree, on the local database. It goes on in the background.\n")
        if command.terminal:  # a notebook's output has no ports: they differ from run to run
            terminal.write(f"http://localhost:{self.dev_port()}\n")
        return 0

    def dev_port(self) -> int | None:
        """Return the port of the dev server, None while there is none."""
        return self.supervisor.port("dev")

    def _restart_worker(self, terminal: Terminal) -> int:
        terminal.write("> rhizome-worker start\n")
        if self.supervisor.stop("worker") is not None:
            terminal.write(f"Stopped the worker that ran {self.worker_commit[:7]}, as Ctrl+C would.\n")
        self.worker_commit = self.repositories.observe().clones["production"].head
        log = self.worker_log
        before = log.stat().st_size if log.exists() else 0
        self._spawn_worker(self.repositories.clones["production"])
        wait_until(
            lambda: b'"started"' in log.read_bytes()[before:] or not self.worker_runs(), seconds=_STARTS_S
        )
        running = self.worker_runs()
        self.record(WorkerChanged(at=self.clock.now(), commit=self.worker_commit, running=running))
        if not running:
            terminal.write(log.read_bytes()[before:].decode(errors="replace"))
            return 1
        terminal.write(f"Started it with {self.worker_commit[:7]}. It goes on in the background.\n")
        return 0

    def start_worker(self) -> None:
        """Start the worker with the files of the commit that it had, unless it runs.

        The clone may have newer ones: a saved world's worker keeps its old code, too.

        Raises:
            ProcessFailed: if it cannot be started, for want of its folder for one.
        """
        if self.worker_runs():
            return
        # Where production serves the same commit, its build has the same files.
        files = self.host.build_folder(self.worker_commit)
        if not files.exists():
            files = self.repositories.folder.with_name("worker") / self.worker_commit
        if not files.exists():
            self.repositories.archive(self.worker_commit, files)
        self.supervisor.stop("worker")
        self._spawn_worker(files)

    def _spawn_worker(self, files: Path) -> None:
        self.supervisor.fork(
            "worker",
            ["main.py"],
            imports=LIBRARIES,
            env={**app_environment(self.server), "PGAPPNAME": WORKER_SESSION},
            cwd=files / "worker",
            log=self.worker_log,
        )

    @property
    def worker_log(self) -> Path:
        """The file with the worker's output."""
        return self.apps.log("worker")

    def worker_runs(self) -> bool:
        """Say whether the worker runs."""
        return self.supervisor.is_running("worker")

    def stop(self) -> None:
        """End the dev server and the worker at once."""
        self.apps.kill("dev", "worker")


def _find_package(arguments: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    """Understand npx's own words, as in `npx --yes supabase@3.1.0 db push`.

    Returns:
        The version of supabase that was asked for, "" for any, and the arguments for it;
        None if something else is to be run.
    """
    words = list(arguments)
    version = ""
    while words and words[0].startswith("-"):
        word = words.pop(0)
        option, _, value = word.partition("=")
        if option in ("-p", "--package"):
            name, _, version = (value or (words.pop(0) if words else "")).partition("@")
            if name != "supabase":
                return None
        elif word not in _NPX_OPTIONS:
            return None
    name, _, typed = (words.pop(0) if words else "").partition("@")
    return (typed or version, tuple(words)) if name == "supabase" else None


def app_environment(server: Server) -> dict[str, str]:
    """Return the whole environment of the deployed code: the cloud database, and little else."""
    return {
        "DATABASE_URL": server.url("cloud", "app"),
        "LC_ALL": "C.UTF-8",
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
