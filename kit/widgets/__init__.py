"""What one sees and presses in JupyterLab: panel, map, tables, a visitor's seat, an exercise's check."""

from __future__ import annotations

from kit.widgets.compare import SideBySide
from kit.widgets.deploy_panel import DeployPanel
from kit.widgets.migrations import MigrationTable
from kit.widgets.progress import PredictionTable, ProgressTable
from kit.widgets.visitor_seat import VisitorSeat
from kit.widgets.world_map import WorldMap

__all__ = [
    "DeployPanel",
    "MigrationTable",
    "PredictionTable",
    "ProgressTable",
    "SideBySide",
    "VisitorSeat",
    "WorldMap",
]
