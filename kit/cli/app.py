"""The application behind `python -m kit`: its commands, its help, its exit codes.

Exit codes: 0 it is done; 1 something does not hold, is missing or failed; 2 the command
line cannot be understood; 130 interrupted; 141 the reader of the output has gone.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from inspect import cleandoc
from textwrap import indent

import click

from kit.errors import BadInput, KitError, explain_missing

FAILED, MISUSED, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141

_COMMANDS = {
    "doctor": ("doctor", "look at this machine: what it has, what it lacks, what to do"),
    "lab": ("lab", "open the lesson in JupyterLab"),
    "run": ("rehearsal", "replay the seven phases"),
    "window": ("rehearsal", "rehearse one deploy, measured"),
    "check": ("review", "judge a folder's migrations before a deploy"),
    "status": ("world", "show where your world stands"),
    "progress": ("lesson", "show what you have done, and what comes next"),
    "reset": ("world", "start a phase again"),
    "shell": ("world", "open a terminal in your world"),
    "prepare": ("prepare", "build the checkpoints once, for all learners of a machine"),
    "clean": ("clean", "remove what was left behind"),
    "notebooks": ("lesson", "rewrite the notebooks' stored outputs, and docs/claims.md"),
}
"""Each command's module in this package, loaded to run it, and its line in `--help`, which loads none."""

_EPILOG = """\
Where to begin:
  python -m kit lab         the lesson, in JupyterLab
  python -m kit window      one deploy, measured: production breaks for 3 seconds
  python -m kit doctor      what this machine lacks, if anything
  python -m kit progress    what you have done in the notebooks, and what comes next

Exit codes:
  0  it is done          1  something does not hold, is missing or failed
  2  bad usage           130  interrupted (Ctrl-C); nothing is left running

Environment:
  KIT_HOME       where your world and caches are kept (default: your state folder)
  KIT_CACHE      checkpoints that `prepare` has built for everybody; only read
  KIT_POSTGRES   embedded (default), docker or system
  KIT_SUPABASE   cli: the real Supabase CLI instead of the kit's own runner
  KIT_SUPABASE_VERSION  which CLI that runner is: 2.122.1, as the project pins, or 3.1.0
  TMPDIR         where scratch worlds live while they run
  NO_COLOR       set to anything: no colours"""


class KitCommand(click.Command):
    """A command that returns its exit code, and whose help is laid out as it is written."""

    def format_help_text(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the function's docstring says."""
        formatter.write(indent(f"\n{cleandoc(self.help or '')}\n", "  "))

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what comes after the options."""
        formatter.write(f"\n{self.epilog}\n" if self.epilog else "")


class _Application(KitCommand, click.Group):
    def list_commands(self, _: click.Context) -> list[str]:
        """Return them in the order above, not in the alphabet's."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Load the command that was asked for."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None:
            command = getattr(importlib.import_module(f"kit.cli.{_COMMANDS[name][0]}"), name)
        return name, command, rest


json_option = click.option("--json", is_flag=True, help="Print one JSON object and nothing else.")
"""For commands whose result a script may want."""


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - Click's call
    if wanted:
        import importlib.metadata  # noqa: PLC0415 - it brings a mail parser, at every start

        try:
            version = importlib.metadata.version("broken-window-kit")
        except importlib.metadata.PackageNotFoundError:
            version = "from a folder, not installed"
        click.echo(f"broken-window-kit {version}")
        context.exit()


@click.group(
    cls=_Application,
    commands={name: click.Command(name, short_help=line) for name, (_, line) in _COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
    epilog=_EPILOG,
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def app() -> None:
    """Learn, by running it, when a deploy of code and schema breaks production.

    A `git push` gives production new code, `npx supabase db push --linked` gives its database a new
    schema; between the two, production can be broken. Everything here is real: git,
    PostgreSQL, the web app, the page views that fail. Only the host is a model.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: the words after `python -m kit`; None for those of this process.

    Returns:
        The exit code, as the module's docstring lists them.
    """
    try:
        try:
            code = _run(list(sys.argv[1:] if arguments is None else arguments))
        except ModuleNotFoundError as error:
            raise explain_missing(error) from error
        sys.stdout.flush()
    except click.UsageError as error:
        with contextlib.suppress(OSError):
            error.show()
        return MISUSED
    except KitError as error:
        _complain(str(error))
        return MISUSED if isinstance(error, BadInput) else FAILED
    except KeyboardInterrupt:
        _complain("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        # Python would flush at its end, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code


def _run(arguments: list[str]) -> int:
    # Not Click's own main(), which has other exit codes for Ctrl-C and for a broken pipe.
    try:
        with app.make_context("python -m kit", arguments) as context:
            code: int = app.invoke(context)
    except click.exceptions.Exit as end:  # of --help and --version
        return end.exit_code
    return code


def _complain(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or there is none
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
