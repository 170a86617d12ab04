"""Rewrite the outputs that the notebooks store: each runs in a real kernel, from the checkpoints."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from kit.errors import BadInput
from kit.names import MATERIAL, ROOT

CELL_TIMEOUT_S = 120
_KEPT = ("tags",)  # of a cell's metadata; the rest is how an editor was left
_UNSTORED = "application/vnd.jupyter.widget-view+json"  # a widget's number differs from run to run
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

_PRIVATE = {
    "a local address": r"\b127\.0\.0\.1\b|\blocalhost\b|\[::1\]|\b0\.0\.0\.0\b",
    "a port": r"\bport\s*[=:]?\s*\d{2,5}\b",
    "a process id": r"\bpid\s*[=:]?\s*\d+",
    "a path": r"(?<![\w.$])/(?:tmp|home|root|Users|var/folders|private|work|opt|nix|mnt)/\S+",
    "a password": r"postgres(?:ql)?://[^\s:@/]+:[^\s@]+@|\bpassword\s*[=:]\s*\S+",
    "a memory address": r"\bat 0x[0-9a-f]{6,}",
    "a time of day": r"\b20(?:2[6-9]|[3-9]\d)-?\d\d-?\d\d[ T]?\d\d:?\d\d",
}
"""What may not be stored: name and pattern. The world's own year is 2025; a later one is that of a run."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A notebook that ran.

    Attributes:
        path: the notebook.
        changed: whether what it stores differs from what was there.
        differences: for people: the cell and what changed in it.
    """

    path: Path
    changed: bool
    differences: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Name the notebook, then each difference."""
        state = "differs" if self.changed else "as stored"
        return "\n".join([f"{self.path.name}: {state}", *self.differences])


def find_notebooks(folder: Path | None = None) -> tuple[Path, ...]:
    """Return the lesson's notebooks in their order.

    Args:
        folder: where to look; None for the repository's own.

    Raises:
        BadInput: if there are none.
    """
    where = folder or MATERIAL / "notebooks"
    found = tuple(sorted(where.glob("[0-9][0-9]_*.ipynb")))
    if not found:
        raise BadInput(
            "There are no notebooks.", looked=[f"{where.name}/"], remedy="Run this in a clone of the kit."
        )
    return found


def find_cleared(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the notebooks of which a cell with code stores that it was never run, or that are none.

    Args:
        paths: the notebooks.
    """

    def is_whole(path: Path) -> bool:
        try:
            cells = [cell for _, cell in _code(read_notebook(path))]
        except BadInput:
            return False
        return all(cell.execution_count is not None for cell in cells if cell.source.strip())

    return tuple(path for path in paths if not is_whole(path))


def write_outputs(
    paths: Sequence[Path] | None = None, *, check: bool = False, progress: Callable[[str], None] | None = None
) -> tuple[Written, ...]:
    """Run notebooks and store what they show; a second run gives the same bytes.

    Args:
        paths: the notebooks; None for all.
        check: write nothing, only compare.
        progress: told which notebook runs.

    Returns:
        Each notebook with what changed.

    Raises:
        BadInput: if a cell fails, or shows what may not be stored.
    """
    written = []
    with tempfile.TemporaryDirectory(prefix="kit-notebooks-") as folder, environment(Path(folder)):
        for path in paths or find_notebooks():
            if progress:
                progress(f"Running {path.name}.")
            new = _as_text(execute(path))
            old = path.read_text(encoding="utf-8")
            changed = old != new
            written.append(
                Written(path=path, changed=changed, differences=_differences(old, new) if changed else ())
            )
            if changed and not check:
                path.write_text(new, encoding="utf-8")
    return tuple(written)


def execute(path: Path) -> nbformat.NotebookNode:
    """Run a notebook from its first cell to its last, in its own folder; the file stays as it is.

    Args:
        path: the notebook.

    Returns:
        The notebook with its outputs, cleaned.

    Raises:
        BadInput: if a cell fails, or shows what may not be stored.
    """
    notebook = read_notebook(path)
    running = 0

    def note(*, cell_index: int, **_: object) -> None:
        nonlocal running
        running = cell_index

    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name=_KERNEL["name"],
        record_timing=False,
        on_cell_execute=note,
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute(stderr=subprocess.DEVNULL)  # the kernel's own remarks, such as on its transport
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise BadInput(
            f"{path.name}: cell {running + 1} failed.",
            why=_ANSI.sub("", str(error)).strip().splitlines()[-1],
            looked=notebook.cells[running].source.splitlines(),
            remedy=f"Open {path.name}, run it up to this cell, and mend the cell or what it calls.",
        ) from error
    cleaned = clean(notebook)
    for number, cell in _code(cleaned):
        for found in find_private(output_text(cell)):
            raise BadInput(
                f"{path.name}: cell {number} shows {found}.",
                looked=cell.source.splitlines(),
                remedy="Outputs are committed and compared: change what the cell shows.",
            )
    return cleaned


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Return a notebook.

    Raises:
        BadInput: if it cannot be read.
    """
    try:
        notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{path.name} is not a notebook that can be read.",
            why=str(error).splitlines()[0],
            looked=[path.name],
            remedy="Name one of notebooks/.",
        ) from error
    return notebook


