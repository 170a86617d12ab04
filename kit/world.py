"""The learner's world: two clones, two databases, a host, visitors, one clock, one journal."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from kit import supabase
from kit.clock import Clock
from kit.control import Command, Control, Terminal, hook_text, install_programs
from kit.errors import BadInput, KitError, ServerFailed, WorldTaken
from kit.hosting import Apps, Host
from kit.phases import PHASES, Step
from kit.postgres import Server, client, create, provider_named
from kit.process import Supervisor
from kit.repos import Repositories, git_environment
from kit.shell import Ran, run, shell_path
from kit.snapshot import CommitSeen, DatabaseSeen, Snapshot, WorkerSeen, look_at_database
from kit.timeline import CloneName, CommandRan, RefMoved, Record, SchemaChanged, Timeline, WorkerChanged, dump_record, load_records
from kit.traffic import Visitors

DEV_PORT = 3000
"""Where `npm run dev` listens if nobody else does, as in the workflow (3.3)."""
READER_PAGE = "src/app/read/[id]/page.py"


class World:
    """Everything that the workflow touches, for real; made by `open_world`.

    Attributes:
        folder: where it lives; deleted with its owner.
        clock: its time.
        host: what serves production.
    """

    def __init__(
        self, folder: Path, *, supervisor: Supervisor, server: Server, clock: Clock, repositories: Repositories
    ) -> None:
        """Put the parts together; nothing is started."""
        self.folder = folder
        self.clock = clock
        self.server = server
        self.supervisor = supervisor
        self.repositories = repositories
        self._turn = threading.RLock()
        self._records: list[Record] = []
        self._recording = threading.Lock()
        self._token = ""
        self._control: Control | None = None
        self._worker = WorkerSeen()
        self._commits: dict[str, CommitSeen] = {}
        self._last = Ran(command="", output="", exit=0)
        self._seen: Snapshot | None = None
        self._programs = install_programs(folder, psql=client("psql"))
        (folder / "home").mkdir(exist_ok=True)
        self._apps = Apps(
            folder / "host" / "logs",
            supervisor=supervisor,
            environment={
                "DATABASE_URL": server.url("cloud", "app"),
                "LC_ALL": "C.UTF-8",
                "PATH": os.defpath,
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
        self.host = Host(
            folder / "host",
            repositories=repositories,
            clock=clock,
            supervisor=supervisor,
            apps=self._apps,
            record=self.record,
        )
        self.traffic = Visitors(self.host, clock=clock, connect=lambda: server.connect("cloud"), record=self.record)

    def __repr__(self) -> str:
        """Say what is live; folders and ports never appear."""
        return f"World(live={self.host.live[:7] or None})"

    # Ownership

    def is_mine(self) -> bool:
        """Say whether the world is open and nobody has taken it over."""
        try:
            return (self.folder / "owner").read_text() == self._token
        except OSError:
            return False

    def take(self) -> None:
        """Take the world over, with everything that runs in it, from whoever has it."""
        if self.is_mine():
            self._restart_server()
            return
        self.own()
        self._restart_server()
        with self._file_lock():
            state = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
            journal = load_records((self.folder / "journal.jsonl").read_text(encoding="utf-8"))
            self._records = list(journal.records)
            self.clock.restart(state["now"])
            self.resume(state)

    def _restart_server(self) -> None:
        server = self.supervisor.processes().get("postgres")
        if server is not None and server.exit is not None:
            provider_named(self.server.provider, cache=None).restart(
                self.folder, self.supervisor, port=self.server.port
            )

    def own(self) -> None:
        """Make this process the one that answers the world's shells; whoever had it before is told at its next call."""
        with self._file_lock():
            self._token = secrets.token_hex(8)
            (self.folder / "owner").write_text(self._token)
            if self._control is None:
                self._control = Control(self.folder, self._do)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the world for one operation.

        Raises:
            WorldTaken: if another notebook or terminal has taken it over, or it is closed.
            ServerFailed: if PostgreSQL was killed.
        """
        with self._turn, self._file_lock():
            self._check_owner()
            server = self.supervisor.processes().get("postgres")
            if server is not None and server.exit is not None:
                raise ServerFailed(
                    "PostgreSQL was killed.",
                    remedy="Run the notebook's setup cell again: open_world() starts it on the same data.",
                )
            yield
            self.keep_state()

    def _check_owner(self) -> None:
        try:
            owner = (self.folder / "owner").read_text()
        except OSError:
            owner = ""
        if owner != self._token:
            raise WorldTaken(
                "This world is open in another notebook or terminal now." if owner else "This world is closed.",
                remedy="Run this notebook's setup cell again: open_world() brings it back here.",
            )

    @contextmanager
    def _file_lock(self) -> Iterator[None]:
        # Between processes; the operating system lets it go when its holder dies.
        if not self.folder.exists():
            self._check_owner()
        with (self.folder / "turn").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def close(self) -> None:
        """Let go of the world; where nobody else holds it, it ends: saved if it is the learner's own."""
        self.traffic.stop()
        self.clock.close()
        if self._control is not None:
            self._control.close()
            self._control = None
        self.supervisor.close()

    def __enter__(self) -> World:
        """Use the world in a `with` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    # The journal

    def record(self, record: Record) -> None:
        """Add a record to the journal, on disk too."""
        line = dump_record(record)
        with self._recording:
            self._records.append(record)
            with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    @property
    def timeline(self) -> Timeline:
        """Everything that happened so far."""
        with self._recording:
            return Timeline.of(self._records)

    def replace_journal(self, timeline: Timeline) -> None:
        """Start the journal again with `timeline`: when a checkpoint is loaded."""
        with self._recording:
            self._records = list(timeline.records)
            (self.folder / "journal.jsonl").write_text("".join(dump_record(one) + "\n" for one in self._records))

    def state(self) -> dict[str, Any]:
        """Return what a saved world needs besides databases, repositories and journal."""
        return {
            "now": self.clock.now(),
            "host": self.host.state(),
            "worker": self._worker.commit,
            "rate": self.traffic.rate,
            "output": self._last.output,
            "exit": self._last.exit,
        }

    def keep_state(self) -> None:
        """Write the state down, so that another process could go on."""
        path = self.folder / "state.json"
        path.with_suffix(".new").write_text(json.dumps(self.state()))
        path.with_suffix(".new").replace(path)

    def stop_everything(self) -> None:
        """Stop what serves and who visits; databases, repositories and journal stay as they are."""
        self.traffic.stop()
        self.clock.restart(self.clock.now())
        self.host.close()
        self._apps.stop("dev")
        self.supervisor.stop("worker")

    def begin(self, *, seed: Path) -> None:
        """Make new, empty databases what they are when the workflow starts, and serve main.

        Args:
            seed: SQL with the first documents, for both databases.
        """
        for name in ("local", "cloud"):
            code = supabase.main(
                ["migration", "up", "--local"],
                folder=self.repositories.clones["production"],
                urls={"local": self.server.url(name, "migrator")},
                clock=self.clock,
                write=lambda _: None,
                ask=None,
                applied=lambda _: None,
            )
            if code:
                raise ServerFailed("The starter's migrations do not apply.", remedy="Run `python -m kit doctor`.")
            with self.server.connect(name, role="migrator") as connection:
                connection.execute(seed.read_bytes())
        main = self.repositories.observe().github["main"]
        self.host.open(first=main)
        self.resume({"now": 0.0, "host": self.host.state(), "worker": main, "rate": 0.0, "output": "", "exit": 0})
        self.keep_state()

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; start what should run, unless it runs."""
        self.repositories.install_hook("#!/bin/sh\n" + hook_text(self.folder, "post-receive") + "\n")
        self._last = Ran(command="", output=state["output"], exit=state["exit"])
        self.host.resume(state["host"])
        self.host.open()
        self._worker = WorkerSeen(running=True, commit=state["worker"])
        worker = self.supervisor.processes().get("worker")
        if worker is None or worker.exit is not None:
            self._start_worker()
        if state["rate"]:
            self.traffic.start(state["rate"])
        self._seen = None

    # What the learner does

    def run(self, clone: CloneName, command: str) -> Ran:
        """Run a command in a clone; see `Clone.run`."""
        with self.turn():
            began = self.clock.now()
            before = self._seen or self.observe()
        # Not held while the command runs: its own messengers need the world.
        ran = run(
            command,
            supervisor=self.supervisor,
            folder=self.repositories.clones[clone],
            env=self.environment(),
            scratch=self.folder,
        )
        with self.turn():
            self._last = ran
            self.record(
                CommandRan(at=began, until=self.clock.now(), clone=clone, command=command, exit=ran.exit)
            )
            self._note_changes(before)
        return ran

    def advance(self, seconds: float) -> None:
        """Let time pass: builds go on, visitors come.

        Args:
            seconds: how long; on the virtual clock this takes only as long as the page views take.
        """
        with self.turn():
            before = self._seen or self.observe()
            self._done("wait", f"{seconds:g} s")
            self.clock.advance(seconds)
            self._note_changes(before)

    def visitors(self, *, rate: float) -> None:
        """Let visitors come to production from now on, whenever time passes; rate 0: no longer.

        Args:
            rate: arrivals a second.
        """
        with self.turn():
            self._done("visitors", f"{rate:g}/s")
            self.traffic.start(rate)

    def write(self, clone: CloneName, path: str, text: str, *, append: bool = False) -> Path:
        """Write a file of a clone.

        Args:
            clone: which.
            path: from the clone's top; folders are made.
            text: the content.
            append: add it to the end, after two empty lines, instead of replacing the file.

        Raises:
            BadInput: if the path leads out of the clone.
        """
        top = self.repositories.clones[clone].resolve()
        target = (top / path).resolve()
        if top not in target.parents or ".git" in target.relative_to(top).parts:
            raise BadInput(
                f"{path!r} is not a file of this clone.",
                looked=[f"the clone {self.repositories.clones[clone].name}"],
                remedy="Give a path from the clone's top, such as src/app/page.py.",
            )
        with self.turn():
            target.parent.mkdir(parents=True, exist_ok=True)
            old = target.read_text(encoding="utf-8") if append and target.exists() else ""
            # Run twice, a cell that appends must not append twice.
            if not (old and text.strip() in old):
                gap = "\n\n" if old else ""
                target.write_text(old.rstrip("\n") + "\n" + gap + text if old else text, encoding="utf-8")
            self._last = Ran(command=f"edit {path}", output="", exit=0)
            self._done_in(clone, f"edit {path}")
        return target

    def open_page(self, site: str, title: str = "My Test Document") -> httpx.Response:
        """Open one document, as one visitor would.

        Args:
            site: "production", "dev", or the name of a branch that has a preview.
            title: of the document.

        Raises:
            BadInput: if there is no such document, or the site is not served.
        """
        with self.turn():
            database = "local" if site == "dev" else "cloud"
            with self.server.connect(database) as connection:
                row = connection.execute("SELECT id::text FROM documents WHERE title = %s", [title]).fetchone()
            if row is None:
                raise BadInput(f"There is no document {title!r}.", remedy='Try "My Test Document".')
            self._done("open a document on", site)
            if site == "production":
                self.traffic.visit(row[0])
            address = self.host.address if site == "production" else self._address(site)
            moment = self.clock.date().timestamp()
            response = httpx.get(
                f"{address}/read/{row[0]}",
                headers={"X-Request-Start": f"t={moment:.6f}"},
                timeout=30,
                trust_env=False,
            )
            self._seen = None
            return response

    def _address(self, site: str) -> str:
        if site != "dev":
            return self.host.preview(site)
        running = self.supervisor.processes().get("dev")
        if running is None or running.exit is not None:
            raise BadInput("The dev server is not running.", remedy='Start it: dev.run("npm run dev").')
        return f"http://127.0.0.1:{running.port}"

    def _done(self, what: str, how: str) -> None:
        self._done_in("dev", f"{what} {how}")

    def _done_in(self, clone: CloneName, text: str) -> None:
        now = self.clock.now()
        self.record(CommandRan(at=now, until=now, clone=clone, command=text, exit=0))

    # What is true

    def observe(self) -> Snapshot:
        """Look at everything there is; the result is frozen."""
        repositories = self.repositories.observe()
        databases: dict[str, DatabaseSeen] = {}
        for name in ("local", "cloud"):
            with self.server.connect(name) as connection:
                databases[name] = look_at_database(connection)
        heads = {*repositories.github.values(), self.host.live}
        for clone in repositories.clones.values():
            heads |= {clone.head, *clone.branches.values()}
        running = self.supervisor.processes()
        worker, dev = running.get("worker"), running.get("dev")
        self._seen = Snapshot(
            now=self.clock.now(),
            repositories=repositories,
            local=databases["local"],
            cloud=databases["cloud"],
            deployments=self.host.deployments,
            live=self.host.live,
            dev_serving=dev is not None and dev.exit is None,
            worker=WorkerSeen(
                running=worker is not None and worker.exit is None, commit=self._worker.commit
            ),
            output=self._last.output,
            exit=self._last.exit,
            timeline=self.timeline,
            commits={commit: self._look_at_commit(commit) for commit in heads if commit},
        )
        return self._seen

    def _look_at_commit(self, commit: str) -> CommitSeen:
        if commit not in self._commits:
            names = self.repositories.files(commit)
            folder = "supabase/migrations/"
            page = self.repositories.read(commit, READER_PAGE) or b""
            self._commits[commit] = CommitSeen(
                migrations=tuple(name.removeprefix(folder) for name in names if name.startswith(folder)),
                documented="docs/MIGRATION_WORKFLOW.md" in names,
                writes_last_viewed=b"update_last_viewed(" in page,
            )
        return self._commits[commit]

    def _note_changes(self, before: Snapshot) -> None:
        """Compare with `before`, and put into the journal what nobody reported."""
        now, after = self.clock.now(), self.observe()
        for name, clone in after.repositories.clones.items():
            old = before.repositories.clones[name].branches
            for branch in sorted(old.keys() | clone.branches.keys()):
                if old.get(branch, "") != clone.branches.get(branch, ""):
                    self.record(
                        RefMoved(
                            at=now,
                            repository=name,
                            branch=branch,
                            old=old.get(branch, ""),
                            new=clone.branches.get(branch, ""),
                        )
                    )
        for database, was, became in (
            ("local", before.local.columns, after.local.columns),
            ("cloud", before.cloud.columns, after.cloud.columns),
        ):
            for column in [f"-{one}" for one in was if one not in became] + [f"+{one}" for one in became if one not in was]:
                self.record(SchemaChanged(at=now, database=database, change=column))  # type: ignore[arg-type]
        self._seen = None

    def position(self) -> int:
        """Return the phase that comes next: 1 where none is done, 8 where all are."""
        seen = self.observe()
        done = 0
        while done < len(PHASES) and PHASES[done].done(seen):
            done += 1
        return done + 1

    def verify(self, step: Step) -> tuple[tuple[str, bool], ...]:
        """Return every sentence of a step with whether it is true now."""
        with self.turn():
            seen = self.observe()
            return tuple((one.says, one.holds(seen)) for one in step.predicates)

    # Shells

    def environment(self) -> dict[str, str]:
        """Return the whole environment of the learner's shells."""
        return {
            **git_environment(
                home=self.folder / "home", when=self.clock.date(), origin=self.repositories.github
            ),
            "PATH": shell_path(self._programs),
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
            "PAGER": "cat",
            "LOCAL_DB_URL": self.server.url("local", "migrator"),
            "CLOUD_DB_URL": self.server.url("cloud", "migrator"),
        }

    def _do(self, command: Command, terminal: Terminal) -> int:
        """Do a command that a shell's messenger brought."""
        with self._turn:
            match command.program:
                case "post-receive":
                    return self._receive(command.input)
                case "supabase":
                    return self._supabase(command.arguments, command, terminal)
                case "npx" if command.arguments[:1] == ("supabase",):
                    return self._supabase(command.arguments[1:], command, terminal)
                case "npm":
                    return self._npm(command, terminal)
            terminal.write(
                f"{command.program} {' '.join(command.arguments)}: not in this kit.\n"
                "  What there is: npx supabase, npm run dev, npm start (in worker/).\n"
            )
            return 1

    def _receive(self, lines: str) -> int:
        for line in lines.splitlines():
            old, new, ref = line.split()
            branch = ref.removeprefix("refs/heads/")
            if branch != ref:
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

    def _supabase(self, arguments: tuple[str, ...], command: Command, terminal: Terminal) -> int:
        if not arguments or arguments[:2] == ("db", "diff") or arguments[:2] == ("db", "pull"):
            self._reset_shadow()
        do: Callable[..., int] = (
            supabase.main_real if os.environ.get("KIT_SUPABASE") == "cli" else supabase.main
        )
        return do(
            arguments,
            folder=command.folder,
            urls={name: self.server.url(name, "migrator") for name in ("local", "cloud", "shadow")},
            clock=self.clock,
            write=terminal.write,
            ask=terminal.ask if command.terminal else None,
            applied=self.record,
        )

    def _reset_shadow(self) -> None:
        create(self.server, "shadow")

    def _npm(self, command: Command, terminal: Terminal) -> int:
        script = " ".join(command.arguments)
        here = command.folder
        clone = next((path for path in self.repositories.clones.values() if here.is_relative_to(path)), None)
        if script == "run dev" and clone is not None and here == clone:
            terminal.write("> rhizome dev\n")
            self._apps.stop("dev")
            self._apps.log("dev").unlink(missing_ok=True)
            self._apps.start("dev", clone, port=DEV_PORT, DATABASE_URL=self.server.url("local", "app"))
            try:
                self._apps.check("dev")
            except KitError as error:
                terminal.write(f"{error}\n")
                return 1
            terminal.write("Ready: your working tree, on the local database. It goes on in the background.\n")
            return 0
        if script == "start" and clone is not None and here == clone / "worker":
            terminal.write("> rhizome-worker start\n")
            if self.supervisor.stop("worker") is not None:
                terminal.write(f"Stopped the worker that ran {self._worker.commit[:7]}.\n")
            self._worker = WorkerSeen(running=True, commit=self.repositories.observe().clones["production"].head)
            self._start_worker()
            self.record(WorkerChanged(at=self.clock.now(), commit=self._worker.commit, running=True))
            terminal.write(f"Started the worker with {self._worker.commit[:7]}. It goes on in the background.\n")
            return 0
        terminal.write(
            f"npm {script}: there is no such script here.\n"
            "  What there is: npm run dev (at the top of a clone), npm start (in its worker/).\n"
        )
        return 1

    def _start_worker(self) -> None:
        self.supervisor.stop("worker")
        self.supervisor.spawn(
            "worker",
            [sys.executable, "-s", "main.py"],
            env={
                "DATABASE_URL": self.server.url("cloud", "app"),
                "LC_ALL": "C.UTF-8",
                "PATH": os.defpath,
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            cwd=self.repositories.clones["production"] / "worker",
            log=self._apps.log("worker"),
        )
