"""The command line: `python -m kit`.

Exit codes: 0 it is done; 1 something does not hold, is missing or failed; 2 the command
line cannot be understood; 130 interrupted; 141 the reader of the output has gone.
"""

from __future__ import annotations

import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from kit.cli.parser import build_parser
from kit.errors import BadInput, KitError

FAILED, MISUSED, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: the words after `python -m kit`; None for those of this process.

    Returns:
        The exit code, as the module's docstring lists them.
    """
    try:
        options = build_parser().parse_args(arguments)
        code = _run(options)
        sys.stdout.flush()
    except BadInput as error:
        _complain(str(error))
        return MISUSED
    except KitError as error:
        _complain(str(error))
        return FAILED
    except KeyboardInterrupt:
        _complain("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        # Python would flush at its end, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code


def _run(options: Namespace) -> int:
    # Imported here: `--help` need not wait for what it does not use.
    from kit.cli import checking, lesson, machine, measuring, own_world, reporting  # noqa: PLC0415
    from kit.cli.screen import Screen  # noqa: PLC0415

    screen = Screen.of_process()
    commands = {
        "doctor": machine.doctor,
        "check": checking.check,
        "clean": machine.clean,
        "lab": lesson.lab,
        "notebooks": lesson.notebooks,
        "run": measuring.run,
        "window": measuring.window,
        "progress": reporting.progress,
        "status": own_world.status,
        "reset": own_world.reset,
        "shell": own_world.shell,
    }
    return commands[options.command](options, screen)


def _complain(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or there is none
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
