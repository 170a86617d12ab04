"""A change of one's own: judged by its text, measured in a copy, looked back on after the deploy."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kit.draw import TableRow, draw_element, draw_list, draw_paragraph, draw_table, draw_verdict
from kit.errors import BadInput, BuildFailed
from kit.experiments.locks_taken import LocksSeen, find_locks
from kit.experiments.matrix import Age, Cell, TwoByTwo, copied, measure_pairs
from kit.experiments.orders import ORDERS
from kit.host import ENTRY, compile_source
from kit.names import GIT_PUSH
from kit.postgres import restore
from kit.review.folder import printable
from kit.review.outside import TAKE_IT_OUT, find_outside
from kit.review.report import Pending, Report, review
from kit.review.rules import Order, Problem, combine, waits
from kit.supabase import MigrationFile, list_migrations
from kit.supabase.files import FOLDER
from kit.timeline import Timeline
from kit.timeline.deploy import Deploy
from kit.world.snapshot import Snapshot
from kit.world.world import World

MOST_BYTES = 500_000
"""Of a migration; a larger one is data, not a small change."""
_WIDTH, _FAR = 100, " " * 6  # columns of a line of text; what stands before the reason of a rule
_CODE_FOLDERS = ("src", "worker")
_LINE = re.compile(r"(.+), line (\d+)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A reason why a change cannot be judged or deployed as it is.

    Attributes:
        place: the file, and the line in it where there is one.
        message: what is wrong, one sentence.
        remedy: what to do about it.
    """

    place: str
    message: str
    remedy: str

    def __str__(self) -> str:
        """What is wrong where, and what to do: two lines."""
        return f"{self.place}: {self.message}\n  What to do: {self.remedy}"


def find_missing(project: Path, applied: Collection[str]) -> Iterator[Fault]:
    """Find that the folder of the migrations, or a file whose version the database has, is not there.

    Args:
        project: the clone's folder.
        applied: the versions that the cloud database has.
    """
    if not (project / FOLDER).is_dir():
        yield Fault(
            place=str(FOLDER),
            message="There is no such folder, and migrations are looked for nowhere else.",
            remedy=f"Bring it back: git checkout main -- {FOLDER}; or, in a new project, "
            "npx supabase migration new <name> makes it.",
        )
        return
    here = {file.version for file in list_migrations(project).files}
    for version in sorted(set(applied) - here):
        yield Fault(
            place=f"{FOLDER}/{version}_….sql",
            message="The cloud database has this version, and the folder does not: db push refuses that.",
            remedy="Bring the file back: git checkout main; git pull origin main, if it is not there either.",
        )


def find_large(files: Collection[MigrationFile]) -> Iterator[Fault]:
    """Find migrations that are too large to be a change of the schema."""
    for file in files:
        if file.path.is_file() and (size := file.path.stat().st_size) > MOST_BYTES:
            with file.path.open("rb") as opened:
                line = opened.read(MOST_BYTES).count(b"\n") + 1
            yield Fault(
                place=f"{FOLDER}/{printable(file.path.name)}, line {line}",
                message=f"The file has {size / 1e6:.1f} MB; here it passes {MOST_BYTES / 1000:.0f} kB.",
                remedy="Keep the schema's change here, and bring the data in by COPY from a client.",
            )


def find_in_review(report: Report, project: Path) -> Iterator[Fault]:
    """Find what `python -m kit check` finds, and statements that reach outside of their database.

    Args:
        report: of the project.
        project: the clone's folder.
    """
    for problem in report.problems:
        yield _from_problem(problem, project)
    for pending in report.pending:
        for statement in pending.statements:
            if outside := find_outside(statement.sql):
                yield Fault(
                    place=f"{FOLDER}/{pending.file}, line {statement.line}",
                    message=f"It would reach outside of its database: {outside}.",
                    remedy=TAKE_IT_OUT,
                )


def _from_problem(problem: Problem, project: Path) -> Fault:
    message, remedy = problem.message, problem.remedy
    path = project / FOLDER / problem.file
    if problem.kind == "syntax" and path.is_file():  # its name may be shown otherwise than it is
        lines = path.read_text(encoding="utf-8-sig").split("\n")
        words = lines[problem.line - 1].split()
        if words and words[0].startswith("\\"):
            message = f"{words[0]} is a command of psql, not SQL."
            remedy = "Take it out: db push sends SQL to the database, and no psql reads it."
    return Fault(place=f"{FOLDER}/{problem.file}, line {problem.line}", message=message, remedy=remedy)


