from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kit.errors import BadInput
from kit.lesson.classroom import LONGEST, read_class
from kit.lesson.exercises import EXERCISES
from kit.lesson.progress import KIND, group_by_notebook

NOTEBOOKS = {"01_prepare": ("1a", "1b"), "05_deploy": ("5a", "5b"), "10_locks": ("10a",)}


def export(folder: Path, name: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
    states = facts.pop("states", {})
    exercises = [{"number": number, "state": state} for number, state in states.items()]
    whole = {"kind": KIND, "exercises": exercises, "predictions": [], "believed": [], **facts}
    (folder / name).write_text(json.dumps(whole))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    export(
        tmp_path,
        "Ada.json",
        states={"1a": "done", "1b": "done", "5a": "done", "5b": "not yet", "10a": "not asked"},
        predictions=[{"right": [True, False, True]}],
        believed=[{"right": True}, {"right": None}, {"right": False}],
    )
    export(tmp_path, "Bo.json", states={"1a": "done", "1b": "not yet", "5b": "not yet"})
    export(tmp_path, "Cy.JSON", states=dict.fromkeys(("1a", "1b", "5a", "5b", "10a"), "done"))
    (tmp_path / "notes.txt").write_text("mine")
    return tmp_path


def test_each_learner_is_a_row_and_each_notebook_a_column(folder: Path) -> None:
    assert repr(read_class(folder, NOTEBOOKS)).splitlines() == [
        "learner  01   05   10   done  right  stuck at",
        "Ada      2/2  1/2  0/1  3/5   3/5    5b",
        "Bo       1/2  0/2  0/1  1/5   0/0    1b 5b",
        "Cy       2/2  2/2  1/1  5/5   0/0",
        "",
        "3 learners.",
        "Most are stuck at: 5b (2), 1b (1).",
    ]


def test_the_same_as_json(folder: Path) -> None:
    facts = read_class(folder, NOTEBOOKS).facts()

    assert facts["learners"][0] == {
        "name": "Ada",
        "notebooks": {
            "01_prepare": {"done": 2, "total": 2},
            "05_deploy": {"done": 1, "total": 2},
            "10_locks": {"done": 0, "total": 1},
        },
        "stuck": ["5b"],
        "predictions": {"right": 3, "judged": 5},
    }
    assert facts["stuck"] == [{"number": "5b", "learners": 2}, {"number": "1b", "learners": 1}]
    assert json.loads(json.dumps(facts)) == facts


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("x.json", b"", "no JSON"),
        ("x.json", b'{"kind": "' + KIND.encode(), "not all of it"),
        ("x.json", b"\xff\xfe", "no JSON"),
        ("x.json", b"[" * 100_000, "no JSON"),
        ("x.json", b"[]", "no export"),
        ("x.json", b'{"kind": "another"}', "no export"),
        ("x.json", json.dumps({"kind": KIND}).encode(), "no exercise"),
        (
            "x.json",
            json.dumps({"kind": KIND, "exercises": [{"number": ["1a"]}, 1, None]}).encode(),
            "no exercise",
        ),
        (
            "x.json",
            json.dumps({"kind": KIND, "exercises": [{"number": "1a", "state": {}}]}).encode(),
            "no exer",
        ),
        ("x.json", b" " * (LONGEST + 1), "too long"),
        ("x.md", f"<!-- {KIND} -->\n# Progress\n".encode(), "--export NAME.json"),
    ],
)
def test_a_file_that_is_no_export_is_named_and_the_others_are_read(
    name: str, content: bytes, why: str, folder: Path
) -> None:
    (folder / name).write_bytes(content)
    classroom = read_class(folder, NOTEBOOKS)

    assert [learner.name for learner in classroom.learners] == ["Ada", "Bo", "Cy"]
    (unread,) = classroom.unread
    assert unread.file == name
    assert why in unread.why
    assert f"Not read: {name}: " in repr(classroom)


def test_what_is_no_file_or_may_not_be_read_is_named(folder: Path) -> None:
    (folder / "a.json").mkdir()
    os.mkfifo(folder / "b.json")
    (folder / "c.json").symlink_to(folder / "nowhere")

    assert [unread.file for unread in read_class(folder, NOTEBOOKS).unread] == ["a.json", "b.json", "c.json"]


def test_others_text_is_text(folder: Path) -> None:
    export(folder, "\x1b[31m[bold]Mal\nory\u202e.json", states={"1a": "done", "\x1b[2J": "done"})
    (folder / "\x1b]0;x\x07.json").write_text("{}")
    shown = repr(read_class(folder, NOTEBOOKS))

    assert "\\x1b[31m[bold]Mal\\nory\\u202e" in shown
    assert "Not read: \\x1b]0;x\\x07.json" in shown
    assert not set(shown) & {"\x1b", "\x07", "\u202e"}


def test_an_exercise_of_another_version_is_passed_over(folder: Path) -> None:
    export(folder, "Ada.json", states={"99z": "done", "1a": "done", "1b": "excellent"})
    (ada, *_) = read_class(folder, NOTEBOOKS).learners

    assert ada.states == {"1a": "done"}


@pytest.mark.parametrize("name", ["nowhere", "empty", "Ada.json"])
def test_a_folder_without_exports_is_told(name: str, folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(BadInput):
        read_class(folder / name, NOTEBOOKS)


def test_each_exercise_stands_under_one_notebook() -> None:
    notebooks = group_by_notebook(EXERCISES)

    assert [number for numbers in notebooks.values() for number in numbers] == list(EXERCISES)
    assert all(name[:2] == number[:-1].zfill(2) for name, numbers in notebooks.items() for number in numbers)
