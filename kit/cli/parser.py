"""The words of the command line, and its help."""

from __future__ import annotations

import importlib.metadata
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from kit.experiments.rehearsal import CHANGES, ORDERS
from kit.host import BUILD_S
from kit.world.open import FIRST, LAST
from kit.world.workflow import PHASES

_DESCRIPTION = """\
Learn, by running it, when a deploy of code and schema breaks production.

A `git push` gives production new code, `npx supabase db push` gives its database a new
schema; between the two, production can be broken. Everything here is real: git,
PostgreSQL, the web app, the page views that fail. Only the host is a model."""

_EPILOG = """\
where to begin:
  python -m kit lab                        the lesson, in JupyterLab
  python -m kit window                     one deploy, measured: production breaks for 3 seconds
  python -m kit doctor                     what this machine lacks, if anything
  python -m kit progress                   what you have done in the notebooks, and what comes next

exit codes:
  0  it is done          1  something does not hold, is missing or failed
  2  bad usage           130  interrupted (Ctrl-C); nothing is left running

environment:
  KIT_HOME       where saved worlds and caches are kept (default: your state folder)
  KIT_POSTGRES   embedded (default), docker or system
  KIT_SUPABASE   cli: the real Supabase CLI instead of the kit's own runner
  TMPDIR         where worlds live while they run
  NO_COLOR       set to anything: no colours"""

_RUN = """\
Replay the phases of the workflow in a fresh world, without a notebook: each step's
command, and each sentence that should be true after it. Your own world is not touched."""

_RUN_EXAMPLES = """\
examples:
  python -m kit run                        all seven phases, about 10 seconds
  python -m kit run --to 3 --json          the first three, for a script"""

_WINDOW = """\
Deploy one change for real in a scratch world, under visitors, and measure for how long
production is broken. On the virtual clock two runs give the same numbers; on the wall
clock requests overlap, and it takes as long as it says.

add starts where phase 5 starts; drop and rename start where the workflow ends, with the
column in code and schema. With expand-contract code and schema change in commits of their
own, and each is pushed a second after the one before is live:
  add      migration, then code
  drop     code, then migration
  rename   add the new column; write both; copy the old values; write the new one only;
           drop the old column
All times are in seconds since git push: since the first one, where there are several.
wait_s is from there to the start of the (last) db push."""

_WINDOW_EXAMPLES = """\
examples:
  python -m kit window                                   the workflow's own: 35 s to 38 s
  python -m kit window --order schema-first              the safe order for an added column
  python -m kit window --change drop --order together    what adds safely drops badly
  python -m kit window --change rename --order expand-contract
  python -m kit window --wait 120 --rate 5 --json        the migration two minutes after the push
  python -m kit window --handling loud --build 10        the code fails loudly; a quick build"""

_CHECK = """\
Judge the migrations of any project before a deploy: duplicate, late, unparsable, edited
files; what each pending statement locks; which of `git push` and `npx supabase db push`
comes first. It only reads files and git, and connects to no database.

Pending is what git's main branch does not have (origin/HEAD, origin/main, origin/master,
main or master); without such a branch, every file. The order takes for granted that new
code uses what comes, and today's code what goes."""

_CHECK_EXAMPLES = """\
examples:
  python -m kit check                             the project of this folder
  python -m kit check ../rhizome-v2 --json        another one, for a script
  python -m kit check --since HEAD~1              on main: what the last commit brought

exit code 1: there is a problem (2: there is no such folder or commit)"""

_PROGRESS = """\
Show which exercises of the notebooks you have done, how often your predictions were right,
and what comes next. Kept in KIT_HOME, by the notebooks, from your first Check on."""

_PROGRESS_EXAMPLES = """\
examples:
  python -m kit progress
  python -m kit progress --export progress.md      a file for your mentor; .json: as JSON

A file that is there is replaced only if it is such an export."""

_LAB_EXAMPLES = """\
examples:
  python -m kit lab
  python -m kit lab --no-browser --port 8899
  python -m kit lab -- --ServerApp.ip=0.0.0.0      whatever follows -- goes to JupyterLab

JupyterLab keeps your own settings; the kit adds defaults beside them (no news pop-up).
Ctrl-C ends it and all its kernels; your world is saved."""

_RESET = """\
Make your world what it is at the start of a phase. A notebook that has it open is told so
at its next step. A world that stands in another phase is saved."""

_SHELL = """\
Open a terminal in your world: in the dev clone, with the same commands as the notebooks
(git, npx supabase, npm, psql "$LOCAL_DB_URL"). A notebook may have the world open at the
same time. `exit` closes it. Commands can be piped in:
  echo 'npx supabase migration list' | python -m kit shell"""

_CLEAN = """\
Remove what was left behind where even the process that looks after a world was killed:
folders, processes and containers of worlds that nobody holds, and caches of earlier
versions of the kit. Worlds that are open stay; so do saved ones, without --all."""


