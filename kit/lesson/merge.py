"""Merge two changed versions of one notebook, cell by cell: the learner's, and the kit's new one.

Cells are the same if their ids are. Not nbdime's merge, which goes by positions: it loses a new cell of the
kit's where the learner has added one, and doubles an edited cell that the kit has moved.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]
"""In Jupyter's JSON."""
Cell = dict[str, Any]
_FORMAT = 4
_BESIDE = "-new"
"""Ends the id of a cell that shows the kit's new version below the learner's."""
_STANDS = "yours above is kept as it was."


@dataclass(frozen=True, kw_only=True)
class Merged:
    """A notebook with both sides' changes.

    Attributes:
        notebook: the cells of both.
        conflicts: the ids of the cells that both had changed: the learner's stands, the kit's is below it.
    """

    notebook: Notebook
    conflicts: tuple[str, ...]


def parse_notebook(text: str) -> Notebook:
    """Return a notebook.

    Args:
        text: what its file holds.

    Raises:
        ValueError: if it is none; with the reason, as the end of a sentence.
    """
    if not text.strip("\0 \t\r\n"):
        raise ValueError("it is empty")
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no JSON, or not all of it") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or notebook.get("nbformat") != _FORMAT or not all(map(_is_cell, cells)):
        raise ValueError("it is no notebook of Jupyter's format 4")
    found: Notebook = notebook
    return found


def _is_cell(cell: object) -> bool:
    if not isinstance(cell, dict):
        return False
    source = cell.get("source")
    lines = source if isinstance(source, list) else [source]
    return isinstance(cell.get("cell_type"), str) and all(isinstance(line, str) for line in lines)


def has_ids(notebook: Notebook) -> bool:
    """Say whether its cells can be told apart, so that it can be merged."""
    ids = [cell.get("id") for cell in notebook["cells"]]
    return all(isinstance(key, str) for key in ids) and len(set(ids)) == len(ids)


def format_notebook(notebook: Notebook) -> str:
    """Return a notebook as the text of its file, laid out as Jupyter does."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def strip_outputs(notebook: Notebook) -> Notebook:
    """Return a notebook as it is before anything in it was run."""
    return {**notebook, "cells": [_strip(cell) for cell in notebook["cells"]]}


def _strip(cell: Cell) -> Cell:
    return {**cell, "outputs": [], "execution_count": None} if cell["cell_type"] == "code" else cell


def find_source(cell: Cell) -> str:
    """Return a cell's text, which Jupyter stores in lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def is_written_alike(first: Notebook, second: Notebook) -> bool:
    """Say whether two notebooks have the same cells in the same order, whatever came of running them."""
    return [_written(cell) for cell in first["cells"]] == [_written(cell) for cell in second["cells"]]


def is_run(notebook: Notebook) -> bool:
    """Say whether anything of it was run."""
    return any(cell.get("outputs") or cell.get("execution_count") for cell in notebook["cells"])


def _written(cell: Cell) -> tuple[Any, ...]:
    return cell.get("id"), cell["cell_type"], find_source(cell), cell.get("attachments") or {}


def merge(*, given: Notebook, own: Notebook, new: Notebook) -> Merged:
    """Bring the learner's notebook up to date, and keep what they wrote, added, deleted, moved and ran.

    Args:
        given: what the learner was given.
        own: what the learner made of it.
        new: what the kit gives now.
    """
    was, mine, comes = (_by_id(notebook) for notebook in (given, own, new))
    chosen: dict[str, Cell] = {}
    conflicts = {}
    for key, cell in comes.items():
        if key not in mine:
            if key not in was:
                chosen[key] = cell  # the kit has added it; else the learner has deleted it
            continue
        chosen[key], is_conflict = _choose(was.get(key), mine[key], cell)
        if is_conflict:
            conflicts[f"{key}{_BESIDE}"] = cell
    for key, cell in mine.items():
        is_dropped = key in was and _written(was[key]) == _written(cell)  # by the kit, and never edited
        if key not in comes and key not in conflicts and not is_dropped:
            chosen[key] = cell
    order = _order(list(was), list(mine), list(comes), set(chosen))
    cells = []
    for key in order:
        cells.append(chosen[key])
        if shown := conflicts.get(f"{key}{_BESIDE}"):
            cells.append(_show_beside(shown))
    minor = max(own.get("nbformat_minor", 0), new.get("nbformat_minor", 0))
    return Merged(
        notebook={**own, "nbformat_minor": minor, "cells": cells},
        conflicts=tuple(key.removesuffix(_BESIDE) for key in conflicts),
    )


