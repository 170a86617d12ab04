"""Questions about a timeline: counts, the first error, the windows in which visitors met a broken page.

Each takes a `Timeline`, or any other records in order of time.

The two are independent. `broken_windows` looks at page views only; `true_windows`
looks at the alias switch plus the commit of the migration, never at a page view.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from kit.timeline.records import Deployed, MigrationApplied, PageView, Record, RefMoved

LATE_S = 0.1
"""Seconds by which a page may be late before it is worth a word: less cannot be seen in a picture."""


class Outcomes(NamedTuple):
    """How many page views there were, and how they ended."""

    total: int
    ok: int
    failed: int
    lost: int
    blocked: int


def page_views(timeline: Iterable[Record]) -> tuple[PageView, ...]:
    """Return the page views."""
    return tuple(record for record in timeline if isinstance(record, PageView))


def count_outcomes(timeline: Iterable[Record]) -> Outcomes:
    """Count the page views by outcome."""
    counts = Counter(view.outcome for view in page_views(timeline))
    return Outcomes(counts.total(), counts["ok"], counts["failed"], counts["lost"], counts["blocked"])


def find_delay(timeline: Iterable[Record]) -> float:
    """Return how late the latest page was answered, in seconds after its visitor should have asked.

    Visitors that a lock kept waiting are not counted; they are `blocked`. Where nobody waited for
    `LATE_S`, as on an idle machine, and on the virtual clock it is 0.
    """
    delays = (
        view.late + view.took
        for view in page_views(timeline)
        if view.late is not None and view.outcome != "blocked"
    )
    return max((delay for delay in delays if delay >= LATE_S), default=0.0)


def first_error(timeline: Iterable[Record]) -> PageView | None:
    """Return the first page view that was not ok and has an error of PostgreSQL, None if there is none."""
    return next((view for view in page_views(timeline) if view.outcome != "ok" and view.sqlstate), None)


def first_push(timeline: Iterable[Record], branch: str = "main") -> float | None:
    """Return when GitHub's `branch` first got a commit, in seconds of the clock; None if it never did."""
    return next((record.at for record in timeline if is_push(record, branch)), None)


def last_push(timeline: Iterable[Record], branch: str = "main") -> float | None:
    """Return when GitHub's `branch` last got a commit, in seconds of the clock; None if it never did."""
    pushes = [record.at for record in timeline if is_push(record, branch)]
    return pushes[-1] if pushes else None


def is_push(record: Record, branch: str = "main") -> bool:
    """Say whether GitHub's `branch` got a commit."""
    if not isinstance(record, RefMoved) or not record.new:
        return False
    return (record.repository, record.branch) == ("github", branch)


def code_switches(timeline: Iterable[Record]) -> tuple[Deployed, ...]:
    """Return the moves of production's alias to another deployment."""
    return tuple(
        record
        for record in timeline
        if isinstance(record, Deployed) and (record.target, record.stage) == ("production", "live")
    )


def schema_switches(timeline: Iterable[Record]) -> tuple[MigrationApplied, ...]:
    """Return the migrations that the cloud database committed."""
    return tuple(
        record for record in timeline if isinstance(record, MigrationApplied) and record.database == "cloud"
    )


class Window(NamedTuple):
    """A time during which production was broken.

    Args:
        start: its first instant, in seconds since the clock's zero.
        end: its last instant, in the same seconds.
        open: true if it had not ended when the records end.
    """

    start: float
    end: float
    open: bool = False

    @property
    def seconds(self) -> float:
        """How long it was, in seconds; of an open one, how long it has been."""
        return self.end - self.start


class ViewRun(NamedTuple):
    """Page views in a row that were all broken, or all fine."""

    broken: bool
    views: tuple[PageView, ...]


def find_runs(timeline: Iterable[Record]) -> tuple[ViewRun, ...]:
    """Return the page views as maximal runs of broken and fine ones, in turn."""
    groups = itertools.groupby(page_views(timeline), key=lambda view: view.outcome != "ok")
    return tuple(ViewRun(broken, tuple(views)) for broken, views in groups)


def broken_windows(timeline: Iterable[Record]) -> tuple[Window, ...]:
    """Return when visitors found production broken: failed, lost or blocked page views in a row.

    A window starts in the middle between the last good view and the first broken
    one, and ends in the middle between the last broken view and the next good one:
    nobody looked in between, so each end is uncertain by half an arrival gap. Where
    there is no view before, it starts with the first view; where there is none
    after, it is open and ends with the last.

    Args:
        timeline: a timeline, or records in order of time.
    """
    runs = find_runs(timeline)
    windows = []
    for index, run in enumerate(runs):
        if not run.broken:
            continue
        start, end = run.views[0].at, run.views[-1].at
        if index > 0:
            start = (runs[index - 1].views[-1].at + start) / 2
        last = index == len(runs) - 1
        if not last:
            end = (end + runs[index + 1].views[0].at) / 2
        windows.append(Window(start, end, last))
    return tuple(windows)


def true_windows(
    timeline: Iterable[Record],
    works: Callable[[str, frozenset[str]], bool],
    *,
    commit: str = "",
    versions: frozenset[str] = frozenset(),
    end: float | None = None,
) -> tuple[Window, ...]:
    """Return when production could not work, from what was live and what was migrated.

    The state changes at two kinds of instants only: production's alias moves to a
    deployment, and the cloud database commits a migration (by the database's own
    time where the record has one). `works` judges each interval in between.

    Args:
        timeline: a timeline, or records in order of time.
        works: says whether the code of the live commit works with the applied versions.
        commit: the live commit before the first record.
        versions: the versions that the cloud database had before the first record.
        end: when to stop, in seconds of the clock; by default the last record.

    Returns:
        The windows in which `works` was false, in order, adjoining ones joined. One
        that lasts to the end is open, even if it has only begun there.
    """
    records = tuple(timeline)
    if not records:
        return ()
    switches: list[Deployed | MigrationApplied] = [*code_switches(records), *schema_switches(records)]
    changes = defaultdict(list)
    for switch in switches:
        changes[switch.instant].append(switch)
    first = min({records[0].at, *changes})
    stop = max({records[-1].at, *changes}) if end is None else end
    if stop < first:
        return ()
    # A change at `stop` itself is judged on the interval (stop, stop), so that it is not missed.
    bounds = [*sorted({first, *(instant for instant in changes if instant <= stop)}), stop]
    windows: list[Window] = []
    for index, (since, until) in enumerate(itertools.pairwise(bounds)):
        for change in changes.get(since, ()):
            if isinstance(change, MigrationApplied):
                versions |= {change.version}
            else:
                commit = change.commit
        if works(commit, versions):
            continue
        start = windows.pop().start if windows and windows[-1].end == since else since
        windows.append(Window(start, until, index == len(bounds) - 2))
    return tuple(windows)


def broken_seconds(windows: Iterable[Window]) -> float:
    """Return how long the windows are together, in seconds."""
    return math.fsum(window.seconds for window in windows)
