"""What the workflow and the kit call things: clones, databases, branches, paths, commands, variables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Literal

ROOT = Path(__file__).resolve().parents[1]
"""The folder of the package: the checkout of the kit, or where Python keeps what was installed."""
_INSTALLED = Path(__file__).with_name("material")
IS_INSTALLED = _INSTALLED.is_dir()
"""Whether this is no checkout, but a wheel that was installed."""
MATERIAL = _INSTALLED if IS_INSTALLED else ROOT
"""The folder with `notebooks/`, `docs/` and docker-compose.yml; setup.py puts them into a wheel."""

CloneName = Literal["dev", "production"]
CLONES: Mapping[CloneName, str] = MappingProxyType({"dev": "rhizome-v2-dev-1", "production": "rhizome-v2"})
"""The folders of the two clones, as in the workflow."""
DatabaseName = Literal["local", "cloud"]

HOMEPAGE = "homepage-and-search"
"""The branch that one starts on; it is not merged yet."""
FEATURE = "feature/document-last-viewed"
VERSION = "20250126153000"
MIGRATION = f"supabase/migrations/{VERSION}_add_document_last_viewed.sql"
EPOCH = datetime(2025, 1, 26, 15, 30, tzinfo=UTC)
"""The virtual clock's zero, so that a new migration gets the version of the workflow's own."""

DOCUMENTS = "src/app/actions/documents.py"
"""The file of the action that writes the column."""
READER_PAGE = "src/app/read/[id]/page.py"

GIT_PUSH, DB_PUSH = "git push origin main", "npx supabase db push --linked"
"""The workflow's two commands: the first one brings new code, the second one a new schema."""

KIT_HOME, KIT_POSTGRES, KIT_SUPABASE = "KIT_HOME", "KIT_POSTGRES", "KIT_SUPABASE"
KIT_SUPABASE_CLI = "KIT_SUPABASE_CLI"
KIT_SUPABASE_VERSION = "KIT_SUPABASE_VERSION"
"""Environment variables that the kit reads; `python -m kit --help` explains them."""
KIT_CACHE = "KIT_CACHE"
"""Names a folder with checkpoints that `python -m kit prepare` has built, for all learners of a machine."""
KIT_PRIVATE = "KIT_PRIVATE"
"""Set by `python -m kit lab --hub`: others work on this machine, too; sites answer their own user only."""
KIT_WORLD = "KIT_WORLD"
"""Set to "fresh", every opening starts from a checkpoint and nothing is kept: for tests and CI."""
STAGE_OFFERED = "KIT_STAGE"
"""The variable by which `python -m kit lab` has the setup cell's world offer its stage as a button."""
