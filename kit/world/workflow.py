"""The seven phases of the workflow as data: steps, commands, what should be true after each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from kit.names import (
    DB_PUSH,
    DOCUMENTS,
    FEATURE,
    GIT_PUSH,
    HOMEPAGE,
    MIGRATION,
    READER_PAGE,
    VERSION,
    CloneName,
)
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


def _step(number: str, title: str, *parts: Action | Mapping[str, Question]) -> Iterator[Step]:
    """Yield the parts of a step of the workflow, "4.2", "4.2b", "4.2c".

    Args:
        number: the workflow's own.
        title: its heading.
        parts: actions, each followed by what should be true then: sentences with their questions.
    """
    letters = iter(("", *"bcdefg"))
    for part, following in zip(parts, (*parts[1:], {}), strict=True):
        if isinstance(part, Mapping):
            continue
        questions = following if isinstance(following, Mapping) else {}
        predicates = tuple(Predicate(says, holds) for says, holds in questions.items())
        yield Step(f"{number}{next(letters)}", title, part, predicates)


def _phase(number: int, title: str, *steps: Iterator[Step], done: Question) -> Phase:
    return Phase(number, title, tuple(itertools.chain.from_iterable(steps)), done)


# Questions that are asked more than once, or take more than a line.

_WINDOW_S = 3.0
VISITORS = 20.0
"""Page views a second in the lesson."""


def pushed(seen: Snapshot) -> bool:
    """Say whether GitHub has the new code on main."""
    return seen.on_github().writes_last_viewed


def has_cloud_column(seen: Snapshot) -> bool:
    """Say whether the cloud database has the column, from the workflow's own migration."""
    return "last_viewed" in seen.cloud.columns and VERSION in seen.cloud.versions


def deployed(seen: Snapshot) -> bool:
    """Say whether code and schema agree on production, and with GitHub."""
    return seen.live_commit.writes_last_viewed and has_cloud_column(seen) and pushed(seen)


def _no_local_column(seen: Snapshot) -> bool:
    return "last_viewed" not in seen.local.columns


def _no_cloud_column(seen: Snapshot) -> bool:
    return "last_viewed" not in seen.cloud.columns


def _applied_locally(seen: Snapshot) -> bool:
    return "last_viewed" in seen.local.columns and VERSION in seen.local.versions


def _new_files(seen: Snapshot) -> list[str]:
    return [name for name in seen.dev.migrations if "last_viewed" in name]


def _feature_on_github(seen: Snapshot) -> bool:
    feature = seen.on_github(FEATURE)
    return feature.writes_last_viewed and VERSION in feature.versions


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


def _verified(seen: Snapshot) -> bool:
    commands = seen.timeline.only(CommandRan)
    return any("migration list --linked" in ran.command for ran in commands) and _histories_agree(seen)


_COMMIT_MESSAGE = """feat: track document last viewed timestamp

- Add last_viewed column to documents table
- Update last_viewed when opening document in reader
- Add index for efficient recent documents queries"""

_VIEWED = """
  SELECT title, last_viewed
  FROM documents
  WHERE last_viewed IS NOT NULL
  ORDER BY last_viewed DESC
  LIMIT 5;
"""

