"""How long a notebook takes: computed of what it holds, and written where the lesson says it.

Read are 200 words a minute, of prose (what is folded counts, too) and of code. Outputs are looked
through, at 400 words a minute, and of each no more than its first `MOST_WORDS`, since nobody reads a log to
its last line; of a drawing, whose words are its text/plain, `DRAWN_WORDS`, since one looks at it.
A prediction takes 45 s, an exercise what `exercises.toml` estimates; what those cells show is part of that.
A word is what stands between spaces and has a letter or a digit, so that rules, frames and bars are none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.lesson.exercises import EXERCISES
from kit.lesson.notebooks import find_notebooks, read_notebook
from kit.names import ROOT

CORE = ("00", "02", "05", "09", "12")
"""What one must have seen in the first week, in this order; all else is depth, in any order."""
READ_WORDS = 200  # a minute, of prose and code
SKIMMED_WORDS = 400  # a minute, of outputs
MOST_WORDS, DRAWN_WORDS = 120, 60  # of one output
PREDICTION_MIN = 0.75
STEP_MIN = 5
"""Minutes are told in steps of five, by the nearest."""
MOST_MIN, MOST_CORE_MIN, MOST_ALL_MIN = 30, 100, 300
"""Of one notebook, of the core, of everything."""
_SAID = {
    5: "Five",
    10: "Ten",
    15: "Fifteen",
    20: "Twenty",
    25: "Twenty-five",
    30: "Thirty",
    35: "Thirty-five",
}
_SAID |= {40: "Forty", 45: "Forty-five", 50: "Fifty"}
_LINE = re.compile(r"(\*Starts from [^*]*[.:] )([A-Z][a-z-]+|\d+) minutes\.\*")
_PREDICTING = {"predict", "DeployPanel"}
_TABLES = {"PredictionTable", "ProgressTable"}  # their text only says where to see them


@dataclass(frozen=True, kw_only=True)
class ReadingTime:
    """What a notebook holds, and how long that takes.

    Attributes:
        notebook: its name, such as "05_merge_and_deploy".
        prose: words of markdown.
        code: words of code.
        outputs: words of what cells show, as far as one reads them.
        predictions: how many there are, the panel's included.
        exercises: minutes for all of them.
    """

    notebook: str
    prose: int
    code: int
    outputs: int
    predictions: int
    exercises: int

    @property
    def core(self) -> bool:
        """Whether it is part of the core."""
        return self.notebook[:2] in CORE

    @property
    def minutes(self) -> float:
        """How long it takes."""
        read = (self.prose + self.code) / READ_WORDS + self.outputs / SKIMMED_WORDS
        return read + self.predictions * PREDICTION_MIN + self.exercises

    @property
    def stated(self) -> int:
        """The same as it is told."""
        return max(STEP_MIN, STEP_MIN * int(self.minutes / STEP_MIN + 0.5))


def measure_notebooks(paths: Iterable[Path] | None = None) -> tuple[ReadingTime, ...]:
    """Return how long the notebooks take, the core first.

    Args:
        paths: of the notebooks; None for all.

    Raises:
        BadInput: if one cannot be read.
    """
    times = [_measure(path) for path in paths or find_notebooks()]
    return tuple(sorted(times, key=lambda time: (not time.core, time.notebook)))


def write_minutes(*, check: bool = False, root: Path = ROOT) -> tuple[str, ...]:
    """Write the minutes where they are told: in each notebook, in the table of 00, in that of the README.

    Args:
        check: write nothing, only compare.
        root: the repository.

    Returns:
        The files that differ.

    Raises:
        BadInput: if a notebook cannot be read.
    """
    paths = find_notebooks(root / "notebooks")
    times = measure_notebooks(paths)
    differing = []
    for path in (*paths, root / "README.md"):
        # As text, not as JSON: so nothing but the numbers changes.
        old = path.read_text(encoding="utf-8")
        new = _state(old, times, own=next((time for time in times if time.notebook == path.stem), None))
        if new != old:
            differing.append(path.name)
            if not check:
                path.write_text(new, encoding="utf-8")
    return tuple(differing)


def total_stated(times: Iterable[ReadingTime], *, core: bool | None = None) -> int:
    """Return the sum of what is told, of the core, of the depth, or of all."""
    return sum(time.stated for time in times if core in (None, time.core))


def _state(text: str, times: Sequence[ReadingTime], own: ReadingTime | None) -> str:
    """Return a text with the minutes where it tells them."""
    if own is not None:
        said = _SAID.get(own.stated, str(own.stated))
        text = _LINE.sub(lambda line: f"{line[1]}{said} minutes.*", text)
    for time in times:
        text = re.sub(
            rf"(\| (?:`|\*\*|\[)[^|]*{_named(time)}[^\n]*?\| )\d+( \|)", rf"\g<1>{time.stated}\2", text
        )
    for name, core in (("Core", True), ("Depth", False)):
        whole = total_stated(times, core=core)
        text = re.sub(rf"(\| \*\*{name}\*\*[^\n]*?\| )\d+( \|)", rf"\g<1>{whole}\2", text)
    return text


def _named(time: ReadingTime) -> str:
    """Return how a row of a table names a notebook: by its file, or by its number alone."""
    return rf"(?:{time.notebook}\b|{time.notebook[:2]} Start)"


def _measure(path: Path) -> ReadingTime:
    cells = read_notebook(path).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    code = [cell for cell in cells if cell.cell_type == "code"]
    calls = [[*_calls(cell.source)] for cell in code]
    made = [call for called in calls for call in called]
    shown = (
        _first_words(cell)
        for cell, called in zip(code, calls, strict=True)
        if not {name for name, _ in called} & {*_PREDICTING, *_TABLES, "exercise"}
    )
    asked = dict.fromkeys(text for name, texts in made if name == "exercise" for text in texts)
    return ReadingTime(
        notebook=path.stem,
        prose=count_words(re.sub(r"<[^<>]+>|\]\([^()]*\)", " ", prose)),
        code=sum(count_words(cell.source) for cell in code),
        outputs=sum(shown),
        predictions=sum(name in _PREDICTING and not _was_asked_before(path, texts) for name, texts in made),
        exercises=sum(EXERCISES[number].minutes for number in asked if number in EXERCISES),
    )


def _was_asked_before(path: Path, texts: Sequence[str]) -> bool:
    """Say whether a prediction has another notebook's number: here it is only judged."""
    number, _, step = texts[0].partition(".") if texts else ("", "", "")
    return bool(step) and number.isdecimal() and int(number) != int(path.stem[:2])


def count_words(text: str) -> int:
    """Return how many words a text has; rules and frames are none."""
    return sum(any(map(str.isalnum, word)) for word in text.split())


def _calls(source: str) -> Iterator[tuple[str, list[str]]]:
    """Yield which functions a cell calls by their names, with the texts that it gives them.

    A panel with one knob asks for no prediction.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if any(keyword.arg == "knob" for keyword in node.keywords):
                continue
            texts = [given.value for given in node.args if isinstance(given, ast.Constant)]
            yield node.func.id, [text for text in texts if isinstance(text, str)]


def _first_words(cell: Any) -> int:  # noqa: ANN401 - nbformat's nodes have no types
    """Return how many words of a cell's outputs one reads."""
    words = 0
    for output in cell.outputs:
        data = output.get("data", {})
        most = DRAWN_WORDS if "text/html" in data else MOST_WORDS
        words += min(most, count_words(output.get("text") or data.get("text/plain", "")))
    return words
