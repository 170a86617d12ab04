"""What a plan leads to, said before it is carried out: when code and schema change, what breaks."""

from __future__ import annotations

from dataclasses import dataclass

from kit.clock import ClockName
from kit.scenario import LEAD_S, Plan
from kit.supabase import PUSH_SECONDS
from kit.timeline import Outcome, Window

PUSH_TAKES_S: dict[ClockName, float] = {"virtual": PUSH_SECONDS, "wall": 0.0}
"""Seconds from the start of `db push` to the commit: the workflow's two; really, next to none."""

State = tuple[bool, bool]
"""Whether the live code is new, whether the schema is."""
NEW_CODE_OLD_SCHEMA: State = (True, False)
OLD_CODE_NEW_SCHEMA: State = (False, True)
BREAKS: dict[str, frozenset[State]] = {
    "add": frozenset({NEW_CODE_OLD_SCHEMA}),  # the new code writes a column that is not there yet
    "drop": frozenset({OLD_CODE_NEW_SCHEMA}),  # the old code writes a column that is gone
    "rename": frozenset({NEW_CODE_OLD_SCHEMA, OLD_CODE_NEW_SCHEMA}),  # each writes the other one's name
}
"""In which states of production page views break, for each change."""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What should happen; times in seconds since `git push`.

    Attributes:
        code_live: when the new code serves.
        schema_new: when the migration is committed in the cloud.
        window: the broken window, None if there should be none.
        outcome: what a page view in the window comes to: "lost" or "failed".
    """

    code_live: float
    schema_new: float
    window: Window | None
    outcome: Outcome

    @property
    def broken_s(self) -> float:
        """How long production should be broken, in seconds."""
        return self.window.seconds if self.window else 0.0


def planned_pushes(plan: Plan) -> tuple[float, float]:
    """Return when `git push` and `db push` start, in seconds since `git push`."""
    return 0.0, -PUSH_TAKES_S[plan.clock] if plan.order == "schema-first" else plan.wait_s


def planned_span(plan: Plan) -> tuple[float, float]:
    """Return from when to when visitors come, in seconds since `git push`."""
    pushes = planned_pushes(plan)
    return min(pushes) - LEAD_S, max(plan.build, pushes[1] + PUSH_TAKES_S[plan.clock]) + LEAD_S


def predict(plan: Plan) -> Prediction:
    """Return what a plan should lead to.

    The rule: new code is live `build` seconds after `git push`. The new schema is there as soon
    as `db push` is through: `wait` seconds after `git push` plus `PUSH_TAKES_S`; with schema-first
    just before `git push`, which waits for it. Between the two instants production runs new code
    on the old schema, or old code on the new one; `BREAKS` says which of these a change survives.
    Where the code ignores the error, a view in the window is lost in silence; else it fails.

    Args:
        plan: what is to be rehearsed.
    """
    code = plan.build
    schema = planned_pushes(plan)[1] + PUSH_TAKES_S[plan.clock]
    between = NEW_CODE_OLD_SCHEMA if code < schema else OLD_CODE_NEW_SCHEMA
    breaks = code != schema and between in BREAKS[plan.change]
    return Prediction(
        code_live=code,
        schema_new=schema,
        window=Window(min(code, schema), max(code, schema)) if breaks else None,
        outcome="lost" if plan.handling == "silent" else "failed",
    )
