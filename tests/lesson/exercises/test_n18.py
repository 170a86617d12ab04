"""Attempts at notebook 18's exercise; the conftest beside this file says how they are run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

HEAD = """
from kit import run_monitors
def psql(query):
    return lab.dev.run(f'psql "$CLOUD_DB_URL" -Atqc "{query}" 2>&1').output
ask = "SELECT last_viewed FROM documents WHERE title = 'My Test Document'"
def probe():
    before = psql(ask)
    lab.open_page()
    return psql(ask) == before
"""


def run(monitors: str, *, seconds: int = 30, before: str = "") -> str:
    """Return code that lets monitors look, after something else."""
    return f"{HEAD}{before}\nanswer = run_monitors(lab, {monitors}, seconds={seconds})\n"


WRONG = {
    "18a": {
        "nothing": "",
        "an answer that is no run": "answer = 'the probe'",
        "the status": run('{"status": (3, lambda: lab.open_page().status != 200)}'),
        "the log, which is quiet": run('{"log": (1, lambda: lab.log().errors)}'),
        "a probe that looks too rarely": run('{"probe": (15, probe)}'),
        "always an alarm": run('{"nervous": (1, lambda: True)}'),
        "begun when it was broken already": run('{"probe": (3, probe)}', before="lab.advance(10)"),
        "stopped before it broke": run('{"probe": (3, probe)}', seconds=4),
        "all of them": run('{"probe": (3, probe), "nervous": (1, lambda: True)}'),
    }
}
RIGHT = {
    "18a": {
        "a probe every two seconds": run('{"probe": (2, probe)}'),
        "is the newest view from just now": run(
            '{"newest": (2, stale)}',
            before="""
seen = []
def stale():
    seen.append(psql("SELECT max(last_viewed) FROM documents"))
    return len(seen) > 1 and seen[-1] == seen[-2]
""",
        ),
        "is the column there at all": run(
            '{"column": (1, gone)}',
            before="""
def gone():
    return "does not exist" in psql("SELECT last_viewed FROM documents LIMIT 1")
""",
        ),
        "a probe with a book of its own": run(
            '{"probe": (4, other)}',
            before="""
lab.dev.run("psql \\"$CLOUD_DB_URL\\" -qc \\"UPDATE documents SET title = 'Probe' WHERE id = "
            "(SELECT id FROM documents WHERE title <> 'My Test Document' LIMIT 1)\\"")
def other():
    before = psql("SELECT last_viewed FROM documents WHERE title = 'Probe'")
    lab.open_page(title="Probe")
    return psql("SELECT last_viewed FROM documents WHERE title = 'Probe'") == before
""",
        ),
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
