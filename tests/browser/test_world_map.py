"""The map, the migration table and both descriptions in a real JupyterLab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kit.names import ROOT
from pictures.jupyter import Watched, execute, run_notebook, show_theme

pytestmark = pytest.mark.browser
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SETUP = """
from kit import open_world
from kit.widgets import MigrationTable, SideBySide, WorldMap
world = open_world(phase=5, scratch=True)
"""
FOLLOWED = (
    SETUP + "shown = WorldMap(world, follow=True)\nshown",
    "shown",
    'world.dev.run("git checkout -q main")',
)
BROKEN = (
    SETUP,
    'world.dev.run("git checkout -q main && git merge -q feature/document-last-viewed")',
    'world.dev.run("git push -q origin main")\nworld.advance(36)\nWorldMap(world)',
    'world.dev.run("git rm -q supabase/migrations/070_*")\nMigrationTable(world)',
    "SideBySide(world)",
)
EVIL = """<img src=x onerror="window.pwned=1">"""
HOSTILE = (
    SETUP + f"evil = {EVIL!r}\nbranch = evil.replace(' ', '/')",
    """world.dev.run(f"git checkout -q -b '{branch}' && git push -q origin HEAD")""",
    """world.dev.run(f"touch 'supabase/migrations/3_{evil}.sql'; git add -A; git commit -qm '{evil}'")""",
    """column = evil.replace('"', '""')""",
    """world.dev.write("column.sql", f'ALTER TABLE documents ADD "{column}" int')""",
    """world.dev.run(f'psql "$LOCAL_DB_URL" -qf column.sql # {evil}')""",
    "WorldMap(world)",
    "MigrationTable(world)",
    "SideBySide(world)",
)
# Text of the drawing that reaches beyond its box, and whatever reaches beyond the view.
_BEYOND = """view => {
const far = (one, edge) => one.getBoundingClientRect().right > edge.getBoundingClientRect().right + 1;
const found = [...view.querySelectorAll('th, td, p, svg')].filter(one => far(one, view));
const boxes = [...view.querySelectorAll('.kw-box')].map(one => one.getBoundingClientRect());
for (const text of view.querySelectorAll('text')) {
    const at = text.getBoundingClientRect();
    for (const box of boxes) {
        const begins = at.left >= box.left && at.left < box.right;
        if (begins && at.top > box.top && at.bottom < box.bottom && at.right > box.right) found.push(text);
    }
}
return found.map(one => one.textContent) }"""


def end(page: Page) -> None:
    """Have the kernel end, and its world with it."""
    execute(page, "kernelmenu:shutdown")
    page.close()


def test_a_map_follows_on_every_display_and_a_cell_run_again_replaces_it(
    open_page: Callable[..., Watched],
) -> None:
    page = open_page("follows", *FOLLOWED).page
    run_notebook(page)
    said = page.get_by_text("Changed by: dev$ git checkout -q main", exact=True)
    expect(said).to_have_count(2)
    expect(page.locator(".kw-moved")).to_have_count(2)
    expect(page.locator(".kw-moves li").first).to_contain_text("dev clone: was on feature/")

    page.evaluate("document.querySelectorAll('.kw-view').forEach(one => one.dataset.former = '')")
    run_notebook(page)
    expect(page.locator("[data-former]")).to_have_count(0)
    expect(said).to_have_count(2)
    end(page)


def test_a_map_of_a_closed_world_stands_still(open_page: Callable[..., Watched]) -> None:
    page = open_page("closed", *FOLLOWED[:1], "world.close()").page
    run_notebook(page)
    expect(page.get_by_text("This map stands still: its world is closed")).to_be_visible()
    expect(page.locator(".kw-map")).to_be_visible()
    page.close()


def test_all_three_are_readable_in_both_themes_and_at_any_width(
    open_page: Callable[..., Watched], need: Callable[[object, str], None]
) -> None:
    need(AXE.is_file(), "axe-core (npm install --no-save)")
    page = open_page("broken", *BROKEN).page
    run_notebook(page)
    expect(page.locator(".kw-gap")).to_be_visible()
    expect(page.get_by_role("row", name="in cloud without a file")).to_be_visible()
    expect(page.get_by_role("row", name="only local")).to_have_count(2)

    page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme in ("dark", "light"):
        show_theme(page, theme)
        for width in (320, 640, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            views = page.locator(".kw-view")
            assert [view.evaluate(_BEYOND) for view in views.all()] == [[], [], []], (theme, width)
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
            assert serious(page) == [], (theme, width)
            drawn = page.locator(".kw-view .kw-map")
            expect(drawn).to_be_visible() if width > 1000 else expect(drawn).to_be_hidden()
            expect(page.get_by_role("table", name="What is where")).to_have_count(1)
    end(page)


def serious(page: Page) -> list[object]:
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run('.kw-view')).violations")
    return [
        (one["id"], [(node["target"], node["failureSummary"]) for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_hostile_names_of_a_world_are_shown_and_run_no_script(open_page: Callable[..., Watched]) -> None:
    page = open_page("hostile", *HOSTILE).page
    run_notebook(page)
    views = page.locator(".kw-view")
    expect(views).to_have_count(3)
    for number in range(3):
        expect(views.nth(number)).to_contain_text(EVIL)
    expect(views.first.locator("svg")).to_contain_text("on <img/src=x/onerror=")
    assert page.locator(".jp-OutputArea [src=x]").count() == 0
    assert page.evaluate("window.pwned") is None
    end(page)
