from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kit.errors import BadInput, UnusableFolder
from kit.lesson.merge import Notebook, find_source, format_notebook, is_run, parse_notebook
from kit.lesson.notebooks import find_notebooks
from kit.lesson.working_copies import Update, WorkingCopies
from kit.names import ROOT

NAME = "05_merge_and_deploy"
NAMES = [path.stem for path in find_notebooks()]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Copy the stored notebooks: what a later version of the kit changes is changed there."""
    source = tmp_path / "notebooks"
    source.mkdir()
    for path in find_notebooks():
        shutil.copy(path, source)
    return source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "my-notebooks"


@pytest.fixture
def start(source: Path, folder: Path) -> Iterator[Callable[..., tuple[Update, ...]]]:
    """Do what `kit lab` does before JupyterLab starts; JupyterLab has ended by the next time."""
    assert source

    def start(*fresh: str) -> tuple[Update, ...]:
        copies = WorkingCopies(source, folder)
        try:
            updates = copies.update(fresh)
            assert not copies.is_open_elsewhere
            return updates
        finally:
            copies.close()

    yield start
    assert {path.name for path in folder.glob(".*/*")} <= {
        *(f"{name}.ipynb" for name in NAMES),
        "open.lock",
        "update.lock",
    }


def edit(path: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    notebook = json.loads(path.read_text())
    change(notebook["cells"])
    path.write_text(format_notebook(notebook))


def change_first_text(cells: list[dict[str, Any]]) -> None:
    cells[0]["source"] = ["# What is new"]


def change_setup(cells: list[dict[str, Any]]) -> None:
    next(cell for cell in cells if cell["cell_type"] == "code")["source"] = ["new_setup()"]


def run_everything(cells: list[dict[str, Any]]) -> None:
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            cell["execution_count"] = number
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["mine\n"]}]


def add_a_cell(cells: list[dict[str, Any]]) -> None:
    code: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells.insert(4, {"id": "d3c1d3a0", "source": ["my_own()"], **code})


def solve(cells: list[dict[str, Any]]) -> None:
    turn = next(cell for cell in cells if "".join(cell["source"]).startswith("# Your turn"))
    turn["source"] = ["# Your turn\n", "solved()"]


def delete_a_cell(cells: list[dict[str, Any]]) -> None:
    del cells[3]


def remove_ids(cells: list[dict[str, Any]]) -> None:
    for cell in cells:
        del cell["id"]


def read(path: Path) -> Notebook:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return parse_notebook(path.read_text())


def sources(path: Path) -> list[str]:
    return [find_source(cell) for cell in read(path)["cells"]]


def test_copies_are_the_notebooks_without_outputs(
    start: Callable[..., tuple[Update, ...]], source: Path, folder: Path
) -> None:
    assert [(update.name, update.outcome) for update in start()] == [(name, "made") for name in NAMES]
    for name in NAMES:
        own, stored = read(folder / f"{name}.ipynb"), read(source / f"{name}.ipynb")
        assert not is_run(own)
        assert [(cell["id"], cell["source"], cell["metadata"]) for cell in own["cells"]] == [
            (cell["id"], cell["source"], cell["metadata"]) for cell in stored["cells"]
        ]
        # JupyterLab writes it likewise: opening and saving changes nothing.
        text = (folder / f"{name}.ipynb").read_text()
        assert nbformat.writes(nbformat.reads(text, as_version=4)).rstrip("\n") + "\n" == text
    assert start() == ()


def test_links_lead_on_from_the_copies() -> None:
    """The stored ones lie as deep below the checkout as the copies do, and beside nothing else."""
    assert {path.suffix for path in (ROOT / "notebooks").iterdir() if path.name[0] != "."} == {".ipynb"}
    for path in find_notebooks():
        for target in re.findall(r"""(?:\]\(|(?:src|href)=")([^)":#]+)[)"#]""", "\n".join(sources(path))):
            there = ROOT / "my-notebooks" / target
            inside = there.resolve() if ".." in target else ROOT / "notebooks" / target
            assert inside.exists(), target


def test_git_ignores_them() -> None:
    asked = ["git", "-C", str(ROOT), "check-ignore", "-q", "--no-index", f"my-notebooks/{NAME}.ipynb"]
    assert subprocess.run(asked, check=False).returncode == 0


def test_a_copy_that_nobody_touched_becomes_the_new_version(
    start: Callable[..., tuple[Update, ...]], source: Path, folder: Path
) -> None:
    start()
    edit(source / f"{NAME}.ipynb", change_first_text)

    assert [(update.name, update.outcome) for update in start()] == [(NAME, "updated")]
    assert sources(folder / f"{NAME}.ipynb")[0] == "# What is new"
    assert not (folder / "earlier").exists()
    assert start() == ()


def test_opening_and_saving_is_no_touch(
    start: Callable[..., tuple[Update, ...]], source: Path, folder: Path
) -> None:
    start()
    own = read(folder / f"{NAME}.ipynb")
    own["metadata"]["language_info"] = {"name": "python", "version": "3.11"}
    own["cells"][2]["metadata"] = {"collapsed": True}
    (folder / f"{NAME}.ipynb").write_text(format_notebook(own))
    edit(source / f"{NAME}.ipynb", change_first_text)

    assert [update.outcome for update in start()] == ["updated"]


@pytest.mark.parametrize("change", [run_everything, add_a_cell, solve, delete_a_cell])
def test_what_the_learner_did_stays_as_long_as_the_kit_changes_nothing(
    change: Callable[[list[dict[str, Any]]], None],
    start: Callable[..., tuple[Update, ...]],
    source: Path,
    folder: Path,
) -> None:
    start()
    path = folder / f"{NAME}.ipynb"
    edit(path, change)
    before = path.read_bytes()
    # The kit's outputs are no change: the learner has none of them.
    edit(source / f"{NAME}.ipynb", run_everything)

    assert start() == ()
    assert path.read_bytes() == before


@pytest.mark.parametrize("change", [add_a_cell, solve, delete_a_cell])
def test_edits_are_kept_when_the_kit_is_updated(
    change: Callable[[list[dict[str, Any]]], None],
    start: Callable[..., tuple[Update, ...]],
    source: Path,
    folder: Path,
) -> None:
    start()
    path = folder / f"{NAME}.ipynb"
    edit(path, run_everything)
    edit(path, change)
    before, wanted = path.read_bytes(), sources(path)
    edit(source / f"{NAME}.ipynb", change_first_text)
    (update,) = start()

    assert (update.outcome, update.conflicts) == ("merged", 0)
    assert (folder / update.kept).read_bytes() == before
    assert sources(path) == ["# What is new", *wanted[1:]]
    assert [bool(cell["outputs"]) for cell in read(path)["cells"] if cell["cell_type"] == "code"] == [
        cell["source"] != ["my_own()"] for cell in read(path)["cells"] if cell["cell_type"] == "code"
    ]
    assert start() == ()


def test_what_was_run_keeps_its_outputs_but_for_cells_that_changed(
    start: Callable[..., tuple[Update, ...]], source: Path, folder: Path
) -> None:
    start()
    path = folder / f"{NAME}.ipynb"
    edit(path, run_everything)
    edit(source / f"{NAME}.ipynb", change_setup)
    (update,) = start()
    code = [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]

    assert (update.outcome, update.kept) == ("merged", "")
    assert find_source(code[0]) == "new_setup()"
    assert [bool(cell["outputs"]) for cell in code] == [False] + [True] * (len(code) - 1)


def test_a_cell_that_both_changed_is_told_in_the_terminal_and_in_the_notebook(
    start: Callable[..., tuple[Update, ...]], source: Path, folder: Path
) -> None:
    start()
    path = folder / f"{NAME}.ipynb"

    def mine(cells: list[dict[str, Any]]) -> None:
        next(cell for cell in cells if cell["cell_type"] == "code")["source"] = ["my_setup()"]

    edit(path, mine)
    edit(source / f"{NAME}.ipynb", change_setup)
    (update,) = start()
    place = sources(path).index("my_setup()")

    assert "1 of them the kit changed, too" in str(update)
    assert "The kit has a new version of this cell" in sources(path)[place + 1]
    assert "new_setup()" in sources(path)[place + 1]


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda _: b"", "it is empty"),
        (lambda text: b"\0" * len(text), "it is empty"),
        (lambda text: text[: len(text) // 2], "not all of it"),
        (lambda _: b"\xff\xfe", "it is no text"),
    ],
    ids=["empty", "zeros", "half", "no text"],
)
def test_a_copy_that_cannot_be_opened_is_set_aside(
    damage: Callable[[bytes], bytes], why: str, start: Callable[..., tuple[Update, ...]], folder: Path
) -> None:
    start()
    path = folder / f"{NAME}.ipynb"
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    (update,) = start()

    assert update.outcome == "replaced"
    assert why in str(update)
    assert (folder / update.kept).read_bytes() == damaged
    assert why in sources(path)[0]
    assert update.kept in sources(path)[0]
    assert start() == ()


