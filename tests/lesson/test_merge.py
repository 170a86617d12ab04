from __future__ import annotations

import copy
from typing import Any

import pytest

from kit.lesson.merge import (
    Notebook,
    find_source,
    format_notebook,
    has_ids,
    is_run,
    is_written_alike,
    merge,
    parse_notebook,
    strip_outputs,
)

STREAM = {"output_type": "stream", "name": "stdout", "text": ["42\n"]}
TEXT = "**Predict.** How many?\n\nWrite it down.\n\nThen run the cell."
GIVEN = {
    "title": "# Merge",
    "setup=": "world = open_world(phase=5)",
    "predict": TEXT,
    "push=": 'dev.run("git push")',
    "turn=": "# Your turn: push",
    "check=": 'exercise(world, "5a")',
    "end": "## Keypoints",
}


def notebook(cells: dict[str, str]) -> Notebook:
    """Make a notebook; a name that ends with "=" is that of a code cell."""
    made: list[dict[str, Any]] = []
    for name, source in cells.items():
        cell: dict[str, Any] = {
            "id": name.strip("="),
            "metadata": {},
            "source": source.splitlines(keepends=True),
        }
        code: dict[str, Any] = {"cell_type": "code", "outputs": [], "execution_count": None}
        made.append(cell | (code if name.endswith("=") else {"cell_type": "markdown"}))
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def changed(**sources: str) -> dict[str, str]:
    """Return what was given, with these cells changed."""
    return {name: sources.get(name.strip("="), source) for name, source in GIVEN.items()}


def without(*names: str) -> dict[str, str]:
    return {name: source for name, source in GIVEN.items() if name.strip("=") not in names}


def with_after(place: str, name: str, source: str, cells: dict[str, str] = GIVEN) -> dict[str, str]:
    found = {}
    for known, text in cells.items():
        found[known] = text
        if known.strip("=") == place:
            found[name] = source
    return found


