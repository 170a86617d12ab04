"""Start JupyterLab on the learner's copies of the notebooks, with the kit's settings beside their own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

import click

from kit.cli.app import KitCommand
from kit.cli.screen import Screen
from kit.errors import MissingTool, UnusableFolder
from kit.lesson.working_copies import CopyOutcome, Update, WorkingCopies
from kit.names import IS_INSTALLED, KIT_PRIVATE, MATERIAL, ROOT, STAGE_OFFERED

STORED = MATERIAL / "notebooks"
"""The notebooks with their outputs, which git has: for reading, and for the tests."""
COPIES = (Path(os.path.expanduser("~"), "broken-window-kit") if IS_INSTALLED else ROOT) / "my-notebooks"  # noqa: PTH111 - raises nothing where there is no home
"""The learner's copies, which git ignores; as deep as the stored ones, so that the same links lead on."""
_LINKED = ("docs", "notebooks")
"""What links in the notebooks, and in what they link to, lead to: beside the copies, in a checkout."""
FIRST_NOTEBOOK = "00_start_here"
JUPYTER_SETTINGS = Path(__file__).with_name("jupyter")
"""A folder for JUPYTER_CONFIG_PATH. JupyterLab takes its `labconfig/default_setting_overrides.json` for
defaults, over which the user's own settings win (jupyterlab_server, settings_utils). Its `page_config.json`
leaves out Notebook 7's button, which a notebook has where that is installed, too."""
_SERVER = Path(__file__).with_name("_jupyter.py")
# JupyterLab's own, and the stored notebooks: who opens one of those by mistake changes the checkout.
_UNLISTED = ("__pycache__", "*.pyc", "*.pyo", ".DS_Store", "*~", "*.so", "*.dylib", STORED.name)
_IN_ONE_LINE: Mapping[CopyOutcome, str] = {
    "made": "new copies without outputs",
    "updated": "of which you had changed nothing brought up to date",
}
_EXAMPLES = """\
Examples:
  python -m kit lab
  python -m kit lab --fresh 05      05 as it was in the beginning; yours goes to my-notebooks/earlier/
  python -m kit lab --no-browser --port 8899
  python -m kit lab -- --ServerApp.ip=0.0.0.0    whatever follows -- goes to JupyterLab

Each start brings your copies up to date with the kit. What you wrote, added or deleted is kept.
JupyterLab keeps your own settings; the kit adds defaults beside them (no news pop-up).
Ctrl-C ends it and all its kernels; your world is kept."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How to start JupyterLab: the command, its environment, its folder."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path


def plan(
    *,
    folder: Path = COPIES,
    notebook: str = FIRST_NOTEBOOK,
    browser: bool = True,
    port: int | None = None,
    hub: bool = False,
    more: Sequence[str] = (),
) -> Launch:
    """Say how JupyterLab is to be started; nothing is.

    Args:
        folder: the notebooks' folder.
        notebook: the one to open.
        browser: open it in a browser.
        port: where it listens if that is free, else on one of the next; None for Jupyter's own choice.
        hub: as one learner's server of a JupyterHub, which tells it by variables where to listen.
        more: further arguments for JupyterLab.
    """
    # The whole checkout, or what is like one, so that a notebook's links into docs/ lead there.
    root = next((top for top in (COPIES.parent, MATERIAL) if folder.is_relative_to(top)), folder)
    address = quote(str(folder.relative_to(root) / f"{notebook}.ipynb"))
    program = "jupyterhub.singleuser" if hub else "jupyterlab"
    command = [sys.executable, "-P", str(_SERVER), program, f"--ServerApp.root_dir={root}"]
    # Not as a file to open: so the address that it prints leads to the notebook as well.
    command.append(f"--LabApp.default_url=/lab/tree/{address}")
    if folder != STORED:
        command += [f"--ContentsManager.hide_globs={name}" for name in _UNLISTED]
    # Ctrl-C ends it at once, instead of asking: worlds are kept, notebooks save themselves.
    command.append("--ServerApp.answer_yes=True")
    if os.geteuid() == 0:
        command.append("--allow-root")
    # With a browser, nobody needs the log: what is printed is the address, and warnings.
    command.append("--Application.log_level=WARN" if browser else "--no-browser")
    if port is not None:
        command.append(f"--ServerApp.port={port}")
    environment = _environment(os.environ)
    if hub:
        environment[KIT_PRIVATE] = "1"
        environment["JUPYTERHUB_DEFAULT_URL"] = f"/lab/tree/{address}"
    return Launch(command=(*command, *more), environment=environment, folder=root)


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    def first(path: Path, name: str) -> str:
        return os.pathsep.join(filter(None, [str(path), own.get(name)]))

    return {
        **own,
        "JUPYTER_CONFIG_PATH": first(JUPYTER_SETTINGS, "JUPYTER_CONFIG_PATH"),
        # The kernel of this very Python, which has the kit, even if the user has another `python3` kernel.
        "JUPYTER_PREFER_ENV_PATH": "1",
        STAGE_OFFERED: "1",
        # Not what is installed: all that is beside it would come before Python's own.
        **({} if IS_INSTALLED else {"PYTHONPATH": first(ROOT, "PYTHONPATH")}),
    }


def start(launch: Launch) -> NoReturn:
    """Become JupyterLab: whatever ends this process then ends it, and with its kernels their worlds."""
    os.chdir(launch.folder)
    os.execve(launch.command[0], launch.command, dict(launch.environment))  # noqa: S606 - no shell is wanted


def _place_copies(folder: Path | None) -> Path:
    """Return where the copies are kept; lay beside them, where there is no checkout, what they link to."""
    chosen = (folder or COPIES).expanduser()
    if not chosen.is_absolute() and not folder:
        raise UnusableFolder(
            "There is no home folder to keep your copies of the notebooks in.",
            why="HOME is not set, and this account has none",
            remedy="Name a folder: python -m kit lab --folder DIR.",
        )
    if IS_INSTALLED and not folder:
        try:
            for name in _LINKED:
                shutil.copytree(MATERIAL / name, chosen.parent / name, dirs_exist_ok=True)
        except OSError as error:  # shutil.Error included
            raise UnusableFolder(
                "Your copies of the notebooks cannot be written.",
                why=error.strerror or str(error),
                looked=[str(chosen.parent)],
                remedy="Name another folder: python -m kit lab --folder DIR.",
            ) from error
    return chosen.absolute()


def _report(updates: Sequence[Update], copies: WorkingCopies) -> Iterator[str]:
    """Yield what to tell of copies that were made or changed; what needs no attention in one line."""
    for outcome, said in _IN_ONE_LINE.items():
        names = [update.name for update in updates if update.outcome == outcome]
        if names:
            yield f"{copies.folder.name}/: {len(names)} {said} ({', '.join(name[:2] for name in names)})."
    yield from (f"{copies.folder.name}/{update}" for update in updates if update.outcome not in _IN_ONE_LINE)
    if copies.is_open_elsewhere:
        yield "Another JupyterLab has your copies open: what is new in the kit comes with the next start."


@click.command(cls=KitCommand, epilog=_EXAMPLES)
@click.option("--fresh", metavar="NOTEBOOK", multiple=True, help="Make your copy anew; the old one is kept.")
@click.option(
    "--folder",
    metavar="DIR",
    type=Path,
    help="Keep your copies here. [default: in the clone, or ~/broken-window-kit]",
)
@click.option("--stored", is_flag=True, help="Open the stored ones: for who changes the lesson.")
@click.option("--only-copies", is_flag=True, help="Make or update your copies, and open nothing.")
@click.option("--hub", is_flag=True, help="Be a learner's server of a JupyterHub: docs/hub.md.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option("--port", type=int, metavar="N", help="Listen here, or on the next free one.")
@click.argument("more", metavar="[-- ARGUMENT...]", nargs=-1, help="For JupyterLab.")
def lab(
    more: tuple[str, ...],
    *,
    fresh: tuple[str, ...],
    folder: Path | None,
    stored: bool,
    only_copies: bool,
    hub: bool,
    no_browser: bool,
    port: int | None,
) -> int:
    """Open the lesson in JupyterLab: your own copies of its notebooks, without outputs."""
    if stored and (fresh or folder or only_copies):
        raise click.UsageError("--stored excludes --fresh, --folder and --only-copies: it opens no copies.")
    if not (STORED / f"{FIRST_NOTEBOOK}.ipynb").is_file():
        raise MissingTool(
            "The notebooks are not beside the package.",
            looked=[str(STORED)],
            remedy="Install it anew (pip install --force-reinstall …), or use a clone: make lab.",
        )
    screen, opened, notebook = Screen(), STORED, FIRST_NOTEBOOK
    if not stored:
        if hub and not IS_INSTALLED and not folder:
            folder = Path.home() / COPIES.name  # the checkout is nobody's own
        copies = WorkingCopies(STORED, _place_copies(folder))
        for line in _report(copies.update(fresh), copies):
            screen.line(line)
        if only_copies:
            return 0
        if fresh and copies.is_open_elsewhere:
            screen.line("JupyterLab is open on them: close the notebook's tab there, and open it again.")
            return 0
        opened, notebook = copies.folder, copies.find_name(fresh[0]) if fresh else FIRST_NOTEBOOK
    if hub and find_spec("jupyterhub") is None:
        raise MissingTool(
            "JupyterHub's part for a learner's server is not installed beside the kit.",
            looked=[sys.executable],
            remedy="Install the kit's extra for hubs there: pip install 'broken-window-kit[lesson,hub]'",
        )
    browser = not (no_browser or hub)
    launch = plan(folder=opened, notebook=notebook, browser=browser, port=port, hub=hub, more=more)
    screen.line("Opening the lesson in JupyterLab. Ctrl-C here ends it; your world is kept.")
    sys.stdout.flush()
    start(launch)
