"""Page views as bars: as many seconds a bar as there is room for, stacked by outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kit.experiments.measured import Measured
from kit.experiments.rehearsal import Plan
from kit.timeline import Outcome
from kit.widgets.axis import Axis

_BARS = 64
_ORDER: tuple[Outcome, ...] = ("ok", "lost", "failed", "blocked")


def bar_seconds(axis: Axis, plan: Plan) -> float:
    """Return how many seconds one bar stands for: a round number, with a visitor in each at least."""
    return axis.step(_BARS, least=1 / plan.rate)


def draw_bars(axis: Axis, seen: Measured, plan: Plan, *, top: int, floor: int, ident: str) -> Iterable[str]:
    """Return the bars of each outcome as SVG, on a scale that stands still while more views come.

    Args:
        axis: the time.
        seen: what happened.
        plan: its rate of visitors gives the scale.
        top: of the highest bar, in pixels.
        floor: on which the bars stand, in pixels.
        ident: of the patterns.
    """
    step = bar_seconds(axis, plan)
    first = seen.zero + axis.start
    counts = Counter((int((view.at - first) // step), view.outcome) for view in seen.views)
    heights: Counter[int] = Counter()
    for (bucket, _), number in counts.items():
        heights[bucket] += number
    scale = (floor - top) / max(1.25 * plan.rate * step, *heights.values(), 1.0)
    width = round(0.84 * axis.width(axis.start, axis.start + step), 2)
    bottoms: Counter[int] = Counter()
    for outcome in _ORDER:
        bars = []
        for bucket in sorted(bucket for bucket, kind in counts if kind == outcome):
            number = counts[bucket, outcome]
            x, y = axis.x(axis.start + bucket * step), floor - scale * (bottoms[bucket] + number)
            wide = min(width, round(100 - x, 2))  # the last one, if the axis ends within it
            bars.append(f"<rect x='{x}%' y='{y:.1f}' width='{wide}%' height='{scale * number:.1f}'/>")
            bottoms[bucket] += number
        if bars:
            fill = "" if outcome == "ok" else f" fill='url(#{ident}-{outcome})'"
            yield f"<g class='kw-{outcome}'{fill}>{''.join(bars)}</g>"
