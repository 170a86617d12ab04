"""Find what keeps migrations below a folder: Supabase projects, and those of other tools."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kit.errors import BadInput
from kit.names import DB_PUSH
from kit.review.rules import Problem
from kit.supabase import MigrationFile, list_migrations, parse_name
from kit.supabase.files import FOLDER, find_project

SCHEMAS = Path("supabase", "schemas")
_DEEPEST = 8
_MOST = 100_000
"""Entries of folders that are looked at."""
_NOT_LOOKED_INTO = {
    *(
        "node_modules",
        "vendor",
        "venv",
        "env",
        "dist",
        "build",
        "target",
        "out",
        "site-packages",
        "__pycache__",
    )
}
_NO_FOLDER = f"There is no folder {FOLDER}."
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISREG, "a file"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """What keeps migrations; the head of tools.toml explains the attributes."""

    name: str
    sql: bool
    holds: str = ""
    files: str = ""
    names: str = ""
    push: str = ""
    instead: str = ""


SUPABASE = Tool(name="Supabase", sql=True, push=DB_PUSH)
LOOSE = Tool(name="SQL", sql=True)
"""A file that was named and lies in no folder of migrations."""


@dataclass(frozen=True, slots=True)
class Project:
    """A folder of migrations, and what keeps it.

    Attributes:
        root: the folder that the tool is called in.
        tool: what keeps the migrations.
        folder: of the migrations.
        files: the migrations, in their order.
        named: the files that were asked for by name, as seen from `folder`; empty if the folder was.
    """

    root: Path
    tool: Tool
    folder: Path
    files: tuple[MigrationFile, ...]
    named: frozenset[str] = frozenset()

    def name_of(self, file: MigrationFile) -> str:
        """Return what a file is called: its path in the folder."""
        return file.path.relative_to(self.folder).as_posix()

    def is_migration(self, name: str) -> bool:
        """Say whether a file of this name would be a migration, by its path in the folder."""
        if self.tool is SUPABASE:
            return "/" not in name and parse_name(Path(name)) is not None
        return re.fullmatch(self.tool.names, name) is not None


@dataclass(frozen=True, slots=True)
class Found:
    """What is below some paths.

    Attributes:
        projects: whose SQL is judged.
        notes: what else is there and is not, sentences.
    """

    projects: tuple[Project, ...]
    notes: tuple[str, ...] = ()


@cache
def read_tools() -> Mapping[str, Tool]:
    """Read tools.toml: each tool by its name, in the file's order."""
    tables = tomllib.loads(Path(__file__).with_name("tools.toml").read_text(encoding="utf-8"))
    return {name: Tool(name=name, **facts) for name, facts in tables.items()}


def find_projects(paths: Iterable[Path]) -> Found:
    """Find the projects of some folders and files.

    Of a folder it is the project that the folder is in, and those below it.

    Raises:
        BadInput: if a path is neither, or there is nothing to judge.
    """
    projects: dict[Path, Project] = {}
    files: dict[Path, list[Path]] = {}
    notes: list[str] = []
    looked: list[str] = []
    for path in paths:
        if path.is_dir():
            looked.append(str(path))
            found = _find_in_folder(path)
            notes += found.notes
            projects |= {project.folder: project for project in found.projects}
        elif path.is_file():
            files.setdefault(path.absolute().parent, []).append(path.absolute())
        else:
            raise BadInput(
                f"{path} is {_kind_of(path)}.",
                looked=[str(path)],
                remedy="Give a project's folder, or files of SQL: `python -m kit check path/to/project`.",
            )
    for project in _find_of_files(files):
        projects.setdefault(project.folder, project)
    if not projects:
        raise BadInput(
            notes[0] if notes else _NO_FOLDER,
            looked=looked,
            remedy=_instead(notes) or "Give the project's folder: `python -m kit check path/to/project`.",
        )
    return Found(tuple(projects.values()), tuple(dict.fromkeys(notes)))


def _instead(notes: list[str]) -> str:
    return " ".join(
        f"For {tool.name}: {tool.instead}."
        for tool in read_tools().values()
        if not tool.sql and any(tool.name in note for note in notes)
    )


def supabase_project(folder: Path) -> Project:
    """Return the Supabase project that a folder is in.

    Raises:
        BadInput: if it has no supabase/migrations that is a folder of its own.
    """
    root = find_project(folder)
    migrations = require_folder(root)
    return Project(root, SUPABASE, migrations, list_migrations(root).files)


