"""The model of a host: it builds what is pushed, checks it, then makes it live by one atomic switch.

This is the kit's only model ("Vercel" in the workflow). The stages and their times are
the model's; the archive, the build, the process, the health check and the switch are real.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kit.clock import Clock
from kit.errors import BadInput, BuildFailed
from kit.hosting.apps import Apps
from kit.hosting.build import Build, build
from kit.process import Supervisor
from kit.repos import Repositories
from kit.timeline import Deployed, Record, Stage, Target

BUILD_S = 35.0
"""Seconds from a push to live, from the workflow's timeline (5.3): 00:05, 00:30, 00:35."""
_BUILD_STARTS, _BUILD_ENDS = 5 / 35, 30 / 35
_ROUTER = Path(__file__).with_name("_router.py")
MAIN = "main"


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
        self._supervisor = supervisor
        self._apps = apps
        self._record = record
        self._alias = folder / "alias"
        self._deployments: list[Deployment] = []
        self._live: Build | None = None
        self._before: Build | None = None
        self._port: int | None = None
        (folder / "builds").mkdir(parents=True, exist_ok=True)

    def __repr__(self) -> str:
        """Say what is live."""
        return f"Host(live={self.live[:7] or None})"

    # What is where

    @property
    def live(self) -> str:
        """The commit that production serves, "" for none."""
        return self._live.commit if self._live else ""

    @property
    def live_records_views(self) -> bool:
        """Whether the live commit's reader page should leave a trace in the database."""
        return self._live is not None and self._live.records_views

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """Every deployment, in the order of the pushes."""
        return tuple(self._deployments)

    @property
    def address(self) -> str:
        """The production address; it stays the same for the life of the world."""
        return f"http://127.0.0.1:{self._port}"

    def log(self, commit: str) -> Path:
        """Return the file with the output of a commit's process."""
        return self._apps.log(commit)

    # Pushes

    def receive(self, branch: str, commit: str) -> None:
        """Take a push: queue a deployment and plan its stages. A deleted branch does nothing."""
        if not commit.strip("0"):
            return
        deployment = Deployment(
            commit=commit, branch=branch, pushed_at=self._clock.now(), takes=self.build_seconds
        )
        self._deployments.append(deployment)
        self._tell(deployment, at=deployment.pushed_at)
        self._plan(len(self._deployments) - 1)

    def _plan(self, number: int) -> None:
        deployment = self._deployments[number]
        steps: tuple[tuple[Stage, float, Callable[[int], None]], ...] = (
            ("building", _BUILD_STARTS, self._start_building),
            ("built", _BUILD_ENDS, self._finish_building),
            ("live", 1.0, self._release),
        )
        order: tuple[Stage, ...] = ("queued", "building", "built", "live")
        if deployment.stage not in order:
            return
        for stage, part, action in steps:
            if order.index(stage) > order.index(deployment.stage):
                when = deployment.pushed_at + part * deployment.takes
                self._clock.at(when, lambda action=action: action(number))  # type: ignore[misc]  # bound on purpose

    def _reach(self, number: int, stage: Stage, detail: str = "") -> None:
        self._deployments[number] = deployment = replace(self._deployments[number], stage=stage)
        self._tell(deployment, at=self._clock.now(), detail=detail)

    def _tell(self, deployment: Deployment, *, at: float, detail: str = "") -> None:
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

    def _start_building(self, number: int) -> None:
        self._reach(number, "building")

    def _finish_building(self, number: int) -> None:
        deployment = self._deployments[number]
        try:
            made = self._build(deployment.commit)
        except BuildFailed as error:
            self._reach(number, "failed", f"{error.message} {error.why}".strip())
            return
        if deployment.target == "production":
            self._apps.start(
                made.commit, made.folder, GIT_COMMIT_SHA=made.commit
            )  # it starts up while the model still "releases"
        self._reach(number, "built")

    def _release(self, number: int) -> None:
        deployment = self._deployments[number]
        if deployment.stage == "failed":
            return
        if deployment.target == "production":
            made = self._build(deployment.commit)
            try:
                self._switch(made, check=True)
            except BuildFailed as error:
                self._reach(number, "failed", f"{error.message} {error.why}".strip())
                return
        self._reach(number, "live")

    # Builds and processes

    def _build(self, commit: str) -> Build:
        return build(self._repositories, commit, self._folder / "builds" / commit)

    def _switch(self, made: Build, *, check: bool) -> None:
        port = self._apps.start(made.commit, made.folder, GIT_COMMIT_SHA=made.commit)
        if check:
            self._apps.check(made.commit)
        new = self._alias.with_name("alias.new")
        new.write_text(str(port))
        os.replace(new, self._alias)  # noqa: PTH105 - the atomic switch, in the words of the operating system
        if self._live is not None and self._live.commit != made.commit:
            # The one before keeps running, for requests under way and an instant
            # rollback; the one before that goes.
            if self._before is not None and self._before.commit not in (made.commit, self._live.commit):
                self._apps.stop(self._before.commit)
            self._before = self._live
        self._live = made

    def rollback(self, commit: str) -> None:
        """Make an earlier deployment live again, at once, without a build.

        Raises:
            BadInput: if `commit` was never live.
        """
        been = [one.commit for one in self._deployments if one.target == "production" and one.stage == "live"]
        found = [one for one in been if one.startswith(commit)] if commit else []
        if not found:
            raise BadInput(
                f"There is no deployment of {commit!r} to go back to.",
                looked=[one[:7] for one in been],
                remedy="Give the id of a commit that was live.",
            )
        made = self._build(found[-1])
        self._switch(made, check=True)
        self._record(
            Deployed(at=self._clock.now(), commit=made.commit, branch=MAIN, target="production", stage="live")
        )

    def preview(self, branch: str) -> str:
        """Return the address of a branch's newest preview; its process starts with the first call.

        Raises:
            BadInput: if the branch has no preview that is ready.
        """
        ready = [one for one in self._deployments if one.branch == branch and one.stage == "live"]
        if not ready or ready[-1].target != "preview":
            raise BadInput(
                f"The branch {branch!r} has no preview that is ready.",
                looked=sorted({one.branch for one in self._deployments if one.target == "preview"}),
                remedy="Push the branch, let the build time pass (world.advance(35)), and ask again.",
            )
        made = self._build(ready[-1].commit)
        self._apps.start(made.commit, made.folder, GIT_COMMIT_SHA=made.commit)
        return f"http://127.0.0.1:{self._apps.check(made.commit)}"

    # Life

    def open(self, *, first: str = "") -> None:
        """Start the router, and the live commit's process without waiting for it.

        Args:
            first: the commit that production serves if nothing was ever deployed.
        """
        running = self._supervisor.processes().get("router")
        if running is None or running.exit is not None:
            self._supervisor.stop("router")
            running = self._supervisor.spawn(
                "router",
                [sys.executable, "-I", "-S", _ROUTER, "{fd}", self._alias],
                env={"LC_ALL": "C.UTF-8"},
                cwd=self._folder,
                log=self._apps.log("router"),
                listen=self._port or 0,
            )
        self._port = running.port
        if first and self._live is None:
            self._deployments.append(
                Deployment(commit=first, branch=MAIN, pushed_at=self._clock.now(), takes=0, stage="live")
            )
            self._switch(self._build(first), check=False)
        elif self._live is not None:
            self._switch(self._live, check=False)

    def close(self) -> None:
        """Stop every deployment; the router stays, with nothing behind it."""
        self._alias.unlink(missing_ok=True)
        for commit in {one.commit for one in self._deployments}:
            self._apps.stop(commit)
        self._deployments.clear()
        self._live = self._before = None

    def state(self) -> dict[str, Any]:
        """Return what a saved world needs to know of the host."""
        return {
            "deployments": [asdict(one) for one in self._deployments],
            "live": self.live,
            "build_seconds": self.build_seconds,
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned, with the stages that are still to come; then call `open`."""
        self._deployments = [Deployment(**facts) for facts in state["deployments"]]
        self.build_seconds = state["build_seconds"]
        self._live = self._build(state["live"]) if state["live"] else None
        for number in range(len(self._deployments)):
            self._plan(number)
