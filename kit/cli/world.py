"""The learner's own world from a terminal: `status`, `reset`, `shell`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping

import click

from kit.cli.app import KitCommand
from kit.cli.screen import HEAD, Screen
from kit.process.shell import find_shell
from kit.world.standing import find_standing, open_beside
from kit.world.standing import reset as reset_world
from kit.world.workflow import FIRST, LAST, PHASES

_PROMPT = r"(kit) \W \$ "
_TERMINAL = ("TERM", "COLORTERM", "COLUMNS", "LINES")


@click.command(cls=KitCommand)
def status() -> int:
    """Show where your world stands, and what is where. It only looks."""
    screen = Screen()
    with screen.progress() as tell:
        standing = find_standing(progress=tell)
    if standing.status is None:
        screen.line("You have no world yet: open a notebook (python -m kit lab), or python -m kit shell.")
        return 0
    where = "is open" if standing.open else "is closed, and saved"
    screen.line(f"Your world {where}. It stands at {_name(standing.phase)}.", style=HEAD)
    others = [number for number in sorted(standing.saved) if number != standing.phase]
    if others:
        screen.line(f"Saved besides: phase {', '.join(map(str, others))}.")
    screen.line()
    screen.table(("", "stands at", "migration", "last_viewed"), standing.status.rows())
    return 0


def _name(phase: int) -> str:
    return "the end: all phases are done" if phase == LAST else f"phase {phase}: {PHASES[phase - 1].title}"


@click.command(cls=KitCommand)
@click.option(
    "--phase",
    type=click.IntRange(FIRST, LAST),
    metavar="N",
    help=f"{FIRST} to {LAST - 1}, or {LAST} for the end (default: the phase in which it stands).",
)
def reset(*, phase: int | None) -> int:
    """Make your world what it is at the start of a phase.

    A notebook that has it open is told so at its next step. A world that stands in another
    phase is saved.
    """
    screen = Screen()
    with screen.progress() as tell:
        phase = reset_world(phase, progress=tell)
    screen.line(f"Your world stands at the start of {_name(phase)}.")
    return 0


@click.command(cls=KitCommand)
def shell() -> int:
    """Open a terminal in your world: in the dev clone, with the notebooks' commands.

    These are git, npx supabase, npm, psql "$LOCAL_DB_URL". A notebook may have the world open
    at the same time. `exit` closes it; the exit code is the shell's. Commands can be piped in:
      echo 'npx supabase migration list' | python -m kit shell
    """
    screen = Screen()
    with screen.progress() as tell:
        world = open_beside(progress=tell)
    try:
        folder = world.repositories.clones["dev"]
        production = world.repositories.clones["production"].name
        environment = world.environment() | _of_terminal(os.environ)
        argv = [find_shell()]
        if sys.stdin.isatty():
            screen.line(
                f"Your world, {_name(world.position())}.\n"
                f"This is the dev clone, {folder.name}; the production clone is ../{production}. "
                "`exit` leaves it.",
                style=HEAD,
            )
            argv.append("-i")
        if argv[0].endswith("bash"):
            argv[1:1] = ["--noprofile", "--norc"]  # long options come first
        sys.stdout.flush()
        # Ctrl-C is for what runs in the shell. A handler, because a child would inherit SIG_IGN.
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            return subprocess.run(argv, env=environment, cwd=folder, check=False).returncode
        finally:
            signal.signal(signal.SIGINT, before)
    finally:
        world.close()


def _of_terminal(own: Mapping[str, str]) -> dict[str, str]:
    """Return what a shell needs to know of the user's terminal, and the editor for commit messages."""
    found = {name: own[name] for name in _TERMINAL if name in own} | {"PS1": _PROMPT}
    words = (own.get("VISUAL") or own.get("EDITOR") or "").split(maxsplit=1)
    # The world's PATH has the system's folders only.
    if words and (program := shutil.which(words[0])):
        found["GIT_EDITOR"] = " ".join([program, *words[1:]])
    return found