def test_a_copy_that_is_no_file_is_left_alone(start: Callable[..., tuple[Update, ...]], folder: Path) -> None:
    start()
    (folder / f"{NAME}.ipynb").unlink()
    (folder / f"{NAME}.ipynb").mkdir()

    assert [update.outcome for update in start()] == ["left alone"]
    assert (folder / f"{NAME}.ipynb").is_dir()


def test_a_copy_that_was_deleted_or_renamed_is_made_again(
    start: Callable[..., tuple[Update, ...]], folder: Path
) -> None:
    start()
    edit(folder / f"{NAME}.ipynb", solve)
    renamed = (folder / f"{NAME}.ipynb").rename(folder / "05_mine.ipynb")
    (folder / f"{NAMES[0]}.ipynb").unlink()
    before = renamed.read_bytes()

    assert [(update.name, update.outcome) for update in start()] == [(NAMES[0], "made"), (NAME, "made")]
    assert renamed.read_bytes() == before


@pytest.mark.parametrize("lost", ["given", "ids"])
def test_where_nothing_can_be_merged_the_new_one_stands_beside(
    lost: str, start: Callable[..., tuple[Update, ...]], source: Path, folder: Path
) -> None:
    start()
    path = folder / f"{NAME}.ipynb"
    edit(path, solve)
    if lost == "given":
        shutil.rmtree(folder / ".given")
    else:
        edit(path, remove_ids)
    before = path.read_bytes()
    edit(source / f"{NAME}.ipynb", change_first_text)
    (update,) = start()

    assert update.outcome == "put beside"
    assert path.read_bytes() == before
    beside = sources(folder / update.kept)
    assert "Your copy stays as it is" in beside[0]
    assert beside[1] == "# What is new"
    assert start() == ()
    # What the learner does in the one beside is not overwritten by the next one either.
    edit(folder / update.kept, add_a_cell)
    edit(source / f"{NAME}.ipynb", change_setup)
    shutil.rmtree(folder / ".given")
    (update,) = start()
    assert "my_own()" not in sources(folder / update.kept)
    assert ["my_own()" in sources(kept) for kept in (folder / "earlier").iterdir()] == [True]


