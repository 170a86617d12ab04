"""The seven phases of the workflow as data, with what should be true after each step."""

from __future__ import annotations

from kit.phases.model import Action, Advance, Edit, OpenPage, Phase, Predicate, Run, Step, Visit
from kit.phases.workflow import FEATURE, MIGRATION, PHASES, VERSION, VISITORS

__all__ = [
    "FEATURE",
    "MIGRATION",
    "PHASES",
    "VERSION",
    "VISITORS",
    "Action",
    "Advance",
    "Edit",
    "OpenPage",
    "Phase",
    "Predicate",
    "Run",
    "Step",
    "Visit",
]
