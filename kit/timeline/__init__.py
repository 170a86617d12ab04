"""What happened, as frozen records in one order of time, with pure questions about them and a drawing."""

from __future__ import annotations

from kit.timeline.drawing import draw_timeline, draw_visits
from kit.timeline.queries import (
    Outcomes,
    Window,
    broken_seconds,
    broken_windows,
    code_switches,
    count_outcomes,
    find_delay,
    first_error,
    first_push,
    last_push,
    page_views,
    schema_switches,
    true_windows,
)
from kit.timeline.records import (
    BUILD_WORDS,
    LAST_STAGES,
    CommandRan,
    Deployed,
    MigrationApplied,
    Outcome,
    PageView,
    Record,
    RefMoved,
    SchemaChanged,
    Stage,
    Target,
    WorkerChanged,
)
from kit.timeline.text import format_timeline
from kit.timeline.timeline import Timeline

__all__ = [
    "BUILD_WORDS",
    "LAST_STAGES",
    "CommandRan",
    "Deployed",
    "MigrationApplied",
    "Outcome",
    "Outcomes",
    "PageView",
    "Record",
    "RefMoved",
    "SchemaChanged",
    "Stage",
    "Target",
    "Timeline",
    "Window",
    "WorkerChanged",
    "broken_seconds",
    "broken_windows",
    "code_switches",
    "count_outcomes",
    "draw_timeline",
    "draw_visits",
    "find_delay",
    "first_error",
    "first_push",
    "format_timeline",
    "last_push",
    "page_views",
    "schema_switches",
    "true_windows",
]
