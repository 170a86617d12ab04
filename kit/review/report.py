"""Judge a whole project: problems, pending migrations, the order of the two commands, hints."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from kit.review.classify import Unparsable
from kit.review.exceptions import Baseline, Permit, find_permits, read_baseline, rule_name
from kit.review.folder import (
    decode,
    find_bad_names,
    find_disorder,
    find_duplicates,
    find_edited,
    find_unwritten,
    printable,
    read_bytes,
)
from kit.review.git import Git, Main, blob_of
from kit.review.holds import BEGINS, Hold, controls_transaction, find_holds, runs_apart
from kit.review.judge import Judge, Verdict
from kit.review.outside import TAKE_IT_OUT
from kit.review.projects import LOOSE, SUPABASE, Project, find_foreign_links, supabase_project
from kit.review.rules import ORDER_COMMANDS, Order, Problem, combine, waits
from kit.supabase import MigrationFile, split
from kit.supabase.files import asks_for_no_transaction

_ASKED = "the cloud database"
_SQUAWKS_LIMIT_S = 30.0
_MOST_HINTED = 100
"""Files; each is a process of squawk's."""
_IN_TWO = "Make it two pushes: the code first, without it; when that is live, the migration alone."
_IN_STEPS = "Make it several pushes: add the new, use it, stop using the old, drop the old."
_OURS = "syntax-error"
"""Squawk's rule about what is judged here by PostgreSQL's own grammar."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What squawk says of a line.

    Attributes:
        file: the migration.
        line: in it, from 1.
        rule: squawk's name for it; https://squawkhq.com/docs/rules explains each.
        message: what it says.
    """

    file: str
    line: int
    rule: str
    message: str


