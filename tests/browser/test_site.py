"""The static site: its links, the runs that it plays without a kernel, its looks, its speed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from kit.names import ROOT
from pictures.looks import AXE, barriers
from pictures.panel import Panel
from website.server import serve

pytestmark = pytest.mark.browser

NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
PAGES = ("index.html", "notebooks/05_merge_and_deploy.html", "docs/language.html")
BLOCKING_BYTES = 1_000_000
_BLOCKING = """() => ['navigation', 'resource']
    .flatMap(type => performance.getEntriesByType(type))
    .filter(entry => entry.entryType === 'navigation' || entry.renderBlockingStatus === 'blocking')
    .map(entry => [entry.name, entry.decodedBodySize])"""


class Links(HTMLParser):
    """What a page leads to and loads, and the places in it that one can be led to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        self.targets += [given[name] for name in ("href", "src", "data-record") if name in given]


@pytest.fixture(scope="session")
def site(
    kit_home: Path, tmp_path_factory: pytest.TempPathFactory, need: Callable[[object, str], None]
) -> Path:
    """Build the site as `make site` does."""
    assert kit_home
    need(find_spec("sphinx_book_theme"), "the extra `site`")
    folder = tmp_path_factory.mktemp("site") / "site"
    built = subprocess.run(
        [sys.executable, "-m", "website", folder], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Serve it."""
    with serve(site) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """Open a page; afterwards look what it asked of whom, and what it complained of."""
    page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 1000})
    asked: set[str] = set()
    errors: list[str] = []
    page.on("request", lambda request: asked.add(urlsplit(request.url).hostname or ""))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert asked <= {"", "127.0.0.1"}
    assert errors == []


def test_every_link_leads_somewhere(site: Path) -> None:
    # The theme leaves templates of its own there.
    pages = {path: Links(path) for path in site.rglob("*.html") if "_static" not in path.parts}
    lost = []
    for path, links in pages.items():
        for target in links.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or (target.startswith("#") and not target[1:]):
                continue
            place, anchor = urldefrag(unquote(target))
            if place.endswith(".json") and "/" not in place:
                place = str(site / "_static" / place)  # named beside the script that loads it
            found = (path.parent / place.split("?")[0]).resolve() if place else path
            if not found.exists() or (anchor and found in pages and anchor not in pages[found].anchors):
                lost.append(f"{path.relative_to(site)}: {target}")
    assert lost == []
    assert {path.stem for path in (site / "notebooks").glob("*.html")} == set(NOTEBOOKS)


def test_it_has_every_output_that_is_stored(site: Path) -> None:
    for name in NOTEBOOKS:
        notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
        shown = (site / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
        outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
        pictures = sum(
            "".join(output.get("data", {}).get("text/html", "")).count("<img") for output in outputs
        )
        assert shown.count('<img src="data:image/svg+xml') >= pictures > 0 or not pictures, name


def test_a_recorded_run_is_played_and_looked_into_without_a_kernel(page: Page) -> None:
    page.goto("/index.html")
    panel = Panel(page.locator(".kw-deploy"))
    panel.says("Done. Broken for")
    assert panel.views("lost") > 0

    panel.player.focus()
    page.keyboard.press("Home")
    expect(panel.head).to_contain_text("Works at")
    page.keyboard.press("End")
    panel.button("Look into this instant").click()
    panel.root.locator(".kw-view").first.click()
    expect(panel.root.get_by_title("The page as this visitor saw it")).to_be_visible()

    page.get_by_role("button", name="the schema first").click()
    panel.says("Done. Never broken")
    assert panel.views("lost") == 0


def test_the_plan_can_be_dragged_and_an_answer_is_judged_by_the_record(page: Page) -> None:
    page.goto("/notebooks/05_merge_and_deploy.html")
    panel = Panel(page.locator(".kw-deploy"))
    panel.button("Change the plan").click()
    before = panel.knob("db push").get_attribute("aria-valuenow")
    panel.drag("db push", 60)
    assert panel.knob("db push").get_attribute("aria-valuenow") != before
    expect(panel.drawing).to_contain_text("predicted")
    panel.button("Deploy for real").click()
    panel.says("Nothing can be deployed on a page.")

    page.get_by_role("button", name="both at once").click()
    panel.says("Done.")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, need: Callable[[object, str], None], theme: str) -> None:
    need(AXE.is_file(), "axe-core (npm install --no-save)")
    page.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
    found = {}
    for name in PAGES:
        page.goto(f"/{name}")
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        if name != PAGES[-1]:
            expect(page.locator(".kw-deploy")).to_be_visible()
        found[name] = barriers(page.locator("body"))
    assert found == {name: [] for name in PAGES}


def test_search_finds_a_lesson(page: Page) -> None:
    page.goto("/search.html?q=CONCURRENTLY")
    expect(page.locator("#search-results a").first).to_be_visible()
    expect(page.locator("#search-results")).to_contain_text("10 ")


@pytest.mark.parametrize("name", PAGES)
def test_the_first_picture_waits_for_little(page: Page, name: str) -> None:
    page.goto(f"/{name}")
    waited_for = dict(page.evaluate(_BLOCKING))
    assert waited_for
    assert sum(waited_for.values()) < BLOCKING_BYTES, waited_for
