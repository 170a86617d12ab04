"""Build a commit: its archive, every Python file compiled, what a page view should leave behind."""

from __future__ import annotations

import ast
import shutil
from dataclasses import dataclass
from pathlib import Path

from kit.errors import BuildFailed
from kit.repos import Repositories

READER_PAGE = Path("src/app/read/[id]/page.py")
ENTRY = Path("src/main.py")
_WRITES = "update documents"


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

    Raises:
        BuildFailed: if a Python file does not compile, or the entry is not there; `folder` is then gone.
    """
    if not folder.exists():
        repositories.archive(commit, folder)
        try:
            _compile(folder)
        except BuildFailed:
            shutil.rmtree(folder)
            raise
    return Build(commit=commit, folder=folder, records_views=records_views(folder))


def _compile(folder: Path) -> None:
    remedy = "Mend the file, commit, and push again; until then the old code stays live."
    if not (folder / ENTRY).exists():
        raise BuildFailed(f"The commit has no {ENTRY}.", remedy=remedy)
    for path in sorted((folder / "src").rglob("*.py")):
        name = path.relative_to(folder)
        try:
            compile(path.read_bytes(), str(name), "exec")
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            raise BuildFailed(
                f"The build failed: {name}, line {line}.",
                why=getattr(error, "msg", str(error)),
                remedy=remedy,
            ) from error


def records_views(folder: Path) -> bool:
    """Say whether this source tree's reader page calls an action that updates `documents`.

    Read from the source, as a build makes its manifest of server actions: the names that
    the page imports, and the text of the functions of those names. Visitors use it to
    know what the database should hold after a view; whether it does, the database says.
    """
    page = folder / READER_PAGE
    if not page.exists():
        return False
    for node in ast.walk(ast.parse(page.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            source = folder / "src" / Path(*node.module.split(".")).with_suffix(".py")
            if "actions" in node.module and source.exists():
                wanted = {alias.name for alias in node.names}
                if any(_WRITES in text for name, text in _functions(source.read_text()) if name in wanted):
                    return True
    return False


def _functions(source: str) -> list[tuple[str, str]]:
    return [
        (node.name, " ".join((ast.get_source_segment(source, node) or "").lower().split()))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
