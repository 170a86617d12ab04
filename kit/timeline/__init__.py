"""What happened, as frozen records in one order of time, with pure questions about them and a drawing."""

from __future__ import annotations

from kit.timeline.drawing import draw
from kit.timeline.jsonl import Loaded, dump_record, dump_records, load_record, load_records
from kit.timeline.questions import (
    Outcomes,
    SeenError,
    count_outcomes,
    first_error,
    first_push,
    last_push,
    live_commit_at,
    lost_views,
    page_views,
    versions_at,
)
from kit.timeline.records import (
    KINDS,
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
from kit.timeline.timeline import Timeline
from kit.timeline.windows import Run, Window, broken_seconds, broken_windows, find_runs, true_windows

__all__ = [
    "KINDS",
    "CommandRan",
    "Deployed",
    "Loaded",
    "MigrationApplied",
    "Outcome",
    "Outcomes",
    "PageView",
    "Record",
    "RefMoved",
    "Run",
    "SchemaChanged",
    "SeenError",
    "Stage",
    "Target",
    "Timeline",
    "Window",
    "WorkerChanged",
    "broken_seconds",
    "broken_windows",
    "count_outcomes",
    "draw",
    "dump_record",
    "dump_records",
    "find_runs",
    "first_error",
    "first_push",
    "last_push",
    "live_commit_at",
    "load_record",
    "load_records",
    "lost_views",
    "page_views",
    "true_windows",
    "versions_at",
]
