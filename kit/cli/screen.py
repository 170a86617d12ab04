"""What the commands print: results on stdout, progress on stderr; plain text where there is no terminal."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kit.draw import format_columns

Tell = Callable[[str], None]

GOOD, BAD, DIM, HEAD = "green", "bold red", "dim", "bold"


def shorten(text: str, width: int) -> str:
    """Return a text in at most so many characters; "…" stands for what was left out."""
    return text if len(text) <= width else text[: width - 1] + "…"


class Screen:
    """Writes tables, lines and JSON on this process's stdout, and progress on its stderr."""

    def __init__(self) -> None:
        """Use Rich where a terminal reads; it heeds NO_COLOR and TERM."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a character that the encoding lacks becomes "?"
        self._terminal, self._progress = (
            Console(file=stream, highlight=False, markup=False, emoji=False)
            for stream in (sys.stdout, sys.stderr)
        )

    def __repr__(self) -> str:
        """Say the class."""
        return "Screen()"

    @property
    def width(self) -> int:
        """Columns for a drawing: those of the terminal, 100 where there is none."""
        return self._terminal.width if self._terminal.is_terminal else 100

    @property
    def animated(self) -> bool:
        """Whether progress is a line that changes, so that details do no harm."""
        return self._progress.is_terminal and not self._progress.is_dumb_terminal

    def line(self, text: str = "", *, style: str = "") -> None:
        """Print a text; the style shows on terminals only."""
        if self._terminal.is_terminal:
            self._terminal.print(Text(text, style=style), soft_wrap=True)
        else:
            # Not through Rich, which ends the process by itself when a pipe breaks.
            sys.stdout.write(text + "\n")

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], *, styles: Sequence[str] = ()
    ) -> None:
        """Print a table: framed to fit a terminal, else in plain columns.

        Args:
            header: a title for each column.
            rows: the cells; a cell may have several lines.
            styles: of each row.
        """
        if self._terminal.is_terminal:
            table = Table(header_style=HEAD, box=box.SIMPLE_HEAD)
            for title in header:
                table.add_column(title, overflow="fold")
            for number, row in enumerate(rows):
                # Text, so that square brackets in a path or a message stay what they are.
                table.add_row(*map(Text, row), style=styles[number] if styles else None)
            self._terminal.print(table)
            return
        self.line(format_columns([header, *rows]))

    def json(self, facts: Mapping[str, Any]) -> None:
        """Print one JSON object, with keys in their order and nothing beside it."""
        sys.stdout.write(json.dumps(facts, indent=2, ensure_ascii=False) + "\n")

    @contextmanager
    def progress(self) -> Iterator[Tell]:
        """Show what is being done: on a terminal one line that changes, else a line for each thing."""
        if not self.animated:

            def write(text: str) -> None:
                sys.stderr.write(text + "\n")
                sys.stderr.flush()

            yield write
            return
        with self._progress.status("…") as status:
            yield lambda text: status.update(Text(text, no_wrap=True, overflow="ellipsis"))

    def ask(self, question: str) -> bool:
        """Ask a yes-or-no question; anything but yes is no."""
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
