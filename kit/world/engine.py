"""A running world: what the notebooks' `World` and `python -m kit` drive."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import httpx
import psycopg

from kit.errors import BadInput, KitError, ProcessFailed, ServerFailed, UnusableFolder
from kit.host import Apps, Host, HostSettings
from kit.host.proxy import Proxy
from kit.host.visitors import Visitors
from kit.names import READER_PAGE, CloneName, DatabaseName
from kit.postgres import Server, client, create, provider_named, restart_server
from kit.process import Supervisor
from kit.process.messenger import Command, Control, Terminal, hook_text, install_programs
from kit.process.shell import Ran, run, shell_path
from kit.repos import Repositories, git_environment
from kit.timeline import CommandRan, RefMoved, SchemaChanged, Timeline
from kit.timeline.clock import Clock
from kit.timeline.journal import Journal, private
from kit.world.audience import tell
from kit.world.home import require_space
from kit.world.host_databases import HostDatabases
from kit.world.ownership import Ownership
from kit.world.page import Form
from kit.world.programs import Programs, app_environment
from kit.world.snapshot import (
    COMMAND,
    LOCKED_S,
    Change,
    CommitSeen,
    DatabaseReader,
    Described,
    Snapshot,
    WorkerSeen,
    find_changes,
    server_killed,
)
from kit.world.workflow import PHASES

_NOTHING = Ran(command="", output="", exit=0)


class Engine:
    """Two clones, two databases, a host, visitors, one clock, one journal.

    Args:
        folder: where it lives.
        supervisor: the parent of its processes; the sockets are in its folder, whose path is short.
        server: its databases.
        clock: its time.
        repositories: its clones and their origin.
        keep: it is the learner's own, whose folder outlives its processes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        supervisor: Supervisor,
        server: Server,
        clock: Clock,
        repositories: Repositories,
        keep: bool = False,
    ) -> None:
        """Put the parts together; nothing is started, and nobody's world is taken."""
        self.folder = folder
        self.keep = keep
        self.clock = clock
        self.server = server
        self.supervisor = supervisor
        self.repositories = repositories
        self.journal = Journal(folder)
        self.journal.listener = functools.partial(tell, self)
        self.ownership = Ownership(folder)
        self.closed = False
        self._becoming = False
        self._observing = threading.Lock()  # a git repository is read by one thread at a time
        self._control: Control | None = None
        self._local, self._cloud = (
            DatabaseReader(functools.partial(server.connect, name)) for name in ("local", "cloud")
        )
        self._commits: dict[str, CommitSeen] = {}
        self._last = _NOTHING
        self._seen: Snapshot | None = None
        self._before: Snapshot | None = None
        self._typed = ""
        self._acted = False
        self.watched = False  # whether `change` may be asked: a rehearsal need not stop to look
        self._path = shell_path(install_programs(folder, sockets=supervisor.folder, psql=client("psql")))
        for name in ("home", "host"):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        apps = Apps(folder / "host" / "logs", supervisor=supervisor, environment=app_environment(server))
        self._databases = HostDatabases(server, clock=clock, record=self.journal.add)
        self.host = Host(
            folder / "host",
            repositories=repositories,
            clock=clock,
            supervisor=supervisor,
            apps=apps,
            migrator=self._databases,
            record=self.journal.add,
        )
        self.visitors = Visitors(
            self.host, clock=clock, connect=lambda: server.connect("cloud"), record=self.journal.add
        )
        self.front = Proxy(
            lambda path: self.visitors.open(f"{self.host.address}{path}"), shown=lambda *_: None
        )
        """For a browser that finds production below a path only: `find_public` says where."""
        self.programs = Programs(
            clock=clock,
            server=server,
            repositories=repositories,
            host=self.host,
            apps=apps,
            supervisor=supervisor,
            record=self.journal.add,
        )

    def __repr__(self) -> str:
        """Say what is live; folders and ports never appear."""
        return f"Engine(live={self.host.live[:7] or None})"

    @property
    def timeline(self) -> Timeline:
        """Everything that happened so far."""
        return self.journal.timeline

    # Life

    def own(self) -> None:
        """Answer this world's shells from now on; whoever did so before is told at its next step."""
        self.ownership.claim()
        if self._control is None:
            self._control = Control(self.supervisor.folder, self._do, cancel=self._cancel)

    def take(self) -> None:
        """Take the world over, with all that runs in it, from whoever has it; mend what was killed.

        Raises:
            ServerFailed: if PostgreSQL was killed, and does not start on its data.
        """
        provider = provider_named(self.server.provider)
        if not provider.is_running(self.supervisor, instance=self.server.instance):
            restart_server(provider, self.folder, self.supervisor, keep=self.keep, port=self.server.port)
        if not self.ownership.holds():
            if self._control is not None:
                self._control.close()
                self._control = None
            self.own()
            if not self.whole:
                return  # whoever had it was interrupted; what it should be comes next
            with self.ownership.turn():
                self.journal.load()
                self.resume(self.read_state())
        elif self.whole:
            with self.ownership.turn():
                self.host.open()
                self.programs.start_worker()

    def close(self) -> None:
        """Let go; where nobody else holds the world, all its processes end. The learner's own stays on disk.

        What is done with this one afterwards raises WorldTaken.
        """
        if self.closed:
            return
        self.closed = True
        with contextlib.ExitStack() as steps:  # the last one put on it is the first one done
            steps.callback(self._stop_looking)
            steps.callback(self.supervisor.close)
            if self._control is not None:
                steps.callback(self._control.close)
            steps.callback(self.ownership.release)
            steps.callback(self.clock.close)
            steps.callback(self.visitors.stop)
            steps.callback(self.front.close)

    @property
    def becoming(self) -> bool:
        """Whether it is being made another one just now: what happens then is nobody's doing."""
        return self._becoming

    @property
    def whole(self) -> bool:
        """Whether the world can be gone on with: not while it is made, nor if that failed."""
        return not (self.folder / "changing").exists()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Make the world another one in here; unless that succeeds, nobody goes on with it."""
        mark, outer = self.folder / "changing", self._becoming
        mark.touch()
        self._becoming = True
        try:
            yield
            if not outer:
                mark.unlink(missing_ok=True)
            # What made it is nothing that the learner typed.
            self._seen, self._before, self._acted = None, None, False
        finally:
            self._becoming = outer
        if not outer:
            self.journal.listener("anew", None)  # whoever watches has not been told what made it

    def state(self) -> dict[str, Any]:
        """Return what a saved world needs besides databases, repositories and journal."""
        return {
            "now": self.clock.now(),
            "host": self.host.state(),
            "worker": self.programs.worker_commit,
            "rate": self.visitors.rate,
            "output": self._last.output,
            "exit": self._last.exit,
        }

    def keep_state(self) -> None:
        """Write the state down, so that another process could go on."""
        path = self.folder / "state.json"
        try:
            new = path.with_suffix(".new")
            with open(new, "w", encoding="utf-8", opener=private) as file:
                json.dump(self.state(), file)
                if self.keep:
                    file.flush()
                    os.fsync(file.fileno())
            new.replace(path)
        except OSError as error:
            raise UnusableFolder(
                "The world's folder cannot be written.",
                why=str(error.strerror),
                looked=[str(self.folder)],
                remedy="Free some space on the disk, then run the notebook's setup cell again.",
            ) from error

    def read_state(self) -> dict[str, Any]:
        """Return what `keep_state` wrote last, in whatever process."""
        state: dict[str, Any] = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        # What was going on when its process was killed is in the journal, not in the state yet.
        state["now"] = max(state["now"], self.journal.end)
        return state

    def recall(self) -> None:
        """Take over what the owner of a running world has written down, without taking the world."""
        self.journal.load()
        state = self.read_state()
        self.clock.restart(state["now"])
        self.host.resume(state["host"])
        self.programs.worker_commit = state["worker"]

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; start what should run, unless it runs.

        A worker or visitors that cannot go on, because of what the learner did to files or
        tables, are left out: the world must open, so that it can be mended.
        """
        self.repositories.install_hook(
            "#!/bin/sh\n" + hook_text(self.supervisor.folder, "post-receive") + "\n"
        )
        self.clock.restart(state["now"])
        self._seen = self._before = None
        self._acted = False
        self._last = Ran(command="", output=state["output"], exit=state["exit"])
        self.host.resume(state["host"])
        self.host.open()
        self.programs.worker_commit = state["worker"]
        with contextlib.suppress(KitError):
            self.programs.start_worker()
        with contextlib.suppress(BadInput):
            self.visitors.start(state["rate"])
        self.keep_state()

    def begin(self, *, seed: Path) -> None:
        """Make both databases what they are when the workflow starts, and serve main.

        Args:
            seed: SQL with the first documents, for both databases.

        Raises:
            ServerFailed: if the starter's migrations do not apply.
        """
        create(self.server, "local")
        if self.programs.migrate("local"):
            raise ServerFailed("The starter's migrations do not apply.", remedy="Run `python -m kit doctor`.")
        with self.server.connect("local", role="migrator") as connection:
            connection.execute(seed.read_bytes())
        create(self.server, "cloud", like="local")
        self.clock.restart(0.0)
        self.journal.replace(Timeline())
        self._last = _NOTHING
        main = self.repositories.observe().github["main"]
        self.programs.worker_commit = main
        self.host.open(first=main)
        self.resume(self.state())

    def stop_everything(self) -> None:
        """Stop what serves and who visits, and forget its logs; databases, repositories and journal stay."""
        self.visitors.stop()
        self.clock.restart(self.clock.now())
        self.host.close()
        self._databases.forget()
        self.programs.stop()
        for log in (self.folder / "host" / "logs").glob("*.log"):
            if log.stem != "router":  # it goes on
                log.unlink()

    # What the learner does

    @contextmanager
    def step(self) -> Iterator[None]:
        """Have the world to oneself for one step; its state is kept afterwards, even if the step fails.

        Raises:
            WorldTaken: if another notebook or terminal has taken it over, or it is closed.
            ProcessFailed: if whatever made it was interrupted.
            ServerFailed: if PostgreSQL was killed.
        """
        with self.ownership.turn():
            if not (self._becoming or self.whole):
                raise ProcessFailed(
                    "This world is not complete: what made it was interrupted.",
                    remedy="Run the notebook's setup cell again: open_world() makes it anew.",
                )
            server = self.supervisor.processes("postgres").get("postgres")
            if server is not None and server.exit is not None:
                raise server_killed()
            if self.keep:
                require_space()
            try:
                yield
            except BaseException:
                with contextlib.suppress(ServerFailed):  # what went wrong has been said already
                    self._end_step()
                raise
            self._end_step()

    def _end_step(self) -> None:
        """Return when all that the step did is on disk."""
        if not self.folder.exists():
            return
        self.keep_state()
        if self.keep and not self._becoming:
            try:
                self.server.flush()
            except psycopg.Error as error:
                raise server_killed() from error

    def run(self, clone: CloneName, command: str) -> Ran:
        """Run a command in a clone's folder, in a real shell, and note what it changed.

        Raises:
            BadInput: if it is no command.
            WorldTaken, ServerFailed: as `step` does.
        """
        if not isinstance(command, str) or "\0" in command:
            raise BadInput(
                f"{command!r} is not a command.", remedy='Give one in quotes: dev.run("git status").'
            )
        with self.step():
            # What another terminal did since then is noted with this command.
            before = self._seen = self._seen or self.observe()
            # What time, visitors or edits did since then is none of this command's doing.
            self._before = self._look_again() if self._acted and self.watched else before
            self._typed, self._acted = f"{clone}$ {command}", False
            now = self.clock.now()
        started = CommandRan(at=now, until=now, clone=clone, command=command, exit=0)
        with self.journal.command(started) as entry:
            # Not within a step: the command's own messengers need the world meanwhile.
            ran = run(
                command,
                supervisor=self.supervisor,
                folder=self.repositories.clones[clone],
                env=self.environment(),
            )
            with self.step():
                self._last = ran
                entry.until, entry.exit = self.clock.now(), ran.exit
                self._note_changes(before)
        return ran

    def run_step(self, name: str, command: str, *, folder: Path, env: Mapping[str, str]) -> Ran:
        """Run a step of a pipeline's job, in a real shell, and note what it changed.

        Args:
            name: of the step, for the timeline.
            command: what runs.
            folder: where; no clone of the learner's.
            env: the whole environment.

        Raises:
            WorldTaken, ServerFailed: as `step` does.
        """
        with self.step():
            before, self._acted, now = self.observe(), True, self.clock.now()
        started = CommandRan(at=now, until=now, clone="world", command=f"job: {name}", exit=0)
        with self.journal.command(started) as entry:
            ran = run(command, supervisor=self.supervisor, folder=folder, env=env)
            with self.step():
                entry.until, entry.exit = self.clock.now(), ran.exit
                self._note_changes(before)
        return ran

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass: builds go on, visitors come.

        Raises:
            BadInput: if `seconds` is not a number of 0 or more.
        """
        if not isinstance(seconds, int | float):
            raise BadInput(
                f"Time cannot pass by {seconds!r}.", remedy="Give a number of seconds: world.advance(35)."
            )
        with self.step(), self._act("world", f"wait {seconds:.3g} s") as entry:
            try:
                self.clock.advance(seconds)
            finally:
                entry.until = self.clock.now()

    def visit(self, rate: float) -> None:
        """Let visitors come from now on, `rate` a second, whenever time passes; 0: no longer.

        Raises:
            BadInput: if the rate cannot be, or there is nothing to visit.
        """
        text = f"{rate:g}" if isinstance(rate, int | float) else repr(rate)
        with self.step(), self._act("world", f"visitors {text}/s"):
            self.visitors.start(rate)

    def rollback(self, commit: str) -> None:
        """Make an earlier deployment live again, at once.

        Args:
            commit: its id, or the beginning of it.

        Raises:
            BadInput: if it was never live.
            BuildFailed: if it does not start any more.
        """
        with self.step(), self._act("world", f"roll back to {commit}"):
            self.host.rollback(commit)

    def promote(self, commit: str = "") -> None:
        """Make a deployment of production that was built live, at once; it ends a rollback.

        Args:
            commit: its id, or the beginning of it; "" for the newest.

        Raises:
            BadInput: if there is none.
            BuildFailed: if it does not start.
        """
        with self.step(), self._act("world", f"promote {commit}".strip()):
            self.host.promote(commit)

    def cancel(self, commit: str = "") -> str:
        """Cancel a deployment that is under way; return its commit.

        Args:
            commit: its id, or the beginning of it; "" for the newest.

        Raises:
            BadInput: if there is none.
        """
        with self.step(), self._act("world", f"cancel the build {commit}".strip()):
            return self.host.cancel(commit)

    def set_host(self, settings: HostSettings) -> None:
        """Change the host's settings; what is under way goes on by the new ones."""
        with self.step(), self._act("world", "change the host's settings"):
            self.host.settings = settings

    def write(self, clone: CloneName, path: str, text: str, *, append: bool = False) -> None:
        """Write a file of a clone; appended twice, a text is there once.

        Raises:
            BadInput: if the path leads out of the clone, or no text can be written there.
        """
        with self.step(), self._act(clone, f"edit {path}"):
            with self._file(clone, path) as target:
                target.parent.mkdir(parents=True, exist_ok=True)
                old = target.read_text(encoding="utf-8") if append and target.exists() else ""
                if not old:
                    target.write_text(text, encoding="utf-8")
                elif text.strip() not in old:
                    target.write_text(f"{old.rstrip()}\n\n\n{text}", encoding="utf-8")
            self._last = _NOTHING

    def read(self, clone: CloneName, path: str) -> str:
        """Return the text of a file of a clone.

        Raises:
            BadInput: if the path leads out of the clone, or there is no text.
        """
        with self._file(clone, path) as target:
            return target.read_text(encoding="utf-8")

    @contextmanager
    def _file(self, clone: CloneName, path: str) -> Iterator[Path]:
        top = self.repositories.clones[clone].resolve()

        def refused(why: str = "") -> BadInput:
            return BadInput(
                f"{path!r} is not a text file of this clone.",
                why=why,
                looked=[f"the clone {top.name}"],
                remedy="Give a path from the clone's top, such as src/app/page.py.",
            )

        try:
            target = (top / path).resolve()
            if top not in target.parents or ".git" in target.relative_to(top).parts:
                raise refused()
            yield target
        except OSError as error:
            raise refused(str(error.strerror)) from error
        except (ValueError, TypeError) as error:  # no UTF-8; a path that is none
            raise refused(str(error)) from error

    def open_page(self, site: str, title: str) -> httpx.Response:
        """Open a document by its title on "production", "dev", or a branch's preview.

        Raises:
            BadInput: if there is no such document, or the site is not served.
            BuildFailed: if a preview's code does not start.
            ProcessFailed: if the site does not answer.
        """
        with self.step(), self._act("world", f"open a document on {site}"):
            with self.server.connect("local" if site == "dev" else "cloud") as connection:
                try:
                    row = connection.execute(
                        "SELECT id::text FROM documents WHERE title = %s", [title]
                    ).fetchone()
                except psycopg.ProgrammingError:
                    row = None  # no such table
            if row is None:
                raise BadInput(f"There is no document {title!r}.", remedy='Try "My Test Document".')
            if site == "production":
                if (response := self.visitors.visit(row[0]).response) is None:
                    raise _silent(site)
                return response
            address = self.address(site)
            try:
                return self.visitors.open(f"{address}/read/{row[0]}")
            except httpx.HTTPError as error:
                raise _silent(site) from error

    def press(self, button: str, form: Form) -> httpx.Response:
        """Send a form that some deployment once served to what production is now.

        Raises:
            ProcessFailed: if production does not answer.
        """
        with self.step(), self._act("world", f"press {button!r} in an open tab"):
            try:
                return self.visitors.post(form.action, form.fields)
            except httpx.HTTPError as error:
                raise _silent("production") from error

    def address(self, site: str) -> str:
        """Return the address of "production", "dev", or a branch's preview, which its first call starts.

        Raises:
            BadInput: if the site is not served.
            BuildFailed: if a preview's code does not start.
        """
        if site == "production":
            return self.host.address
        if site != "dev":
            return self.host.preview(site)
        port = self.programs.dev_port()
        if port is None:
            raise BadInput("The dev server is not running.", remedy='Start it: dev.run("npm run dev").')
        return f"http://127.0.0.1:{port}"

    def _show(self, path: str) -> httpx.Response:
        return self.visitors.open(f"{self.host.address}{path}")

    def upload(self, title: str) -> httpx.Response:
        """Add a document on production, let the worker come, open the document; return the last answer."""
        with self.step(), self._act("world", f"upload {title!r}"):
            worker = self.programs
            added = self.visitors.upload(title, log=worker.worker_log, is_working=worker.worker_runs)
            return self.visitors.visit(added.json()["id"]).response or added if added.is_success else added

    def log(self, site: str) -> Path:
        """Return the log of "production", "dev", "worker", or a branch's preview.

        Raises:
            BadInput: if there is no such site.
        """
        if site == "worker":
            return self.programs.worker_log
        if site == "production":
            return self.host.log(self.host.live)
        previews = [made for made in self.host.deployments if (made.branch, made.target) == (site, "preview")]
        if site != "dev" and not previews:
            raise BadInput(
                f"There is no {site!r} that has a log.",
                looked=["production", "dev", "worker", *{made.branch for made in previews}],
                remedy="Give one of these, or a branch that was pushed.",
            )
        return self.host.preview_log(previews[-1]) if previews else self.host.log("dev")

    @contextmanager
    def _act(self, clone: CloneName | Literal["world"], text: str) -> Iterator[Any]:
        now = self.clock.now()
        self._acted = True
        with self.journal.command(CommandRan(at=now, until=now, clone=clone, command=text, exit=0)) as entry:
            yield entry

    def environment(self) -> dict[str, str]:
        """Return the whole environment of the learner's shells."""
        home = self.folder / "home"
        return {
            **git_environment(home=home, when=self.clock.date(), origin=self.repositories.github),
            "PATH": self._path,
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "LOCAL_DB_URL": self.server.url("local", "migrator"),
            "CLOUD_DB_URL": self.server.url("cloud", "migrator"),
        }

    def _do(self, command: Command, terminal: Terminal) -> int:
        with self.step():
            return self.programs.do(command, terminal)

    def _cancel(self) -> None:
        """End the statements of a `supabase` that was interrupted; they would keep their locks."""
        with contextlib.suppress(ServerFailed, psycopg.Error), self.server.connect() as connection:
            connection.execute(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'supabase'"
            )

    # What is true

    def observe(self) -> Snapshot:
        """Look at everything there is; the result is frozen. Any thread may look, one after the other."""
        with self._observing:
            try:
                with ThreadPoolExecutor() as pool:  # git and PostgreSQL work meanwhile
                    looks = [pool.submit(reader.read) for reader in (self._local, self._cloud)]
                    repositories = self.repositories.observe()
                    local, cloud = (look.result() for look in looks)
            finally:
                # A session takes 7 MB: what a learner has open for days does without, so does what is closed.
                if self.keep or self.closed:
                    self._end_sessions()
            heads = {*repositories.github.values(), self.host.live, self.programs.worker_commit}
            for clone in repositories.clones.values():
                heads |= {clone.head, *clone.branches.values()}
            return Snapshot(
                now=self.clock.now(),
                repositories=repositories,
                local=local,
                cloud=cloud,
                deployments=self.host.deployments,
                live=self.host.live,
                rolled_back=self.host.rolled_back,
                dev_serving=self.programs.dev_port() is not None,
                worker=WorkerSeen(running=self.programs.worker_runs(), commit=self.programs.worker_commit),
                output=self._last.output,
                exit=self._last.exit,
                timeline=self.timeline,
                commits={commit: self._look_at_commit(commit) for commit in heads if commit},
            )

    def _stop_looking(self) -> None:
        with self._observing:
            self._end_sessions()

    def _end_sessions(self) -> None:
        self._local.close()
        self._cloud.close()

    def look_at(self, commit: str) -> CommitSeen:
        """Look at one commit; any thread may, one after the other."""
        with self._observing:
            return self._look_at_commit(commit)

    def _look_again(self) -> Snapshot | None:
        """Return what is true now; what was true last where somebody keeps the table locked."""
        with contextlib.suppress(ServerFailed):
            return self.observe()
        return self._seen

    def change(self) -> Change:
        """Look at everything, beside what was there before the last command; both are frozen."""
        after = self.observe()
        if self._before is None:
            return Change(before=None, after=after)
        before = self._seen if self._acted else self._before
        return Change(before=before, after=after, command=self._typed, by=not self._acted)

    def describe(self) -> Described:
        """Ask psql for its description of `documents` in both databases; the journal has no word of it."""
        environment = self.environment() | {"PGOPTIONS": f"-c lock_timeout={LOCKED_S}s"}
        local, cloud = (
            run(
                f'psql "${name}_DB_URL" -c "{COMMAND}"',
                supervisor=self.supervisor,
                folder=self.folder,
                env=environment,
            ).output
            for name in ("LOCAL", "CLOUD")
        )
        return Described(local=local, cloud=cloud)

    def _look_at_commit(self, commit: str) -> CommitSeen:
        if commit not in self._commits:
            names, folder = self.repositories.files(commit), "supabase/migrations/"
            page = self.repositories.read(commit, READER_PAGE) or b""
            self._commits[commit] = CommitSeen(
                migrations=tuple(name.removeprefix(folder) for name in names if name.startswith(folder)),
                documented="docs/MIGRATION_WORKFLOW.md" in names,
                writes_last_viewed=b"update_last_viewed(" in page,
            )
        return self._commits[commit]

    def _note_changes(self, before: Snapshot) -> None:
        """Put into the journal what changed since `before` and nobody reported."""
        now, after = self.clock.now(), self.observe()
        self._seen = after
        for name, clone in after.repositories.clones.items():
            old, new = before.repositories.clones[name].branches, clone.branches
            for branch in sorted(old.keys() | new.keys()):
                left, reached = old.get(branch, ""), new.get(branch, "")
                if left != reached:
                    moved = RefMoved(at=now, repository=name, branch=branch, old=left, new=reached)
                    self.journal.add(moved)
        pairs: tuple[tuple[DatabaseName, tuple[str, ...], tuple[str, ...]], ...] = (
            ("local", before.local.columns, after.local.columns),
            ("cloud", before.cloud.columns, after.cloud.columns),
        )
        for database, was, became in pairs:
            noted = self._noted_columns(database, was, since=before.now)
            for change in find_changes(noted, became):
                self.journal.add(SchemaChanged(at=now, database=database, change=change))

    def _noted_columns(self, database: DatabaseName, columns: Sequence[str], *, since: float) -> list[str]:
        """Return columns with what the journal says of them since then: a build reports its own changes."""
        noted = list(columns)
        for change in self.timeline.only(SchemaChanged):
            if change.database != database or change.at < since:
                continue
            sign, column = change.change[0], change.change[1:]
            if sign == "-" and column in noted:
                noted.remove(column)
            elif sign == "+" and column not in noted:
                noted.append(column)
        return noted

    def position(self) -> int:
        """Return the phase that comes next: 1 where none is done, 8 where all are."""
        seen, done = self.observe(), 0
        while done < len(PHASES) and PHASES[done].done(seen):
            done += 1
        return done + 1


def _silent(site: str) -> ProcessFailed:
    return ProcessFailed(f"The site {site} does not answer.", remedy="Run the notebook's setup cell again.")
