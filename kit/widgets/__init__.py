"""What one sees and presses in JupyterLab: deploy panel, world map, tables, an exercise's check."""

from __future__ import annotations

from kit.widgets.check import CheckPanel
from kit.widgets.drawing import draw_panel, draw_picture
from kit.widgets.drift import MigrationTable
from kit.widgets.panel import DeployPanel
from kit.widgets.prediction import Prediction, predict
from kit.widgets.progress_table import ProgressTable, draw_progress
from kit.widgets.sides import SideBySide
from kit.widgets.world_map import WorldMap

__all__ = [
    "CheckPanel",
    "DeployPanel",
    "MigrationTable",
    "Prediction",
    "ProgressTable",
    "SideBySide",
    "WorldMap",
    "draw_panel",
    "draw_picture",
    "draw_progress",
    "predict",
]
