"""What a deploy costs, and whether the two measures of a broken window agree."""

from __future__ import annotations

from benchmarks.measurement import Row, fresh_home, median, seconds
from benchmarks.one_world import PHASE, deploy, prepare
from kit import Plan, open_world
from kit.experiments.rehearsal import rehearse

_SPAN_S, _CROWD = 10, 100
_RATES = (20, 50, 100)
_SLACK_S = 0.005
_TIMES = 4  # as many runs of the agreement as of others, times this


def measure_workflow(runs: int) -> list[Row]:
    """Run the workflow's 38 seconds, and page views alone, on the virtual clock."""
    with fresh_home():

        def workflow() -> float:
            with open_world(phase=PHASE, scratch=True) as world:
                prepare(world)
                return seconds(lambda: deploy(world))

        def views() -> float:
            return _CROWD * _SPAN_S / seconds(lambda: world.advance(_SPAN_S))

        workflow()
        took = median(workflow, runs)
        with open_world(phase=PHASE + 1, scratch=True) as world:
            world.visitors(rate=_CROWD)
            world.advance(1)
            rate = median(views, runs)
    return [
        Row(what="the workflow's 38 s, 20 page views a second", measured=took, unit="s", target=1.2),
        Row(what="page views of a rehearsal", measured=rate, unit="a second", target=500, least=True),
    ]


def measure_agreement(runs: int) -> list[Row]:
    """Deploy on the wall clock: what visitors saw against the switch and the commit."""
    rows = []
    with fresh_home():
        for rate in _RATES:
            allowed = 1 / rate + _SLACK_S
            apart = [_compare(rate) for _ in range(_TIMES * runs)]
            good = sum(abs(difference) <= allowed for difference in apart)
            worst = max(apart, key=abs)
            rows.append(
                Row(
                    what=f"broken_s and truth_s agree, {rate} page views a second",
                    measured=good,
                    unit=f"of {len(apart)}",
                    target=len(apart),
                    least=True,
                    note=f"within {1000 * allowed:.0f} ms; the worst {1000 * worst:+.0f} ms",
                )
            )
    return rows


def _compare(rate: int) -> float:
    facts = rehearse(Plan(build=1.0, wait=2.0, rate=rate, clock="wall")).facts()
    return float(facts["broken_s"] - facts["truth_s"])
