"""Attempts at notebook 12's exercise; the conftest beside this file says how they are run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

PUSH = """
lab.dev.run("git add -A && git commit -qm 'feat: on' && git push -q origin main")
"""
JOB = """
lab.run_job(path)
"""
SEEN = """
lab.advance(2)
"""
NO_PROBE = """
text = lab.dev.read(path).text
lab.dev.write(path, text[:text.index("      - name: Probe")])
"""
NO_CHECK = """
text = lab.dev.read(path).text
lab.dev.write(path, "".join(line for line in text.splitlines(keepends=True) if "Check" not in line))
"""
CODE = """
lab.dev.run(f"git rm -q {drop}")
"""
COLUMN = """
lab.dev.write(drop, "ALTER TABLE documents DROP COLUMN last_viewed;")
"""
FIRST = NO_PROBE + CODE + PUSH + JOB

WRONG = {
    "12a": {
        "nothing": "",
        "the same job once more": JOB + SEEN,
        "the check is thrown out": NO_CHECK + NO_PROBE + PUSH + JOB + SEEN,
        "the check is thrown out for the second push": FIRST + NO_CHECK + COLUMN + PUSH + JOB + SEEN,
        "the check is asked, and not obeyed": NO_PROBE
        + """
check = "kit check . --since origin/production --order schema-first"
text = lab.dev.read(path).text
lab.dev.write(path, text.replace(f"run: {check}", f"run: '{check} || true'"))
"""
        + PUSH
        + JOB
        + SEEN,
        "by hand, the code first": NO_PROBE
        + CODE
        + PUSH
        + """
lab.dev.run("git push -q origin main:production")
lab.advance(36)
"""
        + COLUMN
        + PUSH
        + """
lab.dev.run("npx supabase db push && git push -q origin main:production")
"""
        + SEEN,
        "only db push by hand": FIRST
        + COLUMN
        + PUSH
        + """
lab.dev.run("npx supabase db push")
"""
        + JOB
        + SEEN,
        "the probe still asks for the column": CODE + PUSH + JOB + COLUMN + PUSH + JOB + SEEN,
        "the code alone": FIRST + SEEN,
        "the column before anybody ran the job": NO_PROBE + CODE + PUSH + COLUMN + PUSH + JOB + SEEN,
        "nobody looks": "lab.visitors(rate=0)\n"
        + FIRST
        + COLUMN
        + PUSH
        + JOB
        + "lab.visitors(rate=20)\n"
        + SEEN,
        "only the page is taken back": NO_PROBE
        + CODE
        + """
lab.dev.run("git checkout -q 1f31094 -- src/app/actions")
"""
        + PUSH
        + JOB
        + COLUMN
        + PUSH
        + JOB
        + SEEN,
    },
}
RIGHT = {
    "12a": {
        "the check as a step of several lines, another file's name": NO_PROBE
        + CODE
        + """
text = lab.dev.read(path).text
check = "kit check . --since origin/production --order schema-first"
lines = ["run: |", "git log --oneline -1", check]
step = "\\n          ".join(lines)
lab.dev.write(path, text.replace(f"{{name: Check, run: {check}}}", step))
"""
        + PUSH
        + JOB
        + """
lab.dev.run("npx supabase migration new say_goodbye")
lab.dev.run("echo 'ALTER TABLE documents DROP COLUMN last_viewed;' > $(ls supabase/migrations/*bye.sql)")
"""
        + PUSH
        + JOB
        + SEEN,
        "a probe that asks for a page": CODE
        + """
text = lab.dev.read(path).text
begin = text.index("          BOOK=")
lab.dev.write(path, text[:begin] + "          curl -sf $SITE/api/health | grep .\\n")
"""
        + PUSH
        + JOB
        + COLUMN
        + PUSH
        + JOB
        + SEEN,
        "an empty commit between, and a wait": FIRST
        + """
lab.advance(60)
lab.dev.run("git commit -q --allow-empty -m 'a day later' && git push -q origin main")
lab.run_job(path)
"""
        + COLUMN
        + PUSH
        + JOB
        + SEEN,
        "the commit is reverted first": """
lab.dev.run("git revert --no-edit HEAD")
"""
        + JOB
        + """
lab.dev.run("git push -q origin main")
"""
        + JOB
        + """
lab.dev.run("git checkout -q HEAD~1 -- src")
"""
        + NO_PROBE
        + PUSH
        + JOB
        + COLUMN
        + PUSH
        + JOB
        + SEEN,
    },
}


def test_it_is_tried_often_enough(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)


def test_what_is_wrong_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*wrong)

    assert not assessment.holds, repr(assessment)


def test_what_is_right_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)

    assert assessment.holds, repr(assessment)
