"""The learner's progress over all notebooks: exercises, predictions, what comes next."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kit.errors import BadInput, UnusableFolder
from kit.experiments.rehearsal import Plan
from kit.lesson.exercise import Exercise, Verdict
from kit.names import ROOT
from kit.world.home import recall, remember

# Which exercises were ever asked, and which were ever done, in the learner's progress file


_KIND = "exercise"


def find_asked() -> dict[str, bool]:
    """Return the exercises that were asked, by number: whether one was ever done.

    Raises:
        UnusableFolder: if the progress file cannot be read.
    """
    asked: dict[str, bool] = {}
    for entry in recall(_KIND):
        number, done = entry.get("number"), entry.get("done")
        if isinstance(number, str) and isinstance(done, bool):
            asked[number] = asked.get(number, False) or done
    return asked


def record(verdict: Verdict) -> None:
    """Remember an exercise's first Not yet and its first Done; what was done once stays done.

    Args:
        verdict: as it was found.
    """
    number = verdict.exercise.number
    # The learner is to read the verdict, even where no file can be written: the disk may be full.
    with contextlib.suppress(UnusableFolder):
        former = find_asked().get(number)
        if former is None or (verdict.holds and not former):
            remember(_KIND, {"number": number, "done": verdict.holds})


# The learner's progress over all notebooks: exercises, predictions, what comes next


State = Literal["done", "not yet", "not asked"]
KIND = "broken-window-kit progress"
"""Stands in every export, so that a later one may replace it."""
_NOTEBOOKS = ROOT / "notebooks"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One exercise, and how far it is.

    Attributes:
        notebook: that asks it, such as "05_merge_and_deploy".
        number: of the exercise: "5a".
        task: what it asks for.
        state: "not asked": nobody has looked yet whether it is done.
    """

    notebook: str
    number: str
    task: str
    state: State


@dataclass(frozen=True, kw_only=True)
class Foretold:
    """An answer that was committed to before a deploy, judged by the measurement after it.

    Attributes:
        plan: what was deployed.
        right: for each question that had an answer: whether production breaks, for how long, how loudly.
    """

    plan: Plan
    right: tuple[bool, ...]

    def __str__(self) -> str:
        """Name the plan in a few words."""
        wait = f", db push after {self.plan.wait:g} s" if self.plan.wait is not None else ""
        return f"{self.plan.change} a column, {self.plan.order}{wait}, a build of {self.plan.build:g} s"

    @property
    def score(self) -> str:
        """How many of its answers were right: "2 of 3 right"."""
        return f"{sum(self.right)} of {len(self.right)} right"


@dataclass(frozen=True, kw_only=True)
class Overview:
    """How far the learner is; its `repr` is a table in text."""

    exercises: tuple[Line, ...]
    predictions: tuple[Foretold, ...]

    @property
    def done(self) -> int:
        """How many exercises are done."""
        return sum(line.state == "done" for line in self.exercises)

    @property
    def next(self) -> Line | None:
        """The first exercise that is not done; None if all are."""
        return next((line for line in self.exercises if line.state != "done"), None)

    @property
    def sentences(self) -> tuple[str, ...]:
        """How much is done, how much of what was predicted was right, what comes next."""
        answers = [right for one in self.predictions for right in one.right]
        ahead = self.next
        return (
            f"{self.done} of {len(self.exercises)} exercises done.",
            f"{sum(answers)} of {len(answers)} predictions right." if answers else "Nothing predicted yet.",
            f"Next: {ahead.number} in {ahead.notebook}. {ahead.task}" if ahead else "Everything is done.",
        )

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return notebook, number, state and task of each exercise; a notebook's name stands once."""
        rows: list[tuple[str, str, str, str]] = []
        before = ""
        for line in self.exercises:
            rows.append(
                ("" if line.notebook == before else line.notebook, line.number, line.state, line.task)
            )
            before = line.notebook
        return rows

    def __repr__(self) -> str:
        """Show the tables."""
        blocks = ["\n".join(self.sentences), _columns(self.rows())]
        blocks += [_columns([(one.score, str(one)) for one in self.predictions])] if self.predictions else []
        return "\n\n".join(blocks)

    def facts(self) -> dict[str, Any]:
        """Return it as JSON."""
        ahead = self.next
        return {
            "kind": KIND,
            "done": self.done,
            "total": len(self.exercises),
            "next": {"number": ahead.number, "notebook": ahead.notebook} if ahead else None,
            "exercises": [
                {"number": one.number, "notebook": one.notebook, "task": one.task, "state": one.state}
                for one in self.exercises
            ],
            "predictions": [
                {
                    "change": one.plan.change,
                    "order": one.plan.order,
                    "wait_s": one.plan.wait,
                    "build_s": one.plan.build,
                    "rate": one.plan.rate,
                    "handling": one.plan.handling,
                    "right": list(one.right),
                }
                for one in self.predictions
            ],
        }

    def json(self) -> str:
        """Return it as the text of a JSON file."""
        return json.dumps(self.facts(), indent=2, ensure_ascii=False) + "\n"

    def markdown(self) -> str:
        """Return it as the text of a Markdown file."""
        marks = {"done": "x", "not yet": " ", "not asked": " "}
        lines = [f"<!-- {KIND} -->", "# Progress", "", *self.sentences]
        notebook = ""
        for one in self.exercises:
            if one.notebook != notebook:
                notebook = one.notebook
                lines += ["", f"## {notebook}", ""]
            asked = " *(asked, not yet done)*" if one.state == "not yet" else ""
            lines.append(f"- [{marks[one.state]}] **{one.number}** {one.task}{asked}")
        if self.predictions:
            lines += ["", "## Predictions", ""]
            lines += [f"- {one.score}: {one}" for one in self.predictions]
        return "\n".join(lines) + "\n"


def look_over(exercises: Mapping[str, Exercise]) -> Overview:
    """Return how far the learner is.

    Args:
        exercises: all there are, in their order.

    Raises:
        UnusableFolder: if the progress file cannot be read.
    """
    asked, names = find_asked(), _notebooks()
    states: dict[bool | None, State] = {True: "done", False: "not yet", None: "not asked"}
    lines = []
    for number, one in exercises.items():
        notebook = number[:-1].zfill(2)
        lines.append(
            Line(
                notebook=names.get(notebook, notebook),
                number=number,
                task=one.task,
                state=states[asked.get(number)],
            )
        )
    return Overview(exercises=tuple(lines), predictions=tuple(_predictions()))


def _notebooks() -> dict[str, str]:
    """Return the notebooks' names by their two digits."""
    return {path.stem[:2]: path.stem for path in sorted(_NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}


def _predictions() -> list[Foretold]:
    found = []
    for entry in recall("prediction"):
        right = entry.get("right")
        if not (isinstance(right, list) and right and all(isinstance(one, bool) for one in right)):
            continue
        try:
            plan = Plan(**entry.get("plan", {}))
        except (BadInput, TypeError):
            continue  # another version's, or not ours
        if plan.wait is None or isinstance(plan.wait, int | float):
            found.append(Foretold(plan=plan, right=tuple(right)))
    return found


def _columns(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