class _Parser(ArgumentParser):
    """A parser that keeps the layout of its texts, and takes no abbreviations."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(formatter_class=_Formatter, allow_abbrev=False, **options)


def _Formatter(prog: str) -> RawDescriptionHelpFormatter:  # noqa: N802 - stands for a class
    return RawDescriptionHelpFormatter(prog, max_help_position=30)


def build_parser() -> ArgumentParser:
    """Return the parser of `python -m kit`."""
    parser = _Parser(prog="python -m kit", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("-V", "--version", action="version", version=f"broken-window-kit {_version()}")
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True, parser_class=_Parser
    )

    commands.add_parser(
        "doctor",
        help="look at this machine: what it has, what it lacks, what to do",
        description="Look at this machine. Exit code 1: the kit cannot run here.",
    )
    lab = commands.add_parser(
        "lab",
        help="open the lesson in JupyterLab",
        description="Open the lesson in JupyterLab.",
        epilog=_LAB_EXAMPLES,
    )
    lab.add_argument("--no-browser", action="store_true", help="only print the address")
    lab.add_argument("--port", type=int, metavar="N", help="listen here, or on the next free one")
    lab.add_argument("more", nargs="*", metavar="-- ARGUMENT", help="for JupyterLab")

    _add_run(
        commands.add_parser("run", help="replay the seven phases", description=_RUN, epilog=_RUN_EXAMPLES)
    )
    _add_window(
        commands.add_parser(
            "window", help="rehearse one deploy, measured", description=_WINDOW, epilog=_WINDOW_EXAMPLES
        )
    )

    check = commands.add_parser(
        "check",
        help="judge a folder's migrations before a deploy",
        description=_CHECK,
        epilog=_CHECK_EXAMPLES,
    )
    check.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="a project (default: this folder)"
    )
    check.add_argument(
        "--since", metavar="REF", help="this commit's migrations are applied, not the main branch's"
    )
    check.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    commands.add_parser(
        "status",
        help="show where your world stands",
        description="Show where your world stands, and what is where. It only looks.",
    )
    _add_progress(
        commands.add_parser(
            "progress",
            help="show what you have done, and what comes next",
            description=_PROGRESS,
            epilog=_PROGRESS_EXAMPLES,
        )
    )
    reset = commands.add_parser(
        "reset",
        help="start a phase again",
        description=_RESET,
    )
    reset.add_argument(
        "--phase",
        type=int,
        choices=range(FIRST, LAST + 1),
        metavar="N",
        help=f"{FIRST} to {LAST - 1}, or {LAST} for the end (default: the phase in which it stands)",
    )
    commands.add_parser("shell", help="open a terminal in your world", description=_SHELL)
    clean = commands.add_parser("clean", help="remove what was left behind", description=_CLEAN)
    clean.add_argument("--all", action="store_true", help="also delete caches and saved worlds; asks first")
    clean.add_argument("--yes", action="store_true", help="with --all: do not ask")

    notebooks = commands.add_parser(
        "notebooks",
        help="rewrite the notebooks' stored outputs, and docs/claims.md",
        description="Run the notebooks in real kernels and store what they show. For who changes the lesson.",
    )
    notebooks.add_argument("--check", action="store_true", help="write nothing; exit code 1 on a difference")
    notebooks.add_argument("paths", nargs="*", type=Path, metavar="NOTEBOOK", help="these alone")
    return parser


def _add_run(run: ArgumentParser) -> None:
    last = len(PHASES)
    run.add_argument(
        "--to",
        type=int,
        choices=range(1, last + 1),
        default=last,
        metavar="N",
        help=f"the last phase to replay, 1 to {last} (default: {last})",
    )
    run.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def _add_progress(progress: ArgumentParser) -> None:
    form = progress.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    form.add_argument("--markdown", action="store_true", help="print Markdown")
    progress.add_argument("--export", type=Path, metavar="FILE", help="also write it to a file")


def _add_window(window: ArgumentParser) -> None:
    window.add_argument(
        "--change",
        choices=CHANGES,
        default=CHANGES[0],
        help="what is done to a column (default: %(default)s)",
    )
    window.add_argument(
        "--order",
        choices=ORDERS,
        default=ORDERS[0],
        help="what is pushed first; together: `git push && npx supabase db push`; expand-contract:"
        " code and schema in steps of their own (default: %(default)s)",
    )
    window.add_argument(
        "--wait",
        type=float,
        metavar="S",
        help="seconds from git push to db push, with code-first (default: one after the code is live)",
    )
    window.add_argument(
        "--build",
        type=float,
        default=BUILD_S,
        metavar="S",
        help="seconds from git push until the code is live (default: %(default)g)",
    )
    window.add_argument(
        "--rate", type=float, default=20.0, metavar="R", help="page views a second (default: %(default)g)"
    )
    window.add_argument(
        "--handling",
        choices=("silent", "loud"),
        default="silent",
        help="what the code does about a failing write: ignore it, or answer 500 (default: %(default)s)",
    )
    window.add_argument(
        "--clock",
        choices=("virtual", "wall"),
        default="virtual",
        help="exact instants in little time, or real time (default: %(default)s)",
    )
    window.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def _version() -> str:
    try:
        return importlib.metadata.version("broken-window-kit")
    except importlib.metadata.PackageNotFoundError:
        return "from a folder, not installed"
