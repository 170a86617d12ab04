"""The deploy panel on a page, as a person uses it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

RUN_MS = 60_000
"""How long a deploy, or the start of one, may take on a busy machine, in milliseconds."""


@dataclass(frozen=True)
class Panel:
    """A deploy panel; `root` is the whole of it."""

    root: Locator

    @classmethod
    def on(cls, page: Page) -> Panel:
        """Return the panel of a page, once it can be used."""
        panel = cls(page.locator(".kw-deploy"))
        panel.says("Choose a plan")
        return panel

    @property
    def page(self) -> Page:
        """The page that it is on."""
        return self.root.page

    @property
    def drawing(self) -> Locator:
        """The drawing of the deploy."""
        return self.root.get_by_role("img", name="Timeline.")

    @property
    def seconds(self) -> Locator:
        """The field for how long the window will be."""
        return self.root.get_by_label("For how many seconds?")

    def button(self, name: str) -> Locator:
        """Return a button by its words."""
        return self.root.get_by_role("button", name=name)

    def choice(self, name: str) -> Locator:
        """Return a radio button by its words, or by the first of them."""
        return self.root.get_by_role("radio", name=name)

    def choose(self, name: str) -> None:
        """Choose a radio button by its words, or by the first of them."""
        self.choice(name).check()

    def answer(self, seconds: float, loudness: str) -> None:
        """Commit to "yes", to so many seconds, and to "silently" or "loudly"."""
        self.choose("yes")
        self.seconds.fill(f"{seconds:g}")
        self.seconds.press("Tab")
        self.choose(loudness)
        self.button("Commit my answer").click()
        self.says("Your answer is noted.")

    def deploy(self) -> None:
        """Press Deploy for real."""
        self.button("Deploy for real").click()

    def says(self, words: str) -> None:
        """Wait until these words are announced."""
        expect(self.root.get_by_role("status")).to_contain_text(words, timeout=RUN_MS)

    def views(self, outcome: str) -> int:
        """Return how many page views ended so, or "all"."""
        table = self.root.get_by_role("table", name="Page views")
        row = table.get_by_role("row").filter(
            has=self.page.get_by_role("rowheader", name=outcome, exact=True)
        )
        return int(row.get_by_role("cell").first.inner_text())
