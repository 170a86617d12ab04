"""The exercises on locks: an index that nobody waits for, a column that gives up before its readers do."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from kit.lesson.exercise import Attempt, Exercise
from kit.process.shell import Ran

_LOCK_NOT_AVAILABLE = "55P03"
_INDEXED = """
    SELECT EXISTS (
        SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = to_regclass('public.documents') AND i.indisvalid AND a.attname = 'title')
"""
_LARGE = "from kit import enlarge\nlarge = enlarge(lab)\n"


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


EXERCISES_10 = (
    Exercise(
        number="10a",
        task="Give the large table an index on title, and let nobody wait for it.",
        phase=5,
        holds=_indexed_without_waiting,
        missing="a valid index that begins with title, and a watch in which neither reads nor writes waited.",
        done="the index is there, and nobody noticed. One word, one file.",
        hints=(
            "CREATE INDEX takes SHARE, and SHARE keeps writes away. Which word makes it weaker?",
            "A new file, a later version, and in it only CREATE INDEX CONCURRENTLY … ON documents (title).",
        ),
        solution='lab.dev.write("supabase/migrations/20250126160000_index_document_title.sql",\n'
        '              "CREATE INDEX CONCURRENTLY idx_documents_title ON documents (title);")\n'
        'answer = large.watch("npx supabase db push")',
        before=_LARGE + 'lab.dev.run("npx supabase db push")',
    ),
    Exercise(
        number="10b",
        task="Add a column while a transaction is open, and let nobody queue for longer than a second.",
        phase=5,
        holds=_gave_up_and_came_back,
        missing="a watch with idle=True in which the migration gave up, came back, and left a column pages.",
        done="it knocked, went away, and knocked again. Nobody queued for longer than your limit.",
        hints=(
            "Who queues, queues behind the migration. What makes the migration leave?",
            "SET lock_timeout = '1s'; before the ALTER TABLE, and the command a second time, after ||.",
        ),
        solution='lab.dev.write("supabase/migrations/20250126170000_add_document_pages.sql",\n'
        "              \"SET lock_timeout = '1s'; ALTER TABLE documents ADD COLUMN pages INTEGER;\")\n"
        'answer = large.watch("npx supabase db push || npx supabase db push", idle=True)',
        before=_LARGE + 'lab.dev.run("npx supabase db push")',
    ),
)