def find_in_code(project: Path) -> Iterator[Fault]:
    """Find that the site cannot be built, and Python files of site and worker that do not compile.

    Args:
        project: the clone's folder.
    """
    if not (project / ENTRY).is_file():
        yield Fault(
            place=str(ENTRY),
            message="The site has no file to start.",
            remedy=f"Bring it back: git checkout main -- {ENTRY}",
        )
    for path in sorted(path for folder in _CODE_FOLDERS for path in (project / folder).rglob("*.py")):
        if not path.is_file():
            continue
        name = path.relative_to(project)
        try:
            compile_source(path, name)
        except BuildFailed as error:
            told = _LINE.search(error.message)
            line = told[2] if told else "1"
            yield Fault(
                place=f"{printable(str(name))}, line {line}",
                message=f"Python does not understand it: {error.why}.",
                remedy="Mend the line; a host would refuse to build this.",
            )


_AGREE, _DIFFER = "Rule and run agree.", "Rule and run do not agree:"
_WAYS: tuple[tuple[Age, Age, str], ...] = (("old", "new", "schema first"), ("new", "old", "code first"))


@dataclass(frozen=True, kw_only=True, repr=False)
class Advice:
    """The safe order of a change; shown with its reasons.

    Attributes:
        by_rule: the order that its SQL alone asks for.
        measured: the order that was measured; None if the change does not work even when it is complete.
        order: the one to take; None as above.
        steps: what to do, in this order.
        reasons: what was seen, a sentence each.
        differences: where rule and run do not agree, and what that means; empty if they do.
    """

    by_rule: Order
    measured: Order | None
    order: Order | None
    steps: tuple[str, ...]
    reasons: tuple[str, ...]
    differences: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Show the order, what to do, and why."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self._head
        for number, step in enumerate(self.steps, 1):
            yield f"  {number}. {step}"
        yield "Why:"
        for reason in self.reasons:
            yield from _bullet(reason)
        if self.differences:
            yield _DIFFER
        elif self.order is not None:
            yield _AGREE
        for difference in self.differences:
            yield from _bullet(difference)

    @property
    def _head(self) -> str:
        if self.order is None:
            return "No order is safe yet: mend the change first."
        return f"Safe: {ORDERS[self.order].words}."

    def _repr_html_(self) -> str:
        """Show the same as HTML, everything escaped."""
        parts = [draw_verdict(draw_element("strong", self._head), good=self.order is not None)]
        if self.steps:
            parts.append(draw_list(self.steps, numbered=True))
        parts += [draw_paragraph("Why:"), draw_list(self.reasons)]
        if self.differences:
            parts += [draw_paragraph(_DIFFER), draw_list(self.differences)]
        elif self.order is not None:
            parts.append(draw_paragraph(_AGREE))
        return "".join(parts)


def _bullet(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="  - ", subsequent_indent=" " * 4)


def advise(pending: Sequence[Pending], pairs: TwoByTwo, locks: LocksSeen) -> Advice:
    """Put together what the rules say of a change, and what was measured of it.

    What was measured decides, except where nothing broke: then the code that was run does not
    touch what the migration changes, and the rule, which thinks of all code, is the careful answer.

    Args:
        pending: the migrations, judged by their text.
        pairs: the measured two-by-two.
        locks: the measured locks.
    """
    by_rule, measured = combine(migration.order for migration in pending), pairs.order
    order = by_rule if measured == "any" and by_rule != "unknown" else measured
    differences = []
    if measured is not None and measured != by_rule:
        differences.append(_difference(by_rule, measured))
    differences += [
        f"Line {held.line} of {held.file}, {held.operation}: the rule says {held.rule}, "
        f"and it took {held.words}."
        for held in locks.held
        if not held.agrees
    ]
    return Advice(
        by_rule=by_rule,
        measured=measured,
        order=order,
        steps=() if order is None else ORDERS[order].steps if pending else (GIT_PUSH,),
        reasons=tuple(_reasons(pairs)),
        differences=tuple(differences),
    )


def _reasons(pairs: TwoByTwo) -> Iterator[str]:
    complete, before = pairs.cell("new", "new"), pairs.cell("old", "old")
    if not before.works:
        yield f"Already today something is broken: {_broken(before)}."
    if not complete.works:
        yield f"The new code does not work on the new schema: {_broken(complete)}"
        return
    for code, schema, way in _WAYS:
        cell = pairs.cell(code, schema)
        seen = f"all {cell.ok} things that were tried are ok" if cell.works else _broken(cell)
        yield f"The {code} code on the {schema} schema ({way} passes through it): {seen}."


def _broken(cell: Cell) -> str:
    counts = ", ".join(
        f"{number} {'time' if number == 1 else 'times'} {what} {outcome.upper()}"
        for (what, outcome), number in cell.bad().items()
    )
    error = cell.first_error
    if error is not None and error.what == "start":
        return error.message
    said = f"{error.sqlstate} {error.message}".strip() if error else ""
    return f"{counts}; {said}" if said else counts


