"""The changes that can be rehearsed, as data: where each starts, what is committed, in which steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from kit.names import DOCUMENTS, FEATURE, MIGRATION, READER_PAGE, VERSION
from kit.repos import STARTER, Feature, Handling, feature

ChangeName = Literal["add", "drop", "rename"]
CHANGES: tuple[ChangeName, ...] = ("add", "drop", "rename")

Columns = frozenset[str]
"""Columns of `documents`, of those that the changes are about."""
_OLD: Columns = frozenset({"last_viewed"})
_NEW: Columns = frozenset({"viewed_at"})
_LOUDLY = "fix: fail loudly when the view is not recorded"


_ADD_VIEWED_AT = "20250126154000_add_document_viewed_at.sql"
_BACKFILL = "20250126155000_backfill_document_viewed_at.sql"
_DROP = "20250126160000_drop_document_last_viewed.sql"
_RENAME = "20250126161000_rename_document_last_viewed.sql"


def columns_after(versions: Iterable[str]) -> Columns:
    """Return the columns that are there once the migrations of these versions are applied."""
    columns: Columns = frozenset()
    for version in sorted(versions):
        adds, drops = _EFFECTS.get(version, (frozenset(), frozenset()))
        columns = (columns | adds) - drops
    return columns


def _version(name: str) -> str:
    return name.partition("_")[0]


_EFFECTS: Mapping[str, tuple[Columns, Columns]] = {
    VERSION: (_OLD, frozenset()),
    _version(_ADD_VIEWED_AT): (_NEW, frozenset()),
    _version(_DROP): (frozenset(), _OLD),
    _version(_RENAME): (_NEW, _OLD),
}
"""What each migration adds to the columns, and what it drops, by its version."""


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One commit on main of the dev clone.

    Attributes:
        writes: the columns that the code of this commit writes when a document is opened.
        message: of the commit that holds `files`.
        files: path and whole new text of each file that is written.
        commands: git commands that come before that.
        versions: of the migrations that it brings; a step of expand/contract that brings one leaves the
            code as it is.
    """

    writes: Columns
    message: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def migrates(self) -> bool:
        """Whether it brings a migration."""
        return bool(self.versions)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one change is carried out.

    Attributes:
        phase: the checkpoint at which it starts: 5, the feature is on its branch; 8, it is live.
        writes: the columns that the code writes that is live before the change.
        before: what is deployed before anything is measured, None for nothing.
        whole: code and migration as one commit, for an order that has one push of each.
        apart: expand/contract: each step is deployed before the next one begins.
    """

    phase: int
    writes: Columns
    before: Commit | None = None
    whole: Commit
    apart: tuple[Commit, ...]

    @property
    def applied(self) -> tuple[str, ...]:
        """The versions of the changes that the cloud has before: phase 5 deploys the workflow's migration."""
        return (VERSION,) if self.phase > 5 else ()  # noqa: PLR2004 - a phase's number


def recipe(change: ChangeName, handling: Handling) -> Recipe:
    """Return how a change is carried out.

    Args:
        change: "add" puts `last_viewed` into the table and into the code, as in the workflow; "drop"
            takes it out of both again; "rename" calls it `viewed_at` in both.
        handling: what the code does about a write that fails, before and after the change.
    """
    return {"add": _add, "drop": _drop, "rename": _rename}[change](feature(handling), handling)


def _add(new: Feature, handling: Handling) -> Recipe:
    code = Commit(
        writes=_OLD,
        commands=(f"git merge -q --no-edit {FEATURE}",),
        message=_LOUDLY if handling == "loud" else "",
        files={READER_PAGE: new.page} if handling == "loud" else {},
    )
    migration = Commit(
        writes=frozenset(),
        message="feat: add last_viewed to documents",
        files={MIGRATION: new.migration},
        versions=(VERSION,),
    )
    whole = replace(code, versions=(VERSION,))
    return Recipe(phase=5, writes=frozenset(), whole=whole, apart=(migration, code))


def _drop(old: Feature, handling: Handling) -> Recipe:
    files = {path: (STARTER / "main" / path).read_text() for path in (DOCUMENTS, READER_PAGE)}
    code = Commit(writes=frozenset(), message="feat: no longer track when a document was viewed", files=files)
    migration = _migrate(frozenset(), "feat: drop last_viewed from documents", _DROP)
    return Recipe(
        phase=8,
        writes=_OLD,
        before=_loud(old, handling),
        whole=_join(code, migration, message=code.message),
        apart=(code, migration),
    )


def _rename(old: Feature, handling: Handling) -> Recipe:
    both = _write_both(old.files[DOCUMENTS])
    reads = both.replace(old.shelf, old.shelf.replace("last_viewed", "viewed_at"))
    files = {path: old.files[path].replace("last_viewed", "viewed_at") for path in (DOCUMENTS, READER_PAGE)}
    code = Commit(writes=_NEW, message="feat: write viewed_at only", files=files)
    message = "refactor: rename last_viewed to viewed_at"
    return Recipe(
        phase=8,
        writes=_OLD,
        before=_loud(old, handling),
        whole=_join(code, _migrate(_NEW, message, _RENAME), message=message),
        apart=(
            _migrate(_OLD, "feat: add viewed_at to documents", _ADD_VIEWED_AT),
            Commit(
                writes=_OLD | _NEW,
                message="feat: write last_viewed and viewed_at",
                files={DOCUMENTS: both},
            ),
            _migrate(_OLD | _NEW, "feat: fill viewed_at from last_viewed", _BACKFILL),
            # Both are written still: whoever goes back to the code before finds all that was opened since.
            Commit(writes=_OLD | _NEW, message="feat: read viewed_at", files={DOCUMENTS: reads}),
            code,
            _migrate(_NEW, "feat: drop last_viewed from documents", _DROP),
        ),
    )


def _loud(old: Feature, handling: Handling) -> Commit | None:
    """Return what makes the live code fail loudly: the workflow's own is silent."""
    if handling == "silent":
        return None
    return Commit(writes=_OLD, message=_LOUDLY, files={READER_PAGE: old.page})


def _write_both(text: str) -> str:
    return text.replace("SET last_viewed = %s", "SET last_viewed = %s, viewed_at = %s").replace(
        "[request_time(), document_id]", "[request_time(), request_time(), document_id]"
    )


def _migrate(writes: Columns, message: str, name: str) -> Commit:
    files = {f"supabase/migrations/{name}": (STARTER / "changes" / name).read_text()}
    return Commit(writes=writes, message=message, files=files, versions=(_version(name),))


def _join(code: Commit, migration: Commit, *, message: str) -> Commit:
    return replace(
        code, message=message, files={**code.files, **migration.files}, versions=migration.versions
    )
