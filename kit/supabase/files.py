"""The migration files of a folder: which there are, in what order, which are pending."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from kit.errors import BadInput, HistoryDiverged, OutOfOrder

FOLDER = Path("supabase", "migrations")
_NAME = re.compile(r"([0-9]+)_(.*)\.sql")
_CONFIGURATIONS = ("config.toml", "config.json", "config.jsonc")
_OLD_INIT = re.compile(r"([0-9]{14})_init\.sql")
_LAST_OLD_INIT = 20211209000000
"""Supabase CLI 2.122.1 skips an `_init.sql` of an earlier date: its first releases made that file."""
_STAMP = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """A file of supabase/migrations.

    Attributes:
        path: where it is.
        version: the digits before the first `_`; text, never a number.
        name: what stands between that `_` and `.sql`.
    """

    path: Path
    version: str
    name: str

    def read(self) -> str:
        """Return the text as the Supabase CLI reads it.

        A byte order mark at the start is left out; what is not UTF-8 becomes U+FFFD.

        Raises:
            BadInput: if it cannot be read.
        """
        try:
            return self.path.read_bytes().decode("utf-8-sig", errors="replace")
        except OSError as error:
            raise BadInput(
                f"failed to open migration file: {self.path.name}",
                why=error.strerror or "",
                remedy="Give yourself the right to read it, then run the command again.",
            ) from error


@dataclass(frozen=True, slots=True)
class Listing:
    """What a migrations folder holds.

    Attributes:
        files: the migrations in order of their versions.
        skipped: a sentence for each file that is none.
    """

    files: tuple[MigrationFile, ...] = ()
    skipped: tuple[str, ...] = ()


def find_project(folder: Path) -> Path:
    """Return the nearest folder, from `folder` upward within its repository, that has `supabase/`.

    If none has, it is `folder` itself, as for the Supabase CLI.
    """
    folder = folder.resolve()
    for place in (folder, *folder.parents):
        if (place / "supabase").is_dir():
            return place
        if (place / ".git").exists():
            break  # another project's folder further up is none of ours
    return folder


def find_configured(folder: Path) -> Path:
    """Return the nearest folder, from `folder` upward within its repository, whose project is configured.

    As for the Supabase CLI: a `supabase/` without its config.toml counts in `folder` itself alone.
    """
    folder = folder.resolve()
    for place in (folder, *folder.parents):
        if any((place / "supabase" / name).is_file() for name in _CONFIGURATIONS):
            return place
        if (place / ".git").exists():
            break
    return folder


def asks_for_no_transaction(text: str) -> bool:
    """Say whether a migration's first line asks to have its statements run one by one."""
    return text.split("\n", 1)[0].removesuffix("\r") == "-- pg-delta: transaction=false"


def parse_name(file: Path) -> MigrationFile | None:
    """Return the file's version and name; None if its name is not `<digits>_<name>.sql`."""
    found = _NAME.fullmatch(file.name)
    return MigrationFile(file, found[1], found[2]) if found else None


def list_migrations(project: Path) -> Listing:
    """List supabase/migrations of a project; a folder that is not there is empty.

    Raises:
        BadInput: if the folder cannot be read.
    """
    try:
        entries = sorted((project / FOLDER).iterdir(), key=lambda path: os.fsencode(path.name))
    except FileNotFoundError:
        return Listing()
    except OSError as error:
        raise BadInput(
            f"failed to read directory: {FOLDER}",
            why=error.strerror or "",
            remedy="supabase/migrations must be a folder that you may read.",
        ) from error
    files, skipped = [], []
    for place, entry in enumerate(entries):
        if entry.is_dir() and not entry.is_symlink():
            continue
        old = _OLD_INIT.search(entry.name) if place == 0 else None
        if old and int(old[1]) < _LAST_OLD_INIT:
            why = 'replace "init" with a different file name to apply this migration'
        elif (file := parse_name(entry)) is None:
            why = 'file name must match pattern "<timestamp>_name.sql"'
        else:
            files.append(file)
            continue
        skipped.append(f"Skipping migration {entry.name}... ({why})")
    return Listing(tuple(sorted(files, key=lambda file: file.version)), tuple(skipped))


def find_pending(
    local: Sequence[str], remote: Sequence[str], *, include_all: bool = False
) -> tuple[str, ...]:
    """Return the local versions that a database lacks, in the order in which to apply them.

    Only versions are compared: an applied file may have been edited since, nobody looks.

    Args:
        local: versions of the folder, in any order.
        remote: versions of the database's history, in order.
        include_all: also those that are older than the last applied one, before the others.

    Raises:
        HistoryDiverged: if the database has versions that the folder lacks.
        OutOfOrder: if a version is older than the last applied one, without `include_all`.
    """
    ordered = sorted(local)
    return tuple(ordered[place] for place in _pending_places(ordered, remote, include_all=include_all))


def choose_pending(
    files: Sequence[MigrationFile], remote: Sequence[str], *, include_all: bool = False
) -> tuple[MigrationFile, ...]:
    """Do what `find_pending` does for files, in order of their versions; it tells twins apart."""
    places = _pending_places([file.version for file in files], remote, include_all=include_all)
    return tuple(files[place] for place in places)


def _pending_places(local: Sequence[str], remote: Sequence[str], *, include_all: bool) -> list[int]:
    """Walk both ordered lists side by side; the rule is that of the Supabase CLI 2.122.1."""
    mine, theirs, early, foreign = 0, 0, [], []
    while mine < len(local) and theirs < len(remote):
        if local[mine] == remote[theirs]:
            mine, theirs = mine + 1, theirs + 1
        elif remote[theirs] < local[mine]:
            foreign.append(remote[theirs])
            theirs += 1
        else:
            early.append(mine)
            mine += 1
    foreign += remote[theirs:]
    if foreign:
        raise HistoryDiverged(
            "Remote migration versions not found in local migrations directory.",
            remedy="git pull origin main, then list again.",
            versions=tuple(foreign),
        )
    if early and not include_all:
        raise OutOfOrder(
            "Found local migration files to be inserted before the last migration on remote database.",
            remedy="Give the file a newer version; or apply it late on purpose, with --include-all.",
            versions=tuple(local[place] for place in early),
            places=tuple(early),
        )
    return early + list(range(len(remote) + len(early), len(local)))


def new_path(project: Path, name: str, date: datetime) -> Path:
    """Return the path for a new migration: `<YYYYMMDDhhmmss>_<name>.sql`.

    A version that the folder has already is not given twice: the next free second is
    taken. (On the virtual clock two files are easily made in the same second.)

    Raises:
        BadInput: if `name` leads out of the migrations folder.
    """
    folder = project / FOLDER
    taken = {file.version for file in list_migrations(project).files}
    while (version := date.strftime(_STAMP)) in taken:
        date += timedelta(seconds=1)
    path = Path(os.path.normpath(folder / f"{version}_{name}.sql"))
    if folder not in path.parents:
        raise BadInput(
            f'invalid migration name: "{name}" must not escape the {FOLDER} directory',
            remedy="Use letters, digits and _ only.",
            code="MigrationNewWriteError",
        )
    return path
