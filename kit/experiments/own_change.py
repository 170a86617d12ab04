"""A change of one's own: what the dev clone's folder holds that is not live, judged by its text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kit.errors import BadInput
from kit.experiments.copy_measured import Measured, measure
from kit.experiments.faults import Fault, find_in_code, find_in_review, find_large, find_missing
from kit.experiments.words import SAID, as_list, as_paragraph, as_table, wrap
from kit.review import Order, Pending, combine, review
from kit.review.folder import printable
from kit.review.locks import waits
from kit.supabase import list_migrations
from kit.supabase.files import FOLDER
from kit.timeline import Timeline
from kit.timeline.deploy import Deploy, look_back
from kit.world.snapshot import Snapshot
from kit.world.world import World


@dataclass(frozen=True, kw_only=True, repr=False)
class Draft:
    """What a change is by its text; shown with what each statement locks and the order that follows.

    Attributes:
        world: whose dev clone holds it.
        known: how many records the world's timeline had when it was looked at.
        old: the commit that is live.
        code: the paths that differ from it, without migrations.
        pending: the migrations that the cloud database does not have, in their order.
        faults: what keeps it from being measured; empty for a change that can be.
    """

    world: World = field(repr=False, compare=False)
    known: int
    old: str
    code: tuple[str, ...] = ()
    pending: tuple[Pending, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def order(self) -> Order:
        """The order that is safe by the text of the SQL alone; one `db push` brings all of it."""
        return combine(one.order for one in self.pending)

    @property
    def empty(self) -> bool:
        """Whether there is no change: all that the folder holds is live, and in the cloud."""
        return not (self.code or self.pending or self.faults)

    def measure(self) -> Measured:
        """Run old and new code on old and new schema, and look at the locks, in a copy of the world.

        Raises:
            BadInput: if there is a fault, or no change.
            BuildFailed: if the new code does not start.
            MigrationFailed: if PostgreSQL refuses a statement.
            ProcessFailed: if git refuses the push.
        """
        if self.faults:
            first = self.faults[0]
            raise BadInput(f"{first.place}: {first.message}", remedy=first.remedy)
        if self.empty:
            raise BadInput("There is no change to measure.", remedy=_BEGIN)
        return measure(self.world, self.pending)

    def outcome(self) -> Deploy:
        """Say what visitors met while the change was deployed; call it when it is."""
        left = judge(self.world)
        waiting = [one.file for one in left.pending]
        since = Timeline(self.world.timeline.records[self.known :])
        return look_back(since, undone=(*left.code, *waiting))

    def __repr__(self) -> str:
        """Show the change, or what is wrong with it."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        if self.faults:
            yield _NOT_YET
            for fault in self.faults:
                yield f"- {fault}"
            return
        if self.empty:
            yield f"No change: all that the dev clone holds is live. {_BEGIN}"
            return
        yield f"Your change, beside what is live ({self.old[:7]}):"
        for path in self.code or ("none",):
            yield f"  code    {path}"
        for one in self.pending:
            yield f"  schema  {one.file}"
            for row in self._rows(one):
                yield f"    line {row[0]}: {row[1]}; {row[2]}"
                yield from wrap(f"{row[3]}: {row[4]}", indent=6)
        if not self.pending:
            yield "  schema  none"
        yield self._verdict

    @staticmethod
    def _rows(pending: Pending) -> Iterator[tuple[str, str, str, str, str]]:
        for one in pending.statements:
            verdict = one.verdict
            lock = f"{verdict.lock}, {waits(verdict.lock)}" if verdict.lock != "none" else "no table's lock"
            yield str(one.line), verdict.operation, lock, verdict.order, verdict.why

    @property
    def _verdict(self) -> str:
        return (
            f"By the SQL alone: {SAID[self.order]}."
            if self.pending
            else "Code alone: nothing to put in order."
        )

    def _repr_html_(self) -> str:
        """Show the same as HTML, everything escaped."""
        if self.faults:
            return as_paragraph(_NOT_YET, strong=True) + as_list(map(str, self.faults))
        if not self.pending:
            return as_paragraph(repr(self))
        rows = [(one.file, *row) for one in self.pending for row in self._rows(one)]
        about = f"Code: {', '.join(self.code) or 'none'}"
        head = ("migration", "line", "operation", "lock", "order", "why")
        return as_table(about, head, rows, text=self._verdict)


_NOT_YET = "Not yet a change that can be deployed:"
_BEGIN = "Write a migration in supabase/migrations, edit the code, and judge again."


def judge(world: World) -> Draft:
    """Look at the change that the dev clone's folder holds, committed or not, beside what is live.

    Nothing runs, and the world stays as it is.

    Args:
        world: with the change in its dev clone.

    Returns:
        The change, by its text: its `repr` shows what each statement locks and which order is safe.

    Raises:
        BadInput: if that is no world.
    """
    if not isinstance(world, World):
        raise BadInput(f"{world!r} is no world to look at.", remedy="Give the world itself: judge(lab).")
    engine = world.engine
    with engine.step():
        seen = engine.observe()
        project = engine.repositories.clones["dev"]
        faults = [*_find_standing(world, seen), *find_missing(project, seen.cloud.versions)]
        waiting = [one for one in list_migrations(project).files if one.version not in seen.cloud.versions]
        faults += find_large(waiting)
        pending: tuple[Pending, ...] = ()
        if not faults:
            report = review(project, applied=frozenset(seen.cloud.versions))
            pending = report.pending
            faults += find_in_review(report, project)
        faults += find_in_code(project)
        paths = engine.repositories.changed_since(seen.live, "dev")
    code = tuple(printable(path) for path in paths if not path.startswith(f"{FOLDER}/"))
    return Draft(
        world=world, known=len(seen.timeline), old=seen.live, code=code, pending=pending, faults=tuple(faults)
    )


def _find_standing(world: World, seen: Snapshot) -> Iterator[Fault]:
    """Find that there is nothing firm to compare with."""
    main, head = seen.repositories.github.get("main", ""), seen.repositories.clones["dev"].head
    if any(one.target == "production" and one.stage in _UNDER_WAY for one in seen.deployments):
        yield Fault(
            place="github main",
            message="What was pushed is still being built, so what is live is about to change.",
            remedy="Let the time pass, world.advance(36), and judge again.",
        )
    elif main and head and not world.engine.repositories.is_ancestor(main, head):
        yield Fault(
            place="github main",
            message="It has commits that your branch does not have: git will refuse the push.",
            remedy="git pull --no-rebase origin main, and judge again.",
        )


_UNDER_WAY = ("queued", "building", "built")
