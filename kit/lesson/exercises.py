"""The notebooks' exercises: their texts are in exercises.toml; whether one is done is told here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import psycopg

from kit.errors import BadInput
from kit.host.outcome import Log
from kit.lesson import progress
from kit.lesson.exercise import HINTS, Assessment, Attempt, Exercise
from kit.names import FEATURE, HOMEPAGE, MIGRATION, READER_PAGE, VERSION
from kit.process.shell import Ran
from kit.repos import STARTER
from kit.timeline import CommandRan, PageView, SchemaChanged, Timeline, code_switches, schema_switches
from kit.timeline.deploy import Deploy
from kit.world.snapshot import Snapshot
from kit.world.workflow import deployed, has_cloud_column, pushed


def _find_commands(seen: Snapshot, pattern: str) -> list[int]:
    """Return the places in the timeline at which a command stands that matches."""
    return [
        place
        for place, record in enumerate(seen.timeline.records)
        if isinstance(record, CommandRan) and re.fullmatch(pattern, record.command)
    ]


# 1: which commits a branch carries


def _clean_start(attempt: Attempt) -> bool:
    seen, branch = attempt.seen, "feature/clean-start"
    if not seen.on_dev(branch).documented:
        return False
    return "src/app/search/page.py" not in attempt.world.engine.repositories.files(seen.dev.branches[branch])


# 2: what supabase compares, and what it never looks at


def _edited_unnoticed(attempt: Attempt) -> bool:
    written = (STARTER / "feature" / "migration.sql").read_text(encoding="utf-8")
    now = attempt.world.dev.read(MIGRATION).text
    return now.split() != written.split() and "database is up to date" in attempt.seen.output


def _renamed(attempt: Attempt) -> bool:
    local = attempt.seen.local
    return "pinned" in local.columns and "071" not in local.versions


# 3: a failure that shows, and a test that asks the database

_SERVER_ERROR = 500


def _loud(attempt: Attempt) -> bool:
    seen = attempt.seen
    if "last_viewed" in seen.local.columns or not seen.dev_serving:
        return False
    page = attempt.world.dev.read(READER_PAGE).text
    try:
        answer = attempt.world.open_page("dev")
    except BadInput:
        return False
    return "update_last_viewed(" in page and answer.status >= _SERVER_ERROR


# 4: a diff that shows the new file, a commit that lacks one


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


# 5, 13: a deploy that loses nothing, the arithmetic of the window, a rejected push

_BUILD_S, _PUSH_S = 90, 2


def _all_well(story: Timeline, first: float, last: float) -> bool:
    """Say whether people came before the one instant and after the other, and all was well throughout."""
    views = story.only(PageView)
    if not views or not views[0].at < first <= last < views[-1].at:
        return False
    return all(view.outcome == "ok" for view in views)


def _nothing_lost(attempt: Attempt) -> bool:
    seen = attempt.seen
    switches = code_switches(seen.timeline)
    if not deployed(seen) or not switches:
        return False
    return _all_well(seen.timeline, switches[-1].at, switches[-1].at)


def _both_shipped(attempt: Attempt) -> bool:
    seen = attempt.seen
    if not pushed(seen) or not has_cloud_column(seen):
        return False
    return attempt.world.engine.repositories.is_ancestor(
        seen.production.head, seen.repositories.github["main"]
    )


# 6: a column that goes when no running code uses it any more


def _changed(seen: Snapshot, change: str) -> list[float]:
    return [record.at for record in seen.timeline.only(SchemaChanged) if record.change == change]


def _never_failed(attempt: Attempt) -> bool:
    seen, column = attempt.seen, "processing_completed_at"
    dropped = _changed(seen, f"-{column}")
    uploads = [ran.at for ran in seen.timeline.only(CommandRan) if ran.command.startswith("upload ")]
    if column in seen.cloud.columns or not dropped or not uploads or uploads[-1] < dropped[-1]:
        return False
    at_work = seen.worker.running and seen.worker.commit == seen.repositories.github["main"]
    return at_work and not Log.read("worker", attempt.world.engine.log("worker")).errors


# 7: what a database says about itself, and a repair that leaves a trace

_INDEX = "idx_documents_last_viewed"


def _index_seen(attempt: Attempt) -> bool:
    seen = attempt.seen
    commands = seen.timeline.only(CommandRan)
    asked = bool(commands) and any(word in commands[-1].command for word in ("--linked", "CLOUD_DB_URL"))
    return asked and seen.exit == 0 and _INDEX in seen.output


def _restored(attempt: Attempt) -> bool:
    cloud = attempt.seen.cloud
    whole = "last_viewed" in cloud.columns and _INDEX in cloud.indexes
    return whole and max(cloud.versions) > VERSION


# 14, 15: a rollback that hurts nobody, a history to mend, a stamp too early


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
        and "20250126154500" not in files
        and all(database.versions == files for database in databases)
    )


# 9: drop a column unseen, name the order of four changes, go back after a drop

_DROP = "20250126160000_drop_document_last_viewed"
_ORDERS = {"A": "any", "B": "expand-contract", "C": "code-first", "D": "schema-first"}


def _story(seen: Snapshot) -> Timeline:
    """Return what happened since the exercise was set up: earlier phases had losses of their own."""
    set_up = _find_commands(seen, re.escape(f"edit supabase/migrations/{_DROP}.sql"))
    return Timeline(seen.timeline.records[set_up[0] :] if set_up else ())


def _dropped_unseen(attempt: Attempt) -> bool:
    seen, story = attempt.seen, _story(attempt.seen)
    code, schema = code_switches(story), schema_switches(story)
    if not code or not schema or "last_viewed" in seen.cloud.columns or seen.live_commit.writes_last_viewed:
        return False
    return _all_well(story, min(code[0].at, schema[0].at), max(code[-1].at, schema[-1].at))


def _went_back(attempt: Attempt) -> bool:
    seen, story = attempt.seen, _story(attempt.seen)
    code = code_switches(story)
    if not code or not schema_switches(story) or not seen.live_commit.writes_last_viewed:
        return False
    if "last_viewed" not in seen.cloud.columns or _DROP.partition("_")[0] not in seen.cloud.versions:
        return False
    return _all_well(story, code[0].at, code[-1].at)


# 10: an index that nobody waits for, a column that gives up before its readers do

_LOCK_NOT_AVAILABLE = "55P03"
_INDEXED = """
    SELECT EXISTS (
        SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = to_regclass('public.documents') AND i.indisvalid AND a.attname = 'title')
