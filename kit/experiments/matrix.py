"""Run all four pairs of code and schema in a scratch world: deployments, migrations, visits.

The schema goes forward once, so the pairs run in this order: old code on the old schema; the new code
is deployed; the migration is pushed; the old deployment is rolled back to, and the old worker started.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kit.errors import BuildFailed, MigrationFailed, ProcessFailed
from kit.experiments.cells import Age, Cell, Tried
from kit.experiments.changes import Change, recipe
from kit.experiments.deploying import commit, prepare
from kit.experiments.plan import Plan
from kit.experiments.table import TwoByTwo
from kit.experiments.trying import Trier
from kit.names import DB_PUSH
from kit.repos import Handling
from kit.timeline import Deployed
from kit.world.engine import Engine
from kit.world.open import open_at, open_copy
from kit.world.save import save
from kit.world.world import World

Progress = Callable[[str], None]

_BUILD_S = 1.0  # the host is quick here: no pair depends on how long a build takes
_TITLES = {"add": "add last_viewed", "drop": "drop last_viewed", "rename": "rename last_viewed to viewed_at"}


def two_by_two(
    change: Change | World,
    *,
    handling: Handling = "silent",
    title: str = "",
    progress: Progress | None = None,
) -> TwoByTwo:
    """Run old and new code on old and new schema, all four for real, and see which pairs work.

    Args:
        change: "add", "drop" or "rename": the change of a `Plan`. Or a world with a change of your own:
            *old* is then what is live, and what the cloud database has; *new* is what the folder of the
            dev clone holds, committed or not, with the migrations that `db push` finds there. It is
            measured in a copy; your world stays as it is.
        handling: with a named change, what its code does about a write that fails: "silent" or "loud".
        title: what to call a change of your own.
        progress: told in a few words what is being done.

    Returns:
        Four cells; its `repr` is the table, and `.order` the safe order.

    Raises:
        BadInput: for a change that there is not, or a world whose cloud database has no documents.
        MigrationFailed: if the migration does not apply; `why` is what `db push` said.
        ProcessFailed: if git refuses the push, as it does when GitHub's main has moved on.
        MissingTool, UnusableFolder, ServerFailed: if this machine cannot run it.
    """
    if isinstance(change, World):
        world, title = _copy_of(change, progress), title or "your change"
    else:
        plan = Plan(change=change, handling=handling)
        world, title = _with_commit(plan, progress), title or _TITLES[plan.change]
    try:
        return measure(world, title=title, progress=progress)
    finally:
        world.close()


def _copy_of(world: World, progress: Progress | None) -> Engine:
    with tempfile.TemporaryDirectory() as folder:
        with world.engine.step():
            save(world.engine, Path(folder) / "copy")
        return open_copy(Path(folder) / "copy", progress=progress)


def _with_commit(plan: Plan, progress: Progress | None) -> Engine:
    """Open a world in which a plan's change is committed in the dev clone, and nothing is pushed."""
    made = recipe(plan.change, plan.handling)
    world = open_at(made.phase, scratch=True, progress=progress).engine
    try:
        prepare(world, made, plan)
        commit(world, made.whole)
    except BaseException:
        world.close()
        raise
    return world


def measure(world: Engine, *, title: str, progress: Progress | None = None) -> TwoByTwo:
    """Measure the change that the dev clone of a scratch world holds; the world is used up.

    Args:
        world: on the virtual clock; *old* is what is live, *new* is what the dev clone's folder holds.
        title: what the change is.
        progress: told in a few words what is being done.

    Raises:
        MigrationFailed, ProcessFailed: as `two_by_two` does.
    """
    world.visit(0)
    world.host.build_seconds = _BUILD_S
    with contextlib.closing(Trier(world)) as trier:
        trier.choose_documents()
        measuring = _Measuring(world, trier, progress or (lambda _: None))
        return TwoByTwo(title=title, cells=tuple(measuring.cells()))


@dataclass(frozen=True)
class _Measuring:
    """One measurement under way."""

    world: Engine
    trier: Trier
    tell: Progress

    def cells(self) -> Iterator[Cell]:
        """Run the four pairs, in the only order that needs no way back for the schema."""
        old, old_worker = self.world.host.live, self.world.programs.worker_commit
        yield self._try("old", "old", self._start_worker(old_worker))
        self._must("git add -A && git commit -q --allow-empty -m 'the change'")
        started = self._deploy()
        new = self.world.observe().repositories.clones["dev"].head
        yield self._try("new", "old", started or self._start_worker(new))
        self._migrate()
        if started:  # it may start now
            self._must("git commit -q --allow-empty -m 'the change, once more'")
            started = self._deploy()
            new = self.world.observe().repositories.clones["dev"].head
        yield self._try("new", "new", started or self._start_worker(new))
        yield self._try("old", "new", self._roll_back(old) or self._start_worker(old_worker))

    # How a pair comes to be

    def _must(self, command: str) -> None:
        ran = self.world.run("dev", command)
        if ran.exit:
            raise ProcessFailed(
                f"The four pairs cannot be run: {command} failed.",
                why=ran.output.strip()[-600:],
                remedy="Mend that in the dev clone, then measure again.",
            )

    def _deploy(self) -> tuple[Tried, ...]:
        """Push the dev clone's commit to main and wait for it; return what kept it from starting."""
        self.tell("Deploying the new code.")
        self._must("git push -q origin HEAD:main")
        self.world.advance(_BUILD_S)
        last = self.world.timeline.only(Deployed)[-1]
        return () if last.stage == "live" else (Tried(what="start", outcome="failed", message=last.detail),)

    def _migrate(self) -> None:
        self.tell("Pushing the migration.")
        ran = self.world.run("dev", DB_PUSH)
        if ran.exit:
            raise MigrationFailed(
                "The migration does not apply.",
                why=ran.output[max(0, ran.output.find("ERROR")) :].strip()[:600],
                remedy="Mend the file in supabase/migrations, then measure again.",
            )

    def _roll_back(self, old: str) -> tuple[Tried, ...]:
        self.tell("Rolling the code back.")
        try:
            self.world.rollback(old)
        except BuildFailed as error:
            return (Tried(what="start", outcome="failed", message=f"{error.message} {error.why}".strip()),)
        return ()

    def _start_worker(self, commit: str) -> tuple[Tried, ...]:
        """Start a commit's worker in place of the one that runs; return what kept it from starting."""
        self.trier.forget_worker()
        ran = self.world.run(
            "production", f"git fetch -q origin && git checkout -qf {commit} && cd worker && npm start"
        )
        if not ran.exit:
            return ()
        words = ran.output.strip().splitlines() or ["the worker does not start"]
        return (Tried(what="start", outcome="failed", message=words[-1]),)

    def _try(self, code: Age, schema: Age, problem: tuple[Tried, ...]) -> Cell:
        """Try a pair that runs, unless something kept it from running."""
        self.tell(f"Trying {code} code on the {schema} schema.")
        return Cell(code=code, schema=schema, tried=problem or self.trier.try_everything())