def clean(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the notebook without what differs between two runs, or between two editors."""
    cleaned: nbformat.NotebookNode = nbformat.v4.new_notebook(metadata={"kernelspec": dict(_KERNEL)})
    for cell in notebook.cells:
        metadata = {name: value for name, value in cell.metadata.items() if name in _KEPT}
        kept = nbformat.from_dict({**cell, "metadata": metadata})
        if kept.cell_type == "code":
            kept.outputs = list(_cleaned(cell.outputs))
        cleaned.cells.append(kept)
    nbformat.validate(cleaned)
    return cleaned


def _cleaned(outputs: Iterable[Any]) -> Iterator[Any]:
    """Yield outputs: neighbouring texts of one stream as one, however the kernel cut them; no empty ones."""
    before = None
    for output in outputs:
        if output.output_type == "display_data" and not output.data:
            continue  # a line of progress that was taken away again
        if output.output_type == "stream":
            if before is not None and before.name == output.name:
                before.text += output.text
                continue
            before = output
        else:
            before = None
            output.get("data", {}).pop(_UNSTORED, None)
            if "metadata" in output:
                output.metadata = {}
        yield output


def find_private(text: str) -> list[str]:
    """Return what a text holds that may not be stored: addresses, paths, passwords, times of day."""
    return [
        f"{name}: {found.group()!r}"
        for name, pattern in _PRIVATE.items()
        if (found := re.search(pattern, text))
    ]


def output_text(cell: Any) -> str:  # noqa: ANN401 - nbformat's nodes have no types
    """Return everything that a cell shows, as text: first what a terminal would, then pictures."""
    parts: list[str] = []
    for output in cell.outputs:
        data = output.get("data", {})
        kinds = sorted(data, key=lambda kind: kind != "text/plain")
        parts += map(str, [output.text] if "text" in output else [data[kind] for kind in kinds])
    return "\n".join(part.rstrip("\n") for part in parts)


def _code(notebook: nbformat.NotebookNode) -> Iterator[tuple[int, Any]]:
    return ((number, cell) for number, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code")


def _as_text(notebook: nbformat.NotebookNode) -> str:
    text: str = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    return text.rstrip("\n") + "\n"


def _differences(old: str, new: str) -> tuple[str, ...]:
    before = {cell.id: cell for _, cell in _code(nbformat.reads(old, as_version=4)) if "id" in cell}
    found = []
    for number, cell in _code(nbformat.reads(new, as_version=4)):
        was = output_text(before[cell.id]).splitlines() if cell.id in before else []
        lines = list(difflib.unified_diff(was, output_text(cell).splitlines(), "stored", "now", lineterm=""))
        if lines:
            head = f"cell {number}: {cell.source.splitlines()[0] if cell.source else '(empty)'}"
            found.append("\n".join([head, *(f"  {line}" for line in lines)]))
    return tuple(found) or ("its layout or metadata",)


@contextmanager
def environment(folder: Path) -> Iterator[None]:
    """Give kernels a world from the checkpoints, a home of their own, and nothing of the user's IPython.

    Args:
        folder: what the kernels keep goes there; delete it afterwards.
    """
    values = {
        "KIT_WORLD": "fresh",
        "KIT_HOME": str(folder / "home"),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
        "PYTHONHASHSEED": "0",
    }
    folder.mkdir(parents=True, exist_ok=True)
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
