from __future__ import annotations

from dataclasses import replace

import pytest

from kit.lesson.exercise import Assessment
from kit.lesson.exercises import EXERCISES

EVIL = "<img src=x onerror=alert(1)>"


def test_what_is_done_has_a_plain_edge_and_a_tick() -> None:
    shown = Assessment(EXERCISES["5a"], holds=True, hint=1)._repr_html_()

    assert "4px solid" in shown
    assert "<strong>✓ Done:</strong>" in shown
    assert "Hint" not in shown


@pytest.mark.parametrize("hint", [1, 2, 3])
def test_what_is_not_has_a_double_edge_a_ring_and_a_hint(hint: int) -> None:
    shown = Assessment(EXERCISES["5a"], holds=False, hint=hint)._repr_html_()

    assert "6px double" in shown
    assert "<strong>○ Not yet:</strong>" in shown
    assert f"Hint {hint} of 3: " in shown
    assert (f"add hint={hint + 1} to this call." in shown) == (hint < 3)
    assert ("<pre " in shown) == (hint == 3)


def test_the_texts_are_escaped() -> None:
    evil = replace(EXERCISES["5a"], missing=EVIL, hints=(EVIL, EVIL), solution=EVIL, done=EVIL)

    for holds, hint in ((True, 1), (False, 1), (False, 3)):
        shown = Assessment(evil, holds=holds, hint=hint)._repr_html_()
        assert "<img" not in shown
        assert "&lt;img" in shown
