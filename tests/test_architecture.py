"""What ARCHITECTURE.md says of the code: the packages, and four journeys through them."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest

from kit.names import ROOT

TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PACKAGES = sorted(path.parent.name for path in (ROOT / "kit").glob("*/__init__.py"))
MODULES = sorted(path.name for path in (ROOT / "kit").glob("*.py") if not path.name.startswith("__"))
JOURNEYS = re.findall(r"\*\*(.+)\*\*\n\n((?:\d\. `kit/\S+`.*\n)+)", TEXT)
MOST_FILES = 9


def test_there_are_twelve_packages_and_three_modules() -> None:
    assert len(PACKAGES) == 12
    assert MODULES == ["draw.py", "errors.py", "names.py"]
    for name in (*PACKAGES, *MODULES):
        assert f"`{name}`" in TEXT


def test_they_lie_on_six_floors_and_know_no_neighbour() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = (
        contract["layers"]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers" and contract["containers"] == ["kit"]
    )
    floors = [re.split(r" ([|:]) ", layer) for layer in layers if not layer.startswith("(")]

    assert len(floors) == 6
    assert {sign for floor in floors for sign in floor[1::2]} == {"|"}
    names = {name for floor in floors for name in floor[::2]}
    assert names == {*PACKAGES, *(name.removesuffix(".py") for name in MODULES)}


def test_there_are_four_journeys() -> None:
    assert len(JOURNEYS) == 4


@pytest.mark.parametrize(("title", "steps"), JOURNEYS, ids=[title for title, _ in JOURNEYS])
def test_a_journey_is_short_and_never_climbs_back_up(title: str, steps: str) -> None:
    files = re.findall(r"`(kit/\S+?)`", steps)

    assert len(files) <= MOST_FILES, title
    passed: list[str] = []
    for file in files:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        climbs = imported & {above.removesuffix(".py").replace("/", ".") for above in passed}
        assert not climbs, f"{file} imports {climbs}"
        passed.append(file)
