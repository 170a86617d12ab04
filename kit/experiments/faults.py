"""What keeps a change from being judged: the line, what is wrong with it, what to do about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from kit.errors import BuildFailed
from kit.host import ENTRY, compile_source
from kit.review import Problem, Report
from kit.review.folder import printable
from kit.review.outside import find_outside
from kit.supabase import MigrationFile, list_migrations
from kit.supabase.files import FOLDER

MOST_BYTES = 500_000
"""Of a migration; a larger one is data, not a small change."""
_CODE = ("src", "worker")
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
        for one in pending.statements:
            if outside := find_outside(one.sql):
                yield Fault(
                    place=f"{FOLDER}/{pending.file}, line {one.line}",
                    message=f"It would reach outside of its database: {outside}.",
                    remedy="Take it out: a migration changes one database. What a whole server needs is done "
                    "by hand, once, by whoever runs the server.",
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
    for path in sorted(path for folder in _CODE for path in (project / folder).rglob("*.py")):
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
