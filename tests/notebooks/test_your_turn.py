"""Notebook 11 with its exercises solved, as a learner who follows the third hints has it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import nbformat
import pytest

from kit.lesson.exercise import Exercise
from kit.lesson.exercises import EXERCISES
from kit.lesson.notebooks import environment, execute, find_notebooks, output_text

(NOTEBOOK,) = (path for path in find_notebooks() if path.name.startswith("11_"))
OWN = [one for number, one in EXERCISES.items() if number.startswith("11")]


def asked(cell: nbformat.NotebookNode) -> str:
    found = re.match(r"exercise\(lab, \"(11[a-z])\"\)", cell.source)
    return found[1] if found and cell.cell_type == "code" else ""


def solve(notebook: nbformat.NotebookNode) -> None:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, check in itertools.pairwise(code):
        if number := asked(check):
            cell.source = EXERCISES[number].solution


def test_its_exercises_can_be_solved_where_they_stand(tmp_path: Path) -> None:
    with environment(tmp_path):
        ran = execute(NOTEBOOK, change=solve)

    assert [output_text(cell) for cell in ran.cells if asked(cell)] == [f"Done: {one.done}" for one in OWN]


@pytest.mark.parametrize("one", OWN, ids=lambda one: one.number)
def test_an_exercise_begins_as_its_check_expects(one: Exercise) -> None:
    code = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    (place,) = (place for place, cell in enumerate(code) if asked(cell) == one.number)

    assert code[place - 2].source == f"lab.reset(8)\n{one.before}"
    assert code[place - 1].source.startswith("# Your turn")
