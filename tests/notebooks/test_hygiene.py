from __future__ import annotations

import ast
import itertools
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kit.lesson.exercise import Exercise
from kit.lesson.exercises import EXERCISES
from kit.lesson.notebooks import find_notebooks, find_private, output_text
from kit.repos import STARTER
from kit.world.workflow import PHASES, Edit

NOTEBOOKS = find_notebooks()
PHASE_NOTEBOOKS = [path for path in NOTEBOOKS if 1 <= int(path.name[:2]) <= len(PHASES)]
MOST_LINES = 12
MEDIAN_LINES = 3
FUNCTION_LINES = 8
KEPT = "0.4"  # is asked in the first notebook, and once more where it is judged: in 09
WORDS_OF_WHAT_HAPPENED = 60
SETUP_LINES = 4
FEWEST_PREDICTIONS, MOST_PREDICTIONS = 2, 6  # where the exercises are long, two do
PREDICTS = re.compile(r"(?m)^(\w+) = predict\(\"([^\"]+)\"")
WHAT_HAPPENED = re.compile(
    r"(?s)(?<=\*\*What happened\.\*\*).*?(?=\n\n|\Z)|(?<=<summary>What happened</summary>).*?(?=</details>)"
)


def each(paths: list[Path] | tuple[Path, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def cells(path: Path, kind: str | None = None) -> list[Any]:
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if kind in (None, cell.cell_type)]


def typed(source: str) -> str:
    """Return code without comments: an exercise's cell has only those until the learner fills it."""
    return "\n".join(
        line for line in source.splitlines() if line.strip() and not line.strip().startswith("#")
    )


def prose(path: Path) -> Iterator[str]:
    """Yield the markdown's lines, without code blocks, tables, and the line of where it starts."""
    for cell in cells(path, "markdown"):
        text = re.sub(r"(?s)```.*?```", "", cell.source)
        yield from (
            line for line in text.splitlines() if line.strip() and not line.startswith(("|", "*Starts"))
        )


def test_there_is_one_for_each_phase_and_a_beginning() -> None:
    assert [int(path.name[:2]) for path in NOTEBOOKS][: len(PHASES) + 1] == list(range(len(PHASES) + 1))


@each(NOTEBOOKS)
def test_every_cell_was_run_and_in_order(path: Path) -> None:
    counts = [cell.execution_count for cell in cells(path, "code") if cell.source.strip()]

    assert counts == list(range(1, len(counts) + 1)), "stripped or run by hand: python -m kit notebooks"
    assert sum(bool(cell.outputs) for cell in cells(path, "code")) > len(counts) // 2


@each(NOTEBOOKS)
def test_no_output_tells_of_a_machine_a_run_or_an_error(path: Path) -> None:
    for cell in cells(path):
        assert find_private(cell.source) == []
    for cell in cells(path, "code"):
        assert find_private(output_text(cell)) == []
        assert not [one for one in cell.outputs if one.output_type == "error"]
        assert not [one for one in cell.outputs if one.get("name") == "stderr"]


@each(NOTEBOOKS)
def test_it_keeps_nothing_of_an_editor_or_a_run(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)

    assert set(notebook.metadata) == {"kernelspec"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@each(NOTEBOOKS)
def test_a_cell_that_proves_something_shows_it(path: Path) -> None:
    for cell in cells(path):
        proves = [tag for tag in cell.metadata.get("tags", []) if tag.startswith("proves")]
        assert all(re.fullmatch(r"proves-C([1-9]|1\d|2[0-3])", tag) for tag in proves)
        if proves:
            assert cell.cell_type == "code"
            assert len(output_text(cell)) > len("42704")


@each(NOTEBOOKS)
def test_code_cells_are_short_and_plain(path: Path) -> None:
    code = [cell.source for cell in cells(path, "code") if cell.source.strip()]

    assert max(len(source.splitlines()) for source in code) <= MOST_LINES
    assert statistics.median(len(source.splitlines()) for source in code) <= MEDIAN_LINES
    for source in code:
        assert not re.search(r"(?m)^\s*[%!]|\?\s*$", typed(source)), source
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, ast.ClassDef)
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES


@each(NOTEBOOKS)
def test_prose_stands_between_two_cells_that_show_something(path: Path) -> None:
    everything = cells(path)
    for first, second in itertools.pairwise(everything):
        if first.cell_type == second.cell_type == "code" and not PREDICTS.search(first.source):
            assert not first.outputs, f"two cells in a row: {first.source}"


@each(NOTEBOOKS)
def test_a_line_of_prose_is_one_sentence(path: Path) -> None:
    for line in prose(path):
        plain = re.sub(r"`[^`]*`", "code", re.sub(r"^\W*\*\*[^*]+\*\*", "", line))
        assert not re.search(r"[a-z)*`][.!?][*)]* (?=[A-Z*`\"])", plain.strip(" *_")), line


@each(NOTEBOOKS)
def test_what_happened_is_told_in_a_few_words(path: Path) -> None:
    for cell in cells(path, "markdown"):
        for told in WHAT_HAPPENED.findall(cell.source):
            assert len(told.split()) <= WORDS_OF_WHAT_HAPPENED, told


@each(NOTEBOOKS)
def test_what_a_run_shows_is_told_in_a_fold_of_its_own(path: Path) -> None:
    """So nobody reads the answer before the run, and what follows does not stick to the fold."""
    texts = [cell.source for cell in cells(path, "markdown")]
    assert [text for text in texts if "**What happened" in text] == []
    folds = [text.partition("</details>")[2] for text in texts if "<details>" in text]
    assert folds
    assert [after for after in folds if after.strip()] == []


@each(NOTEBOOKS)
def test_a_prediction_is_shown_and_judged_by_a_run(path: Path) -> None:
    """Its number begins with the notebook's, and what it is judged by is never a literal."""
    code = [cell.source for cell in cells(path, "code")]
    asked = [
        (name, key, place) for place, source in enumerate(code) for name, key in PREDICTS.findall(source)
    ]
    for name, key, place in asked:
        if key == KEPT:
            continue
        assert key.partition(".")[0] == str(int(path.name[:2])), key
        assert code[place].splitlines()[-1] == name, "the cell's last line shows the question"
        (judged,) = (
            node
            for source in code[place + 1 :]
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == f"{name}.was"
        )
        assert any(isinstance(node, ast.Name) for node in ast.walk(judged.args[0])), ast.unparse(judged)
    assert FEWEST_PREDICTIONS <= len({key for _, key, _ in asked}) == len(asked) <= MOST_PREDICTIONS
    assert f'PredictionTable("{path.name[:2]}")' in code[-1] + code[-2]


def test_the_prediction_that_is_kept_is_the_same_where_it_is_judged() -> None:
    first, judged = (
        next(cell.source for cell in cells(NOTEBOOKS[number], "code") if f'predict("{KEPT}"' in cell.source)
        for number in (0, 9)
    )
    question = first.partition(")\n")[0]
    assert judged.startswith(question)
    assert ".was(" in judged


@each(NOTEBOOKS)
def test_what_a_run_says_is_an_option(path: Path) -> None:
    for cell in cells(path, "code"):
        assert "(none of the options)" not in output_text(cell)


@each(NOTEBOOKS)
def test_it_begins_with_a_title_questions_and_objectives(path: Path) -> None:
    first, second = (cell.source for cell in cells(path)[:2])

    assert re.match(r"# \S", first)
    assert "github.com/" in first, "who got hurt by not knowing it?"
    for word in ("**Questions**", "**Objectives**", "*Starts from"):
        assert word in second


@each(NOTEBOOKS)
def test_it_ends_with_keypoints(path: Path) -> None:
    headings = [line for line in prose(path) if line.startswith("## ")]

    assert headings[-1] == "## Keypoints"


@each(NOTEBOOKS)
def test_links_lead_to_notebooks_that_exist(path: Path) -> None:
    for cell in cells(path, "markdown"):
        for target in re.findall(r"\]\(([^)#:]+)\)", cell.source):
            assert (path.parent / target).exists(), target


@each(PHASE_NOTEBOOKS)
def test_setup_is_short(path: Path) -> None:
    setup = cells(path, "code")[0].source

    assert len(setup.splitlines()) <= SETUP_LINES
    assert f"open_world(phase={int(path.name[:2])})" in setup


@each(PHASE_NOTEBOOKS)
def test_headings_carry_the_workflows_numbers(path: Path) -> None:
    phase = PHASES[int(path.name[:2]) - 1]
    wanted = dict.fromkeys(re.sub(r"[a-z]+$", "", step.number) for step in phase.steps)
    found = re.findall(r"(?m)^## (\d\.\d)\b", "\n".join(prose(path)))

    assert found == list(wanted)


@each(PHASE_NOTEBOOKS)
def test_every_sentence_about_a_step_is_asked(path: Path) -> None:
    phase = PHASES[int(path.name[:2]) - 1]
    asked = re.findall(r"world\.check\(\"([^\"]+)\"\)", "\n".join(one.source for one in cells(path, "code")))

    assert asked == [step.number for step in phase.steps if step.predicates]


@each(NOTEBOOKS)
def test_it_asks_its_own_exercises(path: Path) -> None:
    code = "\n".join(cell.source for cell in cells(path, "code"))

    assert re.findall(r"exercise\(\w+, \"([^\"]+)\"", code) == [
        number for number in EXERCISES if number[:-1] == str(int(path.name[:2]))
    ]


EDITS = [
    (phase.number, step.action) for phase in PHASES for step in phase.steps if isinstance(step.action, Edit)
]


def written(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield what the learner's own clone is told to write: how, where, what."""
    for cell in cells(path, "code"):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"dev.write", "dev.append"}:
                where, what = (ast.literal_eval(argument) for argument in node.args)
                yield ast.unparse(node.func), where, what


@pytest.mark.parametrize(("phase", "edit"), EDITS, ids=[edit.path for _, edit in EDITS])
def test_cells_hold_the_very_texts_that_the_checkpoints_are_made_of(phase: int, edit: Edit) -> None:
    edits = [other for other_phase, other in EDITS if (other_phase, other.path) == (phase, edit.path)]

    assert [
        (how, what.strip("\n") + "\n")
        for how, where, what in written(PHASE_NOTEBOOKS[phase - 1])
        if where == edit.path
    ] == [
        ("dev.append" if other.append else "dev.write", (STARTER / other.source).read_text(encoding="utf-8"))
        for other in edits
    ]


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=list(EXERCISES))
def test_an_exercise_is_undone_until_it_is_solved(exercise: Exercise) -> None:
    """That its solution does it, says the kernel in which nbval runs the notebook."""
    notebook = NOTEBOOKS[int(exercise.number[:-1])]
    (check,) = (cell for cell in cells(notebook, "code") if f', "{exercise.number}"' in cell.source)

    shown = output_text(check)
    assert shown.startswith(("Not yet:\n", "Not judged: "))
    assert "For a hint, add hint=1 to this call." in shown
    assert "Hint 1" not in shown


@pytest.mark.parametrize("number", [number for number in EXERCISES if number.startswith(("11", "16"))])
def test_exercises_with_visitors_begin_as_their_checks_expect(number: str) -> None:
    code = [cell.source for cell in cells(NOTEBOOKS[int(number[:-1])], "code")]
    place = code.index(f'exercise(lab, "{number}")')

    assert code[place - 2] == f"lab.reset(8)\n{EXERCISES[number].before}"
    assert code[place - 1].startswith("# Your turn")
