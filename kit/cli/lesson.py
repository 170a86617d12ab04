"""`lab` and `notebooks`: the lesson in JupyterLab, and its stored outputs."""

from __future__ import annotations

import sys
from argparse import Namespace

from kit.cli import lab as _lab
from kit.cli.screen import Screen
from kit.errors import KitError


def lab(options: Namespace, screen: Screen) -> int:
    """Become JupyterLab on the first notebook."""
    plan = _lab.plan(browser=not options.no_browser, port=options.port, more=options.more)
    screen.line("Opening the lesson in JupyterLab. Ctrl-C here ends it; your world is saved.")
    sys.stdout.flush()
    _lab.start(plan)


def notebooks(options: Namespace, screen: Screen) -> int:
    """Rewrite the notebooks' stored outputs and the ledger; with --check 1 on a difference."""
    # Imports Jupyter, which takes a second.
    from kit.lesson.claims import write_ledger  # noqa: PLC0415
    from kit.lesson.notebooks import write_outputs  # noqa: PLC0415

    with screen.progress() as tell:
        try:
            written = write_outputs(options.paths or None, check=options.check, progress=tell)
            ledger = write_ledger(check=options.check)
        except KitError as error:  # a cell that fails is no bad usage
            sys.stderr.write(f"{error}\n")
            return 1
    for one in written:
        screen.line(str(one))
    screen.line(f"docs/claims.md: {'differs' if ledger else 'as stored'}")
    return int(options.check and (ledger or any(one.changed for one in written)))