def merged(own: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    result = merge(given=notebook(GIVEN), own=notebook(own), new=notebook(new)).notebook
    assert has_ids(result)
    assert parse_notebook(format_notebook(result)) == result
    return {
        cell["id"] + ("=" if cell["cell_type"] == "code" else ""): find_source(cell)
        for cell in result["cells"]
    }


def order(cells: dict[str, str]) -> list[str]:
    return [name.strip("=") for name in cells]


@pytest.mark.parametrize(
    "own",
    [
        GIVEN,
        changed(turn='dev.run("git push origin main")'),
        with_after("push", "mine=", "1 + 1"),
        without("check"),
        dict(reversed(GIVEN.items())),
        {},
    ],
)
def test_what_the_kit_has_not_changed_stays_the_learners(own: dict[str, str]) -> None:
    assert merged(own, GIVEN) == own
    assert list(merged(own, GIVEN)) == list(own)
    assert merged(GIVEN, own) == own
    assert merged(own, own) == own


def test_a_cell_that_both_added_at_one_place_is_there_twice() -> None:
    found = merged(with_after("push", "mine=", "1 + 1"), with_after("push", "kits", "Look."))

    assert order(found)[3:6] == ["push", "mine", "kits"]


def test_cells_of_ones_own_stay_behind_what_they_stood_behind() -> None:
    own = with_after("setup", "second=", "2", with_after("setup", "first=", "1"))
    own = {"top": "My notes", **own}
    new = {name: GIVEN[name] for name in ("title", "predict", "push=", "setup=", "turn=", "check=", "end")}

    assert order(merged(own, new)) == (
        ["top", "title", "predict", "push", "setup", "second", "first", "turn", "check", "end"]
    )
    assert order(merged(own, without("setup")))[:4] == ["top", "title", "second", "first"]


def test_a_solved_cell_stays_solved_although_the_kit_changed_its_comment() -> None:
    solved = 'dev.run("git push origin main")'
    result = merge(
        given=notebook(GIVEN),
        own=notebook(changed(turn=solved)),
        new=notebook(changed(turn="# Your turn: push main", push='dev.run("git push -q")')),
    )
    found = {cell["id"]: find_source(cell) for cell in result.notebook["cells"]}

    assert found["turn"] == solved
    assert found["push"] == 'dev.run("git push -q")'
    assert list(found) == order(GIVEN)
    assert result.conflicts == ()


def test_code_that_both_changed_stays_and_the_kits_is_shown_below_it() -> None:
    own, new = changed(push='dev.run("mine")'), changed(push='dev.run("""\n```\n""")')
    found = merged(own, new)

    assert found["push="] == 'dev.run("mine")'
    assert order(found)[3:5] == ["push", "push-new"]
    assert "The kit has a new version of this cell" in found["push-new"]
    assert '````python\ndev.run("""\n```\n""")\n````' in found["push-new"]
    assert merge(given=notebook(GIVEN), own=notebook(own), new=notebook(new)).conflicts == ("push",)
    # Done again, after a start that was cut off: the same, not a second note.
    assert merged(found, new) == found


def test_lines_of_one_text_are_merged() -> None:
    own = changed(predict=TEXT.replace("Write it down.", "Write it down.\nI say 60."))
    new = changed(predict=TEXT.replace("How many?", "How many visitors?"))

    assert merged(own, new)["predict"] == (
        "**Predict.** How many visitors?\n\nWrite it down.\nI say 60.\n\nThen run the cell."
    )


def test_a_line_that_both_changed_is_shown_in_both_versions() -> None:
    own, new = changed(predict="60!"), changed(predict="How many visitors?")
    found = merged(own, new)

    assert found["predict"] == "60!"
    assert found["predict-new"].endswith("\n\nHow many visitors?")


def test_without_git_the_learners_text_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = merged(changed(predict=f"{TEXT}\n60."), changed(predict=f"Now:\n{TEXT}"))

    assert found["predict"] == f"{TEXT}\n60."
    assert found["predict-new"].endswith(f"Now:\n{TEXT}")


def test_what_the_learner_deleted_stays_deleted() -> None:
    assert merged(without("predict", "push"), changed(push='dev.run("git push -q")')) == without(
        "predict", "push"
    )


def test_what_the_kit_removed_stays_only_where_the_learner_has_worked_in_it() -> None:
    solved = changed(turn="solved()", push="mine()")
    new = without("turn", "predict")

    assert order(merged(solved, new)) == ["title", "setup", "push", "turn", "check", "end"]
    assert merged(solved, new)["push="] == "mine()"


def test_cells_that_the_learner_has_moved_stay_there() -> None:
    own = {name: GIVEN[name] for name in ("title", "predict", "push=", "setup=", "turn=", "check=", "end")}
    new = with_after("push", "kits", "Look.", changed(title="# Merge and deploy"))

    assert order(merged(own, new)) == (["title", "predict", "push", "kits", "setup", "turn", "check", "end"])
    assert merged(own, new)["title"] == "# Merge and deploy"


def test_outputs_stay_where_the_code_does() -> None:
    own = notebook(GIVEN)
    for cell in own["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[STREAM], execution_count=7, metadata={"collapsed": True})
    own["metadata"] = {"widgets": {"state": {"a": 1}}}
    result = merge(given=notebook(GIVEN), own=own, new=notebook(changed(push="new()"))).notebook
    cells = {cell["id"]: cell for cell in result["cells"]}

    assert cells["setup"]["outputs"] == [STREAM]
    assert cells["setup"]["metadata"] == {"collapsed": True}
    assert cells["push"]["outputs"] == []
    assert result["metadata"] == own["metadata"]


def test_what_is_run_is_written_alike() -> None:
    own = copy.deepcopy(notebook(GIVEN))
    own["cells"][1].update(outputs=[STREAM], execution_count=1)

    assert is_run(own)
    assert is_written_alike(own, notebook(GIVEN))
    assert not is_run(strip_outputs(own))
    assert not is_written_alike(own, notebook(changed(end="## Key points")))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("\0\0\0\0", "empty"),
        (format_notebook(notebook(GIVEN))[:300], "not all of it"),
        ("[" * 100_000, "not all of it"),
        ("[]", "no notebook"),
        ('{"cells": []}', "no notebook"),
        ('{"cells": [1], "nbformat": 4}', "no notebook"),
        ('{"cells": [{"cell_type": "code", "source": [1]}], "nbformat": 4}', "no notebook"),
    ],
)
def test_what_is_no_notebook_is_told_apart(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_notebook(text)


def test_cells_without_ids_cannot_be_told_apart() -> None:
    unnamed = notebook(GIVEN)
    del unnamed["cells"][0]["id"]
    twice = notebook(GIVEN)
    twice["cells"][0]["id"] = "end"

    assert has_ids(notebook(GIVEN))
    assert not has_ids(unnamed)
    assert not has_ids(twice)
