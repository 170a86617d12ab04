"""Locks are held to the end of the file: what stands after a statement decides how long others wait."""

from __future__ import annotations

import pytest

from kit.review.holds import Hold, find_holds
from kit.review.judge import Verdict, judge

COLUMN = "ALTER TABLE notes ADD COLUMN words integer"
FILL = "UPDATE notes SET words = 1"
INDEX = "CREATE INDEX notes_words ON notes (words)"


def holds(*statements: str) -> list[Hold]:
    judged = []
    for line, sql in enumerate(statements, 1):
        verdict = judge(sql)
        assert isinstance(verdict, Verdict)
        judged.append((line, sql, verdict))
    return list(find_holds(judged))


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([COLUMN], "held through line 1"),
        ([COLUMN, "COMMENT ON TABLE notes IS ''"], "held through line 2"),
        (
            [COLUMN, "SELECT 1", FILL],
            "held through line 3, and line 3 may take as long as there are rows",
        ),
        (
            [COLUMN, FILL, INDEX, "SELECT 1"],
            "held through line 4, and lines 2, 3 may take as long as there are rows",
        ),
        ([COLUMN, "COMMIT", FILL], "held through line 1"),
        (
            [COLUMN, "ROLLBACK TO before", FILL],
            "held through line 3, and line 3 may take as long as there are rows",
        ),
        ([COLUMN, INDEX.replace("INDEX", "INDEX CONCURRENTLY")], "held through line 1"),
        (["SELECT 1", FILL], ""),
        ([FILL, COLUMN], ""),
    ],
)
def test_the_first_statement_is_held(statements: list[str], words: str) -> None:
    assert holds(*statements)[0].words() == words
