"""Build the checkpoints once for everybody on a machine: `python -m kit prepare`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from kit.cli.app import KitCommand
from kit.cli.screen import Screen
from kit.errors import BadInput
from kit.names import KIT_CACHE, KIT_HOME
from kit.world.checkpoints import prepare as prepare_cache
from kit.world.home import shared_cache

_EXAMPLES = f"""\
Examples:
  python -m kit prepare /srv/kit-cache     when an image is built, or a hub is set up
  {KIT_CACHE}=/srv/kit-cache                in each learner's environment: a first cell builds nothing then

Learners need only read that folder.  It belongs to this version of the kit: after an update, prepare it
again; a cache of another version is not used, and the first cell says so."""


@click.command(cls=KitCommand, epilog=_EXAMPLES)
@click.argument(
    "folder", metavar="[FOLDER]", required=False, type=Path, help=f"Where. [default: ${KIT_CACHE}]"
)
def prepare(*, folder: Path | None) -> int:
    """Build every phase's checkpoint once, for all learners of a machine: a folder that they only read."""
    chosen = folder.expanduser().absolute() if folder else shared_cache()
    if chosen is None:
        raise BadInput(
            "Nobody said where the checkpoints should go.",
            looked=["the argument", f"the environment variable {KIT_CACHE}"],
            remedy="Name a folder that all learners can read: python -m kit prepare /srv/kit-cache",
        )
    screen = Screen()
    with tempfile.TemporaryDirectory(prefix="kit-prepare-") as home, screen.progress() as tell:
        # What is built is taken from nobody: neither from the caller's own cache nor from a shared one.
        os.environ[KIT_HOME] = home
        os.environ.pop(KIT_CACHE, None)
        made = prepare_cache(chosen, progress=tell)
    screen.line(f"Ready: {made}")
    screen.line(f"Set {KIT_CACHE}={chosen} for every learner; they need only read it.")
    return 0
