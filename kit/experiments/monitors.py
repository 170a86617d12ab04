"""How one would notice: monitors that look at production again and again, and when each gives an alarm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kit.draw import (
    Axis,
    draw_box,
    draw_element,
    draw_image,
    draw_line,
    draw_text,
    fill_with,
    format_columns,
    format_line,
    format_seconds,
    show_in,
)
from kit.errors import BadInput
from kit.timeline import Window, broken_windows, page_views
from kit.world.world import World

Monitor = Callable[[], object]
"""Looks at production once; true is an alarm."""
_ROW, _LANE, _TOP, _FOOT = 38, 14, 20, 24
_NEAR_END = 97.0  # percent: from here on a label in the middle of its tick would be cut off


class Look(NamedTuple):
    """A monitor looked: when, in seconds of the clock, and whether it gave an alarm."""

    at: float
    alarm: bool


@dataclass(frozen=True, kw_only=True)
class MonitorSeen:
    """What one monitor did.

    Attributes:
        name: what it is called.
        every: how often it looks, in seconds.
        looks: in their order, the last one is its first alarm, if it gave one.
        false_alarm: whether a visitor found all well after its alarm, before anything was broken.
    """

    name: str
    every: float
    looks: tuple[Look, ...]
    false_alarm: bool = False

    @property
    def alarmed_at(self) -> float | None:
        """When it gave an alarm, in seconds of the clock; None if it never did."""
        return next((look.at for look in self.looks if look.alarm), None)


@dataclass(frozen=True, kw_only=True, repr=False)
class MonitorsRun:
    """Which monitor noticed what, and when; shown as a table and a picture.

    Attributes:
        start: when they began to look, in seconds of the clock.
        end: when they stopped.
        window: when visitors found production broken, as far as they saw; None if they never did.
        monitors: what each did, in the order in which they were given.
    """

    start: float
    end: float
    window: Window | None
    monitors: tuple[MonitorSeen, ...]

    def noticed_after(self, name: str) -> float | None:
        """Return after how many seconds of the window a monitor gave its alarm; None if it never did.

        Raises:
            BadInput: if there is no such monitor.
        """
        for monitor in self.monitors:
            if monitor.name == name:
                at, window = monitor.alarmed_at, self.window
                if at is None or window is None or monitor.false_alarm:
                    return None
                return max(0.0, at - window.start)
        raise BadInput(
            f"There is no monitor {name!r}.",
            looked=[monitor.name for monitor in self.monitors],
            remedy="Give the name of one that ran.",
        )

    def __repr__(self) -> str:
        """Show a row for each monitor, and the window."""
        rows = [("monitor", "looks", "noticed")]
        rows += [
            (format_line(monitor.name), f"every {monitor.every:g} s", self._say(monitor))
            for monitor in self.monitors
        ]
        return f"{format_columns(rows)}\n{self._window_said}"

    @property
    def _window_said(self) -> str:
        if self.window is None:
            return "Visitors found nothing broken."
        still = ", and still is" if self.window.open else ""
        return f"Production was broken for {format_seconds(round(self.window.seconds, 1))}{still}."

    def _say(self, monitor: MonitorSeen) -> str:
        at, window = monitor.alarmed_at, self.window
        if at is None:
            return f"never, in {format_seconds(self.end - self.start)}"
        if window is None or monitor.false_alarm:
            return "a false alarm"
        late = ", when it was over" if not window.open and at > window.end else ""
        return f"after {format_seconds(round(max(0.0, at - window.start), 1))}{late}"

    def _repr_html_(self) -> str:
        """Draw the window, and for each monitor its looks and its alarm, on one axis of time."""
        zero = self.window.start if self.window is not None else self.start
        axis = Axis(min(self.start - zero, 0.0), self.end - zero)
        floor = _TOP + _ROW * len(self.monitors)
        parts: list[str] = []
        if self.window is not None:
            end = min(self.window.end, self.end) - zero
            parts.append(
                draw_box(axis.x(0), axis.width(0, end), _TOP - 4, floor - _TOP + 4, "class='kw-shade'")
            )
            parts.append(draw_box(axis.x(0), axis.width(0, end), 2, 12, fill_with("window", "kw-edge")))
        for number, monitor in enumerate(self.monitors):
            parts += self._row(monitor, axis, zero, _TOP + _ROW * number)
        for at, spaces in axis.ticks():
            last = axis.x(at) > _NEAR_END
            look = f"kw-tick {show_in(spaces)}" if not last else show_in(spaces)
            parts.append(draw_text(axis.x(at), floor + 16, f"{at:g} s", look, end=last))
        said = "; ".join(f"{monitor.name}: {self._say(monitor)}" for monitor in self.monitors)
        image = draw_image(*parts, height=floor + _FOOT, alt=f"{self._window_said} {said}.")
        head = draw_element("p", draw_element("strong", self._window_said), style="margin:0 0 4px")
        return draw_element("div", head, image, style="max-width:760px")

    def _row(self, monitor: MonitorSeen, axis: Axis, zero: float, y: float) -> Sequence[str]:
        lane, alarm = y + 18, monitor.alarmed_at
        said = f"{format_line(monitor.name)}, every {monitor.every:g} s: {self._say(monitor)}"
        looks = [draw_line(axis.x(look.at - zero), lane, lane + _LANE, "kw-axis") for look in monitor.looks]
        if alarm is not None:
            x = axis.x(alarm - zero)
            looks.append(f"<circle cx='{x:g}%' cy='{lane + _LANE / 2:g}' r='6' class='kw-full'/>")
        return [*looks, draw_text(0, y + 12, said, "kw-bold" if alarm is not None else "")]


def run_monitors(
    world: World, monitors: Mapping[str, tuple[float, Monitor]], *, seconds: float = 60.0
) -> MonitorsRun:
    """Let time pass, and let monitors look at production meanwhile, each until its first alarm.

    Args:
        world: visitors should be coming: without them nobody meets what is broken.
        monitors: by their names: how often each looks, in seconds, and a function that looks once,
            and returns something true for an alarm.
        seconds: how long.

    Returns:
        When each gave its alarm, beside what visitors met.

    Raises:
        BadInput: if a monitor cannot look that often, or cannot be called.
    """
    for name, (every, look) in monitors.items():
        if not callable(look) or not isinstance(every, int | float) or not 0 < every <= seconds:
            raise BadInput(
                f"The monitor {name!r} cannot look every {every!r} seconds.",
                remedy=f"Give a number up to {seconds:g}, and a function: (10, probe).",
            )
    engine = world.engine
    start = engine.clock.now()
    looks: dict[str, list[Look]] = {name: [] for name in monitors}
    due = {name: start + every for name, (every, _) in monitors.items()}
    while due and min(due.values()) <= start + seconds:
        name = min(due, key=due.__getitem__)
        engine.advance(max(0.0, due[name] - engine.clock.now()))
        every, look = monitors[name]
        now = engine.clock.now()  # later than it was due, where a build's migration was under way
        looks[name].append(Look(now, alarm=bool(look())))
        if looks[name][-1].alarm:
            del due[name]
        else:
            due[name] += every
    engine.advance(max(0.0, start + seconds - engine.clock.now()))
    end = engine.clock.now()
    timeline = engine.timeline
    window = next((window for window in broken_windows(timeline) if window.end > start), None)
    # Nobody looked between the last good view and the first broken one: an alarm there is no false one.
    good = [view.at for view in page_views(timeline) if view.outcome == "ok"]
    well_until = end if window is None else max((at for at in good if at < window.start), default=start)
    seen = []
    for name, (every, _) in monitors.items():
        alarm = next((look.at for look in looks[name] if look.alarm), None)
        false = alarm is not None and alarm <= well_until
        seen.append(MonitorSeen(name=name, every=every, looks=tuple(looks[name]), false_alarm=false))
    return MonitorsRun(start=start, end=end, window=window, monitors=tuple(seen))
