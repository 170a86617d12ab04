"""What happened to production and its visitors, as conditions that several exercises have in common."""

from __future__ import annotations

import itertools
import math
import tempfile
from pathlib import Path

from kit.draw import format_offset
from kit.lesson.checks.replica import describe_difference
from kit.lesson.exercise import Attempt, Condition
from kit.timeline import (
    Timeline,
    code_switches,
    count_outcomes,
    first_error,
    first_push,
    page_views,
    schema_switches,
)


def visited(
    story: Timeline, *, says: str = "Visitors came all the while: before, between and after."
) -> Condition:
    """Require that production was visited in each of its states.

    Between two switches, of code or of schema, nothing about production changes: one visitor tells how it
    was. Where nobody came, nobody can say that nothing was lost.

    Args:
        story: what happened since visitors were to come.
        says: the condition's sentence.
    """
    switches = sorted({switch.at for switch in (*code_switches(story), *schema_switches(story))})
    views = [view.at for view in page_views(story)]
    if not switches:
        return Condition(says, met=False, seen="Nothing was deployed yet.")
    for since, until in itertools.pairwise([-math.inf, *switches, math.inf]):
        if any(since < view < until for view in views):
            continue
        if until == math.inf:
            return Condition(says, met=False, seen="Nobody has come since the last change: lab.advance(2).")
        if since == -math.inf:
            when = "before the first change"
        else:
            zero = first_push(story) or 0.0
            when = f"between {format_offset(since - zero)} and {format_offset(until - zero)} from git push"
        return Condition(
            says, met=False, seen=f"Nobody came {when}: who could have lost anything?", final=True
        )
    return Condition(says, met=True)


def unharmed(story: Timeline, *, says: str = "None of them lost anything.") -> Condition:
    """Require that no page view failed, was lost or had to wait.

    Args:
        story: what happened since visitors were to come.
        says: the condition's sentence.
    """
    met = count_outcomes(story)
    bad = [
        f"{count} {name}" for name, count in met._asdict().items() if count and name not in ("total", "ok")
    ]
    first = next((view.at for view in page_views(story) if view.outcome != "ok"), 0.0)
    when = format_offset(first - (first_push(story) or first))
    error = first_error(story)
    why = f": {error.sqlstate} {error.message}" if error else ""
    return Condition(
        says,
        met=not bad,
        seen=f"{' and '.join(bad)} of {met.total} page views, the first at {when} from git push{why}.",
        final=True,
    )


def tell_build(attempt: Attempt) -> str:
    """Say how far the newest push to main is on its way: "" if it is live, or if there was none."""
    seen = attempt.seen
    pushes = [deployment for deployment in seen.deployments if deployment.target == "production"]
    if not pushes or pushes[-1].stage == "live":
        return attempt.slept
    newest = pushes[-1]
    if newest.stage == "failed":
        return "The newest push was not built: the build failed."
    if newest.stage in {"canceled", "staged"}:
        return f"The host's page calls the newest push {newest.stage}: it does not go live by itself."
    if newest.stage == "queued" and _is_full(attempt):
        return f"It waits in the queue until another build has ended. {attempt.slept}".strip()
    left = math.ceil(newest.pushed_at + newest.waited + newest.takes - seen.now)
    return f"It is live in {left} s. {attempt.slept or f'Let them pass: lab.advance({left}).'}"


def _is_full(attempt: Attempt) -> bool:
    """Say whether the host builds, or is about to, as many other commits as it can at a time."""
    *others, _ = attempt.seen.deployments
    ahead = sum(deployment.stage in {"queued", "building"} for deployment in others)
    return ahead >= attempt.world.engine.host.settings.concurrent_builds


def as_on_main(attempt: Attempt, says: str, *, met: bool = True, seen: str = "") -> Condition:
    """Require that the cloud database is what the migrations on GitHub's main make of an empty one.

    Args:
        attempt: what the learner did.
        says: the condition's sentence.
        met: what else must be true; where it is not, nothing is tried.
        seen: what is to be said where it is not.
    """
    if not met:
        return Condition(says, met=False, seen=seen)
    pending = sorted(set(attempt.seen.on_github().versions) - set(attempt.seen.cloud.versions))
    if pending:
        return Condition(says, met=False, seen=f"The cloud's history lacks {', '.join(pending)}.")
    engine = attempt.world.engine
    with tempfile.TemporaryDirectory(dir=engine.folder) as folder:
        files = Path(folder) / "main"
        engine.repositories.archive(attempt.seen.repositories.github["main"], files)
        difference = describe_difference(engine, files, "cloud")
    return Condition(says, met=not difference, seen=difference)