def find_hints(project: Path, name: str, text: str) -> tuple[Hint, ...]:
    """Return what squawk says of a migration; nothing where squawk is not installed or fails.

    Hints are no reason to fail: what squawk says is a matter of taste more often than not.
    The project's own `.squawk.toml` counts.

    Args:
        project: the folder that holds `supabase/`.
        name: of the file.
        text: its content.
    """
    program = shutil.which("squawk", path=sysconfig.get_path("scripts")) or shutil.which("squawk")
    if program is None:
        return ()
    try:
        ran = subprocess.run(
            [program, "--reporter=json", "--assume-in-transaction", f"--stdin-filepath={name}"],
            input=text.encode(errors="replace"),
            capture_output=True,
            check=False,
            cwd=project,
            env={"PATH": os.environ.get("PATH", os.defpath), "NO_COLOR": "1", "HOME": os.devnull},
            timeout=_SQUAWKS_LIMIT_S,
        )
        found = json.loads(ran.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ()
    return tuple(
        Hint(name, hint["line"] + 1, hint["rule_name"], hint["message"])
        for hint in found
        if hint["rule_name"] != _OURS
    )


Confidence = Literal["rule", "unknown"]
"""How an order is known: by the rules; or not, since a statement cannot be judged by its text."""


@dataclass(frozen=True, slots=True)
class JudgedStatement:
    """A statement and what it does.

    Attributes:
        line: where the statement itself starts in its file, from 1.
        sql: its text, without the comments before it.
        verdict: what it does.
        allowed: why somebody lets it pass; "" where nobody does.
        hold: how long its lock is held.
    """

    line: int
    sql: str
    verdict: Verdict
    allowed: str = ""
    hold: Hold = field(default_factory=Hold)

    @property
    def confidence(self) -> Confidence:
        """How its order is known."""
        return "unknown" if self.verdict.order == "unknown" else "rule"

    def facts(self) -> dict[str, object]:
        """Return it as JSON has it."""
        verdict = self.verdict
        return {
            "line": self.line,
            "sql": self.sql,
            "operation": verdict.operation,
            "lock": f"{verdict.lock}: {waits(verdict.lock)}",
            "order": verdict.order,
            "why": verdict.why,
            "rule": rule_name(verdict.operation),
            "allowed": self.allowed,
            "confidence": self.confidence,
            "held_through": self.hold.through,
            "meanwhile": list(self.hold.meanwhile),
        }


@dataclass(frozen=True, slots=True)
class Pending:
    """A migration that no database of the team has, as far as git knows.

    Attributes:
        file: its name.
        statements: what is in it.
        path: of the file, as seen from the folder that one is in.
    """

    file: str
    statements: tuple[JudgedStatement, ...]
    path: str = ""

    @property
    def order(self) -> Order:
        """The order that is safe for all of it."""
        return combine(statement.verdict.order for statement in self.statements)

    @property
    def confidence(self) -> Confidence:
        """How the order is known."""
        return "unknown" if any(item.confidence == "unknown" for item in self.statements) else "rule"

    def facts(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "file": self.file,
            "statements": [statement.facts() for statement in self.statements],
            "order": self.order,
            "path": self.path,
            "confidence": self.confidence,
        }


@dataclass(frozen=True, slots=True)
class Known:
    """A problem that does not count.

    Attributes:
        problem: what is wrong.
        because: why it does not count, a clause.
    """

    problem: Problem
    because: str

    def facts(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {**asdict(self.problem), "because": self.because}


SAFE, WRONG, IN_TWO_DEPLOYS = 0, 1, 3
"""Exit codes; 2 is for what cannot be judged at all, and an error."""


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to say about a folder.

    Attributes:
        problems: reasons not to deploy, by file.
        pending: migrations that would be pushed, in their order.
        total: migrations in the folder.
        main: the branch that says what is applied; "" where none was found.
        hints: what squawk says of the pending files; no reason to fail, and not in the JSON.
        base: the commit that this is compared with; "" where there is none.
        known: problems that do not count.
        notes: what else one should know, sentences.
        project: what was judged.
        alone: it is deployed in an order that was given, and no code comes with it.
    """

    problems: tuple[Problem, ...]
    pending: tuple[Pending, ...]
    total: int
    main: str
    hints: tuple[Hint, ...] = ()
    base: str = ""
    known: tuple[Known, ...] = ()
    notes: tuple[str, ...] = ()
    project: Project | None = field(default=None, compare=False)
    alone: bool = False

    @property
    def order(self) -> Order:
        """The order that is safe for all that is pending: one `db push` brings all of it."""
        return combine(migration.order for migration in self.pending)

    @property
    def confidence(self) -> Confidence:
        """How the order is known."""
        return "unknown" if any(migration.confidence == "unknown" for migration in self.pending) else "rule"

    @property
    def commands(self) -> tuple[str, ...]:
        """The two commands in the safe order; none where something is wrong or no order is safe."""
        if not self.pending or self.problems or (self.project and not self.project.tool.push):
            return ()
        push = self.project.tool.push if self.project else SUPABASE.push
        return tuple(push if command == SUPABASE.push else command for command in ORDER_COMMANDS[self.order])

    @property
    def exit_code(self) -> int:
        """What `check` ends with: 0 safe, 1 a problem or nobody knows, 3 neither order is safe."""
        orders = {migration.order for migration in self.pending} if self.alone else {self.order}
        if not self.problems and "expand-contract" in orders:
            return IN_TWO_DEPLOYS
        return WRONG if self.problems or "unknown" in orders else SAFE

    def facts(self) -> dict[str, Any]:
        """Return it as `check --json` prints it."""
        return Findings((self,)).facts()


@dataclass(frozen=True, slots=True)
class Findings:
    """What there is to say about all that was asked for.

    Attributes:
        reports: one for each folder of migrations.
        notes: what is there and was not judged, sentences.
    """

    reports: tuple[Report, ...]
    notes: tuple[str, ...] = ()

    @property
    def order(self) -> Order:
        """The order that is safe for all of it."""
        return combine(report.order for report in self.reports)

    @property
    def exit_code(self) -> int:
        """As of one report; what two of them need in different orders needs two deploys, too."""
        codes = {report.exit_code for report in self.reports}
        if not any(report.problems for report in self.reports):
            alone = any(report.alone for report in self.reports)
            if IN_TWO_DEPLOYS in codes or (self.order == "expand-contract" and not alone):
                return IN_TWO_DEPLOYS
        return WRONG if WRONG in codes else max(codes, default=SAFE)

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands of all reports in the safe order; none where that is none."""
        asked = [report for report in self.reports if report.pending]
        if any(report.problems for report in self.reports) or not all(report.commands for report in asked):
            return ()
        pushes = dict.fromkeys(map(self._push_of, asked))
        return tuple(
            command
            for step in (ORDER_COMMANDS[self.order] if asked else ())
            for command in (pushes if step == SUPABASE.push else (step,))
        )

    def _push_of(self, report: Report) -> str:
        if report.project is None:
            return SUPABASE.push
        push = report.project.tool.push
        return (
            f"(cd {shlex.quote(_relative(report.project.root))} && {push})" if len(self.reports) > 1 else push
        )

    def facts(self) -> dict[str, Any]:
        """Return it as `check --json` prints it."""
        reports = self.reports
        return {
            "problems": [asdict(problem) for report in reports for problem in report.problems],
            "pending": [migration.facts() for report in reports for migration in report.pending],
            "commands": list(self.commands),
            "order": self.order,
            "base": _base_of(reports[0]) if reports else None,
            "total": sum(report.total for report in reports),
            "confidence": "unknown" if any(report.confidence == "unknown" for report in reports) else "rule",
            "known": [known.facts() for report in reports for known in report.known],
            "projects": [_project_facts(report) for report in reports if report.project],
            "notes": [*self.notes, *(note for report in reports for note in report.notes)],
            "exit": self.exit_code,
        }


def _base_of(report: Report) -> dict[str, str] | None:
    return {"ref": report.main, "commit": report.base} if report.main else None


def _project_facts(report: Report) -> dict[str, object]:
    project = report.project
    return {
        "path": _relative(project.folder) if project else "",
        "tool": project.tool.name if project else "",
        "order": report.order,
        "base": _base_of(report),
        "total": report.total,
        "pending": len(report.pending),
    }


def _relative(path: Path) -> str:
    return printable(os.path.relpath(path))


def review(
    folder: Path,
    *,
    since: str | None = None,
    applied: Collection[str] | None = None,
    order: Order | None = None,
) -> Report:
    """Judge supabase/migrations of a project; only files and git are read.

    Pending is what the main branch does not have: of origin/HEAD, origin/main,
    origin/master, main, master the first that there is. Without a repository, all files are.

    Args:
        folder: the project, or a folder in it.
        since: a commit whose migrations are applied, instead of the main branch.
        applied: the versions that the database has, where somebody has asked it; git is then not asked
            what is pending.
        order: the order in which the two are going to be deployed, whatever is pending: a migration that
            needs another one is a problem, unless it comes without a change of the code.

    Raises:
        BadInput: if there is no supabase/migrations, no such commit, or no main branch.
        MissingTool: if there is no git.
    """
    return review_project(supabase_project(folder), since=since, applied=applied, order=order)


def review_project(
    project: Project,
    *,
    since: str | None = None,
    applied: Collection[str] | None = None,
    order: Order | None = None,
    with_hints: bool = False,
    with_baseline: bool = True,
) -> Report:
    """Judge the migrations of a project; the arguments and errors are those of `review`.

    Args:
        project: any that was found.
        since: as `review`.
        applied: as `review`.
        order: as `review`.
        with_hints: ask squawk, too.
        with_baseline: what the project's baseline has does not count.
    """
    git = Git(project.root, Path(os.path.relpath(project.folder, project.root)))
    main = Main() if project.tool is LOOSE else git.find_main(since)
    here = {project.name_of(file): read_bytes(file.path) for file in project.files}
    own = {name: None if isinstance(data, Problem) else data for name, data in here.items()}
    waiting = _find_pending(project, main, applied)
    problems, found, permits = _find_in_files(project, main, applied, waiting), list[Problem](), _Permits()
    pending, judge, hints = [], Judge(), list[Hint]()
    new_ones = {file.path for file in waiting}
    for file in project.files:
        name = project.name_of(file)
        data = here[name]
        text = data if isinstance(data, Problem) else decode(name, data)
        if isinstance(text, Problem):
            found.append(replace(text, file=name))
            continue
        found += permits.read(name, text)
        is_pending = file.path in new_ones
        judged, wrong = _judge_file(name, text, judge, learn=not is_pending)
        if is_pending:
            pending.append(Pending(name, judged, _relative(file.path)))
            is_empty = not any(statement.sql for statement in judged)
            if with_hints and not is_empty and len(pending) <= _MOST_HINTED:
                hints += find_hints(project.root, printable(name), text)
            elif is_empty and not wrong:
                wrong = (_empty(name),)
        found += wrong
    pending = [permits.apply(migration) for migration in _sum_up(pending, judge)]
    foreign = {problem.file: problem for problem in find_foreign_links(project)}
    problems += [problem for problem in found if problem.file not in foreign] + list(foreign.values())
    problems += find_edited(project, own, main, git)
    notes = list(main.notes) if project.files and not project.named else []
    if project.tool is SUPABASE and not project.named:
        unwritten = find_unwritten(project, main, is_written=bool(waiting))
        problems += unwritten.problems
        notes += unwritten.notes
    alone = order is not None and not git.changes_code(main)
    if order is not None and not alone:
        problems += _find_other_orders(pending, order)
    baseline = read_baseline(project.root) if with_baseline else Baseline()
    new, known = _sort_out(problems, project, main=main, own=own, permits=permits, baseline=baseline)
    return Report(
        problems=new,
        pending=_without_known(pending, baseline, own),
        total=len(project.files),
        main=main.name,
        hints=tuple(hints),
        base=main.base,
        known=known,
        notes=tuple(notes),
        project=project,
        alone=alone,
    )


def _find_pending(project: Project, main: Main, applied: Collection[str] | None) -> list[MigrationFile]:
    if project.named:
        return [file for file in project.files if project.name_of(file) in project.named]
    if applied is not None:
        return [file for file in project.files if file.version not in applied]
    have = main.files.keys() | main.before.keys()
    return [file for file in project.files if project.name_of(file) not in have]


def _find_in_files(
    project: Project, main: Main, applied: Collection[str] | None, waiting: Collection[MigrationFile]
) -> list[Problem]:
    """Find what is wrong with names and versions, which are Supabase's."""
    if project.tool is not SUPABASE:
        return []
    if applied is not None:
        main = Main(name=_ASKED, files={f"{version}_.sql": "" for version in applied})
    new = set(waiting)
    return [
        *find_bad_names(project.folder, project.files),
        *find_duplicates(project.files, new.__contains__),
        *find_disorder(project.files, waiting, main),
    ]


def _find_other_orders(pending: Iterable[Pending], order: Order) -> Iterator[Problem]:
    """Find the migrations that cannot be deployed in this order together with code."""
    for migration in pending:
        if migration.order not in ("any", order):
            yield Problem(
                file=migration.file,
                kind="order",
                message=f"It comes with code, and needs {migration.order}; this is deployed {order}.",
                remedy=_IN_TWO if migration.order == "code-first" else _IN_STEPS,
            )


class _Permits:
    """The permits of all files of a project."""

    def __init__(self) -> None:
        self._by_file: dict[str, tuple[Permit, ...]] = {}

    def read(self, name: str, text: str) -> tuple[Problem, ...]:
        self._by_file[name], problems = find_permits(name, text)
        return problems

    def find(self, problem: Problem) -> str:
        """Return the reason for which a problem is allowed; "" where it is not."""
        permits = self._by_file.get(problem.file, ())
        return next((permit.reason for permit in permits if permit.rule == problem.kind), "")

    def apply(self, migration: Pending) -> Pending:
        """Let statements pass that a comment is about."""
        permits, previous, passed = self._by_file.get(migration.file, ()), 0, list[JudgedStatement]()
        for statement in migration.statements:
            last = statement.line + statement.sql.count("\n")
            names = {statement.verdict.order, *map(rule_name, statement.verdict.operation.split(","))}
            allowed = next(
                (
                    permit.reason
                    for permit in permits
                    if permit.rule in names
                    and permit.covers(first=statement.line, last=last, previous=previous)
                ),
                "",
            )
            passed.append(_let_pass(statement, allowed) if allowed else statement)
            previous = last
        return replace(migration, statements=tuple(passed))


def _let_pass(statement: JudgedStatement, reason: str) -> JudgedStatement:
    why = f"Allowed: {reason} ({statement.verdict.order}: {statement.verdict.why})"
    return replace(statement, verdict=replace(statement.verdict, order="any", why=why), allowed=reason)


def _without_known(
    pending: Iterable[Pending], baseline: Baseline, own: Mapping[str, bytes | None]
) -> tuple[Pending, ...]:
    """Let what the baseline has pass."""
    return tuple(
        replace(
            migration,
            file=printable(migration.file),
            statements=tuple(_let_pass(statement, "in the baseline") for statement in migration.statements),
        )
        if baseline.has(migration.file, migration.order, own.get(migration.file))
        else replace(migration, file=printable(migration.file))
        for migration in pending
    )


def _sort_out(
    problems: Iterable[Problem],
    project: Project,
    *,
    main: Main,
    own: Mapping[str, bytes | None],
    permits: _Permits,
    baseline: Baseline,
) -> tuple[tuple[Problem, ...], tuple[Known, ...]]:
    """Part the problems that count from those that do not."""
    new, known = list[Problem](), list[Known]()
    for problem in sorted(problems, key=lambda problem: (problem.file, problem.line)):
        if project.named and problem.file not in project.named:
            continue
        data = own.get(problem.file)
        shown = _printable(problem, project)
        if reason := permits.find(problem):
            known.append(Known(shown, f"allowed: {reason}"))
        elif baseline.has(problem.file, problem.kind, data):
            known.append(Known(shown, "in the baseline"))
        elif not project.named and _is_old(problem, project, main, data):
            known.append(Known(shown, f"{main.name} has it"))
        else:
            new.append(shown)
    return tuple(new), tuple(known)


def _is_old(problem: Problem, project: Project, main: Main, data: bytes | None) -> bool:
    """Say whether a file was so before this branch began: a pull request is judged, not history."""
    if main.is_here or problem.kind in ("edited", "order"):
        return False
    before = main.before.get(problem.file)
    if data is None:  # no migration by its name, or not to be read
        content = read_bytes(project.folder / problem.file)
        data = b"" if isinstance(content, Problem) else content
    return before is not None and blob_of(data, like=before) == before


def _printable(problem: Problem, project: Project) -> Problem:
    """Take out what would steer a terminal: names and tokens are those of somebody's files."""
    return replace(
        problem,
        file=printable(problem.file),
        message=printable(problem.message),
        remedy=printable(problem.remedy),
        path=problem.path or _relative(project.folder / problem.file),
    )


def _judge_file(
    name: str, text: str, judge: Judge, *, learn: bool
) -> tuple[tuple[JudgedStatement, ...], tuple[Problem, ...]]:
    """Judge a file's statements, each by what stands before it; of an applied file, only its syntax."""
    judged, wrong = [], []
    statements, is_open = split(text), False
    one_by_one = asks_for_no_transaction(text) or any(controls_transaction(item.text) for item in statements)
    judge.begin()
    for statement in statements:
        verdict = judge.learn(statement.text) if learn else judge.judge(statement.text)
        if verdict is None:
            continue
        place = verdict.place if isinstance(verdict, Unparsable) else verdict.start
        line = statement.line + statement.text.count("\n", 0, place)
        if isinstance(verdict, Unparsable):
            wrong.append(
                Problem(
                    file=name,
                    line=line,
                    kind="syntax",
                    message=f"PostgreSQL does not understand line {line}: {verdict.message}.",
                    remedy="Correct the statement; `npx supabase migration up` tries it locally.",
                )
            )
        else:
            judged.append(JudgedStatement(line, statement.text[place:], verdict))
            if verdict.refused:
                wrong.append(_refused(name, line, verdict))
            apart = runs_apart(statement.text[place:], verdict)
            is_open = BEGINS.match(statement.text, place) is not None or (is_open and not apart)
            if apart or (one_by_one and not is_open):
                judge.begin()
    return tuple(judged), tuple(wrong)


def _sum_up(pending: Iterable[Pending], judge: Judge) -> list[Pending]:
    """Judge all that is pending by what it does in sum; leave out statements of nothing but comments."""
    verdicts = iter(judge.sum_up())
    summed = []
    for migration in pending:
        # The verdicts go on to the next file.
        pairs = zip(migration.statements, verdicts, strict=False)
        statements = [replace(statement, verdict=verdict) for statement, verdict in pairs if statement.sql]
        holds = find_holds([(item.line, item.sql, item.verdict) for item in statements])
        held = (replace(item, hold=hold) for item, hold in zip(statements, holds, strict=True))
        summed.append(replace(migration, statements=tuple(map(_without_outside, held))))
    return summed


def _without_outside(statement: JudgedStatement) -> JudgedStatement:
    """Say of a statement that would leave its database nothing but that."""
    if outside := statement.verdict.outside:
        why = f"It would reach outside of its database: {outside}. {TAKE_IT_OUT}"
        return replace(statement, verdict=replace(statement.verdict, why=why))
    return statement


def _refused(name: str, line: int, verdict: Verdict) -> Problem:
    return Problem(
        file=name,
        line=line,
        kind="refused",
        message=f"PostgreSQL refuses line {line}: {verdict.refused}.",
        remedy="Put what uses it into a migration of its own, behind this one: each is a transaction.",
    )


def _empty(name: str) -> Problem:
    return Problem(
        file=name,
        kind="syntax",
        message="There is no statement in this file: it would be recorded as applied, and do nothing.",
        remedy="Write its SQL, or delete the file.",
    )