PHASES = (
    _phase(
        1,
        "Prepare for a new feature",
        _step(
            "1.1",
            "Commit what is there",
            Run("dev", "git status"),
            Run("dev", "git add .gitignore CLAUDE.md docs/"),
            Run("dev", 'git commit -m "docs: add dual-worktree migration workflow documentation"'),
            {
                "The documentation is committed on homepage-and-search.": lambda seen: (
                    seen.on_dev(HOMEPAGE).documented and not seen.dev.changed
                ),
                "The commit is local: GitHub does not have it.": lambda seen: (
                    not any(seen.on_github(branch).documented for branch in seen.repositories.github)
                ),
                "It will reach main with the feature: main does not have it yet.": lambda seen: (
                    not seen.on_dev("main").documented
                ),
            },
        ),
        _step(
            "1.2",
            "Create the feature branch",
            Run("dev", f"git checkout -b {FEATURE}"),
            {
                "The new branch starts where homepage-and-search ends.": lambda seen: (
                    seen.dev.branch == FEATURE and seen.dev.head == seen.dev.branches.get(HOMEPAGE)
                ),
                "It starts with all current changes, the documentation too.": lambda seen: (
                    not seen.dev.changed and seen.on_dev(FEATURE).documented
                ),
                "The migrations are the same: they are files, tracked by git.": lambda seen: (
                    seen.on_dev(FEATURE).migrations == seen.on_dev(HOMEPAGE).migrations
                ),
            },
        ),
        done=lambda seen: FEATURE in seen.dev.branches,
    ),
    _phase(
        2,
        "Change the database",
        _step(
            "2.1",
            "Look at the schema first",
            Run("dev", r'psql "$LOCAL_DB_URL" -c "\d documents"'),
            {"There is no last_viewed column.": _no_local_column},
        ),
        _step(
            "2.2",
            "Generate the migration",
            Run("dev", "npx supabase db diff -f add_document_last_viewed"),
            {
                "The schema and the migrations agree, so there is nothing to write.": lambda seen: (
                    "No schema changes found" in seen.output
                ),
                "No file was created.": lambda seen: not _new_files(seen),
            },
            Run("dev", "npx supabase migration new add_document_last_viewed"),
            {
                "There is one new migration file, stamped with the time.": lambda seen: (
                    _new_files(seen) == [f"{VERSION}_add_document_last_viewed.sql"]
                )
            },
        ),
        _step(
            "2.3",
            "Write the SQL",
            Edit("dev", MIGRATION, "feature/migration.sql"),
            {"It is only a file: no database has changed.": _no_local_column},
        ),
        _step(
            "2.4",
            "Apply it locally",
            Run("dev", "npx supabase migration up"),
            Run("dev", r'psql "$LOCAL_DB_URL" -c "\d documents"'),
            {
                "The migration is applied to the local database.": _applied_locally,
                "documents has a last_viewed column there.": lambda seen: not _no_local_column(seen),
                "The cloud database does not have it: nothing was pushed.": _no_cloud_column,
            },
        ),
        done=_applied_locally,
    ),
    _phase(
        3,
        "Change the code",
        _step(
            "3.1",
            "Write the server action",
            Edit("dev", DOCUMENTS, "feature/update_last_viewed.py", append=True),
        ),
        _step(
            "3.2",
            "Call it from the reader",
            Edit("dev", READER_PAGE, "feature/silent/page.py"),
            {
                "The code exists only in your working tree.": lambda seen: (
                    any(path.startswith("src/") for path in seen.dev.changed)
                    and not seen.commit(seen.dev.head).writes_last_viewed
                )
            },
        ),
        _step(
            "3.3",
            "Test it locally",
            Run("dev", "npm run dev"),
            {"The dev server runs your working tree.": lambda seen: seen.dev_serving},
            OpenPage("dev"),
            {
                "The page called the server action, and the local database has the view.": (
                    lambda seen: seen.local.viewed > 0
                ),
                "The cloud database still does not have the column.": _no_cloud_column,
            },
            Run("dev", f'psql "$LOCAL_DB_URL" -c "{_VIEWED}"'),
        ),
        done=lambda seen: seen.local.viewed > 0,
    ),
    _phase(
        4,
        "Commit the change",
        _step(
            "4.1",
            "Review the changes",
            Run("dev", "git status"),
            Run("dev", "git diff supabase/migrations/"),
            {
                "git diff says nothing of a file that git does not track yet.": lambda seen: (
                    not seen.output.strip() and seen.exit == 0
                )
            },
            Run("dev", "git diff src/"),
        ),
        _step(
            "4.2",
            "Commit everything together",
            Run("dev", f"git add {MIGRATION}"),
            Run("dev", f"git add {DOCUMENTS}"),
            Run("dev", f'git add "{READER_PAGE}"'),
            Run("dev", f'git commit -m "{_COMMIT_MESSAGE}"'),
            {
                "The migration is committed: to git it is just a file.": lambda seen: (
                    VERSION in seen.on_dev(FEATURE).versions
                ),
                "The code is in the same commit.": lambda seen: seen.on_dev(FEATURE).writes_last_viewed,
            },
            Run("dev", f"git push origin {FEATURE}"),
            {
                "GitHub has the feature branch.": _feature_on_github,
                "Production was not deployed: the push was not to main.": _production_unchanged,
                "The cloud database did not get the migration.": _no_cloud_column,
            },
            Advance(35),
            {
                "The host built a preview of the branch.": lambda seen: any(
                    (deployment.branch, deployment.stage) == (FEATURE, "live")
                    for deployment in seen.deployments
                ),
                "Production still serves the old code.": _production_unchanged,
            },
        ),
        done=_feature_on_github,
    ),
    _phase(
        5,
        "Merge to main and deploy",
        _step(
            "5.1",
            "Switch to main",
            Run("dev", "git checkout main"),
            Run("dev", "git pull origin main"),
            {
                "The dev clone is on main, as GitHub has it.": lambda seen: (
                    seen.dev.branch == "main" and seen.dev.head == seen.repositories.github.get("main")
                ),
                "The local database still has the migration: databases do not follow branches.": (
                    _applied_locally
                ),
            },
        ),
        _step(
            "5.2",
            "Merge the feature",
            Run("dev", f"git merge {FEATURE} --no-edit"),
            {
                "The migration file is on main.": lambda seen: VERSION in seen.on_dev("main").versions,
                "The code is on main.": lambda seen: seen.on_dev("main").writes_last_viewed,
                "Only here: GitHub's main does not have it.": lambda seen: not pushed(seen),
            },
        ),
        _step(
            "5.3",
            "Push to GitHub",
            Arrivals(VISITORS),
            Run("dev", GIT_PUSH),
            {
                "GitHub has the new code on main.": pushed,
                "The host took the push; production still serves the old code.": _production_building,
                "The cloud database does not have the new column.": _no_cloud_column,
            },
            Advance(36),
            {
                "The new code is live.": lambda seen: seen.live_commit.writes_last_viewed,
                "The cloud database is old: it has no last_viewed column.": _no_cloud_column,
                "Visitors lose something, and nobody sees an error: every page answered 200.": (
                    _loses_silently
                ),
            },
        ),
        _step(
            "5.4",
            "Push the migration",
            Run("dev", DB_PUSH),
            {
                "The cloud database has the last_viewed column.": has_cloud_column,
                "The window was open for 3 seconds, from live to applied.": _open_for_three_seconds,
            },
            Advance(2),
            {
                "The deployed code writes last_viewed, and visitors lose nothing any more.": (
                    _last_view_recorded
                ),
                "Code and schema agree: the feature is deployed.": deployed,
            },
            Arrivals(0),
        ),
        done=deployed,
    ),
    _phase(
        6,
        "Update the production worker",
        _step(
            "6.1",
            "Pull in the production clone",
            Run("production", "git pull origin main"),
            {
                "The production clone has the new code.": _production_clone_current,
                "The worker still runs the code that it was started with.": lambda seen: (
                    seen.worker.running and seen.worker.commit != seen.production.head
                ),
            },
        ),
        _step(
            "6.2",
            "Restart the worker",
            Run("production", "cd worker && npm start"),
            {"The worker runs the code of the production clone.": _worker_current},
        ),
        done=_worker_current,
    ),
    _phase(
        7,
        "Verify that everything works",
        _step(
            "7.1",
            "Check the cloud database",
            Run("dev", "npx supabase migration list --linked"),
            {"The cloud's history holds every migration of the folder.": _histories_agree},
        ),
        _step(
            "7.2",
            "Check production",
            OpenPage("production"),
            {
                "Opening a document on production leaves its trace in the cloud database.": (
                    _last_view_recorded
                )
            },
            Run("dev", f'npx supabase db remote --linked sql "{_VIEWED}"'),
            {"There is no such command: supabase says so and fails.": lambda seen: seen.exit != 0},
            Run("dev", f'npx supabase db query --linked "{_VIEWED}"'),
            {
                "The query ran, and shows documents that were viewed.": lambda seen: (
                    seen.exit == 0 and "My Test Document" in seen.output
                )
            },
        ),
        done=_verified,
    ),
)
