"""Exercises on branches: which commits one carries."""

from __future__ import annotations

from collections.abc import Iterator

from kit.lesson.answer import read_number
from kit.lesson.exercise import Attempt, Condition
from kit.names import FEATURE, HOMEPAGE
from kit.repos import STARTER

_CLEAN = "feature/clean-start"
_GUIDE = "docs/MIGRATION_WORKFLOW.md"
_DOCUMENTATION = (_GUIDE, "docs/DEPLOY.md", "CLAUDE.md")
_MAY_COME = (*_DOCUMENTATION, ".gitignore")
"""What the commit with the documentation changes."""
_SHOWN = 3


def count_missing(attempt: Attempt) -> Iterator[Condition]:
    """1a: how many commits of a branch GitHub lacks."""
    given = read_number(attempt.answer)
    seen, repositories = attempt.seen, attempt.world.engine.repositories
    github = seen.repositories.github
    missing = repositories.commits(seen.dev.branches.get(FEATURE, seen.dev.head), without=github.values())
    if not missing:
        yield Condition(
            "The branch has something that GitHub lacks.",
            met=False,
            seen="You have pushed all of it: there is nothing left to count.",
            final=True,
        )
        return
    above_main = repositories.commits(seen.dev.branches[FEATURE], without=[github["main"]])
    wrong = "git counts another number."
    if given == len(above_main):
        wrong = "That is how many main lacks. GitHub has more branches than main."
    yield Condition("The number is right.", met=given == len(missing), seen=wrong)


def clean_start(attempt: Attempt) -> Iterator[Condition]:
    """1b: a branch that brings main the documentation, and nothing else."""
    seen, repositories = attempt.seen, attempt.world.engine.repositories
    branch, main = seen.dev.branches.get(_CLEAN, ""), seen.repositories.github["main"]
    yield Condition(
        f"The dev clone has a branch {_CLEAN}.", met=bool(branch), seen="There is no branch of that name."
    )
    if not branch:
        return
    history = set(repositories.commits(branch))
    yield Condition(
        "It begins on main.",
        met=bool(history & set(repositories.commits(main))),
        seen="Its history and that of main have no commit in common.",
    )
    written = {path: (STARTER / "uncommitted" / path).read_bytes() for path in _DOCUMENTATION}
    lacks = [path for path, text in written.items() if repositories.read(branch, path) != text]
    yield Condition(
        "It has the documentation, committed, as you wrote it.",
        met=not lacks,
        seen=f"It has not, in {', '.join(lacks)}.",
    )
    foreign = [path for path in repositories.changed(main, branch) if path not in _MAY_COME]
    yield Condition(
        "It changes nothing else: neither home page nor search.",
        met=not foreign,
        seen=f"It changes {', '.join(foreign[:_SHOWN])}{', and more' if len(foreign) > _SHOWN else ''}.",
    )
    # By what GitHub has: the learner's own branches may have been moved.
    carried = history & set(repositories.commits(seen.repositories.github[HOMEPAGE], without=[main]))
    yield Condition(
        "Its history carries no commit of homepage and search.",
        met=not carried,
        seen=f"It carries {len(carried)}: a merge would ship them, even where a later commit undoes them.",
    )
