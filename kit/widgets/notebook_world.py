"""A world in a notebook: as everywhere, and with a stage beside the cells."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ipywidgets
import psutil
from sidecar import Sidecar

from kit.names import STAGE_OFFERED
from kit.timeline.clock import ClockName
from kit.widgets.cell_progress import show_progress
from kit.widgets.stage import Stage
from kit.world.checkpoints import Progress
from kit.world.world import World

# Programs that show widgets, and dock nothing: what they set, and what they are started as.
_ELSEWHERE = ("VSCODE_PID", "VSCODE_CWD", "COLAB_GPU")
_NOTEBOOK_7 = {"notebook", "jupyter-notebook"}
_shown: list[ipywidgets.Widget] = []  # one stage a kernel, and its dock: it follows every world


class NotebookWorld(World):
    """A world that can be watched beside the notebook."""

    def stage(self, *, dock: bool = True) -> Stage:
        """Show where everything is, and what visitors meet, while cells run.

        It follows whatever world the notebook works in; asked for again, there is still one.

        Args:
            dock: to the right of the notebook, where JupyterLab can do that; otherwise here.
        """
        while _shown:
            _shown.pop().close()
        stage = Stage(self.engine)
        _shown.append(stage)
        if dock and _can_dock():
            _shown.append(_dock(stage))
        return stage

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever IPython gives
        """Offer the stage as a button, where `python -m kit lab` shows the notebook."""
        words = {"text/plain": repr(self)}
        if not os.environ.get(STAGE_OFFERED):
            return words
        button = ipywidgets.Button(description="Show the stage", icon="columns")
        button.on_click(lambda _: self.stage())
        box = ipywidgets.VBox([ipywidgets.Label(repr(self)), button])
        return {**(box._repr_mimebundle_(**options) or {}), **words}


def open_world(
    phase: int = 1,
    *,
    scratch: bool = False,
    clock: ClockName = "virtual",
    progress: Progress | None = None,
) -> NotebookWorld:
    """Open the world at a phase: your own where you left it, else that phase's checkpoint.

    Args:
        phase: 1 to 7, or 8 for the state after the last.
        scratch: a world of its own instead, to break things in; it is never saved, and opened
            again it starts over.
        clock: "wall" for a scratch world in real time, in which visitors can wait for a lock.
        progress: told in a few words what is being done.

    Raises:
        BadInput: if there is no such phase or clock, or your own world is asked for on the wall clock.
        MissingTool, UnusableFolder, ServerFailed: if this machine cannot run it; see `python -m kit doctor`.
    """
    shown = show_progress()
    progress = progress or (shown.say if shown else None)
    return NotebookWorld.open(phase, scratch=scratch, clock=clock, progress=progress)


def _can_dock() -> bool:
    """Say whether the program that shows the notebook has room beside it, as far as a kernel can tell."""
    if any(name in os.environ for name in _ELSEWHERE):
        return False
    try:
        server = psutil.Process().parent()
        words = server.cmdline() if server else []
    except psutil.Error:
        return True
    # "python -m notebook", "python bin/jupyter-notebook"
    return not _NOTEBOOK_7 & {Path(word).name for word in words[1:3]}


def _dock(stage: Stage) -> Sidecar:
    """Put a stage to the right of the notebook; a page that docks nothing shows it in the cell."""
    side = Sidecar(title="Stage", anchor="split-right")
    stage.side = side.model_id
    # Not `with side:`, which would print the stage into the cell of a program that shows no sidecar.
    data, metadata = stage._repr_mimebundle_()
    side.outputs = ({"output_type": "display_data", "data": data, "metadata": metadata},)
    return side
