"""The broken-window kit: learn, by running it, when a deploy of code and schema breaks production."""

from __future__ import annotations

from kit.asking import exercise
from kit.design import judge
from kit.errors import KitError
from kit.locks import enlarge
from kit.pairs import TwoByTwo, two_by_two
from kit.scenario import Plan, Rehearsal, rehearse
from kit.timeline import CommandRan, Deployed, MigrationApplied, PageView, Timeline
from kit.world import World, open_world

__all__ = [
    "CommandRan",
    "Deployed",
    "KitError",
    "MigrationApplied",
    "PageView",
    "Plan",
    "Rehearsal",
    "Timeline",
    "TwoByTwo",
    "World",
    "enlarge",
    "exercise",
    "judge",
    "open_world",
    "rehearse",
    "two_by_two",
]
