"""What happened to the visitors of a world, and to its schema, as the exercises ask it."""

from __future__ import annotations

from kit.timeline import PageView, SchemaChanged, Timeline
from kit.world.snapshot import Snapshot


def all_well(story: Timeline, first: float, last: float) -> bool:
    """Say whether people came before the one instant and after the other, and all was well throughout."""
    views = story.only(PageView)
    if not views or not views[0].at < first <= last < views[-1].at:
        return False
    return all(view.outcome == "ok" for view in views)


def find_changes(seen: Snapshot, change: str) -> list[float]:
    """Return when `documents` changed in this way in either database: "+last_viewed", "-last_viewed"."""
    return [record.at for record in seen.timeline.only(SchemaChanged) if record.change == change]
