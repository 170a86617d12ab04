"""What visitors met while a change was deployed: nothing broken is a pass, else the window is shown."""

from __future__ import annotations

from dataclasses import dataclass

from kit.draw import draw_verdict
from kit.timeline import (
    Timeline,
    broken_seconds,
    broken_windows,
    code_switches,
    count_outcomes,
    draw_timeline,
    first_push,
    format_timeline,
    page_views,
    schema_switches,
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Deploy:
    """How a deploy went.

    Attributes:
        timeline: what happened from before its first command on.
        undone: paths and migrations that are not live yet.
    """

    timeline: Timeline
    undone: tuple[str, ...] = ()

    @property
    def switches(self) -> list[float]:
        """When code or schema was switched, in seconds of the clock, in order."""
        switches = (*code_switches(self.timeline), *schema_switches(self.timeline))
        return sorted(switch.at for switch in switches)

    @property
    def watched(self) -> bool:
        """Whether visitors came before the first switch and after the last one."""
        switches, views = self.switches, page_views(self.timeline)
        return bool(switches and views) and views[0].at < switches[0] and views[-1].at > switches[-1]

    @property
    def passed(self) -> bool:
        """Whether all of the change is live, under visitors, and none of them met anything broken."""
        views = count_outcomes(self.timeline)
        return self.watched and not self.undone and views.ok == views.total

    def __repr__(self) -> str:
        """Say it passed, or what is missing; show the window if there was one."""
        if self._broken:
            windows, views = broken_windows(self.timeline), count_outcomes(self.timeline)
            drawn = format_timeline(self.timeline, zero=first_push(self.timeline))
            return (
                f"Broken for {broken_seconds(windows):.2g} s: {views.failed} failed, {views.lost} lost of "
                f"{views.total} page views.\n{drawn}"
            )
        return self._verdict

    def _repr_html_(self) -> str:
        """Say the same, and show the deploy as soon as something was deployed."""
        mark = "✓" if self.passed else "○"
        said = [] if self._broken else [draw_verdict(f"{mark} {self._verdict}", good=self.passed)]
        if self._broken or self.switches:
            said.append(draw_timeline(self.timeline, zero=first_push(self.timeline)))
        return "".join(said)

    @property
    def _broken(self) -> bool:
        views = count_outcomes(self.timeline)
        return views.ok != views.total

    @property
    def _verdict(self) -> str:
        """Say it passed, or what is missing, where nobody met anything broken."""
        views = count_outcomes(self.timeline)
        if self.undone:
            return (
                f"Not yet: {' and '.join(self.undone)} {'is' if len(self.undone) == 1 else 'are'} not live."
            )
        if not self.switches:
            return "Not yet: nothing was deployed since you judged the change."
        if not self.watched:
            return (
                "Not yet: nobody was there to notice. Let visitors come before the first push and after "
                "the last: world.visitors(rate=20), and world.advance(36)."
            )
        return f"Passed: code and schema are live, and all of {views.total} page views were ok."
