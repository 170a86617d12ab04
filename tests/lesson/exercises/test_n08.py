"""Attempts at notebook 08's exercise; the conftest beside this file says how they are run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

START = """
lab.production.run("cd worker && npm start")
"""
UPLOAD = """
lab.upload("A Quiet Book")
"""


def type_in(command: str) -> str:
    """Return code that runs a command in the production clone."""
    return f'\nlab.production.run("{command}")\n'


WRONG = {
    "8a": {
        "nothing": "",
        "a book and nothing else": UPLOAD,
        "main, and the change came along": type_in("git checkout -q main") + START + UPLOAD,
        "not restarted": type_in("git checkout -q -f main") + UPLOAD,
        "restarted too early": START + type_in("git checkout -q -f main") + UPLOAD,
        "nobody uploads anything": type_in("git checkout -q -f main") + START,
        "uploaded too early": type_in("git checkout -q -f main") + UPLOAD + START,
        "without the change, on the branch": type_in("git checkout -q -- worker") + START + UPLOAD,
        "finished in a hurry": type_in("sed -i s/half-finished/1/ worker/main.py && git commit -qam done")
        + START
        + UPLOAD,
        "merged into main here, where nobody sees it": type_in(
            "git commit -qam done && git checkout -q main && git merge -q feature/something"
        )
        + START
        + UPLOAD,
        "and something else lies about": type_in("git checkout -q -f main && touch notes.txt")
        + START
        + UPLOAD,
        "begun again instead": "lab.reset(8)" + UPLOAD,
    }
}
RIGHT = {
    "8a": {
        "laid aside": type_in("git stash -q && git checkout -q main") + START + UPLOAD,
        "kept on its branch": type_in("git commit -qam begun && git switch -q main") + START + UPLOAD,
        "no branch at all, what GitHub has": type_in(
            "git fetch -q && git checkout -q -f --detach origin/main && git branch -q -D feature/something"
        )
        + START
        + UPLOAD,
        "main first, then the change": type_in("git checkout -q main && git restore .")
        + UPLOAD
        + START
        + UPLOAD
        + 'lab.upload("One More")',
        "with what is new on GitHub": """
lab.dev.run("git checkout -q main && git commit -q --allow-empty -m 'say never' && git push -q origin main")
"""
        + type_in("git reset -q --hard && git checkout -q main && git pull -q")
        + START
        + UPLOAD,
    }
}


def test_each_is_tried_often_enough(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)


def test_what_is_wrong_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*wrong)

    assert not assessment.holds, repr(assessment)


def test_what_is_right_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)

    assert assessment.holds, repr(assessment)


def test_what_is_missing_is_told(solve: Callable[..., Assessment]) -> None:
    said = repr(solve("8a", UPLOAD))

    assert "It stands at feature/something, 1f31094." in said
    assert "Changed is worker/main.py; git takes that along to another branch." in said
    assert "The newest says: A Quiet Book, made readable by version half-finished of the worker." in said
    assert "Begin again" not in said


def test_a_lab_in_which_nothing_was_begun_says_so(solve: Callable[..., Assessment]) -> None:
    assert "run the cells under *Can I develop in the production worktree?* first" in repr(
        solve("8a", "", before="")
    )
