from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

AHEAD = "git log --oneline origin/homepage-and-search..feature/document-last-viewed"
WRONG = {
    "1a": {
        "nothing typed": "answer = ...",
        "what main lacks": "answer = 3",
        "all there are": 'answer = lab.dev.run("git rev-list --count feature/document-last-viewed")',
        "none": "answer = 0",
        "the commit instead of the number": f'answer = lab.dev.run("{AHEAD}")',
        "two numbers": 'answer = "1 or 3"',
        "true": "answer = True",
        "pushed meanwhile": 'lab.dev.run("git push -q origin feature/document-last-viewed")\nanswer = 1',
    },
    "1b": {
        "from where one stands": 'lab.dev.run("git checkout -b feature/clean-start")',
        "main itself": 'lab.dev.run("git checkout -b feature/clean-start main")',
        "merged instead of picked": """
lab.dev.run("git checkout -b feature/clean-start main")
lab.dev.run("git merge homepage-and-search --no-edit")""",
        "squashed, with all that came before": """
lab.dev.run("git checkout -b feature/clean-start main")
lab.dev.run("git merge --squash homepage-and-search && git commit -qm docs")""",
        "the pages removed again": """
lab.dev.run("git checkout -b feature/clean-start homepage-and-search")
lab.dev.run("git rm -rq src/app/search src/app/actions/search.py src/app/actions/library.py")
lab.dev.run("git rm -rq src/components/search_form.py src/components/document_list.py")
lab.dev.run("git checkout main -- src && git commit -qm 'docs only'")""",
        "an empty file of that name": """
lab.dev.run("git checkout -b feature/clean-start main && mkdir -p docs")
lab.dev.run("touch docs/MIGRATION_WORKFLOW.md && git add docs && git commit -qm docs")""",
        "copied and not committed": """
lab.dev.run("git checkout -b feature/clean-start main")
lab.dev.run("git checkout homepage-and-search -- docs CLAUDE.md .gitignore")""",
        "without a past": """
lab.dev.run("git checkout -q --orphan feature/clean-start homepage-and-search")
lab.dev.run("git rm -rq --cached src && git commit -qm docs")""",
        "homepage moved away, so that nothing is its own": """
lab.dev.run("git checkout -b feature/clean-start && git branch -f homepage-and-search main")""",
        "only the search reverted": """
lab.dev.run("git checkout -b feature/clean-start && git revert --no-edit HEAD~1")""",
    },
}
RIGHT = {
    "1a": {
        "text": 'answer = "1"',
        "a word": 'answer = " One. "',
        "with what it counts": 'answer = "1 commit"',
        "as git printed it": (
            'answer = lab.dev.run("git rev-list --count'
            ' origin/homepage-and-search..feature/document-last-viewed")'
        ),
        "in a list": "answer = [1.0]",
    },
    "1b": {
        "the files, committed anew": """
lab.dev.run("git switch -c feature/clean-start main")
lab.dev.run("git checkout homepage-and-search -- docs CLAUDE.md .gitignore && git commit -qm docs")""",
        "rebased": """
lab.dev.run("git checkout -b feature/clean-start")
lab.dev.run("git rebase --onto main HEAD~1")""",
        "as a patch": """
lab.dev.run("git checkout -q -b feature/clean-start main")
lab.dev.run("git format-patch -1 --stdout homepage-and-search | git am -q")""",
        "in a worktree": """
lab.dev.run("git worktree add -q ../clean -b feature/clean-start main")
lab.dev.run("cd ../clean && git cherry-pick homepage-and-search")""",
        "reverted bit by bit, and squashed onto main": """
lab.dev.run("git checkout -q -b feature/clean-start")
lab.dev.run("git revert --no-edit HEAD~1 && git revert --no-edit HEAD~3")
lab.dev.run("git reset -q --soft main && git commit -qm docs")""",
        "main first, the branch from there": """
lab.dev.run("git checkout -q main && git cherry-pick homepage-and-search")
lab.dev.run("git branch feature/clean-start")""",
    },
}


def test_a_wrong_solution_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assert not solve(*wrong).holds


def test_an_unusual_solution_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)
    assert assessment.holds, repr(assessment)


def test_there_are_enough_of_both(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)
