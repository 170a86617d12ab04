"""What notebooks may import, and what the packages promise to have."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

import kit
import kit.widgets

ROOT = Path(kit.__file__).parents[1]
FACES = {"kit": kit, "kit.widgets": kit.widgets}
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DOCUMENTS = [ROOT / "ARCHITECTURE.md", *NOTEBOOKS]


def imports(source: str) -> list[tuple[str, str]]:
    """Return (module, name) of every import in a cell or example; a plain import has no name."""
    found: list[tuple[str, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found += [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
    return found


def notebook_imports(path: Path) -> list[tuple[str, str]]:
    cells = nbformat.read(path, as_version=4).cells
    return [pair for cell in cells if cell.cell_type == "code" for pair in imports(cell.source)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_import_from_the_public_face_only(path: Path) -> None:
    for module, name in notebook_imports(path):
        if module.partition(".")[0] == "kit":
            assert module in FACES, f"{path.name} imports from {module}"
            assert name in FACES[module].__all__, f"{module} does not promise {name}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_do_not_reach_behind_it(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    reached = [
        cell.source
        for cell in cells
        if cell.cell_type == "code" and re.search(r"\.engine\b|\._\w|\bkit\.(?!widgets\b)\w+\.", cell.source)
    ]

    assert reached == []


@pytest.mark.parametrize("name", FACES)
def test_all_is_sorted_complete_and_there(name: str) -> None:
    face = FACES[name]

    assert list(face.__all__) == sorted(set(face.__all__), key=lambda word: (not word.isupper(), word))
    for word in face.__all__:
        assert getattr(face, word) is not None


@pytest.mark.parametrize("name", FACES)
def test_every_promised_name_is_used_or_explained(name: str) -> None:
    used = {word for path in NOTEBOOKS for module, word in notebook_imports(path) if module == name}
    explained = set(re.findall(r"`(\w+)`", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")))

    assert sorted(set(FACES[name].__all__) - used - explained) == []
