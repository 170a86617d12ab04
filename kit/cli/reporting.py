"""`progress`: how far the learner is, on the screen and as a file."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from kit.cli.screen import DIM, GOOD, HEAD, Screen
from kit.errors import BadInput, UnusableFolder
from kit.lesson.exercises import EXERCISES
from kit.lesson.progress import KIND, Overview, look_over

_STYLES = {"done": GOOD, "not yet": "", "not asked": DIM}


def progress(options: Namespace, screen: Screen) -> int:
    """Show the progress, and export it."""
    overview = look_over(EXERCISES)
    if options.export is not None:
        export(overview, options.export, json=options.json or _wants_json(options))
    if options.json:
        screen.json(overview.facts())
    elif options.markdown:
        screen.line(overview.markdown().rstrip("\n"))
    else:
        _show(overview, screen)
    if options.export is not None and not options.json:
        screen.line(f"Wrote {options.export}.")
    return 0


def _wants_json(options: Namespace) -> bool:
    return not options.markdown and options.export.suffix == ".json"


def export(overview: Overview, path: Path, *, json: bool) -> None:
    """Write the progress to a file; one that is there is replaced only if it is an earlier export.

    Args:
        overview: what to write.
        path: the file.
        json: as JSON; else as Markdown.

    Raises:
        BadInput: if there is something else of that name.
        UnusableFolder: if it cannot be written.
    """
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
    if overview.predictions:
        screen.line()
        screen.table(("predicted", "deploy"), [(one.score, str(one)) for one in overview.predictions])
