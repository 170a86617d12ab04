from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

FILE = "supabase/migrations/20250126153000_add_document_last_viewed.sql"
PAGE = "src/app/read/[id]/page.py"
WRONG = {
    "4a": {
        "nothing": "",
        "git diff alone": 'lab.dev.run("git diff")',
        "of what git knows": 'lab.dev.run("git diff HEAD")',
        "staged and not shown": 'lab.dev.run("git add supabase && git status")',
        "the file itself": f'lab.dev.run("cat {FILE}")',
        "a diff that one makes oneself": f'lab.dev.run("sed s/^/+/ {FILE} # git diff")',
        "after the commit": f'lab.dev.run("git add {FILE} && git commit -qm feat && git show")',
        "after the commit, which is then taken back": (
            f'lab.dev.run("git add {FILE} && git commit -qm feat && git show && git reset -q --soft HEAD~1")'
        ),
        "staged, and the diff of the code": 'lab.dev.run("git add supabase && git diff src")',
        "staged, and only named": 'lab.dev.run("git add supabase && git diff --staged --stat")',
        "shown, and then committed": f"""
lab.dev.run("git add {FILE} && git diff --staged")
lab.dev.run("git commit -qm feat")""",
    },
    "4b": {
        "nothing": "",
        "a second commit": f"lab.dev.run(\"git add '{PAGE}' && git commit -qm page\")",
        "amended without the page": 'lab.dev.run("git commit --amend --no-edit")',
        "amended with the message alone": "lab.dev.run(\"git commit --amend -m 'feat: all three'\")",
        "on another branch": f"""
lab.dev.run("git checkout -q -b fixed && git add \'{PAGE}\' && git commit -q --amend --no-edit")""",
        "into the commit before": """
lab.dev.run("git reset -q --soft HEAD~2 && git add . && git commit -qm 'feat: everything'")""",
        "staged": f"lab.dev.run(\"git add '{PAGE}'\")",
        "the page alone": f"""
lab.dev.run("git reset -q HEAD~1 && git add \'{PAGE}\' && git commit -qm page")""",
        "a second commit, and the base moved": f"""
lab.dev.run("git add \'{PAGE}\' && git commit -qm page && git branch -f homepage-and-search HEAD~1")""",
        "the page as it was": f"""
lab.dev.run("git checkout -q '{PAGE}' && echo >> '{PAGE}'")
lab.dev.run("git add '{PAGE}' && git commit -q --amend --no-edit")""",
        "an empty one": 'lab.dev.run("git commit -q --allow-empty -m page")',
    },
}
RIGHT = {
    "4a": {
        "cached": 'lab.dev.run("git add . && git diff --cached")',
        "meant to be added": f'lab.dev.run("git add -N {FILE} && git diff")',
        "against the last commit": 'lab.dev.run("git add -A")\nlab.dev.run("git diff HEAD -- supabase/")',
        "in the status": 'lab.dev.run("git add supabase && git status -v")',
        "a commit that is none": 'lab.dev.run("git add supabase && git commit --dry-run -v")',
        "against nothing": f'lab.dev.run("git diff --no-index /dev/null {FILE}")',
        "in colour": 'lab.dev.run("git add supabase && git diff --staged --color=always")',
        "word by word": 'lab.dev.run("git add supabase && git diff --staged --word-diff")',
        "through a pager": 'lab.dev.run("git add supabase; git --no-pager diff --staged -U0 | head -50")',
    },
    "4b": {
        "all that is changed": 'lab.dev.run("git commit -q -a --amend -C HEAD")',
        "taken back and made anew": """
lab.dev.run("git reset -q --soft HEAD~1 && git add src && git commit -qm 'feat: last viewed'")""",
        "a second one, made one with the first": f"""
lab.dev.run("git add '{PAGE}' && git commit -q --fixup HEAD")
lab.dev.run("GIT_SEQUENCE_EDITOR=true git rebase -q -i --autosquash HEAD~2")""",
        "a second one, and both squashed": f"""
lab.dev.run("git add '{PAGE}' && git commit -qm page")
lab.dev.run("git reset -q --soft homepage-and-search && git commit -qm feat")""",
        "the branch begun again": """
lab.dev.run("git checkout -q -B feature/document-last-viewed && git reset -q homepage-and-search")
lab.dev.run("git add -A && git commit -qm feat")""",
        "without quotes, and pushed": f"""
lab.dev.run("git add {PAGE} && git commit -q --amend --no-edit")
lab.dev.run("git push -q origin feature/document-last-viewed")""",
    },
}


def test_a_wrong_solution_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assert not solve(*wrong).holds


def test_an_unusual_solution_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)
    assert assessment.holds, repr(assessment)


def test_there_are_enough_of_both(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)
