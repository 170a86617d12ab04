from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from kit.lesson.exercises import EXERCISES
from kit.lesson.notebooks import environment, execute, find_notebooks, output_text
from kit.repos import STARTER
from kit.world.workflow import PHASES, Edit, Phase, Run

NOTEBOOKS = {int(path.name[:2]): path for path in find_notebooks()}
ASK = """
import json
from kit.timeline import CommandRan
print(json.dumps([[one.clone, one.command] for one in world.timeline.only(CommandRan)]))
"""


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with environment(tmp_path_factory.mktemp("kernels")):
        yield


def commands(phase: Phase) -> list[list[str]]:
    return [
        [step.action.clone if isinstance(step.action, Run | Edit) else "world", step.action.text]
        for step in phase.steps
    ]


def solve(notebook: nbformat.NotebookNode) -> None:
    """Fill in the exercises, and ask for the journal at the end."""
    solve_alone(notebook)
    notebook.cells.append(nbformat.v4.new_code_cell(ASK))


def solve_alone(notebook: nbformat.NotebookNode) -> None:
    """Fill in the exercises.

    What a solution types in the learner's own world is left out: the journal is to be the lesson's.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, check in itertools.pairwise(code):
        if asked := re.match(r"exercise\(\w+, \"([^\"]+)\"", check.source):
            lines = EXERCISES[asked[1]].solution.splitlines(keepends=True)
            cell.source = "".join(line for line in lines if not line.startswith("world."))


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: f"phase {phase.number}")
def test_a_notebook_does_what_its_phase_says_and_nothing_else_and_its_exercises_can_be_solved(
    phase: Phase,
) -> None:
    ran = execute(NOTEBOOKS[phase.number], change=solve)

    verdicts = {cell.source: output_text(cell) for cell in ran.cells if cell.source.startswith("exercise(")}
    assert {source: shown for source, shown in verdicts.items() if not shown.startswith("Done: ")} == {}
    assert json.loads(output_text(ran.cells[-1])) == [
        command for one in PHASES[: phase.number] for command in commands(one)
    ]


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize(
    "number",
    sorted({int(one[:-1]) for one in EXERCISES} - {phase.number for phase in PHASES}),
    ids=lambda number: f"notebook {number:02}",
)
def test_the_exercises_after_the_workflow_can_be_solved_where_they_stand(number: int) -> None:
    ran = execute(NOTEBOOKS[number], change=solve_alone)

    verdicts = [output_text(cell) for cell in ran.cells if cell.source.startswith("exercise(")]
    assert len(verdicts) == len([one for one in EXERCISES if int(one[:-1]) == number])
    assert [shown for shown in verdicts if not shown.startswith("Done: ")] == []


EDITS = [
    (phase.number, step.action) for phase in PHASES for step in phase.steps if isinstance(step.action, Edit)
]


def written(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield what the learner's own clone is told to write: how, where, what."""
    for cell in nbformat.read(path, as_version=4).cells:
        for node in ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"dev.write", "dev.append"}:
                where, what = (ast.literal_eval(one) for one in node.args)
                yield ast.unparse(node.func), where, what


@pytest.mark.parametrize(("phase", "edit"), EDITS, ids=[edit.path for _, edit in EDITS])
def test_a_cell_holds_the_very_text_that_the_checkpoints_are_made_of(phase: int, edit: Edit) -> None:
    text = (STARTER / edit.source).read_text(encoding="utf-8")

    assert [
        (how, what.strip("\n") + "\n") for how, where, what in written(NOTEBOOKS[phase]) if where == edit.path
    ] == [("dev.append" if edit.append else "dev.write", text)]
