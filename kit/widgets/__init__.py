"""The panel on which one deploys for real, and sees production break or not."""

from __future__ import annotations

from kit.widgets.drawing import draw_panel, draw_picture
from kit.widgets.panel import DeployPanel
from kit.widgets.prediction import Prediction, predict

__all__ = ["DeployPanel", "Prediction", "draw_panel", "draw_picture", "predict"]
