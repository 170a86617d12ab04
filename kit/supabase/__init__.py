"""The commands behind `npx supabase`: the kit's own small runner, and the real CLI behind the same face.

Here is what asks no database, so that `kit check` needs no driver; the rest is imported from its module.
"""

from __future__ import annotations

from kit.supabase.files import MigrationFile, find_pending, list_migrations, parse_name
from kit.supabase.splitter import skip_blanks, split, without_comments

__all__ = [
    "MigrationFile",
    "find_pending",
    "list_migrations",
    "parse_name",
    "skip_blanks",
    "split",
    "without_comments",
]
