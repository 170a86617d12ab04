"""`Timeline`: records in one order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

from kit.timeline.drawing import draw_timeline
from kit.timeline.queries import is_push
from kit.timeline.records import CommandRan, Record
from kit.timeline.text import format_timeline

RecordT = TypeVar("RecordT", bound=Record)


@dataclass(frozen=True, slots=True, repr=False)
class Timeline:
    """Records in order of time; everything that a view shows comes from here.

    Args:
        records: what happened; records of the same instant keep the order in which they are given.
    """

    records: tuple[Record, ...] = ()

    def __post_init__(self) -> None:
        """Put the records in order, so that no question has to ask whether they are."""
        object.__setattr__(self, "records", tuple(sorted(self.records, key=attrgetter("at"))))

    @classmethod
    def of(cls, records: Iterable[Record]) -> Timeline:
        """Return the timeline of any records, in any order."""
        return cls(tuple(records))

    def __iter__(self) -> Iterator[Record]:
        """Go through the records in order."""
        return iter(self.records)

    def __len__(self) -> int:
        """Count the records."""
        return len(self.records)

    def __repr__(self) -> str:
        """Draw the timeline in text; equal timelines have equal drawings."""
        return format_timeline(self.records)

    def _repr_html_(self) -> str:
        """Draw the timeline as a picture."""
        return draw_timeline(self.records)

    def only(self, kind: type[RecordT]) -> tuple[RecordT, ...]:
        """Return the records of one kind, in order."""
        return tuple(record for record in self.records if isinstance(record, kind))

    @property
    def last_deploy(self) -> Timeline:
        """What happened from the command on that last pushed main; everything if there was none."""
        pushes = [i for i, record in enumerate(self.records) if is_push(record)]
        if not pushes:
            return self
        commands = [i for i in range(pushes[-1]) if isinstance(self.records[i], CommandRan)]
        return Timeline(self.records[(commands or pushes)[-1] :])

    def since(self, at: float) -> Timeline:
        """Return what happened at `at`, in seconds of the clock, or later."""
        return Timeline(tuple(record for record in self.records if record.at >= at))

    def between(self, start: float, end: float) -> Timeline:
        """Return what happened at `start` or later, but before `end`, in seconds of the clock."""
        return Timeline(tuple(record for record in self.records if start <= record.at < end))
