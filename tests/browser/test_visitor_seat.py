"""To sit in the visitor's seat: in the broken window, and after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from pictures.jupyter import Watched, execute, show_theme
from pictures.looks import AXE, SIZES, barriers, misfits

pytestmark = pytest.mark.browser
MERGE = "git checkout -q main && git merge -q feature/document-last-viewed && git push -q origin main"
CELLS = (
    f"""
from kit import open_world
from kit.widgets import VisitorSeat
world = open_world(phase=5, scratch=True)
world.dev.run("{MERGE}")
world.advance(36)
""",
    "VisitorSeat(world)",
    'world.dev.run("npx supabase db push")',
)
THEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
PAPER = {"dark": "rgb(25, 23, 20)", "light": "rgb(250, 247, 240)"}  # of the site, whatever the system prefers
BOOK = "Notes on Rivers"
FIRST = "00000000-0000-4000-8000-000000000001"
EMPTY = "Nothing here yet. Pick something to read."


def run_cell(page: Page, number: int) -> None:
    page.locator(".jp-Cell .jp-InputPrompt").nth(number).click()
    execute(page, "notebook:run-cell")


def test_what_was_opened_in_the_window_is_lost_and_then_no_more(
    open_page: Callable[..., Watched], need: Callable[[object, str], None]
) -> None:
    need(AXE.is_file(), "axe-core (npm install --no-save)")
    page = open_page("seat", *CELLS).page
    run_cell(page, 0)
    run_cell(page, 1)
    seat, site = page.locator(".kw-seat"), page.frame_locator(".kw-seat iframe")
    opened = site.locator("h2:text-is('Recently opened') + *")
    shown = site.get_by_role("heading", level=1)

    def press(name: str) -> None:
        seat.get_by_role("button", name=name, exact=True).click()

    expect(shown).to_have_text("Library")
    expect(opened).to_contain_text(EMPTY)
    expect(seat.get_by_role("button", name="Back")).to_be_disabled()
    site.get_by_role("link", name=BOOK).click()
    expect(shown).to_have_text(BOOK)
    expect(seat.get_by_label("The page that is shown")).to_contain_text("200 OK  /read/0000")
    press("Home")
    expect(shown).to_have_text("Library")
    expect(opened).to_contain_text(EMPTY)

    run_cell(page, 2)
    press("Back")
    expect(shown).to_have_text(BOOK)
    press("Back")
    expect(shown).to_have_text("Library")
    expect(opened.get_by_role("listitem")).to_have_text([f"{BOOK} just now"])

    found = []
    for theme in THEMES:
        show_theme(page, theme)
        found += barriers(seat)
    assert found == []
    assert misfits(seat) == {size: [] for size in SIZES}

    page.emulate_media(color_scheme="null")  # Playwright's own would hold inside the frame, too
    for theme in THEMES:
        show_theme(page, theme)
        expect(site.locator("body")).to_have_css("background-color", PAPER[theme])

    with page.expect_popup() as came:
        seat.get_by_role("link", name="Open in a tab").click()
    tab, address = came.value, came.value.url.rstrip("/")
    for theme in THEMES:
        tab.emulate_media(color_scheme=theme)
        for path in ("/", "/read/nothing", "/search?q=moss", f"/read/{FIRST}"):
            tab.goto(address + path)
            found += barriers(tab.locator("body"))
    tab.set_viewport_size({"width": 320, "height": 700})
    for link in ("Library", BOOK):
        tab.get_by_role("link", name=link).first.click()
        assert not tab.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert found == []
    tab.close()

    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => null)"
    )
    expect(seat.locator(".kw-notice")).to_contain_text("The kernel has ended")
    for button in seat.get_by_role("button").all():
        expect(button).to_be_disabled()
    expect(shown).to_have_text("Library")
    page.close()
