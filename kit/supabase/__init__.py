"""The commands behind `npx supabase`: the kit's own small runner, and the real CLI behind the same face."""

from __future__ import annotations

from kit.supabase.apply import PUSH_SECONDS, controls_transaction, runs_alone
from kit.supabase.cli import main
from kit.supabase.files import MigrationFile, find_pending, list_migrations, parse_name
from kit.supabase.invocation import Invocation, UrlName
from kit.supabase.real import main_real
from kit.supabase.splitter import skip_blanks, split, without_comments

__all__ = [
    "PUSH_SECONDS",
    "Invocation",
    "MigrationFile",
    "UrlName",
    "controls_transaction",
    "find_pending",
    "list_migrations",
    "main",
    "main_real",
    "parse_name",
    "runs_alone",
    "skip_blanks",
    "split",
    "without_comments",
]
