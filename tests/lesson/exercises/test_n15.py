"""Attempts at notebook 15's exercises; the conftest beside this file says how they are run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

RATING = "supabase/migrations/20250126163000_add_rating.sql"
PULL = """
lab.dev.run("git pull -q origin main && npx supabase migration up")
"""
RENAME = """
lab.dev.run("cd supabase/migrations && mv 20250126154500_add_rating.sql 20250126163000_add_rating.sql")
"""
PUSH = """
lab.dev.run("npx supabase db push")
"""
REPAIR = """
lab.dev.run("npx supabase migration repair --local --status reverted 20250126154500")
lab.dev.run("npx supabase migration repair --local --status applied 20250126163000")
"""

WRONG = {
    "15a": {
        "nothing": "",
        "dropped and made again in one breath": """
lab.dev.run('psql "$CLOUD_DB_URL" -c "ALTER TABLE documents DROP COLUMN pinned" && npx supabase db push')
""",
        "dropped, then pushed": """
lab.dev.run('psql "$CLOUD_DB_URL" -c "ALTER TABLE documents DROP COLUMN pinned"')
lab.dev.run("npx supabase db push")
""",
        "their file deleted": """
lab.dev.run("git rm -q supabase/migrations/20250126160000_add_pinned.sql && git commit -qm 'tidy up'")
lab.dev.run("git push -q origin main && npx supabase db push")
""",
        "their file renamed": """
lab.dev.run("cd supabase/migrations && git mv 20250126160000_add_pinned.sql 20250126170000_add_pinned.sql")
lab.dev.write("supabase/migrations/20250126170000_add_pinned.sql",
    "ALTER TABLE documents ADD COLUMN IF NOT EXISTS pinned BOOLEAN;")
lab.dev.run("git commit -qam 'a later stamp' && git push -q origin main && npx supabase db push")
""",
        "their file edited": """
lab.dev.write("supabase/migrations/20250126160000_add_pinned.sql",
    "ALTER TABLE documents ADD COLUMN IF NOT EXISTS pinned BOOLEAN;")
lab.dev.run("npx supabase db push")
""",
        "their file edited, for everybody": """
lab.dev.write("supabase/migrations/20250126160000_add_pinned.sql",
    "ALTER TABLE documents ADD COLUMN IF NOT EXISTS pinned BOOLEAN;")
lab.dev.run("git commit -qam 'if not exists' && git push -q origin main && npx supabase db push")
""",
        "reverted once more": """
lab.dev.run("npx supabase migration repair --status reverted 20250126160000")
""",
        "everything applied, locally": """
lab.dev.run("npx supabase migration repair --local --status applied 20250126160000")
""",
    },
    "15b": {
        "nothing": "",
        "all of it": """
lab.dev.run("git pull -q origin main && npx supabase migration up")
lab.dev.run("npx supabase db push --include-all")
""",
        "the local database is forgotten": PULL + RENAME + PUSH,
        "half a repair": PULL
        + RENAME
        + PUSH
        + """
lab.dev.run("npx supabase migration repair --local --status applied 20250126163000")
""",
        "the cloud is told, not changed": PULL
        + RENAME
        + """
lab.dev.run("npx supabase migration repair --status applied 20250126163000")
"""
        + REPAIR,
        "theirs is told, not run": """
lab.dev.run("git pull -q origin main")
lab.dev.run("npx supabase migration repair --local --status applied 20250126160000")
"""
        + RENAME
        + PUSH
        + REPAIR,
        "a file that says nothing": PULL
        + f"""
lab.dev.run("rm supabase/migrations/20250126154500_add_rating.sql")
lab.dev.write("{RATING}", "-- by hand")
lab.dev.run('psql "$CLOUD_DB_URL" -c "ALTER TABLE documents ADD COLUMN rating INTEGER"')
"""
        + PUSH
        + REPAIR,
        "both files": PULL
        + f"""
lab.dev.write("{RATING}", "ALTER TABLE documents ADD COLUMN IF NOT EXISTS rating INTEGER;")
lab.dev.run("npx supabase db push --include-all ; npx supabase migration up")
""",
        "their file is in the way": """
lab.dev.run("git pull -q origin main && git rm -q supabase/migrations/20250126160000_add_pinned.sql")
lab.dev.run("npx supabase migration repair --status reverted 20250126160000")
lab.dev.run('psql "$LOCAL_DB_URL" -c "ALTER TABLE documents ADD COLUMN pinned BOOLEAN"')
"""
        + RENAME
        + PUSH
        + REPAIR,
    },
}
RIGHT = {
    "15a": {
        "both versions named": """
lab.dev.run("npx supabase migration repair --linked --status applied 20250126153000 20250126160000")
""",
        "by the colleague": """
lab.production.run("npx supabase migration repair --status applied 20250126160000")
""",
        "with SQL": """
lab.dev.run('psql "$CLOUD_DB_URL" -c "INSERT INTO supabase_migrations.schema_migrations (version, name) '
            "VALUES ('20250126160000', 'add_pinned')" + '"')
""",
        "and locally, too": """
lab.dev.run("npx supabase migration repair --status applied 20250126160000 && npx supabase migration up")
""",
    },
    "15b": {
        "IF NOT EXISTS, run again": PULL
        + f"""
lab.dev.run("rm supabase/migrations/20250126154500_add_rating.sql")
lab.dev.write("{RATING}", "ALTER TABLE documents ADD COLUMN IF NOT EXISTS rating INTEGER;")
lab.dev.run("npx supabase migration repair --local --status reverted 20250126154500")
lab.dev.run("npx supabase migration up && npx supabase db push")
""",
        "made again locally": """
lab.dev.run("git pull -q origin main")
lab.dev.run('psql "$LOCAL_DB_URL" -c "ALTER TABLE documents DROP COLUMN rating"')
lab.dev.run("npx supabase migration repair --local --status reverted 20250126154500")
"""
        + RENAME
        + """
lab.dev.run("npx supabase migration up && npx supabase db push")
""",
        "another name, committed": PULL
        + """
lab.dev.run("cd supabase/migrations && mv 20250126154500_add_rating.sql 20250126200000_stars.sql")
lab.dev.run("git add -A && git commit -qm 'feat: stars' && git push -q origin main && npx supabase db push")
lab.dev.run("npx supabase migration repair --local --status reverted 20250126154500")
lab.dev.run("npx supabase migration repair --local --status applied 20250126200000")
""",
        "the history with SQL": PULL
        + RENAME
        + PUSH
        + """
lab.dev.run('psql "$LOCAL_DB_URL" -c "UPDATE supabase_migrations.schema_migrations '
            "SET version = '20250126163000' WHERE version = '20250126154500'" + '"')
""",
    },
}


def test_each_is_tried_often_enough(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)


def test_what_is_wrong_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*wrong)

    assert not assessment.holds, repr(assessment)


def test_what_is_right_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)

    assert assessment.holds, repr(assessment)
