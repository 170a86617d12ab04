"""What the README shows is what the kit does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from kit.experiments.rehearsal import Plan, Rehearsal
from pictures.jupyter import THEMES
from pictures.shown import SHOWN

TOP = Path(__file__).parent.parent
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