def require_folder(root: Path) -> Path:
    """Return supabase/migrations of a project.

    Raises:
        BadInput: if there is none, or it leads out of the project.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        there = os.path.lexists(folder)
        raise BadInput(
            f"{FOLDER} is {_kind_of(folder)}, and no folder." if there else _NO_FOLDER,
            looked=[str(folder)],
            remedy="Give the project's folder: `python -m kit check path/to/project`.",
        )
    if leads_out(folder, root):
        raise BadInput(
            f"{FOLDER} is a link that leads out of the project.",
            looked=[str(folder.resolve())],
            remedy="Put the folder itself there, or give the project that it belongs to.",
        )
    return folder


def leads_out(path: Path, root: Path) -> bool:
    """Say whether a path leads out of the repository that `root` is in, or of `root` if it is in none."""
    root = root.resolve()
    boundary = next((place for place in (root, *root.parents) if (place / ".git").exists()), root)
    return not Path(os.path.realpath(path)).is_relative_to(boundary)


def _kind_of(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "a symbolic link that leads nowhere" if path.is_symlink() else "not there"
    except OSError as error:
        return f"not to be read: {(error.strerror or '').lower()}"
    return next((name for is_kind, name in _KINDS if is_kind(mode)), "no folder")


def _find_in_folder(folder: Path) -> Found:
    projects, others, notes = list[Project](), dict[str, list[str]](), list[str]()
    root = find_project(folder)
    if os.path.lexists(root / FOLDER):
        projects.append(supabase_project(root))
    for place, tool in _walk(folder, notes):
        if tool is SUPABASE:
            if place.resolve() != root:
                projects.append(supabase_project(place))
        elif tool.sql:
            projects.append(_project_of(place, tool))
        else:
            others.setdefault(tool.name, []).append(os.path.relpath(place, folder))
    notes += [
        f"{name} keeps migrations in {', '.join(places)}: not SQL, and not judged."
        for name, places in others.items()
    ]
    return Found(tuple(projects), tuple(notes))


def _project_of(folder: Path, tool: Tool, named: frozenset[str] = frozenset()) -> Project:
    pattern = re.compile(tool.names)
    found = [
        MigrationFile(path, match["version"], path.stem)
        for path in folder.glob(tool.files)
        if (match := pattern.fullmatch(path.relative_to(folder).as_posix()))
    ]
    found.sort(key=lambda file: (_sort_key(file.version), os.fsencode(file.path)))
    return Project(_root_of(folder), tool, folder, tuple(found), named)


def _root_of(folder: Path) -> Path:
    """Return the folder where the tool's own settings are, as far as one can tell."""
    for place in list(folder.parents)[:_DEEPEST]:
        if any((place / name).exists() for name in ("package.json", "pom.xml", "build.gradle", ".git")):
            return place
    return folder.parent


def _sort_key(version: str) -> tuple[bool, tuple[int, ...], str]:
    numbers = re.findall(r"\d+", version)
    return version == "R", tuple(int(number[:99]) for number in numbers), version


def _find_of_files(files: Mapping[Path, list[Path]]) -> Iterator[Project]:
    """Yield a project for the files of each folder: a tool's, if it is a folder of migrations."""
    for folder, paths in files.items():
        names = frozenset(path.name for path in paths)
        if folder.parts[-2:] == FOLDER.parts:
            project = supabase_project(folder.parents[1])
            yield Project(project.root, project.tool, folder, project.files, names)
            continue
        for place in (folder, folder.parent):
            tool = _tool_of(_list(place))
            if tool is not None and tool.sql:
                inside = frozenset(path.relative_to(place).as_posix() for path in paths)
                yield _project_of(place, tool, inside)
                break
        else:
            loose = tuple(MigrationFile(path, "", path.stem) for path in sorted(paths))
            yield Project(folder, LOOSE, folder, loose, names)


def _walk(folder: Path, notes: list[str]) -> Iterator[tuple[Path, Tool]]:
    """Yield the folders below that a tool keeps; links are not followed."""
    level, seen = [folder], 0
    for _ in range(_DEEPEST):
        below: list[Path] = []
        for place in level:
            entries = _list(place)
            seen += len(entries)
            if seen > _MOST:
                notes.append(
                    f"{folder} has more than {_MOST} files: folders further down were not looked into."
                )
                return
            if tool := _tool_of(entries):
                yield place, tool
                continue
            folders = [Path(entry) for entry in entries.values() if entry.is_dir(follow_symlinks=False)]
            for inside in sorted(folders):
                if inside.name == FOLDER.parts[0] and os.path.lexists(inside / FOLDER.parts[1]):
                    yield place, SUPABASE
                elif not inside.name.startswith(".") and inside.name not in _NOT_LOOKED_INTO:
                    below.append(inside)
        level = below


def _list(folder: Path) -> dict[str, os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry for entry in entries}
    except OSError:
        return {}


def _tool_of(entries: Mapping[str, os.DirEntry[str]]) -> Tool | None:
    for tool in read_tools().values():
        first, _, second = tool.holds.partition("/")
        for name in fnmatch.filter(entries, first):
            entry = entries[name]
            if not second or (entry.is_dir(follow_symlinks=False) and Path(entry.path, second).is_file()):
                return tool
    return None


def find_foreign_links(project: Project) -> Iterator[Problem]:
    """Find migrations that are links out of the project: who clones it has not got them."""
    for file in project.files:
        if file.path.is_symlink() and leads_out(file.path, project.root):
            yield Problem(
                file=project.name_of(file),
                kind="encoding",
                message="The file cannot be read: it is a symbolic link that leads out of the project.",
                remedy=f"Put the file itself into {project.folder.name}.",
            )
