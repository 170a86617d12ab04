"""The seven phases of the workflow, as data: the notebooks run the same commands, `kit run` replays them."""

from __future__ import annotations

from kit.names import DB_PUSH, DOCUMENTS, FEATURE, GIT_PUSH, MIGRATION, READER_PAGE
from kit.world import truths
from kit.world.steps import Advance, Edit, OpenPage, Phase, Predicate, Run, Step, Visit

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
                    Predicate(
                        "The documentation is committed on homepage-and-search.", truths.docs_committed
                    ),
                    Predicate("The commit is local: GitHub does not have it.", truths.docs_local_only),
                    Predicate(
                        "It will reach main with the feature: main does not have it yet.",
                        truths.docs_not_on_main,
                    ),
                ),
            ),
            Step(
                "1.2",
                "Create the feature branch",
                Run("dev", f"git checkout -b {FEATURE}"),
                (
                    Predicate(
                        "The new branch starts where homepage-and-search ends.", truths.branched_from_homepage
                    ),
                    Predicate(
                        "It starts with all current changes, the documentation too.", truths.starts_clean
                    ),
                    Predicate(
                        "The migrations are the same: they are files, tracked by git.", truths.same_migrations
                    ),
                ),
            ),
        ),
        truths.feature_branch_exists,
    ),
    Phase(
        2,
        "Change the database",
        (
            Step(
                "2.1",
                "Look at the schema first",
                Run("dev", r'psql "$LOCAL_DB_URL" -c "\d documents"'),
                (Predicate("There is no last_viewed column.", truths.no_local_column),),
            ),
            Step(
                "2.2",
                "Generate the migration",
                Run("dev", "npx supabase db diff -f add_document_last_viewed"),
                (
                    Predicate(
                        "The schema and the migrations agree, so there is nothing to write.",
                        truths.no_changes_found,
                    ),
                    Predicate("No file was created.", truths.no_new_file),
                ),
            ),
            Step(
                "2.2b",
                "Generate the migration",
                Run("dev", "npx supabase migration new add_document_last_viewed"),
                (Predicate("There is one new migration file, stamped with the time.", truths.new_file),),
            ),
            Step(
                "2.3",
                "Write the SQL",
                Edit("dev", MIGRATION, "feature/migration.sql"),
                (Predicate("It is only a file: no database has changed.", truths.no_local_column),),
            ),
            Step("2.4", "Apply it locally", Run("dev", "npx supabase migration up")),
            Step(
                "2.4b",
                "Apply it locally",
                Run("dev", r'psql "$LOCAL_DB_URL" -c "\d documents"'),
                (
                    Predicate("The migration is applied to the local database.", truths.applied_locally),
                    Predicate("documents has a last_viewed column there.", truths.local_column),
                    Predicate(
                        "The cloud database does not have it: nothing was pushed.", truths.no_cloud_column
                    ),
                ),
            ),
        ),
        truths.applied_locally,
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
                (Predicate("The code exists only in your working tree.", truths.code_not_committed),),
            ),
            Step(
                "3.3",
                "Test it locally",
                Run("dev", "npm run dev"),
                (Predicate("The dev server runs your working tree.", truths.dev_serves),),
            ),
            Step(
                "3.3b",
                "Test it locally",
                OpenPage("dev"),
                (
                    Predicate(
                        "The page called the server action, and the local database has the view.",
                        truths.viewed_locally,
                    ),
                    Predicate("The cloud database still does not have the column.", truths.no_cloud_column),
                ),
            ),
            Step("3.3c", "Test it locally", Run("dev", f'psql "$LOCAL_DB_URL" -c "{_VIEWED}"')),
        ),
        truths.viewed_locally,
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
                (
                    Predicate(
                        "git diff says nothing of a file that git does not track yet.", truths.says_nothing
                    ),
                ),
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
                    Predicate(
                        "The migration is committed: to git it is just a file.", truths.migration_committed
                    ),
                    Predicate("The code is in the same commit.", truths.code_committed),
                ),
            ),
            Step(
                "4.2e",
                "Commit everything together",
                Run("dev", f"git push origin {FEATURE}"),
                (
                    Predicate("GitHub has the feature branch.", truths.feature_on_github),
                    Predicate(
                        "Production was not deployed: the push was not to main.", truths.production_unchanged
                    ),
                    Predicate("The cloud database did not get the migration.", truths.no_cloud_column),
                ),
            ),
            Step(
                "4.2f",
                "Commit everything together",
                Advance(35),
                (
                    Predicate("The host built a preview of the branch.", truths.preview_ready),
                    Predicate("Production still serves the old code.", truths.production_unchanged),
                ),
            ),
        ),
        truths.feature_on_github,
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
                    Predicate("The dev clone is on main, as GitHub has it.", truths.on_main),
                    Predicate(
                        "The local database still has the migration: databases do not follow branches.",
                        truths.applied_locally,
                    ),
                ),
            ),
            Step(
                "5.2",
                "Merge the feature",
                Run("dev", f"git merge {FEATURE} --no-edit"),
                (
                    Predicate("The migration file is on main.", truths.migration_on_main),
                    Predicate("The code is on main.", truths.code_on_main),
                    Predicate("Only here: GitHub's main does not have it.", truths.not_pushed),
                ),
            ),
            Step("5.3", "Push to GitHub", Visit(VISITORS)),
            Step(
                "5.3b",
                "Push to GitHub",
                Run("dev", GIT_PUSH),
                (
                    Predicate("GitHub has the new code on main.", truths.pushed),
                    Predicate(
                        "The host took the push; production still serves the old code.",
                        truths.production_building,
                    ),
                    Predicate("The cloud database does not have the new column.", truths.no_cloud_column),
                ),
            ),
            Step(
                "5.3c",
                "Push to GitHub",
                Advance(36),
                (
                    Predicate("The new code is live.", truths.new_code_live),
                    Predicate(
                        "The cloud database is old: it has no last_viewed column.", truths.no_cloud_column
                    ),
                    Predicate(
                        "Visitors lose something, and nobody sees an error: every page answered 200.",
                        truths.silently_losing,
                    ),
                ),
            ),
            Step(
                "5.4",
                "Push the migration",
                Run("dev", DB_PUSH),
                (
                    Predicate("The cloud database has the last_viewed column.", truths.cloud_column),
                    Predicate(
                        "The window was open for 3 seconds, from live to applied.",
                        truths.window_of_three_seconds,
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
                        truths.views_recorded,
                    ),
                    Predicate("Code and schema agree: the feature is deployed.", truths.deployed),
                ),
            ),
            Step("5.4c", "Push the migration", Visit(0)),
        ),
        truths.deployed,
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
                    Predicate("The production clone has the new code.", truths.production_clone_current),
                    Predicate("The worker still runs the code that it was started with.", truths.worker_old),
                ),
            ),
            Step(
                "6.2",
                "Restart the worker",
                Run("production", "cd worker && npm start"),
                (Predicate("The worker runs the code of the production clone.", truths.worker_current),),
            ),
        ),
        truths.worker_current,
    ),
    Phase(
        7,
        "Verify that everything works",
        (
            Step(
                "7.1",
                "Check the cloud database",
                Run("dev", "npx supabase migration list --linked"),
                (
                    Predicate(
                        "The cloud's history holds every migration of the folder.", truths.histories_agree
                    ),
                ),
            ),
            Step(
                "7.2",
                "Check production",
                OpenPage("production"),
                (
                    Predicate(
                        "Opening a document on production leaves its trace in the cloud database.",
                        truths.viewed_in_cloud,
                    ),
                ),
            ),
            Step(
                "7.2b",
                "Check production",
                Run("dev", f'npx supabase db remote --linked sql "{_VIEWED}"'),
                (Predicate("There is no such command: supabase says so and fails.", truths.failed),),
            ),
            Step(
                "7.2c",
                "Check production",
                Run("dev", f'npx supabase db query --linked "{_VIEWED}"'),
                (Predicate("The query ran, and shows documents that were viewed.", truths.shows_views),),
            ),
        ),
        truths.verified,
    ),
)
