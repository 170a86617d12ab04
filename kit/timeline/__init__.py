"""What happened, as frozen records in one order of time, with pure questions about them and a drawing."""

from __future__ import annotations

from kit.timeline.jsonl import Loaded, dump_record, dump_records, load_record, load_records
from kit.timeline.queries import (
    Outcomes,
    ViewRun,
    Window,
    broken_seconds,
    broken_windows,
    code_switches,
    count_outcomes,
    find_runs,
    first_error,
    first_push,
    last_push,
    page_views,
    schema_switches,
    true_windows,
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
from kit.timeline.text import draw
from kit.timeline.timeline import Timeline

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
    "SchemaChanged",
    "Stage",
    "Target",
    "Timeline",
    "ViewRun",
    "Window",
    "WorkerChanged",
    "broken_seconds",
    "broken_windows",
    "code_switches",
    "count_outcomes",
    "draw",
    "dump_record",
    "dump_records",
    "find_runs",
    "first_error",
    "first_push",
    "last_push",
    "load_record",
    "load_records",
    "page_views",
    "schema_switches",
    "true_windows",
]
