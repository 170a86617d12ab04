"""Exercises on going back, and on two histories: a rollback, a history to mend, a stamp too early."""

from __future__ import annotations

from collections.abc import Iterator

from kit.lesson.checks.journey import (
    list_in_dev,
    main_replays,
    read_journey,
    replays,
    walk,
)
from kit.lesson.checks.story import unharmed, visited
from kit.lesson.exercise import Attempt, Condition
from kit.timeline import RefMoved
from kit.world.snapshot import DatabaseSeen

_DROP = "20250126160000"


def went_back(attempt: Attempt) -> Iterator[Condition]:
    """Go back to the code before the drop, without losing a view."""
    seen, journey = attempt.seen, read_journey(attempt)
    yield Condition(
        "The drop has run, and the cloud's history still says so.",
        met=_DROP in seen.cloud.versions,
        seen="The history does not know it: it was never pushed, or was taken out.",
    )
    yield Condition(
        "The cloud has last_viewed again.", met="last_viewed" in seen.cloud.columns, seen="It has not."
    )
    yield Condition(
        f"Production serves {journey.commit[:7]} again, or code that notes views as it does.",
        met=attempt.world.engine.host.records_views(seen.live),
        seen=f"It serves {seen.live[:7]}, which notes none.",
    )
    yield replays(attempt, "your folder", list_in_dev(attempt))
    yield visited(journey.story)
    yield unharmed(journey.story)
    with walk(journey) as walked:
        yield walked.condition


_PINNED = "20250126160000"
_KEPT = """
    SELECT count(*) FILTER (WHERE attname = 'pinned') = 1 AND count(*) FILTER (WHERE attisdropped) = 0
    FROM pg_attribute WHERE attrelid = to_regclass('public.documents') AND attnum > 0
"""


def history_mended(attempt: Attempt) -> Iterator[Condition]:
    """Mend a history that somebody has repaired."""
    seen = attempt.seen
    yield _pinned_was_kept(attempt)
    ran, main = set(seen.cloud.versions), set(seen.on_github().versions)
    yield Condition(
        f"The cloud's history says that {_PINNED} has run.", met=_PINNED in ran, seen="It does not know it."
    )
    yield Condition(
        "It holds exactly the versions that GitHub's main has as files.",
        met=ran == main,
        seen=_tell_difference("the history", ran, "main", main),
    )
    yield _is_as_committed(attempt)
    yield main_replays(attempt)


def _pinned_was_kept(attempt: Attempt) -> Condition:
    (kept,) = attempt.ask_cloud(_KEPT)
    return Condition(
        "The cloud's column pinned is the one that readers have used: nobody has dropped it.",
        met=kept,
        seen="It was dropped, and with it what was in it.",
        final=True,
    )


def _tell_difference(one: str, ones: set[str], other: str, others: set[str]) -> str:
    parts = [
        f"only {place} has {', '.join(sorted(versions))}"
        for place, versions in ((one, ones - others), (other, others - ones))
        if versions
    ]
    return f"{'; '.join(parts)}.".capitalize()


def _is_as_committed(attempt: Attempt) -> Condition:
    """Say whether the colleague's file is as they have committed it."""
    says = f"The file of {_PINNED} says what your colleague committed."
    repositories = attempt.world.engine.repositories
    pushed = [
        record.new
        for record in attempt.seen.timeline.only(RefMoved)
        if (record.repository, record.branch) == ("github", "main") and record.new
    ]
    for commit in pushed:
        paths = [
            path for path in repositories.files(commit) if path.startswith(f"supabase/migrations/{_PINNED}_")
        ]
        if not paths:
            continue
        written = repositories.read(commit, paths[0])
        main = repositories.read(attempt.seen.repositories.github["main"], paths[0])
        file = repositories.clones["dev"] / paths[0]
        if main != written:
            return Condition(says, met=False, seen="On main it is another one, or gone.")
        if not file.is_file() or file.read_bytes() != written:
            return Condition(says, met=False, seen="In your folder it is another one, or gone.")
        return Condition(says, met=True)
    return Condition(says, met=False, seen="Nobody has pushed it.")


_EARLY = "20250126154500"


def restamped(attempt: Attempt) -> Iterator[Condition]:
    """Bring a file that is stamped too early to both databases."""
    seen = attempt.seen
    files = {name.partition("_")[0] for name in seen.dev.migrations}
    databases = (("local", seen.local), ("cloud", seen.cloud))
    for name, database in databases:
        missing = [column for column in ("pinned", "rating") if column not in database.columns]
        yield Condition(
            f"The {name} database has pinned and rating.",
            met=not missing,
            seen=f"It has no {' and no '.join(missing)}.",
        )
    yield _pinned_was_kept(attempt)
    yield Condition(
        f"Nothing is called {_EARLY} any more: no file, and no version in a history.",
        met=not any(_EARLY in versions for versions in (files, seen.local.versions, seen.cloud.versions)),
        seen=f"It still is in {' and in '.join(_places(files, databases))}.",
    )
    for name, database in databases:
        ran = set(database.versions)
        yield Condition(
            f"The {name} history holds what your folder holds, and nothing else.",
            met=ran == files,
            seen=_tell_difference("the history", ran, "your folder", files),
        )
    yield replays(attempt, "your folder", list_in_dev(attempt), databases=("cloud", "local"))


def _places(files: set[str], databases: tuple[tuple[str, DatabaseSeen], ...]) -> list[str]:
    histories = [f"the {name} history" for name, database in databases if _EARLY in database.versions]
    return [*(["your folder"] if _EARLY in files else []), *histories]
