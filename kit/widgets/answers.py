"""Predict first: what the learner expects of a plan, and afterwards what was right and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kit.draw import format_seconds
from kit.experiments.prediction import MeasuredDeploy
from kit.experiments.rehearsal import Plan
from kit.repos import Handling

NEAR_S, NEAR_SHARE = 0.5, 0.2
"""A forecast in seconds is right if it misses by no more than this, or by this share of the measured."""
LOUDNESS_NAMES: dict[Handling, str] = {
    "silent": "silently: the page looks fine",
    "loud": "loudly: visitors see an error",
}


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What the learner committed to before a run.

    Attributes:
        breaks: whether production will break.
        seconds: for how long; 0 if it will not.
        loudness: whether visitors see an error; None if it will not break.
    """

    breaks: bool
    seconds: float = 0.0
    loudness: Handling | None = None


@dataclass(frozen=True, kw_only=True)
class Grade:
    """One question: what was said, what was measured, whether that agrees."""

    question: str
    said: str
    was: str
    right: bool


def grade(forecast: Forecast, seen: MeasuredDeploy) -> tuple[Grade, ...]:
    """Compare a forecast with what was measured in the whole run, each question that has an answer then."""
    broke, long = bool(seen.windows), seen.broken_s
    breaks = Grade(
        question="Will production break?",
        said="yes" if forecast.breaks else "no",
        was="yes" if broke else "no",
        right=forecast.breaks == broke,
    )
    if not broke:
        return (breaks,)
    near = abs(forecast.seconds - long) <= max(NEAR_S, NEAR_SHARE * long)
    seconds = Grade(
        question="For how long?",
        said=format_seconds(forecast.seconds),
        was=format_seconds(long),
        right=forecast.breaks and near,
    )
    was: Handling = "loud" if seen.outcomes.failed > seen.outcomes.lost else "silent"
    loudness = Grade(
        question="Silently or loudly?",
        said=LOUDNESS_NAMES[forecast.loudness] if forecast.loudness else "not at all",
        was=LOUDNESS_NAMES[was],
        right=forecast.loudness == was,
    )
    return breaks, seconds, loudness


def entry(forecast: Forecast, grades: Sequence[Grade], plan: Plan, seen: MeasuredDeploy) -> dict[str, Any]:
    """Return what the progress file keeps of a forecast."""
    return {
        "plan": asdict(plan),
        "answer": asdict(forecast),
        "measured": {"broken_s": round(seen.broken_s, 3), **seen.outcomes._asdict()},
        "right": [mark.right for mark in grades],
    }
