"""What the README shows, as data: each widget, the cell that makes it, what is done with it first."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from pictures.jupyter import run_notebook
from pictures.panel import RUN_MS, Panel

_RUN = re.compile(r"\[\d+\]:")
PANEL = """
from kit import Plan
from kit.widgets import DeployPanel
DeployPanel(Plan(build=4, wait=6, rate=20, clock="wall"))
"""
WORLD = """
from kit import open_world
from kit.widgets import MigrationTable, SideBySide, WorldMap
world = open_world(phase=5, scratch=True)
"""
DEPLOYED = """
world.dev.run("git checkout -q main && git merge -q feature/document-last-viewed")
world.dev.run("git push -q origin main")
world.advance(36)
WorldMap(world)
"""
STAGED = """
stage = world.stage(dock=False)
world.dev.run("git checkout -q main && git merge -q feature/document-last-viewed")
world.visitors(rate=20)
world.dev.run("git push -q origin main")
world.advance(40)
stage
"""
LATE = """
world.dev.write("supabase/migrations/071_add_pinned.sql", "ALTER TABLE documents ADD pinned boolean;")
MigrationTable(world)
"""
CHECK = """
from kit import exercise, open_world
world = open_world(phase=5, scratch=True)
world.visitors(rate=20)
world.dev.run("git checkout -q main && git merge -q feature/document-last-viewed")
world.dev.run("npx supabase db push --linked && git push -q origin main")
world.advance(24)
exercise(world, "5a")
"""
PREDICTION = """
from kit import predict
lost = predict("0.1", "How many views are lost, if db push starts after 60 s?", unit="views")
lost
"""
PROGRESS = """
from kit.widgets import ProgressTable
ProgressTable()
"""


@dataclass(frozen=True)
class Shown:
    """One widget.

    Attributes:
        name: of its pictures, `docs/<name>-light.png` and `docs/<name>-dark.png`.
        cell: code whose output it is.
        act: what is done with it before its picture is taken.
    """

    name: str
    cell: str
    act: Callable[[Page], None] = lambda _: None


def show(page: Page, shown: Shown) -> Locator:
    """Run a widget's notebook, do what is to be done with it, and return the widget.

    Args:
        page: on which its notebook is open.
        shown: the widget.
    """
    run_notebook(page)
    # Until the last cell has ended, what stands under it may be a line about its progress.
    expect(page.locator(".jp-Cell").last.locator(".jp-InputPrompt")).to_have_text(_RUN, timeout=RUN_MS)
    output = page.locator(".jp-Cell").last.locator(".jp-OutputArea-output").last
    output.wait_for()
    shown.act(page)
    return output


def deploy(page: Page) -> None:
    """Answer the panel's questions, a little wrong, deploy, and wait for the verdict."""
    panel = Panel.on(page)
    panel.answer(3, "silently")
    panel.deploy()
    panel.root.get_by_role("table", name="Your answer").wait_for()


def predict_too_little(page: Page) -> None:
    """Answer with a number, and wait until the kernel has read it."""
    field = page.locator(".kw-predict").get_by_role("textbox")
    field.fill("~500")
    field.press("Enter")
    expect(page.locator(".kw-predict").get_by_role("status")).to_contain_text("You say: 500 views.")


def take_a_hint(page: Page) -> None:
    """Ask an exercise for a hint."""
    page.get_by_role("button", name="Hint").click()
    page.get_by_text("Hint 1 of 3:").wait_for()


def wait_for_the_gap(page: Page) -> None:
    """Let the stage come to rest, with the window open."""
    expect(page.locator(".kw-stage .kw-clock")).to_contain_text("+40 s", timeout=RUN_MS)
    expect(page.locator(".kw-stage .kw-tally")).to_contain_text("lost")
    expect(page.locator(".kw-stage").get_by_role("status")).to_have_text("Nothing runs.")


SHOWN = (
    Shown("panel", PANEL, deploy),
    Shown("map", WORLD + DEPLOYED),
    Shown("stage", WORLD + STAGED, wait_for_the_gap),
    Shown("migrations", WORLD + LATE),
    Shown("sides", WORLD + "SideBySide(world)"),
    Shown("prediction", PREDICTION, predict_too_little),
    Shown("check", CHECK, take_a_hint),
    Shown("progress", CHECK + PROGRESS),
)
"""A new widget is a line here, and a picture in the README."""
