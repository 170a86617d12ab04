"""Predict first: what the learner expects of a plan, and afterwards what was right and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from kit.draw import say_seconds
from kit.experiments.prediction import MeasuredDeploy, predict
from kit.experiments.rehearsal import Plan
from kit.repos import Handling
from kit.widgets.deploy_picture import explain

NEAR_S, NEAR_SHARE = 0.5, 0.2
"""An answer in seconds is right if it misses by no more than this, or by this share of the measured."""
_LOUDNESS = {"silent": "silently: the page looks fine", "loud": "loudly: visitors see an error"}


@dataclass(frozen=True, kw_only=True)
class Answer:
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
class Judged:
    """One question: what was said, what was measured, whether that agrees."""

    question: str
    said: str
    was: str
    right: bool


def judge(answer: Answer, seen: MeasuredDeploy) -> tuple[Judged, ...]:
    """Compare an answer with what was measured, question by question.

    Args:
        answer: given before the run.
        seen: the whole run.

    Returns:
        One for each question that the run has an answer to.
    """
    broke, long = bool(seen.windows), seen.broken_s
    judged = [
        Judged(
            question="Will production break?",
            said="yes" if answer.breaks else "no",
            was="yes" if broke else "no",
            right=answer.breaks == broke,
        )
    ]
    if not broke:
        return tuple(judged)
    near = abs(answer.seconds - long) <= max(NEAR_S, NEAR_SHARE * long)
    judged.append(
        Judged(
            question="For how long?",
            said=say_seconds(answer.seconds),
            was=say_seconds(long),
            right=answer.breaks and near,
        )
    )
    was = "loud" if seen.outcomes.failed > seen.outcomes.lost else "silent"
    judged.append(
        Judged(
            question="Silently or loudly?",
            said=_LOUDNESS[answer.loudness] if answer.loudness else "not at all",
            was=_LOUDNESS[was],
            right=answer.loudness == was,
        )
    )
    return tuple(judged)


def draw_judged(judged: Sequence[Judged], plan: Plan) -> str:
    """Return the comparison as an HTML table, with the reason below."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(one.question)}</th>"
        f"<td>{escape(one.said)}</td><td>{escape(one.was)}</td>"
        f"<td>{'&#10003; right' if one.right else '&#10007; not so'}</td></tr>"
        for one in judged
    )
    return (
        "<div class='kw-panel kw-judged'><table><caption>Your answer beside the measurement</caption>"
        "<thead><tr><th scope='col'>question</th><th scope='col'>you said</th><th scope='col'>it was</th>"
        f"<th scope='col'></th></tr></thead><tbody>{rows}</tbody></table>"
        f"<p>{escape(explain(plan, predict(plan)))}</p></div>"
    )


def entry(answer: Answer, judged: Sequence[Judged], plan: Plan, seen: MeasuredDeploy) -> dict[str, Any]:
    """Return what the progress file keeps of an answer."""
    return {
        "plan": asdict(plan),
        "answer": asdict(answer),
        "measured": {"broken_s": round(seen.broken_s, 3), **seen.outcomes._asdict()},
        "right": [one.right for one in judged],
    }
