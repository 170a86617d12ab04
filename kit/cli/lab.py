"""Start JupyterLab on the notebooks, with the kit's settings beside the user's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import click

from kit.cli.app import KitCommand
from kit.cli.screen import Screen
from kit.errors import MissingTool
from kit.names import ROOT, STAGE_OFFERED

FIRST_NOTEBOOK = "notebooks/00_start_here.ipynb"
JUPYTER_SETTINGS = Path(__file__).with_name("jupyter")
"""A folder for JUPYTER_CONFIG_PATH. JupyterLab takes its `labconfig/default_setting_overrides.json` for
defaults, over which the user's own settings win (jupyterlab_server, settings_utils)."""
_EXAMPLES = """\
Examples:
  python -m kit lab
  python -m kit lab --no-browser --port 8899
  python -m kit lab -- --ServerApp.ip=0.0.0.0    whatever follows -- goes to JupyterLab

JupyterLab keeps your own settings; the kit adds defaults beside them (no news pop-up).
Ctrl-C ends it and all its kernels; your world is kept."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How to start JupyterLab: the command, its environment, its folder."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path


def plan(
    *, browser: bool = True, port: int | None = None, more: Sequence[str] = (), root: Path = ROOT
) -> Launch:
    """Say how JupyterLab is to be started; nothing is.

    Args:
        browser: open it in a browser.
        port: where it listens if that is free, else on one of the next; None for Jupyter's own choice.
        more: further arguments for JupyterLab.
        root: the folder that holds `notebooks/`.

    Raises:
        MissingTool: if the notebooks are not there.
    """
    if not (root / FIRST_NOTEBOOK).is_file():
        raise MissingTool(
            "The notebooks are not beside the package.",
            looked=[str(root / FIRST_NOTEBOOK)],
            remedy="Use the kit from a clone of its repository: git clone …, then make lab.",
        )
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}"]
    # Not as a file to open: so the address that it prints leads to the notebook as well.
    command.append(f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK}")
    # Ctrl-C ends it at once, instead of asking: worlds are kept, notebooks save themselves.
    command.append("--ServerApp.answer_yes=True")
    if os.geteuid() == 0:
        command.append("--allow-root")
    # With a browser, nobody needs the log: what is printed is the address, and warnings.
    command.append("--Application.log_level=WARN" if browser else "--no-browser")
    if port is not None:
        command.append(f"--ServerApp.port={port}")
    return Launch(command=(*command, *more), environment=_environment(os.environ, root), folder=root)


def _environment(own: Mapping[str, str], root: Path) -> dict[str, str]:
    def first(path: Path, name: str) -> str:
        return os.pathsep.join(filter(None, [str(path), own.get(name)]))

    return {
        **own,
        "JUPYTER_CONFIG_PATH": first(JUPYTER_SETTINGS, "JUPYTER_CONFIG_PATH"),
        # The kernel of this very Python, which has the kit, even if the user has another `python3` kernel.
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYTHONPATH": first(root, "PYTHONPATH"),
        STAGE_OFFERED: "1",
    }


def start(launch: Launch) -> NoReturn:
    """Become JupyterLab: whatever ends this process then ends it, and with its kernels their worlds."""
    os.chdir(launch.folder)
    os.execve(launch.command[0], launch.command, dict(launch.environment))  # noqa: S606 - no shell is wanted


@click.command(cls=KitCommand, epilog=_EXAMPLES)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option("--port", type=int, metavar="N", help="Listen here, or on the next free one.")
@click.argument("more", metavar="[-- ARGUMENT...]", nargs=-1, help="For JupyterLab.")
def lab(more: tuple[str, ...], *, no_browser: bool, port: int | None) -> int:
    """Open the lesson in JupyterLab."""
    launch = plan(browser=not no_browser, port=port, more=more)
    Screen().line("Opening the lesson in JupyterLab. Ctrl-C here ends it; your world is kept.")
    sys.stdout.flush()
    start(launch)
