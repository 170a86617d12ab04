"""Judge a whole project: problems, pending migrations, the order of the two commands, hints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kit.review.classify import Unparsable
from kit.review.folder import (
    decode,
    find_bad_names,
    find_disorder,
    find_duplicates,
    find_edited,
    printable,
    read_bytes,
    require_folder,
)
from kit.review.git import Git, Main
from kit.review.judge import Judge, Verdict
from kit.review.outside import TAKE_IT_OUT, find_outside
from kit.review.rules import ORDER_COMMANDS, Order, Problem, combine, waits
from kit.supabase import MigrationFile, list_migrations, split
from kit.supabase.files import find_project

_ASKED = "the cloud database"
_SQUAWKS_LIMIT_S = 30.0
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


@dataclass(frozen=True, slots=True)
class JudgedStatement:
    """A statement and what it does.

    Attributes:
        line: where the statement itself starts in its file, from 1.
        sql: its text, without the comments before it.
        verdict: what it does.
    """

    line: int
    sql: str
    verdict: Verdict

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
        }


@dataclass(frozen=True, slots=True)
class Pending:
    """A migration that no database of the team has, as far as git knows."""

    file: str
    statements: tuple[JudgedStatement, ...]

    @property
    def order(self) -> Order:
        """The order that is safe for all of it."""
        return combine(statement.verdict.order for statement in self.statements)

    def facts(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "file": self.file,
            "statements": [statement.facts() for statement in self.statements],
            "order": self.order,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to say about a folder.

    Attributes:
        problems: reasons not to deploy, by file.
        pending: migrations that would be pushed, in their order.
        total: migrations in the folder.
        main: the branch that says what is applied; "" where none was found.
        hints: what squawk says of the pending files; no reason to fail, and not in the JSON.
    """

    problems: tuple[Problem, ...]
    pending: tuple[Pending, ...]
    total: int
    main: str
    hints: tuple[Hint, ...] = ()

    @property
    def order(self) -> Order:
        """The order that is safe for all that is pending: one `db push` brings all of it."""
        return combine(migration.order for migration in self.pending)

    @property
    def commands(self) -> tuple[str, ...]:
        """The two commands in the safe order; none where something is wrong or no order is safe."""
        return ORDER_COMMANDS[self.order] if self.pending and not self.problems else ()

    def facts(self) -> dict[str, Any]:
        """Return it as `check --json` prints it."""
        return {
            "problems": [asdict(problem) for problem in self.problems],
            "pending": [migration.facts() for migration in self.pending],
            "commands": list(self.commands),
        }


def review(
    folder: Path,
    *,
    since: str | None = None,
    applied: Collection[str] | None = None,
    order: Order | None = None,
) -> Report:
    """Judge supabase/migrations of a project; only files and git are read.

    Pending is what the main branch does not have: of origin/HEAD, origin/main,
    origin/master, main, master the first that there is. Without any, all files are.

    Args:
        folder: the project, or a folder in it.
        since: a commit whose migrations are applied, instead of the main branch.
        applied: the versions that the database has, where somebody has asked it; git is then not asked
            what is pending.
        order: the order in which the two are going to be deployed, whatever is pending: a migration that
            needs another one is a problem, unless it comes without a change of the code.

    Raises:
        BadInput: if there is no supabase/migrations, or no such commit.
        MissingTool: if there is no git.
    """
    if not folder.is_dir():
        require_folder(folder)
    project = find_project(folder)
    migrations = require_folder(project)
    files = list_migrations(project).files
    git = Git(project)
    main = git.find_main(since)
    if applied is None:
        have, waiting = main, [file for file in files if file.path.name not in main.files]
    else:
        have = Main(name=_ASKED, files={f"{version}_.sql": "" for version in applied})
        waiting = [file for file in files if file.version not in applied]
    problems = [
        *find_bad_names(migrations, files),
        *find_duplicates(files),
        *find_disorder(files, waiting, have),
    ]
    here: dict[str, bytes | None] = {}
    pending, judge, hints = [], Judge(), list[Hint]()
    for file in files:
        data = read_bytes(file.path)
        here[file.path.name] = None if isinstance(data, Problem) else data
        text = data if isinstance(data, Problem) else decode(file.path.name, data)
        if isinstance(text, Problem):
            problems.append(text)
            continue
        is_pending = file in waiting
        judged, wrong = _judge_file(file, text, judge, learn=not is_pending)
        if is_pending:
            pending.append(Pending(printable(file.path.name), judged))
            if any(statement.sql for statement in judged):
                hints += find_hints(project, printable(file.path.name), text)
            elif not wrong:
                wrong = (_empty(file),)
        problems += wrong
    pending = _sum_up(pending, judge)
    problems += find_edited(here, main, git)
    if order is not None and git.changes_code(main):
        problems += _find_other_orders(pending, order)
    ordered = sorted(map(_printable, problems), key=lambda problem: (problem.file, problem.line))
    return Report(tuple(ordered), tuple(pending), len(files), main.name, tuple(hints))


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


def _printable(problem: Problem) -> Problem:
    """Take out what would steer a terminal: names and tokens are those of somebody's files."""
    return replace(
        problem,
        file=printable(problem.file),
        message=printable(problem.message),
        remedy=printable(problem.remedy),
    )


def _judge_file(
    file: MigrationFile, text: str, judge: Judge, *, learn: bool
) -> tuple[tuple[JudgedStatement, ...], tuple[Problem, ...]]:
    """Judge a file's statements, each by what stands before it; of an applied file, only its syntax."""
    judged, wrong = [], []
    for statement in split(text):
        verdict = judge.learn(statement.text) if learn else judge.judge(statement.text)
        if verdict is None:
            continue
        place = verdict.place if isinstance(verdict, Unparsable) else verdict.start
        line = statement.line + statement.text.count("\n", 0, place)
        if isinstance(verdict, Unparsable):
            wrong.append(
                Problem(
                    file=file.path.name,
                    line=line,
                    kind="syntax",
                    message=f"PostgreSQL does not understand line {line}: {verdict.message}.",
                    remedy="Correct the statement; `npx supabase migration up` tries it locally.",
                )
            )
        else:
            judged.append(JudgedStatement(line, statement.text[place:], verdict))
    return tuple(judged), tuple(wrong)


def _sum_up(pending: Iterable[Pending], judge: Judge) -> list[Pending]:
    """Judge all that is pending by what it does in sum; leave out statements of nothing but comments."""
    verdicts = iter(judge.sum_up())
    return [
        replace(
            migration,
            statements=tuple(
                _without_outside(replace(statement, verdict=verdict))
                for statement, verdict in zip(
                    migration.statements, verdicts, strict=False
                )  # the verdicts go on to the next file
                if statement.sql
            ),
        )
        for migration in pending
    ]


def _without_outside(statement: JudgedStatement) -> JudgedStatement:
    """Say of a statement that would leave its database nothing but that."""
    if outside := find_outside(statement.sql):
        why = f"It would reach outside of its database: {outside}. {TAKE_IT_OUT}"
        return replace(statement, verdict=replace(statement.verdict, why=why))
    return statement


def _empty(file: MigrationFile) -> Problem:
    return Problem(
        file=file.path.name,
        kind="syntax",
        message="There is no statement in this file: it would be recorded as applied, and do nothing.",
        remedy="Write its SQL, or delete the file.",
    )
