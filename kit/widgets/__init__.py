"""What one sees and presses in JupyterLab: deploy panel, world map, tables, an exercise's check."""

from __future__ import annotations

from kit.widgets.drift import MigrationTable
from kit.widgets.panel import DeployPanel
from kit.widgets.progress_table import ProgressTable
from kit.widgets.sides import SideBySide
from kit.widgets.world_map import WorldMap

__all__ = ["DeployPanel", "MigrationTable", "ProgressTable", "SideBySide", "WorldMap"]
