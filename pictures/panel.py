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
        return self.root.get_by_role("group", name="Timeline.")

    @property
    def head(self) -> Locator:
        """The result, and a line about it."""
        return self.root.locator(".kw-head")

    @property
    def player(self) -> Locator:
        """The slider that says up to which instant a run is shown."""
        return self.root.get_by_role("slider", name="Instant that is shown")

    def knob(self, name: str) -> Locator:
        """Return what can be dragged on the picture: "db push", "Build" or "Visitors"."""
        return self.drawing.get_by_role("slider", name=name)

    def button(self, name: str) -> Locator:
        """Return a button by all of its words."""
        return self.root.get_by_role("button", name=name, exact=True)

    def choice(self, name: str) -> Locator:
        """Return a radio button by its words, or by the first of them."""
        return self.root.get_by_role("radio", name=name)

    def choose(self, name: str) -> None:
        """Choose a radio button by its words, or by the first of them."""
        self.choice(name).check()

    def answer(self, seconds: float, loudness: str) -> None:
        """Say that it will break "silently" or "loudly" for so many seconds."""
        self.choose(f"breaks {loudness}")
        self.root.get_by_label("For how many seconds?").fill(f"{seconds:g}")
        self.root.get_by_label("For how many seconds?").press("Tab")

    def deploy(self) -> None:
        """Press Deploy for real, without an answer where none was given."""
        self.button("Deploy for real").click()
        blindly = self.button("Without an answer")
        expect(blindly.or_(self.button("Deploying..."))).to_be_visible()
        if blindly.is_visible():
            blindly.click()

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

    def drag(self, name: str, across: float, down: float = 0.0) -> None:
        """Drag a knob by so many CSS pixels, in steps as a hand does."""
        box = self.knob(name).locator(".kw-grip").bounding_box()
        if box is None:
            raise RuntimeError(f"{name} is not to be seen.")
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse = self.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + across, y + down, steps=8)
        mouse.up()
