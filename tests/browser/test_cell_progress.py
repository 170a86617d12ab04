"""A cell that takes its time says what it does, and leaves nothing of it behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from pictures.jupyter import Watched, run_notebook

pytestmark = pytest.mark.browser
WORKING = """
from kit import open_world
lab = open_world(phase=5, scratch=True, clock="wall")
lab.visitors(rate=5)
print("it waits")
passed = lab.advance(4)
lab.close()
passed
"""
QUICK = "1 + 1"


def test_a_cell_that_works_for_a_while_says_what_it_does(open_page: Callable[..., Watched]) -> None:
    watched = open_page("working", WORKING, QUICK)
    page = watched.page
    run_notebook(page)
    line = page.locator(".jp-OutputArea-output", has_text="Working: wait 4 s")
    expect(line).to_contain_text("page views")
    expect(page.get_by_text("it waits", exact=True)).to_be_visible()
    expect(page.locator(".jp-OutputArea-output", has_text="4 s passed")).to_be_visible()
    expect(page.get_by_text("Working:")).to_have_count(0)
    page.close()
