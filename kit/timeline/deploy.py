"""What visitors met while a change was deployed: nothing broken is a pass, else the window is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kit.timeline import (
    Timeline,
    broken_seconds,
    broken_windows,
    code_switches,
    count_outcomes,
    first_push,
    format_timeline,
    page_views,
    schema_switches,
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Deploy:
    """How a deploy went.

    Attributes:
        timeline: what happened since the change was judged.
        undone: paths and migrations that are not live yet.
        watched: whether visitors came before the first switch and after the last one.
        moved: whether anything was switched: code, schema or both.
    """

    timeline: Timeline
    undone: tuple[str, ...] = ()
    watched: bool = False
    moved: bool = False

    @property
    def passed(self) -> bool:
        """Whether all of the change is live, under visitors, and none of them met anything broken."""
        views = count_outcomes(self.timeline)
        return self.moved and self.watched and not self.undone and views.ok == views.total

    def __repr__(self) -> str:
        """Say it passed, or what is missing; show the window if there was one."""
        views = count_outcomes(self.timeline)
        if views.ok != views.total:
            windows = broken_windows(self.timeline)
            drawn = format_timeline(self.timeline, zero=first_push(self.timeline))
            return (
                f"Broken for {broken_seconds(windows):.2g} s: {views.failed} failed, {views.lost} lost of "
                f"{views.total} page views.\n{drawn}"
            )
        if self.undone:
            return (
                f"Not yet: {' and '.join(self.undone)} {'is' if len(self.undone) == 1 else 'are'} not live."
            )
        if not self.moved:
            return "Not yet: nothing was deployed since you judged the change."
        if not self.watched:
            return (
                "Not yet: nobody was there to notice. Let visitors come before the first push and after "
                "the last: world.visitors(rate=20), and world.advance(36)."
            )
        return f"Passed: code and schema are live, and all of {views.total} page views were ok."


def read_deploy(timeline: Timeline, *, undone: Sequence[str] = ()) -> Deploy:
    """Say how a deploy went.

    Args:
        timeline: from before the first command of the deploy.
        undone: what of the change is not live.
    """
    switches = sorted(switch.at for switch in (*code_switches(timeline), *schema_switches(timeline)))
    views = page_views(timeline)
    watched = bool(switches and views) and views[0].at < switches[0] and views[-1].at > switches[-1]
    return Deploy(timeline=timeline, undone=tuple(undone), watched=watched, moved=bool(switches))
