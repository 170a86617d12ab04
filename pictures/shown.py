"""What the README shows, as data: each widget, the cell that makes it, what is done with it first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from pictures.panel import Panel

PANEL = """
from kit import Plan
from kit.widgets import DeployPanel
DeployPanel(Plan(build=4, wait=6, rate=20, clock="wall"))
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


def deploy(page: Page) -> None:
    """Answer the panel's questions, a little wrong, deploy, and wait for the verdict."""
    panel = Panel.on(page)
    panel.answer(3, "silently")
    panel.deploy()
    panel.root.get_by_text("Your answer beside the measurement").wait_for()


SHOWN = (Shown("panel", PANEL, deploy),)
"""A new widget is a line here, and a picture in the README."""
