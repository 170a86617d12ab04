"""Exercises on working with others: a push that was rejected because somebody was faster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from kit.lesson.checks.journey import list_on_main, replays
from kit.lesson.checks.replica import open_replica
from kit.lesson.exercise import Attempt, Condition
from kit.names import VERSION
from kit.timeline import RefMoved


def both_shipped(attempt: Attempt) -> Iterator[Condition]:
    """Ship the feature after a colleague was faster."""
    seen, repositories = attempt.seen, attempt.world.engine.repositories
    main = seen.repositories.github["main"]
    pushed = [
        record.new
        for record in seen.timeline.only(RefMoved)
        if (record.repository, record.branch) == ("github", "main") and record.new
    ]
    lost = [commit for commit in pushed if not repositories.is_ancestor(commit, main)]
    yield Condition(
        "GitHub's main holds every commit that was ever on it, your colleague's among them.",
        met=bool(pushed) and not lost,
        seen=f"{', '.join(commit[:7] for commit in lost)} is not on it any more. The production clone "
        "of your colleague still has it."
        if lost
        else "Your colleague has pushed nothing yet.",
    )
    github = seen.on_github()
    missing = [
        what
        for what, there in (
            ("the migration", VERSION in github.versions),
            ("the page", github.writes_last_viewed),
        )
        if not there
    ]
    yield Condition(
        "It holds your feature: migration, action and page.",
        met=not missing,
        seen=f"Not on it: {' and '.join(missing)}.",
    )
    yield Condition(
        f"The cloud has last_viewed, and its history says that {VERSION} has run.",
        met="last_viewed" in seen.cloud.columns and VERSION in seen.cloud.versions,
        seen="The history says so, and there is no such column."
        if VERSION in seen.cloud.versions
        else "The column is there, and the history does not know of it."
        if "last_viewed" in seen.cloud.columns
        else "It has not.",
    )
    with TemporaryDirectory(dir=attempt.world.engine.folder) as folder:
        files = list_on_main(attempt, Path(folder))
        yield replays(attempt, "main", files)
        says = "The code of main, tried on a copy of that schema, notes each view."
        if missing:
            yield Condition(says, met=False, seen="There is nothing to try yet.")
            return
        with open_replica(attempt.world.engine) as replica:
            trouble = replica.apply(files.files)
            if not trouble:
                replica.fill()
                trouble = replica.serve(main) or replica.try_everything()
        yield Condition(says, met=not trouble, seen=f"{trouble}.".capitalize())
