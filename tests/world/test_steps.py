from __future__ import annotations

import pytest

from kit.world.workflow import Action, Advance, Arrivals, Edit, OpenPage, Run


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (Run("dev", "git status"), "git status"),
        (Edit("dev", "docs/a.md", "feature/a.md"), "edit docs/a.md"),
        (Advance(36), "wait 36 s"),
        (Advance(0.5), "wait 0.5 s"),
        (Arrivals(20.0), "visitors 20/s"),
        (Arrivals(0), "visitors 0/s"),
        (OpenPage("dev"), "open a document on dev"),
    ],
)
def test_an_action_is_called_as_the_journal_calls_it(action: Action, text: str) -> None:
    assert action.text == text
