"""How far a class is: the exports of its learners' progress, in one table.

What the files hold is others' text: it is read as facts that are known, and shown as text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.draw import format_columns, format_line
from kit.errors import BadInput, UnusableFolder
from kit.lesson.progress import KIND, ExerciseState

CLASS_KIND = "broken-window-kit class"
LONGEST = 2**20
"""Bytes of a file that is read: an export has some ten thousand."""
MOST_STUCK = 5
_STATES: tuple[ExerciseState, ...] = ("done", "not yet", "not asked")
_SUFFIXES = (".json", ".md")


@dataclass(frozen=True, kw_only=True)
class Learner:
    """What one export says.

    Attributes:
        name: of its file, without the suffix.
        states: how far each exercise is, by its number.
        right: how many predictions were right.
        judged: how many predictions were answered and measured.
    """

    name: str
    states: Mapping[str, ExerciseState]
    right: int
    judged: int

    @property
    def stuck(self) -> tuple[str, ...]:
        """The exercises that were looked at and are not done."""
        return tuple(number for number, state in self.states.items() if state == "not yet")

    def count_done(self, numbers: Iterable[str]) -> int:
        """Return how many of these exercises are done."""
        return sum(self.states.get(number) == "done" for number in numbers)


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A file that is no export; and why, as the end of a sentence."""

    file: str
    why: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"Not read: {format_line(self.file)}: {format_line(self.why)}"


@dataclass(frozen=True, kw_only=True)
class Classroom:
    """A class; its `repr` is a table in text.

    Attributes:
        notebooks: each notebook's name with the numbers of its exercises.
        learners: those whose export could be read, by name.
        unread: the files that could not.
    """

    notebooks: Mapping[str, tuple[str, ...]]
    learners: tuple[Learner, ...]
    unread: tuple[Unread, ...]

    @property
    def stuck(self) -> tuple[tuple[str, int], ...]:
        """The exercises at which most learners are stuck, with how many."""
        counted = Counter(number for learner in self.learners for number in learner.stuck)
        order = [number for numbers in self.notebooks.values() for number in numbers]
        return tuple(
            sorted(
                ((number, counted[number]) for number in order if counted[number]), key=lambda each: -each[1]
            )
        )

    @property
    def head(self) -> tuple[str, ...]:
        """The titles of the table's columns."""
        return ("learner", *(name[:2] for name in self.notebooks), "done", "right", "stuck at")

    def rows(self) -> list[tuple[str, ...]]:
        """Return a row for each learner: exercises done by notebook, in all, predictions right."""
        total = sum(map(len, self.notebooks.values()))
        return [
            (
                format_line(learner.name),
                *(f"{learner.count_done(numbers)}/{len(numbers)}" for numbers in self.notebooks.values()),
                f"{learner.count_done(learner.states)}/{total}",
                f"{learner.right}/{learner.judged}",
                " ".join(learner.stuck),
            )
            for learner in self.learners
        ]

    def sentences(self) -> tuple[str, ...]:
        """Return where most are stuck, and which files were not read."""
        stuck = ", ".join(f"{number} ({count})" for number, count in self.stuck[:MOST_STUCK])
        return (
            f"{len(self.learners)} learner{'' if len(self.learners) == 1 else 's'}.",
            f"Most are stuck at: {stuck}." if stuck else "Nobody is stuck.",
            *map(str, self.unread),
        )

    def __repr__(self) -> str:
        """Show the table."""
        return "\n".join([format_columns([self.head, *self.rows()]), "", *self.sentences()])

    def facts(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "kind": CLASS_KIND,
            "learners": [
                {
                    "name": learner.name,
                    "notebooks": {
                        name: {"done": learner.count_done(numbers), "total": len(numbers)}
                        for name, numbers in self.notebooks.items()
                    },
                    "stuck": list(learner.stuck),
                    "predictions": {"right": learner.right, "judged": learner.judged},
                }
                for learner in self.learners
            ],
            "stuck": [{"number": number, "learners": count} for number, count in self.stuck],
            "unread": [{"file": unread.file, "why": unread.why} for unread in self.unread],
        }


def read_class(folder: Path, notebooks: Mapping[str, tuple[str, ...]]) -> Classroom:
    """Return what the exports in a folder say.

    Args:
        folder: with a file for each learner, `python -m kit progress --export NAME.json`.
        notebooks: each notebook's name with the numbers of its exercises.

    Raises:
        BadInput: if there is no such folder, or no export in it.
        UnusableFolder: if it cannot be listed.
    """
    if not folder.is_dir():
        raise BadInput(
            "There is no such folder.",
            looked=[str(folder)],
            remedy="Name the folder with your class's exports, a .json file each.",
        )
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    except OSError as error:
        raise UnusableFolder(
            "That folder cannot be read.",
            why=str(error.strerror),
            looked=[str(folder)],
            remedy="Name a folder that you may read.",
        ) from error
    if not paths:
        raise BadInput(
            "There are no exports in that folder.",
            looked=[f"{folder}/*.json"],
            remedy="Have each learner send you a file: python -m kit progress --export THEIR-NAME.json",
        )
    known = [number for numbers in notebooks.values() for number in numbers]
    learners, unread = [], []
    for path in paths:
        try:
            learners.append(_read_export(path, known))
        except OSError as error:
            unread.append(Unread(file=path.name, why=str(error.strerror or error)))
        except ValueError as error:
            unread.append(Unread(file=path.name, why=str(error)))
    return Classroom(notebooks=notebooks, learners=tuple(learners), unread=tuple(unread))


def _read_export(path: Path, known: list[str]) -> Learner:
    """Return what a file says.

    Raises:
        OSError, ValueError: if it is no export; with the reason.
    """
    if not path.is_file():  # a pipe would never end
        raise ValueError("it is no file")
    if path.suffix.lower() == ".md":
        raise ValueError("it is for people; ask for python -m kit progress --export NAME.json")
    with path.open("rb") as file:
        content = file.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise ValueError("it is too long for an export")
    try:
        facts = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no JSON, or not all of it") from error
    if not isinstance(facts, dict) or facts.get("kind") != KIND:
        raise ValueError("it is no export of anybody's progress")
    found = {
        exercise.get("number"): exercise.get("state")
        for exercise in _dicts(facts.get("exercises"))
        if isinstance(exercise.get("number"), str)
    }
    states: dict[str, ExerciseState] = {
        number: state for number in known for state in _STATES if found.get(number) == state
    }
    if not states:
        raise ValueError("it names no exercise that this version of the kit has")
    answers = list(_answers(facts))
    return Learner(name=path.stem, states=states, right=sum(answers), judged=len(answers))


def _answers(facts: Mapping[str, Any]) -> Iterator[bool]:
    """Yield whether each prediction was right that was answered and measured."""
    for prediction in _dicts(facts.get("predictions")):
        right = prediction.get("right")
        yield from (
            answer for answer in (right if isinstance(right, list) else ()) if isinstance(answer, bool)
        )
    for believed in _dicts(facts.get("believed")):
        if isinstance(right := believed.get("right"), bool):
            yield right


def _dicts(entries: object) -> Iterator[dict[str, Any]]:
    yield from (entry for entry in (entries if isinstance(entries, list) else ()) if isinstance(entry, dict))
