"""`doctor` and `clean`: the machine, and what was left on it."""

from __future__ import annotations

import sys
from argparse import Namespace

from kit.cli import clean as leftovers
from kit.cli import doctor as _doctor
from kit.cli.screen import BAD, DIM, GOOD, Screen
from kit.errors import BadInput

_STYLES = {"ok": "", "note": DIM, "problem": BAD}
_MEGABYTE = 2**20


def doctor(options: Namespace, screen: Screen) -> int:  # noqa: ARG001 - every command has the same face
    """Show what this machine has; 1 if the kit cannot run on it."""
    with screen.progress() as tell:
        findings = _doctor.examine(progress=tell if screen.animated else None)
    screen.table(
        ("", "check", "result"),
        [(one.level, one.check, _with_remedy(one)) for one in findings],
        styles=[_STYLES[one.level] for one in findings],
    )
    problems = [one.check for one in findings if one.level == "problem"]
    if problems:
        screen.line(f"The kit cannot run here yet: {', '.join(problems)}.", style=BAD)
        return 1
    screen.line("The kit can run here.", style=GOOD)
    return 0


def _with_remedy(finding: _doctor.Finding) -> str:
    return f"{finding.result}\nWhat to do: {finding.remedy}" if finding.remedy else finding.result


def clean(options: Namespace, screen: Screen) -> int:
    """Remove what nobody holds, and with --all what is kept; 1 if something could not be removed."""
    kept = leftovers.find_kept() if options.all else ()
    if kept:
        size = leftovers.measure(kept) // _MEGABYTE
        screen.line(f"These would be deleted, {size} MB: caches, and your saved worlds.")
        for path in kept:
            screen.line(f"  {path}")
        if not options.yes:
            if not sys.stdin.isatty():
                raise BadInput("Nobody is here to be asked.", remedy="Give --yes as well.")
            if not screen.ask("Delete them?"):
                screen.line("Nothing was deleted.")
                return 1
    with screen.progress() as tell:
        tell("Looking for what was left behind.")
        found = leftovers.find_leftovers()
        tell("Removing it.")
        failed = [*leftovers.remove(found), *leftovers.remove_kept(kept)]
    rows = [
        ("worlds without an owner", str(len(found.folders))),
        ("processes without an owner", str(len(found.processes))),
        ("caches of other versions of the kit", str(len(found.caches))),
    ]
    if options.all:
        rows.append(("caches and saved worlds", str(len(kept))))
    screen.table(("removed", ""), rows)
    if found.held:
        screen.line(f"In use, and left alone: {found.held} world{'s' if found.held > 1 else ''}.")
    for sentence in failed:
        screen.line(sentence, style=BAD)
    return 1 if failed else 0
