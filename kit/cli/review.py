"""`check`: what is wrong with a folder's migrations, what they lock, which command comes first."""

from __future__ import annotations

from pathlib import Path

import click

from kit.cli.app import KitCommand, json_option
from kit.cli.screen import BAD, DIM, GOOD, HEAD, Screen, shorten
from kit.review import Order, Pending, Report, review

_SQL_WIDTH = 90
_EXAMPLES = """\
Examples:
  python -m kit check                         the project of this folder
  python -m kit check ../rhizome-v2 --json    another one, for a script
  python -m kit check --since HEAD~1          on main: what the last commit brought

  python -m kit check --since origin/production --order schema-first    in a pipeline

Exit code 1: there is a problem (2: there is no such folder or commit)."""


@click.command(cls=KitCommand, epilog=_EXAMPLES)
@click.argument(
    "folder",
    metavar="[DIR]",
    type=Path,
    default=Path(),
    help="A project (default: this folder).",
)
@click.option("--since", metavar="REF", help="This commit's migrations are applied, not the main branch's.")
@click.option(
    "--order",
    type=click.Choice(["schema-first", "code-first"]),
    help="A pipeline's order: what needs the other one is a problem, unless it comes without code.",
)
@json_option
def check(folder: Path, *, since: str | None, order: Order | None, json: bool) -> int:
    """Judge the migrations of any project before a deploy.

    What is said: duplicate, late, unparsable, edited files; what each pending statement
    locks; which of `git push` and `npx supabase db push` comes first. It only reads files
    and git, and connects to no database.

    Pending is what git's main branch does not have (origin/HEAD, origin/main, origin/master,
    main or master); without such a branch, every file. The order takes for granted that new
    code uses what comes, and today's code what goes.
    """
    screen, report = Screen(), review(folder, since=since, order=order)
    if json:
        screen.json(report.facts())
    else:
        _show(report, screen)
    return 1 if report.problems else 0


def _show(report: Report, screen: Screen) -> None:
    for problem in report.problems:
        screen.line(f"{problem.file}:{problem.line}  {problem.kind}", style=BAD)
        screen.line(f"    {problem.message}")
        screen.line(f"    What to do: {problem.remedy}")
        screen.line()
    for pending in report.pending:
        if pending.statements:  # else it is among the problems, and there is nothing to judge
            _show_pending(pending, screen)
    if report.hints:
        screen.line("squawk adds (https://squawkhq.com/docs/rules):", style=HEAD)
        for hint in report.hints:
            screen.line(f"  {hint.file}:{hint.line}  {hint.rule}")
        screen.line()
    screen.line(_summary(report), style=DIM)
    _conclude(report, screen)


def _show_pending(pending: Pending, screen: Screen) -> None:
    screen.line(f"{pending.file}: {pending.order}", style=HEAD)
    for statement in pending.statements:
        facts = statement.facts()
        screen.line(f"  line {statement.line}: {shorten(_one_line(statement.sql), _SQL_WIDTH)}")
        screen.line(f"    what    {facts['operation']}")
        screen.line(f"    lock    {facts['lock']}")
        screen.line(f"    order   {facts['order']}")
        screen.line(f"    why     {facts['why']}")
    screen.line()


def _one_line(sql: str) -> str:
    # Escape sequences in a file of somebody else's must not reach the terminal.
    return " ".join("".join(letter if letter.isprintable() else " " for letter in sql).split())


def _summary(report: Report) -> str:
    if not report.total:
        return "There is no migration in supabase/migrations."
    compared = (
        f"not on {report.main}" if report.main else "git has no main branch here: all are taken for pending"
    )
    return f"{len(report.pending)} of {report.total} migrations pending ({compared})."


def _conclude(report: Report, screen: Screen) -> None:
    if report.problems:
        count = len(report.problems)
        screen.line(f"{count} problem{'s' * (count > 1)}: mend that first.", style=BAD)
    elif not report.pending:
        screen.line("Nothing to push to the database.", style=GOOD)
    elif report.order == "expand-contract":
        screen.line("Neither order is safe: make it two deploys.", style=BAD)
        screen.line("  1. expand: add the new beside the old (schema, then code that uses both)")
        screen.line("  2. contract: code that uses only the new, then remove the old (code, then schema)")
    else:
        either = ", or the other way round" if report.order == "any" else ""
        screen.line(f"In this order{either}:", style=GOOD)
        for command in report.commands:
            screen.line(f"  {command}")
        wait = "the new code is live" if report.order == "code-first" else "the migration is applied"
        if report.order != "any":
            screen.line(f"Wait between the two until {wait}.", style=DIM)
