"""The changes that can be rehearsed, as data: where each starts, what is committed, in which steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from kit.names import DOCUMENTS, FEATURE, MIGRATION, READER_PAGE, VERSION
from kit.repos import STARTER, Feature, Handling, feature

ChangeName = Literal["add", "drop", "rename"]
CHANGES: tuple[ChangeName, ...] = ("add", "drop", "rename")

Columns = frozenset[str]
"""Columns of `documents`, of those that the changes are about."""
_OLD: Columns = frozenset({"last_viewed"})
_NEW: Columns = frozenset({"viewed_at"})
_MESSAGES = {
    "loud": "fix: fail loudly when the view is not recorded",
    "drop": "feat: no longer track when a document was viewed",
    "rename": "refactor: rename last_viewed to viewed_at",
}


@dataclass(frozen=True)
class Effect:
    """What a migration does to the columns of `documents`."""

    adds: Columns = frozenset()
    drops: Columns = frozenset()


_ADD_VIEWED_AT = "20250126154000_add_document_viewed_at.sql"
_BACKFILL = "20250126155000_backfill_document_viewed_at.sql"
_DROP = "20250126160000_drop_document_last_viewed.sql"
_RENAME = "20250126161000_rename_document_last_viewed.sql"


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One commit on main of the dev clone.

    Attributes:
        writes: the columns that the code of this commit writes when a document is opened.
        message: of the commit that holds `files`.
        files: path and whole new text of each file that is written.
        commands: git commands that come before that.
        migrates: whether the commit brings a migration; a step of expand/contract that does so
            leaves the code as it is.
    """

    writes: Columns
    message: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    migrates: bool = False


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one change is carried out.

    Attributes:
        phase: the checkpoint at which it starts: 5, the feature is on its branch; 8, it is live.
        writes: the columns that the code writes that is live before the change.
        before: what is deployed before anything is measured, None for nothing.
        whole: code and migration as one commit, for an order that has one push of each.
        apart: expand/contract: each step is deployed before the next one begins.
        effects: what each migration does to the columns, by its version.
    """

    phase: int
    writes: Columns
    before: Commit | None = None
    whole: Commit
    apart: tuple[Commit, ...]
    effects: Mapping[str, Effect]

    def columns(self, versions: Iterable[str]) -> Columns:
        """Return the columns that are there once the migrations of these versions are applied."""
        columns: Columns = frozenset()
        for version in sorted(versions):
            effect = self.effects.get(version, Effect())
            columns = (columns | effect.adds) - effect.drops
        return columns


def recipe(change: ChangeName, handling: Handling) -> Recipe:
    """Return how a change is carried out.

    Args:
        change: "add" puts `last_viewed` into the table and into the code, as in the workflow; "drop"
            takes it out of both again; "rename" calls it `viewed_at` in both.
        handling: what the code does about a write that fails, before and after the change.
    """
    return {"add": _add, "drop": _drop, "rename": _rename}[change](feature(handling), handling)


def _add(new: Feature, handling: Handling) -> Recipe:
    merge = Commit(
        writes=_OLD,
        commands=(f"git merge -q --no-edit {FEATURE}",),
        message=_MESSAGES["loud"] if handling == "loud" else "",
        files={READER_PAGE: new.page} if handling == "loud" else {},
        migrates=True,
    )
    expand = Commit(
        writes=frozenset(),
        message="feat: add last_viewed to documents",
        files={MIGRATION: new.migration},
        migrates=True,
    )
    code = Commit(writes=_OLD, commands=merge.commands, message=merge.message, files=merge.files)
    return Recipe(
        phase=5,
        writes=frozenset(),
        whole=merge,
        apart=(expand, code),
        effects={VERSION: Effect(adds=_OLD)},
    )


def _drop(old: Feature, handling: Handling) -> Recipe:
    code = {path: (STARTER / "main" / path).read_text() for path in (DOCUMENTS, READER_PAGE)}
    return Recipe(
        phase=8,
        writes=_OLD,
        before=_loud(old, handling),
        whole=Commit(
            writes=frozenset(), message=_MESSAGES["drop"], files=code | _migration(_DROP), migrates=True
        ),
        apart=(
            Commit(writes=frozenset(), message=_MESSAGES["drop"], files=code),
            Commit(
                writes=frozenset(),
                message="feat: drop last_viewed from documents",
                files=_migration(_DROP),
                migrates=True,
            ),
        ),
        effects={VERSION: Effect(adds=_OLD), _version(_DROP): Effect(drops=_OLD)},
    )


def _rename(old: Feature, handling: Handling) -> Recipe:
    both = {DOCUMENTS: _write_both(old.files[DOCUMENTS])}
    code = {path: old.files[path].replace("last_viewed", "viewed_at") for path in (DOCUMENTS, READER_PAGE)}
    return Recipe(
        phase=8,
        writes=_OLD,
        before=_loud(old, handling),
        whole=Commit(
            writes=_NEW, message=_MESSAGES["rename"], files=code | _migration(_RENAME), migrates=True
        ),
        apart=(
            Commit(
                writes=_OLD,
                message="feat: add viewed_at to documents",
                files=_migration(_ADD_VIEWED_AT),
                migrates=True,
            ),
            Commit(writes=_OLD | _NEW, message="feat: write last_viewed and viewed_at", files=both),
            Commit(
                writes=_OLD | _NEW,
                message="feat: fill viewed_at from last_viewed",
                files=_migration(_BACKFILL),
                migrates=True,
            ),
            Commit(writes=_NEW, message="feat: write viewed_at only", files=code),
            Commit(
                writes=_NEW,
                message="feat: drop last_viewed from documents",
                files=_migration(_DROP),
                migrates=True,
            ),
        ),
        effects={
            VERSION: Effect(adds=_OLD),
            _version(_ADD_VIEWED_AT): Effect(adds=_NEW),
            _version(_DROP): Effect(drops=_OLD),
            _version(_RENAME): Effect(adds=_NEW, drops=_OLD),
        },
    )


def _loud(old: Feature, handling: Handling) -> Commit | None:
    """Return what makes the live code fail loudly: the workflow's own is silent."""
    if handling == "silent":
        return None
    return Commit(writes=_OLD, message=_MESSAGES["loud"], files={READER_PAGE: old.page})


def _write_both(text: str) -> str:
    return text.replace("SET last_viewed = %s", "SET last_viewed = %s, viewed_at = %s").replace(
        "[request_time(), document_id]", "[request_time(), request_time(), document_id]"
    )


def _migration(name: str) -> dict[str, str]:
    return {f"supabase/migrations/{name}": (STARTER / "changes" / name).read_text()}


def _version(name: str) -> str:
    return name.partition("_")[0]
