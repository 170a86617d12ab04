"""`check`: what is wrong with migrations, what they lock, which command comes first."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from kit.cli.app import KitCommand, json_option
from kit.cli.screen import BAD, DIM, GOOD, HEAD, Screen, shorten
from kit.errors import KitError, MissingTool
from kit.review.exceptions import write_baseline
from kit.review.folder import read_bytes
from kit.review.formats import NOTHING_MEASURED, Measured, format_github, format_sarif
from kit.review.projects import find_projects
from kit.review.report import WRONG, Findings, JudgedStatement, Pending, Report, review_project
from kit.review.rules import Order, Problem, strongest, waits

_SQL_WIDTH = 90
_WHY_WIDTH = 150
_EXAMPLES = """\
Examples:
  python -m kit check                         the project of this folder, and those below
  python -m kit check ../rhizome-v2 --json    another one, for a script
  python -m kit check --since HEAD~1          on main: what the last commit brought
  python -m kit check new.sql                 a file, whatever git has

  python -m kit check --since origin/production --order schema-first    in a pipeline
  python -m kit check --format github                                   in a pull request

A comment lets a statement pass: -- kit: allow RULE why it is safe here
(RULE: expand-contract, code-first, unknown, drop-column, edited, out-of-order, …).

Exit codes:
  0  safe, in the order that is shown    1  a problem, or it cannot be known
  2  it cannot be judged at all          3  neither order is safe: make it two deploys"""


@click.command(cls=KitCommand, epilog=_EXAMPLES)
@click.argument("paths", metavar="[PATH]...", type=Path, nargs=-1)
@click.option("--since", metavar="REF", help="This commit's migrations are applied, not the main branch's.")
@click.option(
    "--order",
    type=click.Choice(["schema-first", "code-first"]),
    help="A pipeline's order: what needs the other one is a problem, unless it comes without code.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    help="Who reads it: you, a script, a pull request, code scanning.",
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Every statement: its lock, its order, why; and squawk's hints."
)
@click.option(
    "--try",
    "tries",
    is_flag=True,
    help="Run what is pending on a disposable PostgreSQL: failures, locks, rewrites.",
)
@click.option("--write-baseline", "writes", is_flag=True, help="Take what is there for known, from now on.")
@json_option
def check(
    paths: tuple[Path, ...],
    *,
    since: str | None,
    order: Order | None,
    form: str,
    verbose: bool,
    tries: bool,
    writes: bool,
    json: bool,
) -> int:
    """Judge the migrations of any project before a deploy.

    What is said: duplicate, late, unparsable, edited files; what each pending statement
    locks; which of `git push` and `npx supabase db push --linked` comes first. It only reads files
    and git, and connects to no database.

    A pull request is judged, not history: pending is what git's main branch does not have
    (origin/HEAD, origin/main, origin/master, main or master), edited what this branch has
    changed. The order takes for granted that new code uses what comes, and today's what goes.

    Prisma's, Drizzle's and Flyway's folders are judged, too; of others it says what to do.

    With --try what is asserted is measured: a server that is thrown away replays the folder and
    then runs what is pending. It needs the lesson's packages.
    """
    screen, form = Screen(), "json" if json else form
    try:
        with_hints = verbose and form == "text"
        findings = _find(paths, since=since, order=order, with_hints=with_hints, with_baseline=not writes)
    except KitError as error:
        if form == "json":
            screen.json(_error_facts(error))
        raise
    if writes:
        return _write(findings, screen)
    if tries:
        return _try(findings, screen, form, verbose=verbose)
    _FORMS[form](findings, screen, verbose, NOTHING_MEASURED)
    return findings.exit_code


def _try(findings: Findings, screen: Screen, form: str, *, verbose: bool) -> int:
    """Run what is pending, and say what became of it; a statement that fails is a problem."""
    try:
        from kit.experiments.trial_run import run_pending  # noqa: PLC0415 - a driver, only where it is used
    except ModuleNotFoundError as error:
        raise MissingTool(
            "--try needs a PostgreSQL server and its driver, which the base package does not bring.",
            why=str(error),
            remedy="Install the lesson: pip install 'broken-window-kit[lesson]'.",
        ) from error
    try:
        runs = [run_pending(report) for report in findings.reports if report.pending]
    except KitError as error:
        if form == "json":
            screen.json(_error_facts(error))
        raise
    if form == "json":
        screen.json(findings.facts() | {"tried": [run.facts() for run in runs]})
    else:
        all_measured = [run.measured() for run in runs]
        measured = Measured(
            tuple(remark for each in all_measured for remark in each.remarks),
            tuple(note for each in all_measured for note in each.notes),
        )
        _FORMS[form](findings, screen, verbose, measured)
        for run in runs if form != "sarif" else ():
            for line in run.lines():
                screen.line(line)
            if run.failed:
                screen.line("PostgreSQL refused a statement: mend that before anything is pushed.", style=BAD)
    return 1 if any(run.failed for run in runs) else findings.exit_code


def _find(
    paths: tuple[Path, ...], *, since: str | None, order: Order | None, with_hints: bool, with_baseline: bool
) -> Findings:
    found = find_projects(paths or (Path(),))
    reports = [
        review_project(project, since=since, order=order, with_hints=with_hints, with_baseline=with_baseline)
        for project in found.projects
    ]
    return Findings(tuple(reports), found.notes)


def _error_facts(error: KitError) -> dict[str, object]:
    facts = {"message": error.message, "why": error.why, "looked": list(error.looked), "remedy": error.remedy}
    return {"problems": [], "pending": [], "commands": [], "error": facts, "exit": 2}


def _write(findings: Findings, screen: Screen) -> int:
    for report in findings.reports:
        if report.project is None:
            continue
        said = [(problem.file, str(problem.kind)) for problem in _all_problems(report)]
        if report.order in ("expand-contract", "unknown"):
            bad = [item for item in report.pending if item.order in ("expand-contract", "unknown")]
            wanting = [item for item in report.pending if item.order != "any"]
            said += [(item.file, item.order) for item in bad or wanting]
        contents = {name: read_bytes(report.project.folder / name) for name, _ in said}
        entries = [
            (name, rule, data if isinstance(data := contents[name], bytes) else None) for name, rule in said
        ]
        path = write_baseline(report.project.root, entries)
        screen.line(f"{path.name}: {len(entries)} known. Commit it.")
    return 0


def _all_problems(report: Report) -> list[Problem]:
    return [*report.problems, *(known.problem for known in report.known)]


def _show_github(findings: Findings, _: Screen, verbose: bool, measured: Measured) -> None:  # noqa: FBT001 - one of _FORMS
    sys.stdout.write(format_github(findings, measured))
    _show(findings, Screen(), verbose, measured)


def _show_sarif(findings: Findings, _: Screen, __: bool, measured: Measured) -> None:  # noqa: FBT001 - one of _FORMS
    from importlib import metadata  # noqa: PLC0415 - it brings a mail parser, at every start

    try:
        version = metadata.version("broken-window-kit")
    except metadata.PackageNotFoundError:
        version = "0.0.0"
    sys.stdout.write(format_sarif(findings, version, measured))


def _show(findings: Findings, screen: Screen, verbose: bool, _: Measured) -> None:  # noqa: FBT001 - one of _FORMS
    several = len(findings.reports) > 1
    for report in findings.reports:
        if several and report.project:
            tool, total = report.project.tool.name, report.total
            screen.line(f"{report.project.folder} ({tool}, {total} migrations)", style=HEAD)
        _show_report(report, screen, verbose=verbose)
        if several:
            screen.line()
    for note in findings.notes:
        screen.line(note, style=DIM)
    _conclude(findings, screen)


def _show_report(report: Report, screen: Screen, *, verbose: bool) -> None:
    for problem in report.problems:
        _show_problem(problem, screen)
    for pending in report.pending:
        if pending.statements:  # else it is among the problems, and there is nothing to judge
            (_show_each if verbose else _show_pending)(pending, screen)
    if report.hints:
        screen.line("squawk adds (https://squawkhq.com/docs/rules):", style=HEAD)
        for hint in report.hints:
            screen.line(f"  {hint.file}:{hint.line}  {hint.rule}")
        screen.line()
    if verbose:
        for known in report.known:
            screen.line(
                f"{known.problem.file}:{known.problem.line}  {known.problem.kind}: {known.because}", style=DIM
            )
    elif report.known:
        count = len(report.known)
        screen.line(
            f"{count} more problem{'s' * (count > 1)} known already (--verbose says which).", style=DIM
        )
    for note in report.notes:
        screen.line(note, style=DIM)
    screen.line(_summary(report), style=DIM)


def _show_problem(problem: Problem, screen: Screen) -> None:
    screen.line(f"{problem.path}:{problem.line}  {problem.kind}", style=BAD)
    screen.line(f"    {problem.message}")
    screen.line(f"    What to do: {problem.remedy}")
    screen.line()


def _show_pending(pending: Pending, screen: Screen) -> None:
    """Show the order of a file, and the statements for which it is not `schema-first` or `any`."""
    rule = pending.order
    waiting = waits(strongest(statement.verdict.lock for statement in pending.statements))
    style = BAD if rule in ("expand-contract", "unknown") else HEAD
    screen.line(f"{pending.path}: {rule}; {waiting}", style=style)
    for statement in pending.statements:
        facts = statement.facts()
        if _decides(statement, rule) or statement.allowed:
            screen.line(f"  line {statement.line}: {facts['operation']}; {facts['lock']}")
            screen.line(f"    {shorten(_one_line(statement.verdict.why), _WHY_WIDTH)}")


def _decides(statement: JudgedStatement, rule: str) -> bool:
    """Say whether it is for this statement that its file has an order."""
    if rule == "expand-contract":
        return statement.verdict.order != "any"
    return statement.verdict.order == rule != "schema-first" and rule != "any"


def _show_each(pending: Pending, screen: Screen) -> None:
    screen.line(f"{pending.path}: {pending.order}", style=HEAD)
    for statement in pending.statements:
        facts = statement.facts()
        screen.line(f"  line {statement.line}: {shorten(_one_line(statement.sql), _SQL_WIDTH)}")
        screen.line(f"    what    {facts['operation']}")
        held = statement.hold.words() if statement.hold.through > statement.line else ""
        screen.line(f"    lock    {facts['lock']}{f'; {held}' if held else ''}")
        screen.line(f"    order   {facts['order']}")
        screen.line(f"    why     {facts['why']}")
    screen.line()


def _one_line(sql: str) -> str:
    # Escape sequences in a file of somebody else's must not reach the terminal.
    return " ".join("".join(letter if letter.isprintable() else " " for letter in sql).split())


def _summary(report: Report) -> str:
    folder = report.project.folder.name if report.project and report.project.named else "supabase/migrations"
    if not report.total:
        return f"There is no migration in {folder}."
    if report.project and report.project.named:
        return f"{len(report.pending)} file{'s' * (len(report.pending) > 1)} judged by name."
    compared = f"not on {report.main}" if report.main else "as far as one can tell without a main branch"
    return f"{len(report.pending)} of {report.total} migrations pending ({compared})."


def _conclude(findings: Findings, screen: Screen) -> None:
    reports = findings.reports
    pending = [migration for report in reports for migration in report.pending]
    if count := sum(len(report.problems) for report in reports):
        screen.line(f"{count} problem{'s' * (count > 1)}: mend that first.", style=BAD)
    elif not pending:
        screen.line("Nothing to push to the database.", style=GOOD)
    elif findings.exit_code == WRONG:
        screen.line(
            "It cannot be known from the text whether this is safe. Read it; when it is, say so above",
            style=BAD,
        )
        screen.line("the statement: -- kit: allow unknown why it is safe")
    elif findings.exit_code:
        screen.line("Neither order is safe: make it two deploys.", style=BAD)
        screen.line("  1. expand: add the new beside the old (schema, then code that uses both)")
        screen.line("  2. contract: code that uses only the new, then remove the old (code, then schema)")
    elif not findings.commands:
        screen.line(f"Safe: {findings.order}.", style=GOOD)
    else:
        either = ", or the other way round" if findings.order == "any" else ""
        screen.line(f"In this order{either}:", style=GOOD)
        for command in findings.commands:
            screen.line(f"  {command}")
        wait = "the new code is live" if findings.order == "code-first" else "the migration is applied"
        if findings.order != "any":
            screen.line(f"Wait between the two until {wait}.", style=DIM)


def _show_json(findings: Findings, screen: Screen, _: bool, __: Measured) -> None:  # noqa: FBT001 - one of _FORMS
    screen.json(findings.facts())


_FORMS: dict[str, Callable[[Findings, Screen, bool, Measured], None]] = {
    "text": _show,
    "json": _show_json,
    "github": _show_github,
    "sarif": _show_sarif,
}
