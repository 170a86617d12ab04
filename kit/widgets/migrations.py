"""The migration table: which version is a file, which is applied where, and what does not agree."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from kit.draw import (
    DOTS,
    TableRow,
    draw_element,
    draw_paragraph,
    draw_style,
    draw_table,
    format_line,
    format_table,
)
from kit.errors import HistoryDiverged, OutOfOrder
from kit.supabase import MigrationFile, find_pending, parse_name
from kit.world.snapshot import Snapshot
from kit.world.world import World

_HEAD = ("version", "name", "file", "local", "cloud", "drift")
_TITLE = "Migrations: files of the dev clone, and what both databases say was applied"


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version, wherever it is.

    Attributes:
        version: text, as supabase compares it.
        name: of its file, or else as a database remembers it.
        file: whether the dev clone's folder has it.
        local: whether the local database has it.
        cloud: whether the cloud database has it.
        drift: what does not agree, in words.
    """

    version: str
    name: str
    file: bool
    local: bool
    cloud: bool
    drift: tuple[str, ...] = ()


def compare_histories(seen: Snapshot) -> tuple[Version, ...]:
    """Return every version that is anywhere, in the order in which supabase compares them."""
    files = _files(seen)
    taken = [file.version for file in files]
    names = {**seen.cloud.names, **seen.local.names, **{file.version: file.name for file in files}}
    every = sorted({*taken, *seen.local.versions, *seen.cloud.versions})
    return tuple(
        Version(
            version=version,
            name=names.get(version, ""),
            file=version in taken,
            local=version in seen.local.versions,
            cloud=version in seen.cloud.versions,
            drift=(
                *(["two files"] if taken.count(version) > 1 else []),
                *_drift(version, taken, "local", seen.local.versions),
                *_drift(version, taken, "cloud", seen.cloud.versions),
            ),
        )
        for version in every
    )


def format_push(seen: Snapshot) -> str:
    """Return what `npx supabase db push` would find, in a sentence; the runner's own rule says it."""
    try:
        pending = find_pending([file.version for file in _files(seen)], seen.cloud.versions)
    except HistoryDiverged:
        return "db push refuses: the cloud has a version that is no file here."
    except OutOfOrder:
        return "db push refuses: a file here is too old for the cloud."
    if not pending:
        return "db push has nothing to do: the cloud has them all."
    files = "1 file" if len(pending) == 1 else f"{len(pending)} files"
    return f"db push would apply {files} to the cloud."


def draw_histories(seen: Snapshot) -> str:
    """Return the table as HTML that is safe to show."""
    rows = [
        TableRow((*row.cells[:2], *(DOTS[cell] for cell in row.cells[2:5]), row.cells[5]), marked=row.marked)
        for row in _rows(seen)
    ]
    table = draw_table(_TITLE, _HEAD, rows, kinds={0: "kw-long", 1: "kw-long kw-wide"})
    words = draw_paragraph(format_push(seen))
    return draw_element("div", draw_style(__file__, "table"), table, words, class_="kw-view")


def format_histories(seen: Snapshot) -> str:
    """Return the table as lines of ASCII; `*` marks a version that does not agree."""
    return "\n".join([_TITLE, format_table(_HEAD, _rows(seen)), format_push(seen)])


class MigrationTable:
    """The migrations of a world: files, local and cloud database, with what does not agree marked.

    It asks the folder and the databases when it is made.

    Args:
        world: whose migrations.
    """

    def __init__(self, world: World) -> None:
        """Look.

        Raises:
            WorldTaken: if another notebook or terminal has taken the world over, or it is closed.
            ServerFailed: if a database does not answer.
        """
        self._seen = world.change().after

    def __repr__(self) -> str:
        """Draw the table in ASCII."""
        return format_histories(self._seen)

    def _repr_html_(self) -> str:
        """Draw the table."""
        return draw_histories(self._seen)


def _files(seen: Snapshot) -> list[MigrationFile]:
    found = (parse_name(Path(name)) for name in seen.repositories.clones["dev"].migrations)
    return [file for file in found if file]


def _drift(version: str, files: Collection[str], name: str, applied: Sequence[str]) -> list[str]:
    if version in applied:
        return [] if version in files else [f"in {name} without a file"]
    if version not in files:
        return []
    # Older than what is applied: refused, as it would come too late.
    return [f"too old for {name}" if version < max(applied, default="") else f"pending in {name}"]


def _rows(seen: Snapshot) -> list[TableRow]:
    return [
        TableRow(
            (
                format_line(version.version),
                format_line(version.name) or "-",
                *("yes" if there else "no" for there in (version.file, version.local, version.cloud)),
                ", ".join(version.drift) or "-",
            ),
            marked=bool(version.drift),
        )
        for version in compare_histories(seen)
    ]
