"""What a journal says about one event that is not a page view."""

from __future__ import annotations

from typing import Literal, NamedTuple

from kit.timeline.labels import cut, show, show_commit
from kit.timeline.records import (
    CommandRan,
    Deployed,
    MigrationApplied,
    Record,
    RefMoved,
    SchemaChanged,
    WorkerChanged,
)

Edge = Literal["", "opens", "closes"]

_WHO = 11


class Entry(NamedTuple):
    """One line of a journal, before it is laid out.

    Args:
        at: when, in seconds of the clock; None for a line that says what the lines before add up to.
        who: where it happened: "dev$", "github", "host", "cloud", "visitors".
        text: what happened; cut where there is no room.
        note: what follows the text and is not cut.
        edge: whether a broken window opens or closes with this line.
        key: worth keeping when not every event has room.
    """

    at: float | None
    who: str
    text: str
    note: str = ""
    edge: Edge = ""
    key: bool = False


def describe(record: Record) -> Entry:
    """Return what the journal says about an event."""
    entry = Entry(record.instant, "", type(record).__name__)
    match record:
        case CommandRan():
            note = f"  (exit {record.exit})" if record.exit else ""
            who = "you" if record.clone == "world" else f"{record.clone}$"
            return entry._replace(who=who, text=show(record.command), note=note)
        case RefMoved():
            end = f"-> {show_commit(record.new)}" if record.new else "deleted"
            who, text = cut(show(record.repository), _WHO), f"{show(record.branch)} {end}"
            return entry._replace(who=who, text=text, key=record.repository == "github")
        case Deployed():
            key = record.target == "production" and record.stage in ("live", "failed")
            return entry._replace(who="host", text=_say_stage(record), key=key)
        case MigrationApplied() | SchemaChanged():
            text = (
                f"documents {show(record.change)}" if isinstance(record, SchemaChanged) else _say_file(record)
            )
            return entry._replace(who=record.database, text=text, key=record.database == "cloud")
        case WorkerChanged():
            text = f"started with {show_commit(record.commit)}" if record.running else "stopped"
            return entry._replace(who="worker", text=text)
    return entry


def _say_file(record: MigrationApplied) -> str:
    return f"+ {show(record.version)}_{show(record.name)}"


def _say_stage(record: Deployed) -> str:
    stage = "FAILED" if record.stage == "failed" else record.stage
    text = f"{stage} {show_commit(record.commit)}"
    if record.target == "preview":
        text += f" (preview of {show(record.branch)})"
    return f"{text}: {show(record.detail)}" if record.detail else text
