from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from kit.errors import BadInput
from kit.lesson.notebooks import (
    clean,
    environment,
    execute,
    find_cleared,
    find_notebooks,
    find_private,
    write_outputs,
)
from kit.names import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with environment(tmp_path / "kernels"):
        yield tmp_path


def notebook(folder: Path, *sources: str, name: str = "01_try.ipynb") -> Path:
    made = nbformat.v4.new_notebook()
    made.metadata["language_info"] = {"name": "python", "version": "3.99"}
    for number, source in enumerate(sources):
        made.cells.append(nbformat.v4.new_code_cell(source, id=f"cell-{number}", metadata={"scrolled": True}))
    path = folder / name
    path.write_text(nbformat.writes(made), encoding="utf-8")
    return path


def test_outputs_are_written_once_and_then_stay_the_same_to_the_byte(folder: Path) -> None:
    path = notebook(
        folder,
        "print('a', flush=True)\nprint('b')",
        "# nothing\n",
        "import sys; print('c', file=sys.stderr)",
        "6 * 7",
    )

    (first,) = write_outputs([path])
    written = path.read_bytes()
    (second,) = write_outputs([path])
    (third,) = write_outputs([path], check=True)

    assert first.changed
    assert not second.changed
    assert not third.changed
    assert path.read_bytes() == written
    read = nbformat.read(path, as_version=4)
    assert [[one.get("text") or one.data["text/plain"] for one in cell.outputs] for cell in read.cells] == [
        ["a\nb\n"],
        [],
        ["c\n"],
        ["42"],
    ]
    assert set(read.metadata) == {"kernelspec"}
    assert all(cell.metadata == {} for cell in read.cells)
    assert path.name in str(third)


def test_check_names_the_notebook_and_the_cell_with_a_diff_and_writes_nothing(folder: Path) -> None:
    path = notebook(folder, "'first'", "'second'")
    write_outputs([path])
    stored = nbformat.read(path, as_version=4)
    stored.cells[1].outputs[0].data["text/plain"] = "'other'"
    path.write_text(nbformat.writes(stored), encoding="utf-8")
    before = path.read_bytes()

    (one,) = write_outputs([path], check=True)

    assert one.changed
    assert path.read_bytes() == before
    assert "01_try.ipynb: differs" in str(one)
    assert "cell 2: 'second'" in str(one)
    assert "  -'other'" in str(one)
    assert "  +'second'" in str(one)
    assert "cell 1" not in str(one)


def test_a_failing_cell_is_named_with_its_source_and_its_error(folder: Path) -> None:
    path = notebook(folder, "'fine'", "oops = 1 / 0", "'never'")
    before = path.read_bytes()

    with pytest.raises(BadInput) as caught:
        write_outputs([path])

    assert caught.value.message == "01_try.ipynb: cell 2 failed."
    assert caught.value.why == "ZeroDivisionError: division by zero"
    assert caught.value.looked == ("oops = 1 / 0",)
    assert path.read_bytes() == before


def test_a_kernel_that_dies_is_told_as_a_failing_cell(folder: Path) -> None:
    path = notebook(folder, "'fine'", "import os; os._exit(3)")

    with pytest.raises(BadInput, match=r"01_try.ipynb: cell 2 failed"):
        execute(path)


def test_a_cell_that_shows_a_path_is_refused(folder: Path) -> None:
    path = notebook(folder, "print('in /tmp/kit-1234/repos')")

    with pytest.raises(BadInput, match=r"cell 1 shows a path: '/tmp/kit-1234/repos'"):
        execute(path)


@pytest.mark.parametrize(
    "text",
    [
        "Serving on http://127.0.0.1:43121/",
        "localhost:54322",
        "port 54322",
        "pid 4711",
        "/home/me/kit",
        "postgresql://app:x7Kq@host/db",
        "<kit.World object at 0x7f8d6eb7c5e0>",
        "2026-11-22 18:05:32",
        "20261122180532_add.sql",
    ],
)
def test_what_differs_from_run_to_run_is_found(text: str) -> None:
    assert find_private(text)


@pytest.mark.parametrize(
    "text",
    [
        "uploaded 2024-11-20T08:00:00.000000+00:00",
        "2025-01-26 15:30:00+00",
        "supabase/migrations/20250126153000_add_document_last_viewed.sql",
        'psql "$LOCAL_DB_URL"',
        "src/app/read/[id]/page.py",
        "+00:35    host      live 1f31094",
        "origin/homepage-and-search",
    ],
)
def test_what_is_the_same_in_every_run_may_be_stored(text: str) -> None:
    assert find_private(text) == []


def test_a_widgets_number_is_not_stored_but_its_text_is() -> None:
    data = {"text/plain": "Timeline", "application/vnd.jupyter.widget-view+json": {"model_id": "1f"}}
    made = nbformat.v4.new_notebook()
    made.cells.append(
        nbformat.v4.new_code_cell("view", outputs=[nbformat.v4.new_output("display_data", data=data)])
    )

    assert clean(made).cells[0].outputs[0].data == {"text/plain": "Timeline"}


def test_what_is_no_notebook_is_told(folder: Path) -> None:
    (folder / "x.ipynb").write_text("not json")

    with pytest.raises(BadInput, match=r"x.ipynb is not a notebook"):
        execute(folder / "x.ipynb")
    with pytest.raises(BadInput, match=r"absent.ipynb is not a notebook"):
        write_outputs([folder / "absent.ipynb"])


def test_the_lesson_is_found_in_its_order(tmp_path: Path) -> None:
    assert [path.name[:2] for path in find_notebooks()][:3] == ["00", "01", "02"]
    with pytest.raises(BadInput, match="There are no notebooks"):
        find_notebooks(tmp_path)


def test_a_stored_notebook_that_was_cleared_is_found(tmp_path: Path) -> None:
    stored = find_notebooks()[5]
    cleared, damaged = tmp_path / "cleared.ipynb", tmp_path / "damaged.ipynb"
    cleared.write_text(re.sub(r'"execution_count": \d+', '"execution_count": null', stored.read_text()))
    damaged.write_text(stored.read_text()[:1000])

    assert find_cleared([stored, cleared, damaged]) == (cleared, damaged)
    assert find_cleared(find_notebooks()) == ()


def test_a_run_of_the_tests_says_once_that_a_stored_notebook_was_cleared(tmp_path: Path) -> None:
    cleared = tmp_path / "05_cleared.ipynb"
    text = find_notebooks()[5].read_text()
    cleared.write_text(re.sub(r'"execution_count": \d+', '"execution_count": null', text))
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*command, "tests/test_names.py", str(cleared)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "KIT_TEST_RUN"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"git checkout -- {cleared}" in ran.stderr
    assert len(ran.stderr.splitlines()) <= 5