def _difference(by_rule: Order, measured: Order) -> str:
    rule = f"By the SQL alone: {ORDERS[by_rule].words}."
    if by_rule == "unknown":
        return f"{rule} Take what was measured."
    if measured == "any":
        return (
            f"{rule} Nothing broke in either order: the code that was run does "
            "not mind the change. Is there other code, a report, a script that does? Take the rule."
        )
    if by_rule == "any":
        return f"{rule} Your code counts on the change, which no SQL shows: take what was measured."
    return (
        f"{rule} The rule takes for granted that new code uses what comes, and "
        "today's code what goes; yours does otherwise: take what was measured."
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class MeasuredChange:
    """What a change was seen to do; shown as the advice that follows.

    Attributes:
        locks: what each statement locks.
        pairs: old and new code on old and new schema.
        advice: which order is safe, and why.
    """

    locks: LocksSeen
    pairs: TwoByTwo
    advice: Advice

    def __repr__(self) -> str:
        """Show the advice."""
        return repr(self.advice)

    def _repr_html_(self) -> str:
        """Show the advice as HTML, everything escaped."""
        return self.advice._repr_html_()


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
        return combine(migration.order for migration in self.pending)

    @property
    def empty(self) -> bool:
        """Whether there is no change: all that the folder holds is live, and in the cloud."""
        return not (self.code or self.pending or self.faults)

    def measure(self) -> MeasuredChange:
        """Run old and new code on old and new schema, and look at the locks, in a copy of the world.

        Raises:
            BadInput: if there is a fault, or no change.
            BuildFailed: if the new code does not start.
            MigrationFailed: if PostgreSQL refuses a statement; the message names its line.
            ProcessFailed: if git refuses the push.
        """
        if self.faults:
            first = self.faults[0]
            raise BadInput(f"{first.place}: {first.message}", remedy=first.remedy)
        if self.empty:
            raise BadInput("There is no change to measure.", remedy=_BEGIN)
        with copied(self.world) as (copy, saved):
            restore(copy.server, "locks", saved / "cloud.sql")
            locks = find_locks(copy.server, "locks", self.pending)
            pairs = measure_pairs(copy, title="your change")
        return MeasuredChange(locks=locks, pairs=pairs, advice=advise(self.pending, pairs, locks))

    def outcome(self) -> Deploy:
        """Say what visitors met while the change was deployed; call it when it is."""
        left = judge(self.world)
        since = Timeline(self.world.timeline.records[self.known :])
        return Deploy(timeline=since, undone=(*left.code, *(migration.file for migration in left.pending)))

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
        for migration in self.pending:
            yield f"  schema  {migration.file}"
            for line, operation, lock, order, why in self._rows(migration):
                yield f"    line {line}: {operation}; {lock}"
                yield from textwrap.wrap(
                    f"{order}: {why}", _WIDTH, initial_indent=_FAR, subsequent_indent=_FAR
                )
        if not self.pending:
            yield "  schema  none"
        yield self._verdict

    @staticmethod
    def _rows(pending: Pending) -> Iterator[tuple[str, str, str, str, str]]:
        for statement in pending.statements:
            verdict = statement.verdict
            lock = f"{verdict.lock}, {waits(verdict.lock)}" if verdict.lock != "none" else "no table's lock"
            yield str(statement.line), verdict.operation, lock, verdict.order, verdict.why

    @property
    def _verdict(self) -> str:
        return (
            f"By the SQL alone: {ORDERS[self.order].words}."
            if self.pending
            else "Code alone: nothing to put in order."
        )

    def _repr_html_(self) -> str:
        """Show the same as HTML, everything escaped."""
        if self.faults:
            return draw_verdict(draw_element("strong", _NOT_YET), good=False) + draw_list(
                map(str, self.faults)
            )
        if not self.pending:
            return draw_paragraph(repr(self))
        rows = [
            TableRow((migration.file, *row)) for migration in self.pending for row in self._rows(migration)
        ]
        head = ("migration", "line", "operation", "lock", "order", "why")
        return (
            draw_paragraph(f"Code: {', '.join(self.code) or 'none'}")
            + draw_table("", head, rows, style="text-align:left", row_headers=False)
            + draw_verdict(draw_element("strong", self._verdict), good=True)
        )


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
        files = list_migrations(project).files
        waiting = [file for file in files if file.version not in seen.cloud.versions]
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
    main, head = seen.repositories.github.get("main", ""), seen.dev.head
    production = (deployment for deployment in seen.deployments if deployment.target == "production")
    if any(deployment.stage in ("queued", "building", "built") for deployment in production):
        yield Fault(
            place="github main",
            message="What was pushed is still being built, so what is live is about to change.",
            remedy="Let the time pass, world.advance(36), and judge again.",
        )
    elif seen.rolled_back:
        yield Fault(
            place="production site",
            message="It is rolled back: what you push is built, and does not go live.",
            remedy="End the rollback, lab.promote(), and judge again.",
        )
    elif main and head and not world.engine.repositories.is_ancestor(main, head):
        yield Fault(
            place="github main",
            message="It has commits that your branch does not have: git will refuse the push.",
            remedy="git pull --no-rebase origin main, and judge again.",
        )