def test_made_anew_on_request_and_the_old_one_kept(
    start: Callable[..., tuple[Update, ...]], folder: Path
) -> None:
    start()
    path = folder / f"{NAME}.ipynb"
    given = path.read_bytes()
    for change in (solve, add_a_cell):
        edit(path, change)
        before = path.read_bytes()
        (update,) = start("5")
        assert update.outcome == "made anew"
        assert path.read_bytes() == given
        assert (folder / update.kept).read_bytes() == before
    assert len(list((folder / "earlier").iterdir())) == 2


@pytest.mark.parametrize("word", ["5", "05", NAME, f"{NAME}.ipynb", f"my-notebooks/{NAME}.ipynb"])
def test_a_notebook_has_several_names(word: str, source: Path, folder: Path) -> None:
    assert WorkingCopies(source, folder).find_name(word) == NAME


@pytest.mark.parametrize("word", ["99", "", "merge", "../05", "5a"])
def test_what_is_no_notebook_is_refused_before_anything_is_done(
    word: str, source: Path, folder: Path
) -> None:
    if word == "../05":
        assert WorkingCopies(source, folder).find_name(word) == NAME
        return
    with pytest.raises(BadInput, match="There is no notebook"):
        WorkingCopies(source, folder).update([word])
    assert not folder.exists()


