"""Read a project's migrations from disk, and find what is wrong with the files themselves."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from kit.errors import BadInput
from kit.review.git import Git, Main, blob_of
from kit.review.rules import Problem
from kit.supabase.files import FOLDER, MigrationFile

_MOST = 16 * 2**20
"""Bytes; a migration of more is data, and not judged."""


def read_bytes(path: Path) -> bytes | Problem:
    """Return the content of a regular file of at most 16 MB, following symbolic links."""

    def cannot(why: str, remedy: str) -> Problem:
        return _unreadable(path.name, f"The file cannot be read: {why}.", remedy)

    try:
        # Not blocking: opening a named pipe would wait for somebody to write.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123 - a descriptor
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                return cannot("it is no regular file", "Put a file of SQL there.")
            if about.st_size > _MOST:
                size = f"it has {about.st_size / 2**20:.0f} MB, and more than 16 are not judged"
                return cannot(size, "Bring data in by another way (supabase/seed.sql, COPY from a client).")
            return file.read(_MOST)
    except FileNotFoundError:
        return cannot("the symbolic link leads nowhere", "Put the file itself into supabase/migrations.")
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        return cannot(why, "Give yourself the right to read it.")


def decode(name: str, data: bytes) -> str | Problem:
    """Return the text; a byte order mark at the start is left out, as the Supabase CLI does."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _unreadable(name, "The file is UTF-16; migrations are UTF-8.", "Save it as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"The file is not UTF-8: the byte 0x{data[error.start]:02x} in line {line}."
        remedy = f"Save it as UTF-8, for example: iconv -f WINDOWS-1252 -t UTF-8 {name}"
        return _unreadable(name, message, remedy, line)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        message = f"There is a NUL character in line {line}."
        return _unreadable(name, message, "Remove it: PostgreSQL cannot store it.", line)
    return text


def _unreadable(name: str, message: str, remedy: str, line: int = 1) -> Problem:
    return Problem(file=name, line=line, kind="encoding", message=message, remedy=remedy)


def require_folder(project: Path) -> Path:
    """Return supabase/migrations of a project.

    Raises:
        BadInput: if there is none.
    """
    folder = project / FOLDER
    if not folder.is_dir():
        raise BadInput(
            f"There is no folder {FOLDER}.",
            looked=[str(folder)],
            remedy="Give the project's folder: `python -m kit check path/to/project`.",
        )
    return folder


def find_bad_names(folder: Path, good: Iterable[MigrationFile]) -> Iterator[Problem]:
    """Find files that look like migrations and that the Supabase CLI skips without failing."""
    names = {file.path.name for file in good}
    for entry in sorted(folder.iterdir(), key=lambda path: os.fsencode(path.name)):
        looks = entry.suffix.lower() == ".sql" or entry.name.lower().endswith((".sql.txt", ".sql~"))
        if looks and entry.name not in names and (entry.is_symlink() or not entry.is_dir()):
            yield Problem(
                file=entry.name,
                kind="bad-name",
                message="`supabase db push` skips this file: its name is not <version>_<name>.sql.",
                remedy="Rename it: `npx supabase migration new <name>` shows the form (or delete it).",
            )


def find_duplicates(files: Iterable[MigrationFile]) -> Iterator[Problem]:
    """Find files that have the version of another one."""
    first: dict[str, str] = {}
    for file in files:
        if other := first.get(file.version):
            yield Problem(
                file=file.path.name,
                kind="duplicate-version",
                message=f"Version {file.version} is that of {other} too; the history holds a version once.",
                remedy="Give the newer of the two a version of its own.",
            )
        first.setdefault(file.version, file.path.name)


def find_disorder(
    files: Iterable[MigrationFile], pending: Iterable[MigrationFile], main: Main
) -> Iterator[Problem]:
    """Find pending files that come before an applied one, or whose versions sort against their numbers."""
    said = set()
    applied = max((name.split("_", 1)[0] for name in main.files if name.endswith(".sql")), default="")
    for file in pending:
        if file.version < applied:
            said.add(file.path.name)
            yield Problem(
                file=file.path.name,
                kind="out-of-order",
                message=f"Version {file.version} is older than {applied}, which {main.name} has: "
                "`supabase db push` refuses it.",
                remedy="Rename it to a newer version (before anybody has applied it).",
            )
    waiting = {file.path.name for file in pending}
    for before, after in pairwise(files):
        pair = {before.path.name, after.path.name}
        if int(before.version[:99]) > int(after.version[:99]) and pair & waiting and not pair & said:
            yield Problem(
                file=after.path.name,
                kind="out-of-order",
                message=f"It runs after {before.path.name}: versions are compared as text, not as numbers.",
                remedy="Give all versions the same number of digits.",
            )


def find_edited(here: Mapping[str, bytes | None], main: Main, git: Git) -> Iterator[Problem]:
    """Find files that are no longer what the main branch got, which no database will notice.

    Args:
        here: content of each file of the folder; None if it cannot be read.
        main: what the main branch has.
        git: for the content.
    """
    for name, blob in sorted(main.files.items()):
        data = here.get(name)
        if data is None or blob_of(data, like=blob) == blob:
            continue
        # Line ends may be those of this machine.
        was, now = (text.replace(b"\r\n", b"\n").splitlines() for text in (git.text(blob), data))
        if was != now:
            differ = (line for line, pair in enumerate(zip(was, now, strict=False), 1) if pair[0] != pair[1])
            yield Problem(
                file=name,
                line=next(differ, max(1, min(len(was) + 1, len(now)))),
                kind="edited",
                message=f"It was changed after it had reached {main.name}: "
                "databases that have applied it stay as they are.",
                remedy=f"Put the change into a new migration, and the file back: git show {blob[:12]}",
            )
    for name in sorted(git.left(main) if main.files else ()):
        if name in main.files and name not in here and name.endswith(".sql"):
            yield Problem(
                file=name,
                kind="edited",
                message=f"It is gone, and {main.name} has it: `supabase db push` refuses such a folder.",
                remedy=f"Bring it back: git checkout {main.name} -- {FOLDER}/{name}",
            )


def printable(name: str) -> str:
    """Return a file's name without control characters, or bytes that are no text."""
    shown = os.fsencode(name).decode("utf-8", errors="replace")
    return "".join(letter if letter.isprintable() else "?" for letter in shown)
