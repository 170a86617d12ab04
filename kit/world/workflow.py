"""The seven phases of the workflow: steps, commands, what should be true after each, from workflow.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.errors import BadInput
from kit.names import FEATURE, HOMEPAGE, VERSION, CloneName
from kit.timeline import CommandRan, PageView, broken_windows, last_push
from kit.world.snapshot import Snapshot

Question = Callable[[Snapshot], bool]


@dataclass(frozen=True)
class Run:
    """A command that the learner types in a clone."""

    clone: CloneName
    text: str


@dataclass(frozen=True)
class Edit:
    """A file that the learner writes in a clone.

    Attributes:
        clone: where.
        path: the file, from the clone's top.
        source: the file of `kit/starter` that holds the text.
        append: put it at the end of the file, instead of replacing the file.
    """

    clone: CloneName
    path: str
    source: str
    append: bool = False

    @property
    def text(self) -> str:
        """What the journal calls it."""
        return f"edit {self.path}"


@dataclass(frozen=True)
class Advance:
    """Time that passes."""

    seconds: float

    @property
    def text(self) -> str:
        """What the journal calls it."""
        return f"wait {self.seconds:g} s"


@dataclass(frozen=True)
class Arrivals:
    """Visitors who come from now on, so many a second; rate 0: no longer."""

    rate: float

    @property
    def text(self) -> str:
        """What the journal calls it."""
        return f"visitors {self.rate:g}/s"


@dataclass(frozen=True)
class OpenPage:
    """One document, opened by the learner on the dev server."""

    site: str

    @property
    def text(self) -> str:
        """What the journal calls it."""
        return f"open a document on {self.site}"


Action = Run | Edit | Advance | Arrivals | OpenPage


@dataclass(frozen=True)
class Predicate:
    """Something that should be true: the sentence that a learner reads, and the question."""

    says: str
    holds: Question


@dataclass(frozen=True)
class Step:
    """One part of a step: what is typed or done at once.

    Attributes:
        number: the workflow's own number; "4.2b" is the second part of 4.2.
        title: the workflow's heading, in our words.
        action: what is done.
        predicates: what should be true directly afterwards.
    """

    number: str
    title: str
    action: Action
    predicates: tuple[Predicate, ...] = ()

    def ask(self, seen: Snapshot) -> tuple[tuple[str, bool], ...]:
        """Return each sentence, and whether it is true of a world."""
        return tuple((predicate.says, predicate.holds(seen)) for predicate in self.predicates)


@dataclass(frozen=True)
class Phase:
    """One phase of the workflow.

    Attributes:
        number: 1 to 7.
        title: its heading.
        steps: in their order, those of several parts one after the other.
        done: whether a world has this phase behind it, however it got there.
    """

    number: int
    title: str
    steps: tuple[Step, ...]
    done: Question


_WINDOW_S = 3.0


def pushed(seen: Snapshot) -> bool:
    """Say whether GitHub has the new code on main."""
    return seen.on_github().writes_last_viewed


def has_cloud_column(seen: Snapshot) -> bool:
    """Say whether the cloud database has the column, from the workflow's own migration."""
    return "last_viewed" in seen.cloud.columns and VERSION in seen.cloud.versions


def deployed(seen: Snapshot) -> bool:
    """Say whether code and schema agree on production, and with GitHub."""
    return seen.live_commit.writes_last_viewed and has_cloud_column(seen) and pushed(seen)


def _new_files(seen: Snapshot) -> list[str]:
    return [name for name in seen.dev.migrations if "last_viewed" in name]


def _production_unchanged(seen: Snapshot) -> bool:
    return bool(seen.live) and not seen.live_commit.writes_last_viewed


def _production_building(seen: Snapshot) -> bool:
    newest = seen.deployments[-1] if seen.deployments else None
    return (
        newest is not None
        and (newest.target, newest.stage == "live") == ("production", False)
        and _production_unchanged(seen)
    )


def _views_since_push(seen: Snapshot) -> tuple[PageView, ...]:
    push = last_push(seen.timeline)
    return () if push is None else seen.timeline.since(push).only(PageView)


def _loses_silently(seen: Snapshot) -> bool:
    views = _views_since_push(seen)
    return any(view.outcome == "lost" for view in views) and all(view.status == 200 for view in views)  # noqa: PLR2004 - HTTP's OK


def _open_for_three_seconds(seen: Snapshot) -> bool:
    views = _views_since_push(seen)
    windows = broken_windows(views)
    # What visitors saw says it to within one arrival gap.
    gap = (views[-1].at - views[0].at) / (len(views) - 1) if len(views) > 1 else 0.0
    return len(windows) == 1 and abs(windows[0].seconds - _WINDOW_S) <= gap


def _last_view_recorded(seen: Snapshot) -> bool:
    views = seen.timeline.only(PageView)
    return bool(views) and views[-1].outcome == "ok" and seen.cloud.viewed > 0


def _production_clone_current(seen: Snapshot) -> bool:
    return seen.production.head == seen.repositories.github.get("main") and pushed(seen)


def _worker_current(seen: Snapshot) -> bool:
    return (
        seen.worker.running and seen.worker.commit == seen.production.head and _production_clone_current(seen)
    )


def _histories_agree(seen: Snapshot) -> bool:
    files = {name.partition("_")[0] for name in seen.dev.migrations}
    return _worker_current(seen) and files == set(seen.cloud.versions) == set(seen.local.versions)


