"""Attempts at notebook 17's exercise; the conftest beside this file says how they are run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

CODE = """
lab.dev.run("git commit -qam 'feat: stop tracking views' && git push -q origin main")
"""
DROP = """
lab.dev.write("supabase/migrations/20250126160000_drop_last_viewed.sql",
    "ALTER TABLE documents DROP COLUMN last_viewed;")
lab.dev.run("git add -A && git commit -qm 'drop it'")
"""
PUSH = """
lab.dev.run("git push -q origin main")
"""
FEW = "lab.visitors(rate=4)\n"  # enough for each second, and a fifth of the requests
LIVE, BUILT = "lab.advance(70)\n", "lab.advance(40)\n"

WRONG = {
    "17a": {
        "nothing": "",
        "one push": DROP + PUSH + LIVE + BUILT,
        "two pushes, one after the other": CODE + DROP + PUSH + LIVE + BUILT,
        "as long as a build takes, without the queue": CODE + BUILT + DROP + PUSH + LIVE,
        "the code only": CODE + LIVE,
        "the drop is still in the build": CODE + LIVE + DROP + PUSH + "lab.advance(5)\n",
        "typed by oneself": CODE
        + LIVE
        + DROP
        + 'lab.dev.run("npx supabase db push --linked")\n'
        + PUSH
        + BUILT,
        "by hand": CODE
        + LIVE
        + """
lab.dev.run('psql "$CLOUD_DB_URL" -c "ALTER TABLE documents DROP COLUMN last_viewed"')
"""
        + BUILT,
        "nobody is there": "lab.visitors(rate=0)\n" + DROP + PUSH + LIVE + "lab.visitors(rate=20)\n" + BUILT,
    }
}
RIGHT = {
    "17a": {
        "as soon as it is live": CODE + "lab.advance(60)\n" + DROP + PUSH + "lab.advance(8)\n" + BUILT,
        "called the colleague's build off": CODE
        + 'lab.cancel(lab.dev.run("git rev-parse HEAD~1").output.strip())\n'
        + LIVE
        + DROP
        + PUSH
        + BUILT,
        "more places, and a release phase": 'lab.set_host(migrates="release", concurrent_builds=4)\n'
        + CODE
        + BUILT
        + DROP
        + PUSH
        + BUILT,
        "one commit, taken apart; IF EXISTS": DROP
        + """
lab.dev.run("git reset -q --soft HEAD~1 && git reset -q supabase && git commit -qm code")
lab.dev.run("git push -q origin main")
lab.advance(100)
lab.dev.write("supabase/migrations/20250126160000_drop_last_viewed.sql",
    "DROP INDEX idx_documents_last_viewed; ALTER TABLE documents DROP COLUMN IF EXISTS last_viewed;")
lab.dev.run("git add -A && git commit -qm drop && git push -q origin HEAD:main")
lab.advance(37)
""",
    }
}


def test_each_is_tried_often_enough(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)


def test_what_is_wrong_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(wrong[0], FEW + wrong[1])

    assert not assessment.holds, repr(assessment)


def test_what_is_right_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(right[0], FEW + right[1])

    assert assessment.holds, repr(assessment)


def test_who_asks_too_early_is_told_what_it_waits_for(solve: Callable[..., Assessment]) -> None:
    assert "It waits in the queue until another build has ended." in repr(solve("17a", FEW + CODE))
    assert "It is live in 10 s." in repr(solve("17a", FEW + CODE + "lab.advance(50)"))


def test_a_push_that_was_called_off_is_told(solve: Callable[..., Assessment]) -> None:
    said = repr(solve("17a", FEW + CODE + "lab.cancel()\nlab.advance(40)"))

    assert "The host's page calls the newest push canceled" in said


def test_who_pushes_the_schema_is_told_which_command_it_was(solve: Callable[..., Assessment]) -> None:
    said = repr(solve("17a", FEW + WRONG["17a"]["typed by oneself"]))

    assert "npx supabase db push --linked: that was you." in said
    assert "Begin again: lab.reset(8), and then the cell that sets exercise 17a up." in said