"""


@runtime_checkable
class _Watch(Protocol):
    """What `large.watch` answers, as far as the exercises ask it."""

    ran: Ran

    def waited(self, who: str) -> bool:
        """Say whether that session ever waited for the table."""
        ...

    def took_part(self, who: str) -> bool:
        """Say whether that session was ever in a queue at the table."""
        ...


def _indexed_without_waiting(attempt: Attempt) -> bool:
    watch = attempt.answer
    if not isinstance(watch, _Watch) or watch.ran.exit:
        return False
    return not (watch.waited("reader") or watch.waited("writer")) and attempt.ask_cloud(_INDEXED)[0]


def _gave_up_and_came_back(attempt: Attempt) -> bool:
    watch = attempt.answer
    if not isinstance(watch, _Watch) or watch.ran.exit or _LOCK_NOT_AVAILABLE not in watch.ran.output:
        return False
    return watch.took_part("idle transaction") and "pages" in attempt.seen.cloud.columns


# 11, 16: three changes of one's own and a free one, each shipped under visitors

_HALVES = (
    b"UPDATE documents SET last_viewed = now(), viewed_by = NULL",
    b"UPDATE documents SET last_viewed = NULL, viewed_by = user_id",
)


def _deploy(attempt: Attempt) -> Deploy:
    """Look back to the moment since which visitors come: who has broken something begins again."""
    came = _find_commands(attempt.seen, r"visitors (?!0/s)\S+/s")
    return Deploy(timeline=Timeline(attempt.seen.timeline.records[came[-1] :] if came else ()))


def _shows_language(attempt: Attempt) -> bool:
    if "language" not in attempt.seen.cloud.columns or not _deploy(attempt).passed:
        return False
    engine = attempt.world.engine
    document, insists = attempt.ask_cloud(
        "SELECT (SELECT id::text FROM documents ORDER BY id LIMIT 1), attnotnull FROM pg_attribute"
        " WHERE attrelid = 'documents'::regclass AND attname = 'language'"
    )
    if not insists:
        return False
    page = engine.visitors.open(f"{engine.host.address}/read/{document}").text
    return re.search(r"\ben\b", re.sub(r"<[^>]*>", " ", page)) is not None


def _dropped_file_type(attempt: Attempt) -> bool:
    if "file_type" in attempt.seen.cloud.columns or not _deploy(attempt).passed:
        return False
    return attempt.world.upload("The Book of the Check").status == 200  # noqa: PLR2004 - HTTP's own number


def _insists_on_both(attempt: Attempt) -> bool:
    if "viewed_by" not in attempt.seen.cloud.columns or not _deploy(attempt).passed:
        return False
    with attempt.world.engine.server.connect("cloud") as connection:
        return all(_is_refused(connection, half) for half in _HALVES)


def _is_refused(connection: psycopg.Connection, sql: bytes) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(sql)
    except psycopg.errors.IntegrityError:
        return True
    return False


def _shipped_something(attempt: Attempt) -> bool:
    deploy = _deploy(attempt)
    switches = code_switches(deploy.timeline), schema_switches(deploy.timeline)
    return all(switches) and deploy.passed


_HOLDS: Mapping[str, Callable[[Attempt], bool]] = {
    "1a": lambda attempt: attempt.answer == 1,
    "1b": _clean_start,
    "2a": _edited_unnoticed,
    "2b": _renamed,
    "3a": _loud,
    "3b": lambda attempt: attempt.answer == attempt.seen.local.viewed > 0,
    "4a": _shown,
    "4b": _one_commit,
    "5a": _nothing_lost,
    "5b": lambda attempt: attempt.answer == _BUILD_S - _PUSH_S,
    "6a": _never_failed,
    "6b": lambda attempt: str(attempt.answer).strip().upper() == "B",
    "7a": _index_seen,
    "7b": _restored,
    "9a": _dropped_unseen,
    "9b": lambda attempt: attempt.answer == _ORDERS,
    "9c": _went_back,
    "10a": _indexed_without_waiting,
    "10b": _gave_up_and_came_back,
    "11a": _shows_language,
    "11b": _dropped_file_type,
    "13a": _both_shipped,
    "14a": _taken_back,
    "15a": _history_mended,
    "15b": _restamped,
    "16a": _insists_on_both,
    "16b": _shipped_something,
}


def _read_exercises() -> dict[str, Exercise]:
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {
        number: Exercise(number=number, holds=_HOLDS[number], hints=tuple(facts.pop("hints")), **facts)
        for number, facts in tables.items()
    }


EXERCISES = _read_exercises()
"""All of them, by number, in the notebooks' order."""


def assess(attempt: Attempt, number: str, *, hint: int = 1) -> Assessment:
    """Say whether an exercise is done; its first Not yet and its first Done are remembered.

    Args:
        attempt: what the learner did.
        number: of the exercise: "2a".
        hint: which hint to show as long as it is not done, 1 to 3.

    Raises:
        BadInput: if there is no such exercise or hint.
    """
    if number not in EXERCISES:
        raise BadInput(
            f"There is no exercise {number!r}.",
            looked=[", ".join(EXERCISES)],
            remedy='Give the number that stands before the task, such as "2a".',
        )
    if isinstance(hint, bool) or not isinstance(hint, int) or not 1 <= hint <= HINTS:
        raise BadInput(f"There is no hint {hint!r}.", remedy=f"Ask for hint=1 to hint={HINTS}.")
    exercise = EXERCISES[number]
    assessment = Assessment(exercise, exercise.holds(attempt), hint)
    progress.record(assessment)
    return assessment
