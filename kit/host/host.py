"""The model of a host: it builds what is pushed, checks it, then makes it live by one atomic switch.

This is the kit's only model ("Vercel" in the workflow). The stages and their times are
the model's; the archive, the build, the process, the health check and the switch are real.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kit.errors import BadInput, BuildFailed
from kit.host.apps import Apps
from kit.host.build import Build, build
from kit.host.router import Front
from kit.process import Supervisor
from kit.repos import Repositories
from kit.timeline import Deployed, Record, Stage, Target
from kit.timeline.clock import Clock

BUILD_S = 35.0
"""Seconds from a push to live, from the workflow's timeline (5.3): 00:05, 00:30, 00:35."""
MAIN = "main"
"""The branch that production serves."""
_BUILD_STARTS, _BUILD_ENDS = 5 / 35, 30 / 35  # of `BUILD_S`
_GRACE_S = 10.0
"""Seconds of the clock for which a deployment runs on when it is live no more."""
_STAGES: tuple[Stage, ...] = ("queued", "building", "built", "live")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A push, on its way to being live; times in seconds of the clock."""

    commit: str
    branch: str
    pushed_at: float
    takes: float
    stage: Stage = "queued"

    @property
    def target(self) -> Target:
        """Production for main, a preview for every other branch."""
        return "production" if self.branch == MAIN else "preview"


class Host:
    """Deployments of one repository, and the stable address of production.

    Any thread may ask what is live: that never waits for a build.

    Args:
        folder: for builds, logs and the alias file; `host/` of the world.
        repositories: what is pushed to.
        clock: when the stages happen.
        supervisor: the parent of the router's process.
        apps: starts a build as a process.
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
        record: Callable[[Record], None],
    ) -> None:
        """Prepare the folder; nothing runs yet."""
        self.build_seconds = BUILD_S
        self._folder = folder
        self._repositories = repositories
        self._clock = clock
        self._apps = apps
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
                commit=commit, branch=branch, pushed_at=self._clock.now(), takes=self.build_seconds
            )
            self._deployments.append(deployment)
            self._note(deployment, at=deployment.pushed_at)
            self._plan(len(self._deployments) - 1)

    def _plan(self, number: int) -> None:
        deployment = self._deployments[number]
        steps: tuple[tuple[Stage, float, Callable[[int], None]], ...] = (
            ("building", _BUILD_STARTS, functools.partial(self._reach, stage="building")),
            ("built", _BUILD_ENDS, self._finish_building),
            ("live", 1.0, self._release),
        )
        if deployment.stage not in _STAGES:
            return  # failed: nothing comes any more
        for stage, part, action in steps:
            if _STAGES.index(stage) > _STAGES.index(deployment.stage):
                when = deployment.pushed_at + part * deployment.takes
                self._clock.at(when, functools.partial(self._run_stage, deployment, number, action))

    def _run_stage(self, planned: Deployment, number: int, action: Callable[[int], None]) -> None:
        with self._changing:
            now = self._deployments[number : number + 1]
            # On the wall clock this may have waited while another world was loaded.
            same = now and (now[0].commit, now[0].pushed_at) == (planned.commit, planned.pushed_at)
            if not same or now[0].stage == "failed":
                return
            try:
                action(number)
            except BuildFailed as error:
                self._reach(number, "failed", f"{error.message} {error.why}".strip())

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

    def _finish_building(self, number: int) -> None:
        deployment = self._deployments[number]
        made = self._build(deployment.commit)
        if deployment.target == "production":
            self._start(made)  # it starts up while the model still "releases"
        self._reach(number, "built")

    def _release(self, number: int) -> None:
        if self._deployments[number].target == "preview":
            self._reach(number, "live")
            return
        newer = self._deployments[number + 1 :]
        if any(other.target == "production" and other.stage == "live" for other in newer):
            return  # it was quicker, and stays live
        self._switch(number)

    # Builds and processes

    def _build(self, commit: str) -> Build:
        made = build(self._repositories, commit, self.build_folder(commit))
        self._records_views[commit] = made.records_views
        return made

    def _start(self, made: Build) -> int:
        return self._apps.start(made.commit, made.folder, GIT_COMMIT_SHA=made.commit)

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
            made = self._build(ready[-1].commit)
            self._start(made)
            return f"http://127.0.0.1:{self._apps.require_healthy(made.commit)}"

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
            self._apps.kill(*{deployment.commit for deployment in self._deployments})
            self._deployments.clear()
            self._live = None

    def state(self) -> dict[str, Any]:
        """Return what a saved world needs to know of the host."""
        return {
            "deployments": [asdict(deployment) for deployment in self._deployments],
            "live": self.live,
            "build_seconds": self.build_seconds,
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
            self._live = self._build(state["live"]) if state["live"] else None
            for number in range(len(self._deployments)):
                self._plan(number)
