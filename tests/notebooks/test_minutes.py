"""What a notebook takes is computed, and told everywhere alike; the limits of the two paths."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kit.lesson.minutes import (
    CORE,
    DRAWN_WORDS,
    MOST_ALL_MIN,
    MOST_CORE_MIN,
    MOST_MIN,
    MOST_WORDS,
    ReadingTime,
    count_words,
    measure_notebooks,
    total_stated,
    write_minutes,
)
from kit.lesson.notebooks import find_notebooks
from kit.names import ROOT

TIMES = measure_notebooks()
OF_MINUTES = re.compile(r"\*Starts from [^*]*[.:] [A-Z][a-z-]+ minutes\.\*")
ROWS = {
    "README.md": re.compile(r"^\| (?:`(\d\d)_\w+`|\*\*(Core|Depth)\*\*)[^\n]* \| (\d+) \|$", re.MULTILINE),
    "00_start_here": re.compile(
        r"^\| (?:(?:\*\*|\[)(\d\d) |\*\*(Core|Depth)\*\*)[^|]* \| (\d+) \|", re.MULTILINE
    ),
}


def written(*cells: nbformat.NotebookNode, path: Path) -> ReadingTime:
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)
    return measure_notebooks([path])[0]


def prose(text: str) -> Any:  # noqa: ANN401 - nbformat's nodes have no types
    return nbformat.v4.new_markdown_cell(text)


def code(source: str, shown: str = "", *, drawn: bool = False) -> Any:  # noqa: ANN401 - as above
    data = {"text/plain": shown} | ({"text/html": f"<b>{shown}</b>"} if drawn else {})
    outputs = [nbformat.v4.new_output("execute_result", data)]
    return nbformat.v4.new_code_cell(source, outputs=outputs if shown else [])


def table(name: str) -> list[tuple[str, int]]:
    """Return the rows of a table: a notebook's number or the name of a path, and the minutes."""
    if name == "README.md":
        text = (ROOT / name).read_text(encoding="utf-8")
    else:
        cells = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return [(number or path, int(minutes)) for number, path, minutes in ROWS[name].findall(text)]


def test_words_are_counted_by_what_they_are(tmp_path: Path) -> None:
    """A fold counts; a link's address, a table's rules, and what a prediction's cell shows do not."""
    time = written(
        prose("# Two words\n\n<details><summary>And three</summary>\n\nmore, here</details>"),
        prose("[it is](x_y.ipynb)."),
        prose("| a | b |\n|---|---|"),
        code("a = 1", "1 row ---- | ~~~"),
        code('lost = predict("5.1", "How many?")', "Predict: How many?"),
        code("DeployPanel(plan)", "The panel"),
        code('DeployPanel(Plan(wait=20), knob="wait")', "One knob"),
        code('exercise(lab, "5a")', "Not yet"),
        code('exercise(lab, "5a", hint=2)', "Not yet"),
        code("dev.run('log')", "word " * 1000),
        code("rehearse()", "word " * 1000, drawn=True),
        code('kept = predict("0.4", "Which?", "a", "b")'),
        path=tmp_path / "05_x.ipynb",
    )
    assert (time.prose, time.outputs) == (10, 2 + 2 + MOST_WORDS + DRAWN_WORDS)
    assert (time.predictions, time.exercises) == (2, 4)
    read = (time.prose + time.code) / 200 + time.outputs / 400
    assert time.minutes == pytest.approx(read + 2 * 0.75 + 4)


@pytest.mark.parametrize(("exercises", "stated"), [(0, 5), (7, 5), (8, 10), (12, 10), (13, 15), (31, 30)])
def test_minutes_are_told_in_fives(exercises: int, stated: int) -> None:
    time = ReadingTime(notebook="05_x", prose=0, code=0, outputs=0, predictions=0, exercises=exercises)
    assert time.stated == stated


def test_what_has_no_letter_and_no_digit_is_no_word() -> None:
    assert count_words("time |00:00 ~~~~ └──┘ ok, 60 ---") == 4


def test_each_notebook_says_it_once() -> None:
    for path in find_notebooks():
        cells = nbformat.read(path, as_version=4).cells
        assert sum(len(OF_MINUTES.findall(cell.source)) for cell in cells) == 1, path.name


@pytest.mark.parametrize("name", ROWS)
def test_a_table_has_the_core_then_the_depth_with_what_they_take(name: str) -> None:
    core = [(time.notebook[:2], time.stated) for time in TIMES if time.core]
    depth = [(time.notebook[:2], time.stated) for time in TIMES if not time.core]
    sums = total_stated(TIMES, core=True), total_stated(TIMES, core=False)
    assert table(name) == [("Core", sums[0]), *core, ("Depth", sums[1]), *depth]
    assert [number for number, _ in core] == list(CORE)


def test_all_say_what_is_computed() -> None:
    assert write_minutes(check=True) == (), "python -m kit notebooks --minutes writes it"


def test_nothing_but_the_minutes_is_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copy(ROOT / "README.md", tmp_path)
    path = tmp_path / "notebooks" / "05_merge_and_deploy.ipynb"
    whole = path.read_text(encoding="utf-8")
    said = OF_MINUTES.search(whole)
    assert said
    path.write_text(
        whole.replace(said[0], f"{said[0].rpartition('. ')[0]}. Fifty minutes.*"), encoding="utf-8"
    )

    assert write_minutes(check=True, root=tmp_path) == (path.name,)
    assert path.read_text(encoding="utf-8") != whole
    assert write_minutes(root=tmp_path) == (path.name,)
    assert path.read_text(encoding="utf-8") == whole


@pytest.mark.parametrize("time", TIMES, ids=lambda time: time.notebook)
def test_no_notebook_takes_longer_than_half_an_hour(time: ReadingTime) -> None:
    assert max(time.minutes, time.stated) <= MOST_MIN


def test_the_paths_are_no_longer_than_they_may_be() -> None:
    assert sum(time.minutes for time in TIMES) <= MOST_ALL_MIN
    assert total_stated(TIMES) <= MOST_ALL_MIN
    assert sum(time.minutes for time in TIMES if time.core) <= MOST_CORE_MIN
    assert total_stated(TIMES, core=True) <= MOST_CORE_MIN