QUESTIONS: Mapping[str, Question] = {
    "applied locally": lambda seen: "last_viewed" in seen.local.columns and VERSION in seen.local.versions,
    "cloud column": has_cloud_column,
    "code live": lambda seen: seen.live_commit.writes_last_viewed,
    "code not committed": lambda seen: (
        any(path.startswith("src/") for path in seen.dev.changed)
        and not seen.commit(seen.dev.head).writes_last_viewed
    ),
    "deployed": deployed,
    "dev clone on GitHub's main": lambda seen: (
        seen.dev.branch == "main" and seen.dev.head == seen.repositories.github.get("main")
    ),
    "dev server runs": lambda seen: seen.dev_serving,
    "documentation committed": lambda seen: seen.on_dev(HOMEPAGE).documented and not seen.dev.changed,
    "documentation not on GitHub": lambda seen: (
        not any(seen.on_github(branch).documented for branch in seen.repositories.github)
    ),
    "documentation not on main": lambda seen: not seen.on_dev("main").documented,
    "failed": lambda seen: seen.exit != 0,
    "feature branch": lambda seen: FEATURE in seen.dev.branches,
    "feature documented": lambda seen: not seen.dev.changed and seen.on_dev(FEATURE).documented,
    "feature has the code": lambda seen: seen.on_dev(FEATURE).writes_last_viewed,
    "feature has the migration": lambda seen: VERSION in seen.on_dev(FEATURE).versions,
    "feature has the migrations of homepage": lambda seen: (
        seen.on_dev(FEATURE).migrations == seen.on_dev(HOMEPAGE).migrations
    ),
    "feature on GitHub": lambda seen: (
        seen.on_github(FEATURE).writes_last_viewed and VERSION in seen.on_github(FEATURE).versions
    ),
    "feature starts where homepage ends": lambda seen: (
        seen.dev.branch == FEATURE and seen.dev.head == seen.dev.branches.get(HOMEPAGE)
    ),
    "histories agree": _histories_agree,
    "last view recorded": _last_view_recorded,
    "local column": lambda seen: "last_viewed" in seen.local.columns,
    "loses silently": _loses_silently,
    "main has the code": lambda seen: seen.on_dev("main").writes_last_viewed,
    "main has the migration": lambda seen: VERSION in seen.on_dev("main").versions,
    "no cloud column": lambda seen: "last_viewed" not in seen.cloud.columns,
    "no local column": lambda seen: "last_viewed" not in seen.local.columns,
    "no new migration": lambda seen: not _new_files(seen),
    "not pushed": lambda seen: not pushed(seen),
    "one new migration": lambda seen: _new_files(seen) == [f"{VERSION}_add_document_last_viewed.sql"],
    "open for three seconds": _open_for_three_seconds,
    "preview live": lambda seen: any(
        (deployment.branch, deployment.stage) == (FEATURE, "live") for deployment in seen.deployments
    ),
    "production building": _production_building,
    "production clone current": _production_clone_current,
    "production unchanged": _production_unchanged,
    "pushed": pushed,
    "says no schema changes": lambda seen: "No schema changes found" in seen.output,
    "says nothing": lambda seen: not seen.output.strip() and seen.exit == 0,
    "shows what was viewed": lambda seen: seen.exit == 0 and "My Test Document" in seen.output,
    "verified": lambda seen: (
        any("migration list --linked" in ran.command for ran in seen.timeline.only(CommandRan))
        and _histories_agree(seen)
    ),
    "viewed locally": lambda seen: seen.local.viewed > 0,
    "worker behind": lambda seen: seen.worker.running and seen.worker.commit != seen.production.head,
    "worker current": _worker_current,
}
"""What `then` and `done` of workflow.toml may ask, by name, of the world at one moment."""


def _read_phases() -> Iterator[Phase]:
    """Read workflow.toml, whose head explains the keys."""
    tables = tomllib.loads(Path(__file__).with_name("workflow.toml").read_text(encoding="utf-8"))
    steps: list[Step] = []
    for number, facts in tables["steps"].items():
        title = facts["title"] if "title" in facts else steps[-1].title
        predicates = (Predicate(says, QUESTIONS[name]) for says, name in facts.get("then", {}).items())
        steps.append(Step(number, title, _read_action(facts), tuple(predicates)))
    for number, facts in tables["phases"].items():
        parts = (step for step in steps if step.number.startswith(f"{number}."))
        yield Phase(int(number), facts["title"], tuple(parts), QUESTIONS[facts["done"]])


def _read_action(facts: Mapping[str, Any]) -> Action:
    match facts:
        case {"dev": text}:
            return Run("dev", text)
        case {"production": text}:
            return Run("production", text)
        case {"edit": path, "source": source}:
            return Edit("dev", path, source, append=facts.get("append", False))
        case {"wait": seconds}:
            return Advance(seconds)
        case {"visitors": rate}:
            return Arrivals(rate)
    return OpenPage(facts["open"])


PHASES = tuple(_read_phases())


FIRST, LAST = 1, len(PHASES) + 1
"""Phase 8 is the world after the last phase."""


def require_phase(phase: object) -> int:
    """Return `phase` if there is one of that number.

    Raises:
        BadInput: if there is not.
    """
    if isinstance(phase, bool) or not isinstance(phase, int) or not FIRST <= phase <= LAST:
        raise BadInput(
            f"There is no phase {phase!r}.",
            looked=[f"phase {known.number}: {known.title}" for known in PHASES],
            remedy=f"Give a number from {FIRST} to {LAST - 1}, or {LAST} for the state after the last phase.",
        )
    return phase
