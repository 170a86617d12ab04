"""What one sees and presses in JupyterLab: the deploy panel, an exercise's check, the progress table."""

from __future__ import annotations

from kit.widgets.check import CheckPanel
from kit.widgets.drawing import draw_panel, draw_picture
from kit.widgets.panel import DeployPanel
from kit.widgets.prediction import Prediction, predict
from kit.widgets.progress_table import ProgressTable, draw_progress
from kit.widgets.world_map import WorldMap

__all__ = [
    "CheckPanel",
    "DeployPanel",
    "Prediction",
    "ProgressTable",
    "WorldMap",
    "draw_panel",
    "draw_picture",
    "draw_progress",
    "predict",
]
