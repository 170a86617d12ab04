"""Which exercises were ever asked, and which were ever done, in the learner's progress file."""

from __future__ import annotations

import contextlib

from kit.errors import UnusableFolder
from kit.lesson.exercise import Verdict
from kit.world.progress import recall, remember

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
