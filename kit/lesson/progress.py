"""The learner's progress over all notebooks: exercises, predictions, what comes next."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Literal

from kit.draw import format_columns
from kit.errors import UnusableFolder
from kit.lesson.exercise import Assessment, Exercise
from kit.lesson.prediction import Believed, find_believed
from kit.names import MATERIAL
from kit.world.home import recall, remember

ExerciseState = Literal["done", "not yet", "not asked"]
KIND = "broken-window-kit progress"
"""Stands in every export, so that a later one may replace it."""
_NOTEBOOKS = MATERIAL / "notebooks"
_WORDS = ("change", "order", "handling")
_NUMBERS = ("build", "rate")


def find_asked() -> dict[str, bool]:
    """Return the exercises that were asked, by number: whether one was ever done.

    Raises:
        UnusableFolder: if the progress file cannot be read.
    """
    asked: dict[str, bool] = {}
    for entry in recall("exercise"):
        number, done = entry.get("number"), entry.get("done")
        if isinstance(number, str) and isinstance(done, bool):
            asked[number] = asked.get(number, False) or done
    return asked


def record(assessment: Assessment) -> None:
    """Remember an exercise's first Not yet and its first Done; what was done once stays done."""
    number = assessment.exercise.number
    # The learner is to read the assessment, even where no file can be written: the disk may be full.
    with contextlib.suppress(UnusableFolder):
        former = find_asked().get(number)
        if former is None or (assessment.holds and not former):
            remember("exercise", {"number": number, "done": assessment.holds})


@dataclass(frozen=True, kw_only=True)
class ExerciseProgress:
    """One exercise, and how far it is.

    Attributes:
        number: of the exercise: "5a".
        notebook: that asks it, such as "05_merge_and_deploy".
        task: what it asks for.
        state: "not asked": nobody has looked yet whether it is done.
    """

    number: str
    notebook: str
    task: str
    state: ExerciseState


@dataclass(frozen=True, kw_only=True)
class Foretold:
    """An answer that was committed to before a deploy, judged by the measurement after it.

    Attributes:
        right: for each question that had an answer: whether production breaks, for how long, how loudly.
        change: what the migration did to a column.
        order: in which code and schema were pushed.
        build: seconds from the push to live.
        wait: seconds from `git push` to `db push`; None for the order's own.
        rate: page views a second.
        handling: what the code did about a write that failed.
    """

    right: tuple[bool, ...]
    change: str
    order: str
    build: float
    wait: float | None
    rate: float
    handling: str

    def __str__(self) -> str:
        """Name the deploy in a few words."""
        wait = f", db push after {self.wait:g} s" if self.wait is not None else ""
        return f"{self.change} a column, {self.order}{wait}, a build of {self.build:g} s"

    @property
    def score(self) -> str:
        """How many of its answers were right: "2 of 3 right"."""
        return f"{sum(self.right)} of {len(self.right)} right"


