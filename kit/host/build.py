"""Build a commit: its archive, every Python file of `src` compiled, what a page view should leave behind."""

from __future__ import annotations

import ast
import contextlib
import re
import tarfile
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kit.errors import BuildFailed
from kit.names import READER_PAGE
from kit.repos import Repositories

ENTRY = Path("src/main.py")
ACTIONS = Path("src/app/actions")
_WRITES = re.compile(r"\bupdate\s+(only\s+)?(public\.)?\"?documents\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Build:
    """A commit, ready to be started.

    Attributes:
        commit: the whole id.
        folder: the commit's own files.
        records_views: whether the reader page, as this commit has it, writes to `documents`.
    """

    commit: str
    folder: Path
    records_views: bool


def build(repositories: Repositories, commit: str, folder: Path) -> Build:
    """Make a build of `commit` in `folder`; a build that exists already is used again.

    Args:
        repositories: where the commit is.
        commit: its id.
        folder: where the build belongs; it is there when the build is complete, and not before.

    Raises:
        BuildFailed: if the commit's files cannot be unpacked, a Python file of `src` does not
            compile, or the entry is not there.
    """
    if not folder.exists():
        with unpacked(repositories, commit, folder.parent) as files:
            _compile(files)
            files.rename(folder)
    return Build(commit=commit, folder=folder, records_views=records_views(folder))


@contextlib.contextmanager
def unpacked(repositories: Repositories, commit: str, where: Path) -> Iterator[Path]:
    """Unpack the files of `commit`; give the folder, which is gone afterwards unless it was moved.

    Args:
        repositories: where the commit is.
        commit: its id.
        where: the folder in which to unpack them.

    Raises:
        BuildFailed: if the commit's files cannot be unpacked.
    """
    where.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=where, prefix=".building-") as scratch:
        files = Path(scratch) / "files"
        try:
            repositories.archive(commit, files)
        except tarfile.TarError as error:
            raise _failed("The commit holds a file that the host does not unpack.", str(error)) from error
        yield files


def _compile(folder: Path) -> None:
    if not (folder / ENTRY).exists():
        raise _failed(f"The commit has no {ENTRY}.", "")
    for path in sorted((folder / "src").rglob("*.py")):
        compile_source(path, path.relative_to(folder))


def compile_source(path: Path, name: Path) -> None:
    """Compile one Python file, as a build does.

    Args:
        path: the file.
        name: what to call it.

    Raises:
        BuildFailed: if it does not compile; the message names the line.
    """
    data = path.read_bytes()
    try:
        with warnings.catch_warnings():
            # An odd escape in a pattern is no business of the notebook's reader, nor fails a build.
            warnings.simplefilter("ignore")
            compile(data, str(name), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or _first_bad_line(data)
        why = getattr(error, "msg", "") or str(error) or type(error).__name__
        raise _failed(f"The build failed: {name}, line {line}.", why) from error


def _first_bad_line(data: bytes) -> int:
    """Return the line of what is no text; Python does not say it."""
    text = data.decode(errors="surrogateescape")
    found = re.search("[\0\udc80-\udcff]", text)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _failed(message: str, why: str) -> BuildFailed:
    remedy = "Mend the file, commit, and push again; until then the old code stays live."
    return BuildFailed(message, why=why, remedy=remedy)


def records_views(folder: Path) -> bool:
    """Say whether this source tree's reader page calls an action that updates `documents`.

    Read from the source, as a build makes its manifest of server actions: the names of the
    functions below `src/app/actions` whose text updates the table, and the names that the
    page calls. Visitors use it to know what the database should hold after a view; whether
    it does, the database says.

    Args:
        folder: of a build: its files compile.
    """
    page = folder / READER_PAGE
    if not page.exists():
        return False
    writing = {name for source in (folder / ACTIONS).rglob("*.py") for name in _writers(source.read_bytes())}
    return not writing.isdisjoint(_called(ast.parse(page.read_bytes())))


def _called(page: ast.AST) -> set[str]:
    """Return the names of what a page calls, as the modules that it imports them from know them."""
    real = {
        alias.asname: alias.name
        for node in ast.walk(page)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    names = set()
    for node in ast.walk(page):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names.add(real.get(node.func.id, node.func.id))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            names.add(node.func.attr)
    return names


def _writers(source: bytes) -> set[str]:
    """Return the names of the functions of a module whose SQL updates the table."""
    tree = ast.parse(source)
    constants = {
        target.id: _texts(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
            body = node.body[1:] if ast.get_docstring(node) else node.body
            texts = [*map(_texts, body), *(text for name, text in constants.items() if name in names)]
            if _WRITES.search("\0".join(texts)):
                found.add(node.name)
    return found


def _texts(node: ast.AST) -> str:
    """Return the text constants below a node."""
    parts = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return "\0".join(part for part in parts if isinstance(part, str))
