"""The lesson from a terminal: how far the learner is (`progress`), its stored outputs (`notebooks`)."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kit.cli.app import FAILED, KitCommand, json_option
from kit.cli.screen import DIM, GOOD, HEAD, Screen
from kit.errors import BadInput, KitError, UnusableFolder
from kit.lesson.classroom import Classroom, read_class
from kit.lesson.exercises import EXERCISES
from kit.lesson.progress import KIND, Overview, group_by_notebook, read_progress
from kit.names import IS_INSTALLED, MATERIAL

_STYLES = {"done": GOOD, "not yet": "", "not asked": DIM}
_EXAMPLES = """\
Examples:
  python -m kit progress
  python -m kit progress --export progress.md    a file for your mentor; .json: as JSON
  python -m kit progress --class exports         of a folder with a class's .json files: one table

A file that is there is replaced only if it is such an export."""


@click.command(cls=KitCommand, epilog=_EXAMPLES)
@json_option
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@click.option("--export", metavar="FILE", type=Path, help="Also write it to a file.")
@click.option("--class", "folder", metavar="DIR", type=Path, help="Of a class instead: read these exports.")
def progress(*, json: bool, markdown: bool, export: Path | None, folder: Path | None) -> int:
    """Show which exercises of the notebooks you have done, and what comes next.

    Also how often your predictions were right. Kept in KIT_HOME, by the notebooks, from your
    first Check on.
    """
    if json and markdown:
        raise click.UsageError("--json and --markdown exclude each other.")
    if folder is not None and (markdown or export):
        raise click.UsageError("--class goes with --json only.")
    screen = Screen()
    if folder is not None:
        _show_class(read_class(folder, group_by_notebook(EXERCISES)), screen, json=json)
        return 0
    overview = read_progress(EXERCISES)
    if export is not None:
        _export(overview, export, json=json or (not markdown and export.suffix == ".json"))
    if json:
        screen.json(overview.facts())
        return 0
    if markdown:
        screen.line(overview.markdown().rstrip("\n"))
    else:
        _show(overview, screen)
    if export is not None:
        screen.line(f"Wrote {export}.")
    return 0


def _export(overview: Overview, path: Path, *, json: bool) -> None:
    """Write the progress to a file; one that is there is replaced only if it is an earlier export."""
    text = overview.json() if json else overview.markdown()
    try:
        known = _is_export(path)
        with path.open("w" if known else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise BadInput(
            f"{path} is there already, and is no export of your progress: it stays as it is.",
            remedy="Give another name: python -m kit progress --export my-progress.md",
        ) from error
    except (OSError, ValueError) as error:
        raise UnusableFolder(
            f"The progress cannot be written to {path}.",
            why=str(getattr(error, "strerror", None) or error),
            remedy="Name a file in a folder that exists, and that you may write.",
        ) from error


def _show_class(classroom: Classroom, screen: Screen, *, json: bool) -> None:
    if json:
        screen.json(classroom.facts())
        return
    screen.table(classroom.head, classroom.rows())
    screen.line()
    for sentence in classroom.sentences():
        screen.line(sentence)


def _is_export(path: Path) -> bool:
    if not path.is_file():  # a pipe or a device would never end
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        start = file.read(200)
    return start.startswith((f"<!-- {KIND} -->", f'{{\n  "kind": "{KIND}"'))


def _show(overview: Overview, screen: Screen) -> None:
    for sentence in overview.sentences:
        screen.line(sentence, style=HEAD)
    screen.line()
    styles = [_STYLES[line.state] for line in overview.exercises]
    screen.table(("notebook", "", "state", "task"), overview.rows(), styles=styles)
    if overview.believed:
        screen.line()
        screen.table(("notebook", "", "", "predicted", ""), overview.believed_rows())
    if overview.predictions:
        screen.line()
        screen.table(
            ("predicted", "deploy"),
            [(prediction.score, str(prediction)) for prediction in overview.predictions],
        )


@click.command(cls=KitCommand)
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 on a difference.")
@click.option("--minutes", is_flag=True, help="Run nothing: tell how long they take, and write that.")
@click.argument("paths", metavar="[NOTEBOOK]...", nargs=-1, type=Path, help="These alone.")
def notebooks(paths: tuple[Path, ...], *, check: bool, minutes: bool) -> int:
    """Run the notebooks in real kernels and store what they show, docs/claims.md, and how long they take.

    For who changes the lesson.
    """
    if IS_INSTALLED and not check:
        raise BadInput(
            "The stored notebooks of an installed kit are for reading.",
            looked=[str(MATERIAL)],
            remedy="Change the lesson in a clone of the kit's repository: CONTRIBUTING.md says how.",
        )
    # Imported here: `progress` needs no Jupyter, which takes a second.
    from kit.lesson.claims import write_ledger  # noqa: PLC0415
    from kit.lesson.minutes import write_minutes  # noqa: PLC0415
    from kit.lesson.notebooks import write_outputs  # noqa: PLC0415

    screen = Screen()
    if minutes:
        return _show_minutes(screen, paths, check=check)
    with screen.progress() as tell:
        try:
            written = write_outputs(paths or None, check=check, progress=tell)
            ledger = write_ledger(check=check)
            untrue = write_minutes(check=check)
        except KitError as error:  # a cell that fails is no bad usage
            sys.stderr.write(f"{error}\n")
            return FAILED
    for notebook in written:
        screen.line(str(notebook))
    screen.line(f"docs/claims.md: {'differs' if ledger else 'as stored'}")
    screen.line(f"minutes: {', '.join(untrue) if untrue else 'as stored'}")
    return int(check and (ledger or bool(untrue) or any(notebook.changed for notebook in written)))


def _show_minutes(screen: Screen, paths: tuple[Path, ...], *, check: bool) -> int:
    """Print what each notebook takes and why, and write it where the lesson tells it."""
    from kit.lesson.minutes import measure_notebooks, total_stated, write_minutes  # noqa: PLC0415 - as above

    untrue = write_minutes(check=check)
    times = measure_notebooks(paths or None)
    rows = [
        (
            *("core" if time.core else "depth", time.notebook, f"{time.stated}", f"{time.minutes:.1f}"),
            *map(str, (time.prose, time.code, time.outputs, time.predictions, time.exercises)),
        )
        for time in times
    ]
    for name, core in (("core", True), ("depth", False), ("all", None)):
        exact = sum(time.minutes for time in times if core in (None, time.core))
        rows.append((name, "", f"{total_stated(times, core=core)}", f"{exact:.1f}", *[""] * 5))
    head = ("", "notebook", "told", "minutes", "prose", "code", "outputs", "predictions", "exercises (min)")
    screen.table(head, rows)
    if untrue:
        screen.line(f"{'Differs' if check else 'Written'}: {', '.join(untrue)}")
    return int(check and bool(untrue))
