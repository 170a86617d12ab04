"""The model of a host: it builds what is pushed, checks it, then makes it live by one atomic switch.

This is the kit's only model ("Vercel" in the workflow). The stages, their times and the queue are
the model's; the archive, the build, the migration, the process, the health check and the switch are real.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from kit.errors import BadInput, BuildFailed
from kit.host.apps import Apps
from kit.host.build import Build, build, unpacked
from kit.host.router import Front
from kit.host.settings import MAIN, HostSettings
from kit.process import Supervisor
from kit.repos import Repositories
from kit.timeline import Deployed, Record, Stage, Target
from kit.timeline.clock import Clock

BUILD_S = 35.0
"""Seconds from a push to live, from the workflow's timeline (5.3): 00:05, 00:30, 00:35."""
_BUILD_STARTS, _BUILD_ENDS = 5 / 35, 30 / 35  # of `BUILD_S`
_GRACE_S = 10.0
"""Seconds of the clock for which a deployment runs on when it is live no more."""
_STAGES: tuple[Stage, ...] = ("queued", "building", "built", "live")
_ROLLED_BACK = "production is rolled back, so nothing goes live by itself"


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A push, on its way to being live; times in seconds of the clock.

    Attributes:
        commit: what was pushed.
        branch: to which branch.
        pushed_at: when.
        takes: from there to live, if it has to wait for nobody.
        stage: how far it has come.
        waited: how long it waited for another build to end.
        production: the branch that production served at the time of the push.
    """

    commit: str
    branch: str
    pushed_at: float
    takes: float
    stage: Stage = "queued"
    waited: float = 0.0
    production: str = MAIN

    @property
    def target(self) -> Target:
        """Production for the production branch, a preview for every other one."""
        return "production" if self.branch == self.production else "preview"

    @property
    def begins_at(self) -> float:
        """When its build may begin, if a place is free."""
        return self.pushed_at + _BUILD_STARTS * self.takes


class Migrator(Protocol):
    """What a deployment may do with databases, if the host's settings say so."""

    def migrate(self, folder: Path) -> None:
        """Run `db push` from a build's folder against the cloud database.

        Raises:
            BuildFailed: if it fails.
        """
        ...

    def preview_url(self, branch: str, commit: str, folder: Path) -> str:
        """Return the URL of a preview's own database, made of the commit's own migrations.

        Raises:
            BuildFailed: if one of them fails.
        """
        ...