@dataclass(frozen=True, kw_only=True)
class Overview:
    """How far the learner is; its `repr` is a table in text.

    Attributes:
        exercises: all there are.
        predictions: of the deploy panel.
        believed: of the notebooks' cells.
    """

    exercises: tuple[ExerciseProgress, ...]
    predictions: tuple[Foretold, ...]
    believed: tuple[Believed, ...] = ()

    @property
    def done(self) -> int:
        """How many exercises are done."""
        return sum(line.state == "done" for line in self.exercises)

    @property
    def next(self) -> ExerciseProgress | None:
        """The first exercise that is not done; None if all are."""
        return next((line for line in self.exercises if line.state != "done"), None)

    @property
    def sentences(self) -> tuple[str, ...]:
        """How much is done, how much of what was predicted was right, what comes next."""
        answers = [right for foretold in self.predictions for right in foretold.right]
        answers += [believed.right for believed in self.believed if believed.right is not None]
        ahead = self.next
        return (
            f"{self.done} of {len(self.exercises)} exercises done.",
            f"{sum(answers)} of {len(answers)} predictions right." if answers else "Nothing predicted yet.",
            f"Next: {ahead.number} in {ahead.notebook}. {ahead.task}" if ahead else "Everything is done.",
        )

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return notebook, number, state and task of each exercise; a notebook's name stands once."""
        return [
            ("" if place else notebook, line.number, line.state, line.task)
            for notebook, lines in self.by_notebook()
            for place, line in enumerate(lines)
        ]

    def by_notebook(self) -> Iterator[tuple[str, Iterator[ExerciseProgress]]]:
        """Return the exercises of each notebook, with its name."""
        return groupby(self.exercises, key=attrgetter("notebook"))

    def believed_rows(self) -> list[tuple[str, str, str, str, str]]:
        """Return notebook, key, mark, question, and what was said and was; a notebook stands once."""
        return [
            ("" if place else notebook, each.key, each.mark, each.question, each.both)
            for notebook, believed in groupby(self.believed, key=attrgetter("notebook"))
            for place, each in enumerate(believed)
        ]

    def __repr__(self) -> str:
        """Show the tables."""
        predictions = [(foretold.score, str(foretold)) for foretold in self.predictions]
        blocks = [
            "\n".join(self.sentences),
            format_columns(self.rows()),
            format_columns(self.believed_rows()),
            format_columns(predictions),
        ]
        return "\n\n".join(block for block in blocks if block)

    def facts(self) -> dict[str, Any]:
        """Return it as JSON."""
        ahead = self.next
        return {
            "kind": KIND,
            "done": self.done,
            "total": len(self.exercises),
            "next": {"number": ahead.number, "notebook": ahead.notebook} if ahead else None,
            "exercises": [asdict(line) for line in self.exercises],
            "predictions": [
                {
                    "change": foretold.change,
                    "order": foretold.order,
                    "wait_s": foretold.wait,
                    "build_s": foretold.build,
                    "rate": foretold.rate,
                    "handling": foretold.handling,
                    "right": list(foretold.right),
                }
                for foretold in self.predictions
            ],
            "believed": [
                {
                    "key": believed.key,
                    "notebook": believed.notebook,
                    "question": believed.question,
                    "said": believed.said or None,
                    "was": believed.was or None,
                    "right": believed.right,
                }
                for believed in self.believed
            ],
        }

    def json(self) -> str:
        """Return it as the text of a JSON file."""
        return json.dumps(self.facts(), indent=2, ensure_ascii=False) + "\n"

    def markdown(self) -> str:
        """Return it as the text of a Markdown file."""
        marks = {"done": "x", "not yet": " ", "not asked": " "}
        lines = [f"<!-- {KIND} -->", "# Progress", "", *self.sentences]
        for notebook, exercises in self.by_notebook():
            lines += ["", f"## {notebook}", ""]
            for line in exercises:
                asked = " *(asked, not yet done)*" if line.state == "not yet" else ""
                lines.append(f"- [{marks[line.state]}] **{line.number}** {line.task}{asked}")
        if self.believed or self.predictions:
            lines += ["", "## Predictions", ""]
            lines += [
                f"- {believed.mark} **{believed.key}** {believed.question} {believed.both}"
                for believed in self.believed
            ]
            lines += [f"- {foretold.score}: {foretold}" for foretold in self.predictions]
        return "\n".join(lines) + "\n"


def group_by_notebook(numbers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the notebooks that ask these exercises, each with their numbers.

    Args:
        numbers: of the exercises, in their order.
    """
    names = {path.stem[:2]: path.stem for path in sorted(_NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}
    found: dict[str, tuple[str, ...]] = {}
    for number in numbers:
        notebook = number[:-1].zfill(2)
        name = names.get(notebook, notebook)
        found[name] = (*found.get(name, ()), number)
    return found


def read_progress(exercises: Mapping[str, Exercise]) -> Overview:
    """Return how far the learner is.

    Args:
        exercises: all there are, in their order.

    Raises:
        UnusableFolder: if the progress file cannot be read.
    """
    asked = find_asked()
    names = {number: name for name, numbers in group_by_notebook(exercises).items() for number in numbers}
    states: dict[bool | None, ExerciseState] = {True: "done", False: "not yet", None: "not asked"}
    lines = []
    for number, exercise in exercises.items():
        state = states[asked.get(number)]
        lines.append(ExerciseProgress(number=number, notebook=names[number], task=exercise.task, state=state))
    predictions = (_read_prediction(entry) for entry in recall("prediction"))
    return Overview(
        exercises=tuple(lines), predictions=tuple(filter(None, predictions)), believed=find_believed()
    )


def _read_prediction(entry: Mapping[str, Any]) -> Foretold | None:
    """Return what an entry of the progress file says; None for another version's, or one of nobody's."""
    right, plan = entry.get("right"), entry.get("plan")
    if not (isinstance(right, list) and right and all(isinstance(answer, bool) for answer in right)):
        return None
    if not isinstance(plan, dict) or not plan.keys() <= {*_WORDS, *_NUMBERS, "wait", "clock"}:
        return None
    facts = {"wait": None, "rate": 20.0, "handling": "silent", **plan}
    facts.pop("clock", None)
    words, numbers = [facts.get(name) for name in _WORDS], [facts.get(name) for name in _NUMBERS]
    numbers += [] if facts["wait"] is None else [facts["wait"]]
    plain = all(isinstance(word, str) and re.fullmatch(r"[a-z-]+", word) for word in words)
    if not plain or not all(isinstance(number, int | float) for number in numbers):
        return None
    return Foretold(right=tuple(right), **facts)
