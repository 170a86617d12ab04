"""The broken-window kit: learn, by running it, when a deploy of code and schema breaks production."""

from __future__ import annotations

from kit.errors import KitError
from kit.experiments.locks import enlarge
from kit.experiments.matrix import TwoByTwo, two_by_two
from kit.experiments.own_change import judge
from kit.experiments.rehearsal import Plan, Rehearsal, rehearse
from kit.timeline import CommandRan, Deployed, MigrationApplied, PageView, Timeline
from kit.widgets.asking import exercise
from kit.world.world import World, open_world

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