def _by_id(notebook: Notebook) -> dict[str, Cell]:
    return {cell["id"]: cell for cell in notebook["cells"]}


def _choose(was: Cell | None, mine: Cell, comes: Cell) -> tuple[Cell, bool]:
    """Return which of two versions of a cell stands, and whether the other is to be shown beside it."""
    if _written(mine) == _written(comes) or (was is not None and _written(was) == _written(comes)):
        return mine, False
    if was is not None and _written(was) == _written(mine):
        return comes, False
    kinds = {cell["cell_type"] for cell in (was or mine, mine, comes)}
    # Not of code, where two halves that nobody has read together make no whole.
    if was is not None and kinds == {"markdown"}:
        source = _merge_texts(*(find_source(cell) for cell in (was, mine, comes)))
        if source is not None:
            return {**mine, "source": source.splitlines(keepends=True)}, False
    return mine, not _is_place_to_write(comes)


def _is_place_to_write(cell: Cell) -> bool:
    """Say whether a cell is there for the learner's own code: comments, and nothing else."""
    return cell["cell_type"] == "code" and all(
        not line.strip() or line.lstrip().startswith("#") for line in find_source(cell).splitlines()
    )


def _merge_texts(was: str, mine: str, comes: str) -> str | None:
    """Have git merge a text line by line; None if both have changed the same lines."""
    with tempfile.TemporaryDirectory(prefix="kit-merge-") as folder:
        paths = [Path(folder, name) for name in ("mine", "was", "comes")]
        for path, text in zip(paths, (mine, was, comes), strict=True):
            path.write_text(f"{text}\n", encoding="utf-8", newline="")
        try:
            ran = subprocess.run(["git", "merge-file", "-p", *paths], capture_output=True, check=False)
        except OSError:
            return None  # no git: nobody has merged it
    return ran.stdout.decode().removesuffix("\n") if ran.returncode == 0 else None


def _order(was: list[str], mine: list[str], comes: list[str], chosen: set[str]) -> list[str]:
    """Return the cells' order: the kit's, and each of the learner's own behind what it stood behind.

    Where the learner has moved cells of the kit's, theirs, with the kit's new ones put in likewise.
    """
    is_moved = [key for key in mine if key in was] != [key for key in was if key in mine]
    first, second = (mine, comes) if is_moved else (comes, mine)
    order = [key for key in first if key in chosen]
    for place, key in enumerate(second):
        if key in chosen and key not in order:
            before = [former for former in second[:place] if former in order]
            order.insert(order.index(before[-1]) + 1 if before else 0, key)
    return order


def _show_beside(cell: Cell) -> Cell:
    source = find_source(cell)
    if cell["cell_type"] == "code":
        longest = max(map(len, re.findall(r"`{3,}", source)), default=2)
        fence = "`" * (longest + 1)
        source = f"{fence}python\n{source}\n{fence}"
    return note(f"{cell['id']}{_BESIDE}", f"The kit has a new version of this cell; {_STANDS}", source)


def note(key: str, *paragraphs: str) -> Cell:
    """Return a cell with which the kit tells the learner something in their own notebook.

    Args:
        key: its id.
        paragraphs: Markdown; the first is set off from the lesson's own text.
    """
    source = "\n\n".join([f"> **Note from the kit.** {paragraphs[0]}", *paragraphs[1:]])
    return {"cell_type": "markdown", "id": key, "metadata": {}, "source": source.splitlines(keepends=True)}
