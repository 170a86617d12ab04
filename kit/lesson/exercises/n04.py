"""The exercises of phase 4: a diff that shows the new file, a commit that lacks one."""

from __future__ import annotations

from kit.lesson.exercise import Attempt, Exercise
from kit.names import FEATURE, HOMEPAGE, READER_PAGE, VERSION

_MESSAGE = "feat: track document last viewed timestamp"


def _shown(attempt: Attempt) -> bool:
    seen = attempt.seen
    uncommitted = VERSION not in seen.commit(seen.dev.head).versions
    return uncommitted and "+ALTER TABLE documents ADD COLUMN last_viewed" in seen.output


def _one_commit(attempt: Attempt) -> bool:
    branches, feature = attempt.seen.dev.branches, attempt.seen.on_dev(FEATURE)
    if not feature.writes_last_viewed or VERSION not in feature.versions:
        return False
    # One commit ahead: what comes before it is homepage-and-search's own.
    before = f"{branches[FEATURE]}^"
    return attempt.world.engine.repositories.is_ancestor(before, branches[HOMEPAGE])


EXERCISES_4 = (
    Exercise(
        number="4a",
        task="Make git show the migration before it is committed.",
        phase=4,
        holds=_shown,
        missing="the last command must show the new file's ALTER TABLE, and no commit may have it yet.",
        done="what is staged is what git will commit, new files included. Make it a habit: add, then"
        " git diff --staged, then commit.",
        hints=(
            "git diff compares your files with what is staged. The rest of the way goes to the last commit.",
            "Stage the file, then ask git diff for what is staged: --staged.",
        ),
        solution='lab.dev.run("git add supabase/migrations/ && git diff --staged")',
    ),
    Exercise(
        number="4b",
        task="Bring the forgotten page into the one commit.",
        phase=4,
        holds=_one_commit,
        missing="the branch must be one commit ahead of homepage-and-search, with all three files.",
        done="the commit was replaced by a better one. That is free as long as nobody else has the old one:"
        " after a push it would rewrite what others build on.",
        hints=(
            "Stage what is missing. The quotes matter.",
            "git commit --amend puts what is staged into the last commit; --no-edit keeps its message.",
        ),
        solution=f"lab.dev.run('git add \"{READER_PAGE}\" && git commit --amend --no-edit')",
        before=f"""lab.dev.run('git add supabase/ src/app/actions/ && git commit -q -m "{_MESSAGE}"')""",
    ),
)
