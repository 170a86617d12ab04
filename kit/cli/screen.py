"""What the commands print: results on stdout, progress on stderr; plain text where there is no terminal."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

Tell = Callable[[str], None]

GOOD, BAD, DIM, HEAD = "green", "bold red", "dim", "bold"


class Screen:
    """Writes tables, lines and JSON on stdout, and progress on stderr.

    Args:
        out: for results.
        err: for progress.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        """Use Rich where a terminal reads; it heeds NO_COLOR and TERM."""
        self._out, self._err = out, err
        self._terminal = Console(file=out, highlight=False, markup=False, emoji=False)
        self._progress = Console(file=err, highlight=False, markup=False, emoji=False)

    def __repr__(self) -> str:
        """Say the class."""
        return "Screen()"

    @classmethod
    def of_process(cls) -> Self:
        """Return the screen of this process; characters that its encoding lacks become question marks."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        return cls(sys.stdout, sys.stderr)

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
            self._out.write(text + "\n")

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
        cells = [[cell.split("\n") for cell in row] for row in (header, *rows)]
        widths = [max(len(line) for row in cells for line in row[column]) for column in range(len(header))]
        for lines_of in cells:
            for number in range(max(map(len, lines_of))):
                lines = [cell[number] if number < len(cell) else "" for cell in lines_of]
                padded = (line.ljust(width) for line, width in zip(lines, widths, strict=True))
                self.line("  ".join(padded).rstrip())

    def json(self, facts: Mapping[str, Any]) -> None:
        """Print one JSON object, with keys in their order and nothing beside it."""
        self._out.write(json.dumps(facts, indent=2, ensure_ascii=False) + "\n")

    @contextmanager
    def progress(self) -> Iterator[Tell]:
        """Show what is being done: on a terminal one line that changes, else a line for each thing."""
        if not self.animated:

            def write(text: str) -> None:
                self._err.write(text + "\n")
                self._err.flush()

            yield write
            return
        with self._progress.status("…") as status:
            yield lambda text: status.update(Text(text, no_wrap=True, overflow="ellipsis"))

    def ask(self, question: str) -> bool:
        """Ask a yes-or-no question; anything but yes is no."""
        self._err.write(f"{question} [y/N] ")
        self._err.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
