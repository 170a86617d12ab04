"""The exercises after the workflow: a rollback that hurts nobody, a history to mend, a stamp too early."""

from __future__ import annotations

from kit.lesson.exercise import Attempt, Exercise
from kit.names import VERSION
from kit.timeline import PageView, SchemaChanged, schema_switches
from kit.world.snapshot import Snapshot

_THEIRS, _EARLY, _LATE = "20250126160000", "20250126154500", "20250126163000"
_FOLDER = "supabase/migrations"
_ROLLBACK = f"{_FOLDER}/{_THEIRS}_rollback_last_viewed.sql"
_COLLEAGUE = f"""\
lab.production.write("{_FOLDER}/{_THEIRS}_add_pinned.sql", "ALTER TABLE documents ADD COLUMN pinned BOOLEAN;")
lab.production.run("git add supabase/ && git commit -q -m 'feat: pin documents' && git push -q origin main")
lab.production.run("npx supabase db push")
"""


def _changed(seen: Snapshot, change: str) -> list[float]:
    return [record.at for record in seen.timeline.only(SchemaChanged) if record.change == change]


def _taken_back(attempt: Attempt) -> bool:
    seen = attempt.seen
    gone = _changed(seen, "-last_viewed")
    if not gone or "last_viewed" in seen.cloud.columns or seen.live_commit.writes_last_viewed:
        return False
    # The views of phase 5, some of them lost, are older than the migration in the cloud.
    applied = [switch.at for switch in schema_switches(seen.timeline) if switch.version == VERSION]
    views = [view for view in seen.timeline.only(PageView) if view.at > applied[-1]]
    hurt = not views or views[-1].at <= gone[-1] or any(view.outcome != "ok" for view in views)
    return not hurt and set(seen.cloud.versions) <= set(seen.on_github().versions)


def _history_mended(attempt: Attempt) -> bool:
    seen = attempt.seen
    whole = "pinned" in seen.cloud.columns and not _changed(seen, "-pinned")
    return whole and seen.cloud.versions == tuple(sorted(seen.on_github().versions))


def _restamped(attempt: Attempt) -> bool:
    seen = attempt.seen
    files = tuple(sorted(name.partition("_")[0] for name in seen.dev.migrations))
    databases = (seen.local, seen.cloud)
    whole = all({"pinned", "rating"} <= set(database.columns) for database in databases)
    return (
        whole
        and not _changed(seen, "-rating")
        and _EARLY not in files
        and all(database.versions == files for database in databases)
    )


EXERCISES_8 = (
    Exercise(
        number="8a",
        task="Take the feature back, code and column, so that no visitor loses a view.",
        phase=8,
        holds=_taken_back,
        missing="the column gone, none of the visitors hurt, each version of the cloud a file on main.",
        done="nobody noticed. For a column that goes, the code goes first, and is seen to be live.",
        hints=(
            "Who writes to the column now? It can go when that code is live no more.",
            "git checkout HEAD~1 -- src/ takes the feature's code back, and leaves its migration alone.",
        ),
        solution="lab.dev.run(\"git checkout HEAD~1 -- src/ && git commit -q -m 'rollback: the code'\")\n"
        'lab.dev.run("git push -q origin main")\n'
        "lab.advance(36)\n"
        f'lab.dev.write("{_ROLLBACK}", "ALTER TABLE documents DROP COLUMN last_viewed;")\n'
        "lab.dev.run(\"git add supabase/ && git commit -q -m 'rollback: the column'\")\n"
        'lab.dev.run("git push -q origin main && npx supabase db push")\n'
        "lab.advance(1)",
        before="lab.visitors(rate=2)",
    ),
    Exercise(
        number="8b",
        task="Mend a history that somebody has repaired.",
        phase=8,
        holds=_history_mended,
        missing="pinned with all that is in it, and in the cloud's history exactly the versions on main.",
        done="the history says again what is. A repair tells it what you know; it never changes the schema.",
        hints=(
            "What is true of the cloud: does it have the column? So what should its history say?",
            "npx supabase migration repair --help: there are two words for --status.",
        ),
        solution=f'lab.dev.run("npx supabase migration repair --status applied {_THEIRS}")',
        before=_COLLEAGUE
        + f'lab.dev.run("npx supabase migration repair --status reverted {_THEIRS}")\n'
        + 'lab.dev.run("git pull -q origin main ; npx supabase db push")',
    ),
    Exercise(
        number="8c",
        task="Bring a file that is stamped too early to both databases.",
        phase=8,
        holds=_restamped,
        missing=f"pinned and rating in both databases, both histories like your folder, no {_EARLY}.",
        done="a file that no other database has had may be renamed, if you tell the one database that has.",
        hints=(
            "The cloud has not seen your file, so it may get a later stamp. Your local database has seen it.",
            "Rename, push; then migration repair --local takes two calls: reverted the old, applied the new.",
        ),
        solution='lab.dev.run("git pull -q origin main && npx supabase migration up")\n'
        f'lab.dev.run("cd {_FOLDER} && mv {_EARLY}_add_rating.sql {_LATE}_add_rating.sql")\n'
        'lab.dev.run("npx supabase db push")\n'
        f'lab.dev.run("npx supabase migration repair --local --status reverted {_EARLY}")\n'
        f'lab.dev.run("npx supabase migration repair --local --status applied {_LATE}")',
        before=f'lab.dev.write("{_FOLDER}/{_EARLY}_add_rating.sql", '
        '"ALTER TABLE documents ADD COLUMN rating INTEGER;")\n'
        'lab.dev.run("npx supabase migration up")\n' + _COLLEAGUE,
    ),
)