def test_a_notebook_that_the_kit_has_no_more_goes_unless_it_was_worked_in(
    start: Callable[..., tuple[Update, ...]], source: Path, folder: Path
) -> None:
    start()
    worked, untouched = NAMES[-1], NAMES[-2]
    edit(folder / f"{worked}.ipynb", run_everything)
    before = (folder / f"{worked}.ipynb").read_bytes()
    for name in (worked, untouched):
        (source / f"{name}.ipynb").unlink()
    (update,) = start()

    assert (update.name, update.outcome) == (worked, "withdrawn")
    assert (folder / update.kept).read_bytes() == before
    assert not (folder / f"{untouched}.ipynb").exists()
    assert not (folder / f"{worked}.ipynb").exists()
    assert start() == ()


@pytest.mark.parametrize("stops_at", [1, 2, 3, 4])
def test_a_start_that_was_cut_off_is_made_up_for(
    stops_at: int,
    start: Callable[..., tuple[Update, ...]],
    source: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start()
    path = folder / f"{NAME}.ipynb"
    edit(path, solve)
    edit(path, add_a_cell)
    wanted = sources(path)
    edit(source / f"{NAME}.ipynb", change_first_text)
    edit(source / f"{NAMES[0]}.ipynb", change_first_text)
    replaced = 0
    replace = Path.replace

    def cut(unfinished: Path, to: Path) -> Path:
        nonlocal replaced
        replaced += 1
        if replaced == stops_at:
            raise KeyboardInterrupt
        return replace(unfinished, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut)
        with pytest.raises(KeyboardInterrupt):
            start()
    start()

    assert sources(path) == ["# What is new", *wanted[1:]]
    assert sources(folder / f"{NAMES[0]}.ipynb")[0] == "# What is new"
    assert start() == ()


def test_the_stored_notebooks_own_folder_is_no_place_for_copies(source: Path) -> None:
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    with pytest.raises(BadInput, match="holds the stored notebooks"):
        WorkingCopies(source, source.parent / "x" / ".." / "notebooks").update()
    assert {path.name: path.read_bytes() for path in source.iterdir()} == before


@pytest.mark.parametrize("kind", ["a file", "read-only"])
def test_a_folder_that_cannot_be_written_is_told(
    kind: str, source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "a file":
        folder.write_text("mine")
    else:

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        folder.mkdir()
        monkeypatch.setattr(Path, "mkdir", refuse)  # root, as which tests may run, is refused nothing
    with pytest.raises(UnusableFolder, match="cannot be kept there") as refused:
        WorkingCopies(source, folder).update()
    assert str(folder) in str(refused.value)
    assert "--folder" in refused.value.remedy


def test_a_stored_notebook_that_is_damaged_is_named(source: Path, folder: Path) -> None:
    (source / f"{NAME}.ipynb").write_text("{")
    with pytest.raises(BadInput, match=f"{NAME}.ipynb cannot be read"):
        WorkingCopies(source, folder).update()
    assert not folder.exists()


def test_what_another_jupyterlab_has_open_is_not_changed(source: Path, folder: Path) -> None:
    first, second = WorkingCopies(source, folder), WorkingCopies(source, folder)
    first.update()
    edit(source / f"{NAME}.ipynb", change_first_text)
    before = (folder / f"{NAME}.ipynb").read_bytes()
    (folder / f"{NAMES[0]}.ipynb").unlink()

    assert [(update.name, update.outcome) for update in second.update()] == [(NAMES[0], "made")]
    assert second.is_open_elsewhere
    assert (folder / f"{NAME}.ipynb").read_bytes() == before
    # Unless it is asked for.
    assert [update.outcome for update in second.update(["05"])] == ["made anew"]
    first.close()
    second.close()
    third = WorkingCopies(source, folder)
    assert third.update() == ()
    assert not third.is_open_elsewhere
    third.close()


def test_many_starts_at_once_make_each_copy_once(source: Path, folder: Path) -> None:
    every = [WorkingCopies(source, folder) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        updates = [update for updates in pool.map(WorkingCopies.update, every) for update in updates]
    for copies in every:
        copies.close()

    assert sorted(update.name for update in updates) == NAMES
    assert {update.outcome for update in updates} == {"made"}
    assert [path.name for path in sorted(folder.glob("*.ipynb"))] == [f"{name}.ipynb" for name in NAMES]
    assert not (folder / "earlier").exists()
