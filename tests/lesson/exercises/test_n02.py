from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

FILE = "supabase/migrations/20250126153000_add_document_last_viewed.sql"
FIRST = "supabase/migrations/001_create_documents.sql"
EDIT = f'lab.dev.append("{FILE}", "-- one line more")'
UP = 'lab.dev.run("npx supabase migration up")'
ADD = "ALTER TABLE documents ADD COLUMN pinned BOOLEAN"
OLD, NEW = "supabase/migrations/071_add_pinned.sql", "supabase/migrations/20250126160000_add_pinned.sql"
WRONG = {
    "2a": {
        "nothing": "",
        "only edited": EDIT,
        "only asked": UP,
        "asked before the edit": f"{UP}\n{EDIT}",
        "asked before the edit, in one line": f'lab.dev.run("npx supabase migration up; echo >> {FILE}")',
        "a new migration": f'lab.dev.write("{NEW}", "-- nothing yet")\n{UP}',
        "edited and only listed": f'{EDIT}\nlab.dev.run("npx supabase migration list --local")',
        "edited and pushed to a database that did not have it": (
            f'{EDIT}\nlab.dev.run("npx supabase db push")'
        ),
        "the same text again": f'text = lab.dev.read("{FILE}").text\nlab.dev.write("{FILE}", text)\n{UP}',
        "the file renamed": f'lab.dev.run("mv {FILE} {NEW}")\n{UP}',
        "asked, and refused": f'{EDIT}\nlab.dev.write("{OLD}", "{ADD};")\n{UP}',
        "counted as not applied": (
            f'{EDIT}\nlab.dev.run("npx supabase migration repair --local --status reverted 20250126153000")'
        ),
    },
    "2b": {
        "nothing": "",
        "by hand": f"""lab.dev.run('psql "$LOCAL_DB_URL" -c "{ADD}"')""",
        "with the flag": 'lab.dev.run("npx supabase migration up --include-all")',
        "a second file beside the first": f'lab.dev.run("cp {OLD} {NEW}")\n{UP}',
        "renamed and not applied": f'lab.dev.run("mv {OLD} {NEW}")',
        "renamed, still too early": (
            f'lab.dev.run("mv {OLD} supabase/migrations/20250126152959_add_pinned.sql")\n{UP}'
        ),
        "by hand, and the file written off": f"""
lab.dev.run('psql "$LOCAL_DB_URL" -c "{ADD}"')
lab.dev.run("npx supabase migration repair --local --status applied 071")""",
        "by hand, with an empty file for it": f"""
lab.dev.run('psql "$LOCAL_DB_URL" -c "{ADD}" && rm {OLD}')
lab.dev.write("{NEW}", "-- added by hand")
{UP}""",
        "in the cloud": f'lab.dev.run("mv {OLD} {NEW}")\nlab.dev.run("npx supabase db push")',
        "the file deleted": f'lab.dev.run("rm {OLD}")\n{UP}',
    },
}
RIGHT = {
    "2a": {
        "by the shell, in one line": (
            f'lab.dev.run("echo \\"-- more\\" >> {FILE} && npx supabase migration up")'
        ),
        "the SQL itself changed": f'lab.dev.run("sed -i s/TIMESTAMPTZ/DATE/ {FILE}")\n{UP}',
        "another applied one": f'lab.dev.append("{FIRST}", "-- v2")\n{UP}',
        "asked, and something else after it": f'{EDIT}\n{UP}\nlab.dev.run("git status")',
        "asked twice, looked on the way": (
            f'{UP}\n{EDIT}\nlab.dev.run("tail {FILE}")\nlab.dev.run("cd src && npx supabase migration up")'
        ),
        "by db push to the local one": f'{EDIT}\nlab.dev.run("npx supabase db push --local")',
    },
    "2b": {
        "any later stamp": f"""
lab.dev.run("mv {OLD} supabase/migrations/20250126153001_pinned.sql")
lab.dev.run("npx supabase migration up --local")""",
        "as supabase names it": f"""
lab.advance(60)
lab.dev.run("npx supabase migration new add_pinned")
lab.dev.run("cat {OLD} > supabase/migrations/20250126153100_add_pinned.sql && rm {OLD}")
lab.dev.run("npx supabase migration up")""",
        "written anew, a little differently": f"""
lab.dev.run("rm {OLD}")
lab.dev.write("{NEW}", "{ADD} NOT NULL DEFAULT false;")
lab.dev.run("npx supabase db push --local")""",
        "with the flag first, then mended": f"""
lab.dev.run("npx supabase migration up --include-all")
lab.dev.run("npx supabase migration repair --local --status reverted 071")
lab.dev.run("mv {OLD} {NEW} && npx supabase migration repair --local --status applied 20250126160000")""",
        "by hand, and the file named and noted": f"""
lab.dev.run('psql "$LOCAL_DB_URL" -c "{ADD}"')
lab.dev.run("mv {OLD} {NEW} && npx supabase migration repair --local --status applied 20250126160000")""",
    },
}


def test_a_wrong_solution_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assert not solve(*wrong).holds


def test_an_unusual_solution_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)
    assert assessment.holds, repr(assessment)


def test_there_are_enough_of_both(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)
