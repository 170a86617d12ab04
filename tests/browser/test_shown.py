"""Every widget that the README shows: readable, whole, still, and silent towards the rest of the world."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pictures.jupyter import Watched, show_theme
from pictures.looks import AXE, SIZES, barriers, misfits, moving
from pictures.shown import SHOWN, Shown, show

pytestmark = pytest.mark.browser
# The deploy panel has tests of its own.
OTHERS = [shown for shown in SHOWN if shown.name != "panel"]


@pytest.mark.parametrize("shown", OTHERS, ids=[shown.name for shown in OTHERS])
def test_a_widget_is_readable_and_whole(
    shown: Shown, open_page: Callable[..., Watched], need: Callable[[object, str], None]
) -> None:
    need(AXE.is_file(), "axe-core (npm install --no-save)")
    watched = open_page(f"shown-{shown.name}", shown.cell)
    page = watched.page
    root = show(page, shown)

    found = {}
    for theme in ("dark", "light"):
        show_theme(page, theme)
        found[theme] = barriers(root)
    assert found == {"dark": [], "light": []}
    assert misfits(root) == {name: [] for name in SIZES}
    page.emulate_media(reduced_motion="reduce")
    assert moving(root) == []
    assert watched.errors == []
    page.close()
