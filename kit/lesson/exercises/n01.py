"""The exercises of phase 1: which commits a branch carries."""

from __future__ import annotations

from kit.lesson.exercise import Attempt, Exercise

_CLEAN = "feature/clean-start"
_UNREVIEWED = "src/app/search/page.py"


def _clean_start(attempt: Attempt) -> bool:
    seen = attempt.seen
    if not seen.on_dev(_CLEAN).documented:
        return False
    return _UNREVIEWED not in attempt.world.engine.repositories.files(seen.dev.branches[_CLEAN])


EXERCISES_1 = (
    Exercise(
        number="1a",
        task="How many commits of the feature branch has GitHub not got?",
        phase=2,
        holds=lambda attempt: attempt.answer == 1,
        missing="that is not the number.",
        done="one, your documentation. GitHub has the home page and the search; it is main that lacks them.",
        hints=(
            "git log --oneline A..B lists what B has and A has not.",
            "A is origin/homepage-and-search: all that GitHub has of this history.",
        ),
        solution='lab.dev.run("git log --oneline origin/homepage-and-search..feature/document-last-viewed")\n'
        "answer = 1",
    ),
    Exercise(
        number="1b",
        task="Bring the documentation to main without the home page and the search.",
        phase=2,
        holds=_clean_start,
        missing=f"a branch {_CLEAN} that has docs/MIGRATION_WORKFLOW.md and not {_UNREVIEWED}.",
        done="cherry-pick made a new commit with the same change on top of main: one commit would ship.",
        hints=(
            "Begin where main is: git checkout -b NAME START.",
            "git cherry-pick copies one commit to where you are; a branch's name stands for its last one.",
        ),
        solution=f'lab.dev.run("git checkout -b {_CLEAN} main")\n'
        'lab.dev.run("git cherry-pick homepage-and-search")',
    ),
)
