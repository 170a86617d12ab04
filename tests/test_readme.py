"""What the README shows is what the kit does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.experiments.rehearsal import Plan, Rehearsal
from kit.lesson.minutes import CORE
from pictures.jupyter import THEMES
from pictures.shown import SHOWN

TOP = Path(__file__).parent.parent
DOCUMENTS = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
README = (TOP / "README.md").read_text(encoding="utf-8")


def test_the_example_is_a_run_of_the_kit(rehearsed: Callable[[Plan], Rehearsal]) -> None:
    """The drawing is what the rehearsal that it names prints today, commit ids included."""
    shown = next(
        block for block in re.findall(r"```\n(.*?)```", README, re.DOTALL) if block.startswith("Timeline")
    )
    assert shown.rstrip("\n") == repr(rehearsed(Plan(order="code-first", wait=36)))


def test_every_notebook_is_listed() -> None:
    """The table names the notebooks that there are, no other."""
    there = {path.stem for path in (TOP / "notebooks").glob("[0-9]*.ipynb")}
    assert set(re.findall(r"^\| `(\d\d_\w+)` \|", README, re.MULTILINE)) == there


def test_every_widget_is_shown_in_both_themes() -> None:
    """The pictures that `make pictures` takes are there, and the README shows them, and no other."""
    taken = {f"docs/{one.name}-{theme}.png" for one in SHOWN for theme in THEMES}
    assert set(re.findall(r"docs/[\w-]+\.png", README)) == taken
    assert [path for path in taken if not (TOP / path).read_bytes().startswith(b"\x89PNG")] == []
    assert README.count("<img ") == README.count(' alt="') == len(SHOWN)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_that_exist(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_the_glossary_is_in_order() -> None:
    terms = re.findall(r"(?m)^\*\*([^*]+)\*\*: ", (TOP / "docs" / "glossary.md").read_text(encoding="utf-8"))
    assert len(terms) > 20
    assert terms == sorted(terms, key=str.casefold)


def test_the_plans_for_teachers_name_the_core() -> None:
    teaching = (TOP / "docs" / "teaching.md").read_text(encoding="utf-8")
    assert f"{', '.join(CORE)} in this order" in teaching
