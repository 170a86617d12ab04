"""The seven phases of the workflow as data: steps, commands, what should be true after each."""

from __future__ import annotations

from collections.abc import Callable
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
from kit.timeline import CommandRan, PageView, RefMoved, broken_windows, last_push
from kit.world.snapshot import CommitSeen, Snapshot

# What a phase of the workflow is made of: steps, what each does, what should be true afterwards


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
class Visit:
    """Visitors who come from now on; rate 0: no longer."""

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


Action = Run | Edit | Advance | Visit | OpenPage


@dataclass(frozen=True)
class Predicate:
    """Something that should be true: the sentence that a learner reads, and the question."""

    says: str
    holds: Callable[[Snapshot], bool]


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        number: the workflow's own number; "4.2b" is the second command of 4.2.
        title: the workflow's heading, in our words.
        action: what is done.
        predicates: what should be true directly afterwards.
    """

    number: str
    title: str
    action: Action
    predicates: tuple[Predicate, ...] = ()


@dataclass(frozen=True)
class Phase:
    """One phase of the workflow.

    Attributes:
        number: 1 to 7.
        title: its heading.
        steps: in their order.
        done: whether a world has this phase behind it, however it got there.
    """

    number: int
    title: str
    steps: tuple[Step, ...]
    done: Callable[[Snapshot], bool]


# What can be true of a world: one pure question a sentence of the workflow


_COLUMN = "last_viewed"
_WINDOW_S = 3.0


def _dev_branch(seen: Snapshot, name: str) -> CommitSeen:
    return seen.commit(seen.repositories.clones["dev"].branches.get(name, ""))


def _github(seen: Snapshot, name: str) -> CommitSeen:
    return seen.commit(seen.repositories.github.get(name, ""))


def _live(seen: Snapshot) -> CommitSeen:
    return seen.commit(seen.live)


# Phase 1


def docs_committed(seen: Snapshot) -> bool:  # noqa: D103 - each function's sentence stands in workflow.py
    return _dev_branch(seen, HOMEPAGE).documented and not seen.repositories.clones["dev"].changed


def docs_local_only(seen: Snapshot) -> bool:  # noqa: D103
    return not any(seen.commit(commit).documented for commit in seen.repositories.github.values())


def docs_not_on_main(seen: Snapshot) -> bool:  # noqa: D103
    return not _dev_branch(seen, "main").documented


def branched_from_homepage(seen: Snapshot) -> bool:  # noqa: D103
    dev = seen.repositories.clones["dev"]
    return dev.branch == FEATURE and dev.head == dev.branches.get(HOMEPAGE)


def starts_clean(seen: Snapshot) -> bool:  # noqa: D103
    return not seen.repositories.clones["dev"].changed and _dev_branch(seen, FEATURE).documented


def same_migrations(seen: Snapshot) -> bool:  # noqa: D103
    return _dev_branch(seen, FEATURE).migrations == _dev_branch(seen, HOMEPAGE).migrations


def feature_branch_exists(seen: Snapshot) -> bool:  # noqa: D103
    return FEATURE in seen.repositories.clones["dev"].branches


# Phase 2


def no_local_column(seen: Snapshot) -> bool:  # noqa: D103
    return _COLUMN not in seen.local.columns


def no_cloud_column(seen: Snapshot) -> bool:  # noqa: D103
    return _COLUMN not in seen.cloud.columns


def local_column(seen: Snapshot) -> bool:  # noqa: D103
    return _COLUMN in seen.local.columns


def cloud_column(seen: Snapshot) -> bool:  # noqa: D103
    return _COLUMN in seen.cloud.columns and VERSION in seen.cloud.versions


def no_changes_found(seen: Snapshot) -> bool:  # noqa: D103
    return "No schema changes found" in seen.output


def no_new_file(seen: Snapshot) -> bool:  # noqa: D103
    return not _files(seen)


def new_file(seen: Snapshot) -> bool:  # noqa: D103
    return _files(seen) == [f"{VERSION}_add_document_last_viewed.sql"]


def _files(seen: Snapshot) -> list[str]:
    return [name for name in seen.repositories.clones["dev"].migrations if "last_viewed" in name]


def applied_locally(seen: Snapshot) -> bool:  # noqa: D103
    return local_column(seen) and VERSION in seen.local.versions


# Phase 3


def code_not_committed(seen: Snapshot) -> bool:  # noqa: D103
    dev = seen.repositories.clones["dev"]
    return (
        any(path.startswith("src/") for path in dev.changed) and not seen.commit(dev.head).writes_last_viewed
    )


def dev_serves(seen: Snapshot) -> bool:  # noqa: D103
    return seen.dev_serving


def viewed_locally(seen: Snapshot) -> bool:  # noqa: D103
    return seen.local.viewed > 0


# Phase 4


def says_nothing(seen: Snapshot) -> bool:  # noqa: D103
    return not seen.output.strip() and seen.exit == 0


def migration_committed(seen: Snapshot) -> bool:  # noqa: D103
    return VERSION in _dev_branch(seen, FEATURE).versions


def code_committed(seen: Snapshot) -> bool:  # noqa: D103
    return _dev_branch(seen, FEATURE).writes_last_viewed


def feature_on_github(seen: Snapshot) -> bool:  # noqa: D103
    return _github(seen, FEATURE).writes_last_viewed and VERSION in _github(seen, FEATURE).versions


def production_unchanged(seen: Snapshot) -> bool:  # noqa: D103
    return bool(seen.live) and not _live(seen).writes_last_viewed


def preview_ready(seen: Snapshot) -> bool:  # noqa: D103
    return any(one.branch == FEATURE and one.stage == "live" for one in seen.deployments)


# Phase 5


def on_main(seen: Snapshot) -> bool:  # noqa: D103
    dev = seen.repositories.clones["dev"]
    return dev.branch == "main" and dev.head == seen.repositories.github.get("main")


def migration_on_main(seen: Snapshot) -> bool:  # noqa: D103
    return VERSION in _dev_branch(seen, "main").versions


def code_on_main(seen: Snapshot) -> bool:  # noqa: D103
    return _dev_branch(seen, "main").writes_last_viewed


def not_pushed(seen: Snapshot) -> bool:  # noqa: D103
    return not _github(seen, "main").writes_last_viewed


def pushed(seen: Snapshot) -> bool:  # noqa: D103
    return _github(seen, "main").writes_last_viewed


def production_building(seen: Snapshot) -> bool:  # noqa: D103
    newest = seen.deployments[-1:]
    return any(one.target == "production" and one.stage != "live" for one in newest) and production_unchanged(
        seen
    )


def new_code_live(seen: Snapshot) -> bool:  # noqa: D103
    return _live(seen).writes_last_viewed


def silently_losing(seen: Snapshot) -> bool:  # noqa: D103
    views = _views_since_push(seen)
    return any(view.outcome == "lost" for view in views) and all(view.status == 200 for view in views)  # noqa: PLR2004 - HTTP's OK


def window_of_three_seconds(seen: Snapshot) -> bool:  # noqa: D103
    push = last_push(seen.timeline)
    if push is None:
        return False
    windows = broken_windows(seen.timeline.since(push))
    # What visitors saw says it to within one arrival gap.
    return len(windows) == 1 and abs(windows[0].seconds - _WINDOW_S) <= _gap(seen)


def _gap(seen: Snapshot) -> float:
    """Return the seconds between two visitors since the push, 0 for fewer than two."""
    views = _views_since_push(seen)
    return (views[-1].at - views[0].at) / (len(views) - 1) if len(views) > 1 else 0.0


def views_recorded(seen: Snapshot) -> bool:  # noqa: D103
    views = seen.timeline.only(PageView)
    return bool(views) and views[-1].outcome == "ok" and seen.cloud.viewed > 0


def deployed(seen: Snapshot) -> bool:  # noqa: D103
    return new_code_live(seen) and cloud_column(seen) and pushed(seen)


def _views_since_push(seen: Snapshot) -> tuple[PageView, ...]:
    moved = [
        one.at for one in seen.timeline.only(RefMoved) if one.repository == "github" and one.branch == "main"
    ]
    return tuple(view for view in seen.timeline.only(PageView) if moved and view.at >= moved[-1])


# Phase 6


def production_clone_current(seen: Snapshot) -> bool:  # noqa: D103
    return seen.repositories.clones["production"].head == seen.repositories.github.get("main") and pushed(
        seen
    )


def worker_old(seen: Snapshot) -> bool:  # noqa: D103
    return seen.worker.running and seen.worker.commit != seen.repositories.clones["production"].head


def worker_current(seen: Snapshot) -> bool:  # noqa: D103
    return seen.worker.running and production_clone_current(seen) and not worker_old(seen)


# Phase 7


def histories_agree(seen: Snapshot) -> bool:  # noqa: D103
    files = {name.partition("_")[0] for name in seen.repositories.clones["dev"].migrations}
    return worker_current(seen) and files == set(seen.cloud.versions) == set(seen.local.versions)


def verified(seen: Snapshot) -> bool:  # noqa: D103
    looked = any("migration list --linked" in one.command for one in seen.timeline.only(CommandRan))
    return looked and histories_agree(seen)


def viewed_in_cloud(seen: Snapshot) -> bool:  # noqa: D103
    views = seen.timeline.only(PageView)
    return seen.cloud.viewed > 0 and bool(views) and views[-1].outcome == "ok"


def failed(seen: Snapshot) -> bool:  # noqa: D103
    return seen.exit != 0


def shows_views(seen: Snapshot) -> bool:  # noqa: D103
    return seen.exit == 0 and "My Test Document" in seen.output


# The seven phases of the workflow, as data: the notebooks run the same commands, `kit run` replays them


VISITORS = 20.0
"""Page views a second in the lesson."""

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
    Phase(
        1,
        "Prepare for a new feature",
        (
            Step("1.1", "Commit what is there", Run("dev", "git status")),
            Step("1.1b", "Commit what is there", Run("dev", "git add .gitignore CLAUDE.md docs/")),
            Step(
                "1.1c",
                "Commit what is there",
                Run("dev", 'git commit -m "docs: add dual-worktree migration workflow documentation"'),
                (
                    Predicate("The documentation is committed on homepage-and-search.", docs_committed),
                    Predicate("The commit is local: GitHub does not have it.", docs_local_only),
                    Predicate(
                        "It will reach main with the feature: main does not have it yet.",
                        docs_not_on_main,
                    ),
                ),
            ),
            Step(
                "1.2",
                "Create the feature branch",
                Run("dev", f"git checkout -b {FEATURE}"),
                (
                    Predicate(
                        "The new branch starts where homepage-and-search ends.", branched_from_homepage
                    ),
                    Predicate("It starts with all current changes, the documentation too.", starts_clean),
                    Predicate(
                        "The migrations are the same: they are files, tracked by git.", same_migrations
                    ),
                ),
            ),
        ),
        feature_branch_exists,
    ),
    Phase(
        2,
        "Change the database",
        (
            Step(
                "2.1",
                "Look at the schema first",
                Run("dev", r'psql "$LOCAL_DB_URL" -c "\d documents"'),
                (Predicate("There is no last_viewed column.", no_local_column),),
            ),
            Step(
                "2.2",
                "Generate the migration",
                Run("dev", "npx supabase db diff -f add_document_last_viewed"),
                (
                    Predicate(
                        "The schema and the migrations agree, so there is nothing to write.",
                        no_changes_found,
                    ),
                    Predicate("No file was created.", no_new_file),
                ),
            ),
            Step(
                "2.2b",
                "Generate the migration",
                Run("dev", "npx supabase migration new add_document_last_viewed"),
                (Predicate("There is one new migration file, stamped with the time.", new_file),),
            ),
            Step(
                "2.3",
                "Write the SQL",
                Edit("dev", MIGRATION, "feature/migration.sql"),
                (Predicate("It is only a file: no database has changed.", no_local_column),),
            ),
            Step("2.4", "Apply it locally", Run("dev", "npx supabase migration up")),
            Step(
                "2.4b",
                "Apply it locally",
                Run("dev", r'psql "$LOCAL_DB_URL" -c "\d documents"'),
                (
                    Predicate("The migration is applied to the local database.", applied_locally),
                    Predicate("documents has a last_viewed column there.", local_column),
                    Predicate("The cloud database does not have it: nothing was pushed.", no_cloud_column),
                ),
            ),
        ),
        applied_locally,
    ),
    Phase(
        3,
        "Change the code",
        (
            Step(
                "3.1",
                "Write the server action",
                Edit("dev", DOCUMENTS, "feature/update_last_viewed.py", append=True),
            ),
            Step(
                "3.2",
                "Call it from the reader",
                Edit("dev", READER_PAGE, "feature/silent/page.py"),
                (Predicate("The code exists only in your working tree.", code_not_committed),),
            ),
            Step(
                "3.3",
                "Test it locally",
                Run("dev", "npm run dev"),
                (Predicate("The dev server runs your working tree.", dev_serves),),
            ),
            Step(
                "3.3b",
                "Test it locally",
                OpenPage("dev"),
                (
                    Predicate(
                        "The page called the server action, and the local database has the view.",
                        viewed_locally,
                    ),
                    Predicate("The cloud database still does not have the column.", no_cloud_column),
                ),
            ),
            Step("3.3c", "Test it locally", Run("dev", f'psql "$LOCAL_DB_URL" -c "{_VIEWED}"')),
        ),
        viewed_locally,
    ),
    Phase(
        4,
        "Commit the change",
        (
            Step("4.1", "Review the changes", Run("dev", "git status")),
            Step(
                "4.1b",
                "Review the changes",
                Run("dev", "git diff supabase/migrations/"),
                (Predicate("git diff says nothing of a file that git does not track yet.", says_nothing),),
            ),
            Step("4.1c", "Review the changes", Run("dev", "git diff src/")),
            Step("4.2", "Commit everything together", Run("dev", f"git add {MIGRATION}")),
            Step("4.2b", "Commit everything together", Run("dev", f"git add {DOCUMENTS}")),
            Step("4.2c", "Commit everything together", Run("dev", f'git add "{READER_PAGE}"')),
            Step(
                "4.2d",
                "Commit everything together",
                Run("dev", f'git commit -m "{_COMMIT_MESSAGE}"'),
                (
                    Predicate("The migration is committed: to git it is just a file.", migration_committed),
                    Predicate("The code is in the same commit.", code_committed),
                ),
            ),
            Step(
                "4.2e",
                "Commit everything together",
                Run("dev", f"git push origin {FEATURE}"),
                (
                    Predicate("GitHub has the feature branch.", feature_on_github),
                    Predicate("Production was not deployed: the push was not to main.", production_unchanged),
                    Predicate("The cloud database did not get the migration.", no_cloud_column),
                ),
            ),
            Step(
                "4.2f",
                "Commit everything together",
                Advance(35),
                (
                    Predicate("The host built a preview of the branch.", preview_ready),
                    Predicate("Production still serves the old code.", production_unchanged),
                ),
            ),
        ),
        feature_on_github,
    ),
    Phase(
        5,
        "Merge to main and deploy",
        (
            Step("5.1", "Switch to main", Run("dev", "git checkout main")),
            Step(
                "5.1b",
                "Switch to main",
                Run("dev", "git pull origin main"),
                (
                    Predicate("The dev clone is on main, as GitHub has it.", on_main),
                    Predicate(
                        "The local database still has the migration: databases do not follow branches.",
                        applied_locally,
                    ),
                ),
            ),
            Step(
                "5.2",
                "Merge the feature",
                Run("dev", f"git merge {FEATURE} --no-edit"),
                (
                    Predicate("The migration file is on main.", migration_on_main),
                    Predicate("The code is on main.", code_on_main),
                    Predicate("Only here: GitHub's main does not have it.", not_pushed),
                ),
            ),
            Step("5.3", "Push to GitHub", Visit(VISITORS)),
            Step(
                "5.3b",
                "Push to GitHub",
                Run("dev", GIT_PUSH),
                (
                    Predicate("GitHub has the new code on main.", pushed),
                    Predicate(
                        "The host took the push; production still serves the old code.",
                        production_building,
                    ),
                    Predicate("The cloud database does not have the new column.", no_cloud_column),
                ),
            ),
            Step(
                "5.3c",
                "Push to GitHub",
                Advance(36),
                (
                    Predicate("The new code is live.", new_code_live),
                    Predicate("The cloud database is old: it has no last_viewed column.", no_cloud_column),
                    Predicate(
                        "Visitors lose something, and nobody sees an error: every page answered 200.",
                        silently_losing,
                    ),
                ),
            ),
            Step(
                "5.4",
                "Push the migration",
                Run("dev", DB_PUSH),
                (
                    Predicate("The cloud database has the last_viewed column.", cloud_column),
                    Predicate(
                        "The window was open for 3 seconds, from live to applied.",
                        window_of_three_seconds,
                    ),
                ),
            ),
            Step(
                "5.4b",
                "Push the migration",
                Advance(2),
                (
                    Predicate(
                        "The deployed code writes last_viewed, and visitors lose nothing any more.",
                        views_recorded,
                    ),
                    Predicate("Code and schema agree: the feature is deployed.", deployed),
                ),
            ),
            Step("5.4c", "Push the migration", Visit(0)),
        ),
        deployed,
    ),
    Phase(
        6,
        "Update the production worker",
        (
            Step(
                "6.1",
                "Pull in the production clone",
                Run("production", "git pull origin main"),
                (
                    Predicate("The production clone has the new code.", production_clone_current),
                    Predicate("The worker still runs the code that it was started with.", worker_old),
                ),
            ),
            Step(
                "6.2",
                "Restart the worker",
                Run("production", "cd worker && npm start"),
                (Predicate("The worker runs the code of the production clone.", worker_current),),
            ),
        ),
        worker_current,
    ),
    Phase(
        7,
        "Verify that everything works",
        (
            Step(
                "7.1",
                "Check the cloud database",
                Run("dev", "npx supabase migration list --linked"),
                (Predicate("The cloud's history holds every migration of the folder.", histories_agree),),
            ),
            Step(
                "7.2",
                "Check production",
                OpenPage("production"),
                (
                    Predicate(
                        "Opening a document on production leaves its trace in the cloud database.",
                        viewed_in_cloud,
                    ),
                ),
            ),
            Step(
                "7.2b",
                "Check production",
                Run("dev", f'npx supabase db remote --linked sql "{_VIEWED}"'),
                (Predicate("There is no such command: supabase says so and fails.", failed),),
            ),
            Step(
                "7.2c",
                "Check production",
                Run("dev", f'npx supabase db query --linked "{_VIEWED}"'),
                (Predicate("The query ran, and shows documents that were viewed.", shows_views),),
            ),
        ),
        verified,
    ),
)