class Host:
    """Deployments of one repository, and the stable address of production.

    Any thread may ask what is live: that never waits for a build.

    Args:
        folder: for builds, logs and the alias file; `host/` of the world.
        repositories: what is pushed to.
        clock: when the stages happen.
        supervisor: the parent of the router's process.
        apps: starts a build as a process.
        migrator: changes databases, where the settings ask for it.
        record: told of every stage.
    """

    def __init__(
        self,
        folder: Path,
        *,
        repositories: Repositories,
        clock: Clock,
        supervisor: Supervisor,
        apps: Apps,
        migrator: Migrator,
        record: Callable[[Record], None],
    ) -> None:
        """Prepare the folder; nothing runs yet."""
        self.build_seconds = BUILD_S
        self.settings = HostSettings()
        self.rolled_back = False
        """Whether production stands on what somebody went back to; pushes are built, and wait."""
        self._folder = folder
        self._repositories = repositories
        self._clock = clock
        self._apps = apps
        self._migrator = migrator
        self._record = record
        self._front = Front(folder, supervisor=supervisor, log=apps.log("router"))
        self._changing = threading.RLock()  # the wall clock changes deployments on a thread of its own
        self._deployments: list[Deployment] = []
        self._records_views: dict[str, bool] = {}  # by commit, which never changes
        self._live: Build | None = None
        (folder / "builds").mkdir(parents=True, exist_ok=True)

    def __repr__(self) -> str:
        """Say what is live."""
        return f"Host(live={self.live[:7] or None})"

    # What is where

    @property
    def live(self) -> str:
        """The commit that production serves, "" for none."""
        return self._live.commit if self._live else ""

    def records_views(self, commit: str) -> bool:
        """Say whether the reader page of a commit that was built should leave a trace in the database."""
        return self._records_views.get(commit, False)

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """Every deployment, in the order of the pushes."""
        return tuple(self._deployments)

    @property
    def address(self) -> str:
        """The production address, once `open` was called; it stays the same for the life of the world."""
        return self._front.address

    def build_folder(self, commit: str) -> Path:
        """Return the folder with a commit's own files; it is there once the commit was built."""
        return self._folder / "builds" / commit

    def log(self, commit: str) -> Path:
        """Return the file with the output of a commit's process."""
        return self._apps.log(commit)

    def preview_log(self, deployment: Deployment) -> Path:
        """Return the file with the output of a preview's process."""
        return self._apps.log(self._preview_name(deployment))

    # Pushes

    def receive(self, branch: str, commit: str) -> None:
        """Take a push: queue a deployment and plan its stages. A deleted branch does nothing.

        Args:
            branch: without refs/heads/.
            commit: the branch's new commit; only zeros if it was deleted.
        """
        with self._changing:
            if not commit.strip("0"):
                return
            deployment = Deployment(
                commit=commit,
                branch=branch,
                pushed_at=self._clock.now(),
                takes=self.build_seconds,
                production=self.settings.production_branch,
            )
            self._deployments.append(deployment)
            self._note(deployment, at=deployment.pushed_at)
            self._plan(len(self._deployments) - 1)

    def _plan(self, number: int) -> None:
        """Plan the next stage of a deployment, if one is to come."""
        deployment = self._deployments[number]
        steps: dict[Stage, tuple[float, Callable[[int], None]]] = {
            "queued": (_BUILD_STARTS, self._begin_building),
            "building": (_BUILD_ENDS, self._finish_building),
            "built": (1.0, self._release),
        }
        if deployment.stage in steps:
            part, action = steps[deployment.stage]
            when = deployment.pushed_at + part * deployment.takes + deployment.waited
            self._clock.at(when, functools.partial(self._run_stage, deployment, number, action))

    def _run_stage(self, planned: Deployment, number: int, action: Callable[[int], None]) -> None:
        with self._changing:
            # On the wall clock this may have waited while another world was loaded; or somebody canceled it.
            if self._deployments[number : number + 1] != [planned]:
                return
            try:
                action(number)
            except BuildFailed as error:
                self._reach(number, "failed", f"{error.message} {error.why}".strip())
                self._free_place()
            if self._deployments[number] != planned:
                self._plan(number)

    def _reach(self, number: int, stage: Stage, detail: str = "") -> None:
        self._deployments[number] = deployment = replace(self._deployments[number], stage=stage)
        self._note(deployment, at=self._clock.now(), detail=detail)

    def _note(self, deployment: Deployment, *, at: float, detail: str = "") -> None:
        self._record(
            Deployed(
                at=at,
                commit=deployment.commit,
                branch=deployment.branch,
                target=deployment.target,
                stage=deployment.stage,
                detail=detail,
            )
        )

    def _begin_building(self, number: int) -> None:
        if sum(other.stage == "building" for other in self._deployments) >= self.settings.concurrent_builds:
            return  # `_free_place` plans it again
        self._reach(number, "building")
        if self.settings.migrates == "build":
            self._migrate(number)

    def _free_place(self) -> None:
        """Let who waits for a place begin; of several pushes of a branch that wait, only the newest."""
        now = self._clock.now()
        waiting = {
            number: deployment
            for number, deployment in enumerate(self._deployments)
            if deployment.stage == "queued" and deployment.begins_at <= now
        }
        newest = {deployment.branch: number for number, deployment in waiting.items()}
        for number, deployment in waiting.items():
            if number == newest[deployment.branch]:
                self._deployments[number] = replace(deployment, waited=now - deployment.begins_at)
                self._plan(number)
            else:
                self._reach(number, "canceled", f"a newer commit of {deployment.branch} waits")

    def _finish_building(self, number: int) -> None:
        deployment = self._deployments[number]
        made = self._build(deployment.commit)
        if deployment.target == "production":
            self._start(made)  # it starts up while the model still "releases"
        elif self.settings.preview_database == "own":
            self._migrator.preview_url(deployment.branch, deployment.commit, made.folder)
        self._reach(number, "built")
        self._free_place()
        if self.settings.migrates == "release" and deployment.target == "production":
            self._migrate(number)

    def _migrate(self, number: int) -> None:
        """Run `db push` as a part of the deployment: a preview's, too, unless it has its own database."""
        deployment = self._deployments[number]
        if deployment.target == "preview" and self.settings.preview_database == "own":
            return  # which is made of its migrations when the build ends
        with unpacked(self._repositories, deployment.commit, self._folder / "builds") as files:
            self._migrator.migrate(files)

    def _release(self, number: int) -> None:
        if self._deployments[number].target == "preview":
            self._reach(number, "live")
            return
        if self.rolled_back:
            self._reach(number, "staged", _ROLLED_BACK)
            return
        newer = self._deployments[number + 1 :]
        if any(other.target == "production" and other.stage == "live" for other in newer):
            return  # it was quicker, and stays live
        self._switch(number)

    def cancel(self, commit: str) -> str:
        """Cancel deployments of a commit that are not finished; what one has migrated stays migrated.

        Args:
            commit: its id, or the beginning of it; "" for the newest one that is under way.

        Returns:
            The whole id.

        Raises:
            BadInput: if nothing of it is under way.
        """
        with self._changing:
            under_way = {
                number: deployment.commit
                for number, deployment in enumerate(self._deployments)
                if deployment.stage in ("queued", "building", "built")
            }
            found = [number for number, known in under_way.items() if known.startswith(commit)]
            if not found:
                raise BadInput(
                    "There is no deployment under way that could be canceled.",
                    looked=[known[:7] for known in under_way.values()],
                    remedy="Look at lab.timeline: what is live already can be rolled back, lab.rollback(…).",
                )
            number = found[-1]
            self._reach(number, "canceled")
            self._free_place()
            return under_way[number]

    # Builds and processes

    def _build(self, commit: str) -> Build:
        made = build(self._repositories, commit, self.build_folder(commit))
        self._records_views[commit] = made.records_views
        return made

    def _start(self, made: Build) -> int:
        return self._apps.start(made.commit, made.folder, GIT_COMMIT_SHA=made.commit)

    def _start_preview(self, deployment: Deployment, made: Build) -> str:
        """Start a preview's process; return its name."""
        name = self._preview_name(deployment)
        if name == made.commit:
            self._start(made)
        else:
            url = self._migrator.preview_url(deployment.branch, made.commit, made.folder)
            self._apps.start(name, made.folder, GIT_COMMIT_SHA=made.commit, DATABASE_URL=url)
        return name

    def _preview_name(self, deployment: Deployment) -> str:
        """Return what a preview's process is called: on production's database it is the commit's one."""
        own = self.settings.preview_database == "own"
        return f"preview-{deployment.commit}" if own else deployment.commit

    def _switch(self, number: int) -> None:
        """Make a deployment live; what was live before ends when requests under way have had their time."""
        made = self._build(self._deployments[number].commit)
        port = self._start(made)
        self._apps.require_healthy(made.commit)
        self._front.switch(port)
        self._reach(number, "live")
        before, self._live = self._live, made
        if before is not None:
            self._clock.at(self._clock.now() + _GRACE_S, functools.partial(self._retire, before.commit))

    def _retire(self, commit: str) -> None:
        with self._changing:
            if commit != self.live:
                self._apps.stop(commit)

    def rollback(self, commit: str) -> None:
        """Make an earlier deployment live again, at once, without a build.

        From then on pushes are built and wait, until `promote`. Source: Vercel, Instant Rollback: it
        "turns off auto-assignment of production domains", and promoting a deployment turns it on again.

        Args:
            commit: its id, or the beginning of it.

        Raises:
            BadInput: if `commit` was never live.
            BuildFailed: if it does not start any more; what is live stays live.
        """
        with self._changing:
            was_live = {
                number: deployment.commit
                for number, deployment in enumerate(self._deployments)
                if (deployment.target, deployment.stage) == ("production", "live")
            }
            found = [number for number, known in was_live.items() if commit and known.startswith(commit)]
            if not found:
                raise BadInput(
                    f"There is no deployment of {commit!r} to go back to.",
                    looked=[known[:7] for known in was_live.values()],
                    remedy="Give the id of a commit that was live.",
                )
            self._switch(found[-1])
            self.rolled_back = True

    def promote(self, commit: str = "") -> None:
        """Make a deployment of production that was built live, at once; pushes go live by themselves again.

        Args:
            commit: its id, or the beginning of it; "" for the newest.

        Raises:
            BadInput: if there is none.
            BuildFailed: if it does not start; what is live stays live.
        """
        with self._changing:
            ready = {
                number: deployment.commit
                for number, deployment in enumerate(self._deployments)
                if deployment.target == "production" and deployment.stage in ("staged", "live")
            }
            found = [number for number, known in ready.items() if known.startswith(commit)]
            if not found:
                raise BadInput(
                    f"There is no deployment of {commit!r} to promote.",
                    looked=[known[:7] for known in ready.values()],
                    remedy="Give the id of a commit of production that was built.",
                )
            if self._deployments[found[-1]].commit != self.live:
                self._switch(found[-1])
            self.rolled_back = False

    def preview(self, branch: str) -> str:
        """Return the address of a branch's newest preview; its process starts with the first call.

        Raises:
            BadInput: if the branch has no preview that is ready.
            BuildFailed: if its code does not start.
        """
        with self._changing:
            ready = [known for known in self._deployments if known.branch == branch and known.stage == "live"]
            if not ready or ready[-1].target != "preview":
                raise BadInput(
                    f"The branch {branch!r} has no preview that is ready.",
                    looked=sorted({known.branch for known in self._deployments if known.target == "preview"}),
                    remedy="Push the branch, let the build time pass (world.advance(35)), and ask again.",
                )
            name = self._start_preview(ready[-1], self._build(ready[-1].commit))
            return f"http://127.0.0.1:{self._apps.require_healthy(name)}"

    # Life

    def open(self, *, first: str = "") -> None:
        """Start the router and the live commit's process, unless they run; do not wait for them.

        Args:
            first: the commit that production serves if nothing was ever deployed.

        Raises:
            ProcessFailed: if one of them cannot be started.
        """
        with self._changing:
            self._front.open()
            if first and self._live is None:
                self._deployments.append(
                    Deployment(commit=first, branch=MAIN, pushed_at=self._clock.now(), takes=0, stage="live")
                )
                self._live = self._build(first)
            if self._live is not None:
                self._front.switch(self._start(self._live))

    def close(self) -> None:
        """End every deployment at once; the router stays, with nothing behind it."""
        with self._changing:
            self._front.clear()
            commits = {deployment.commit for deployment in self._deployments}
            self._apps.kill(*commits, *(f"preview-{commit}" for commit in commits))
            self._deployments.clear()
            self._live = None
            self.settings, self.rolled_back = HostSettings(), False

    def state(self) -> dict[str, Any]:
        """Return what a saved world needs to know of the host."""
        return {
            "deployments": [asdict(deployment) for deployment in self._deployments],
            "live": self.live,
            "build_seconds": self.build_seconds,
            "settings": asdict(self.settings),
            "rolled_back": self.rolled_back,
        }

    def prepare(self, state: Mapping[str, Any]) -> None:
        """Build what `resume` will make live; nothing else changes."""
        if state["live"]:
            self._build(state["live"])

    def resume(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned, with the stages that are still to come; then call `open`."""
        with self._changing:
            self._deployments = [Deployment(**facts) for facts in state["deployments"]]
            self.build_seconds = state["build_seconds"]
            # An older version of the kit wrote neither.
            self.settings = HostSettings(**state.get("settings", {}))
            self.rolled_back = state.get("rolled_back", False)
            self._live = self._build(state["live"]) if state["live"] else None
            for number in range(len(self._deployments)):
                self._plan(number)
