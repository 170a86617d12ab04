"""Read a project's migrations from disk, and find what is wrong with the files themselves."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from pathlib import Path

from kit.review.git import Git, Main, blob_of
from kit.review.grammar import normal_form
from kit.review.projects import SCHEMAS, Project, leads_out
from kit.review.rules import Problem
from kit.supabase import MigrationFile, parse_name, skip_blanks, split

_MOST = 16 * 2**20
"""Bytes; a migration of more is data, and not judged."""
_MOST_SCHEMAS = 1_000


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


def find_duplicates(
    files: Iterable[MigrationFile], is_new: Callable[[MigrationFile], bool]
) -> Iterator[Problem]:
    """Find files that have the version of another one; of a new and an old one it is the new."""
    twins: dict[str, list[MigrationFile]] = {}
    for file in files:
        twins.setdefault(file.version, []).append(file)
    for same in twins.values():
        first, *others = sorted(same, key=is_new)
        for file in others:
            yield Problem(
                file=file.path.name,
                kind="duplicate-version",
                message=f"Version {file.version} is that of {first.path.name} too; "
                "the history holds a version once.",
                remedy="Give the newer of the two a version of its own.",
            )


def find_disorder(
    files: Iterable[MigrationFile], pending: Iterable[MigrationFile], main: Main
) -> Iterator[Problem]:
    """Find pending files that come before an applied one, or whose versions sort against their numbers."""
    said = set()
    applied = max((file.version for file in map(parse_name, map(Path, main.files)) if file), default="")
    waiting = {file.path.name for file in pending}
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
    for before, after in pairwise(files):
        pair = {before.path.name, after.path.name}
        if int(before.version[:99]) > int(after.version[:99]) and pair & waiting and not pair & said:
            yield Problem(
                file=after.path.name,
                kind="out-of-order",
                message=f"It runs after {before.path.name}: versions are compared as text, not as numbers.",
                remedy="Give all versions the same number of digits.",
            )


def find_edited(
    project: Project, here: Mapping[str, bytes | None], main: Main, git: Git
) -> Iterator[Problem]:
    """Find files that are no longer what this branch started from, which no database will notice.

    Another comment, another layout is no edit, and what the main branch did meanwhile is none of ours.

    Args:
        project: whose files they are.
        here: content of each migration; None if it cannot be read.
        main: what the main branch has, and had.
        git: for the content.
    """
    changed: list[tuple[str, str, bytes]] = []
    for name, blob in sorted(main.before.items()):
        data = here.get(name)
        if data is not None and blob_of(data, like=blob) not in {blob, main.files.get(name)}:
            changed.append((name, blob, data))
    contents = git.contents(blob for _, blob, _ in changed) if changed else ()
    for (name, blob, data), was in zip(changed, contents, strict=True):
        if line := _find_edit(was, data):
            yield Problem(
                file=name,
                line=line,
                kind="edited",
                message=f"It was changed after it had reached {main.name}: "
                "databases that have applied it stay as they are.",
                remedy=f"Put the change into a new migration, and the file back: git show {blob[:12]}",
            )
    folder = os.path.relpath(project.folder, project.root)
    for name in sorted(main.files.keys() & main.before.keys()):
        if name not in here and project.is_migration(name) and not os.path.lexists(project.folder / name):
            yield Problem(
                file=name,
                kind="edited",
                message=f"It is gone, and {main.name} has it: `{project.tool.push}` refuses such a folder.",
                remedy=f"Bring it back: git checkout {main.name} -- {folder}/{name}",
            )


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What is wrong with supabase/schemas, which says what the schema should become.

    Attributes:
        problems: what is no SQL.
        notes: that no migration brings a change of it.
    """

    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def find_unwritten(project: Project, main: Main, *, is_written: bool) -> Unwritten:
    """Look at supabase/schemas: does it parse, and does a migration come with what has changed?

    Args:
        project: of Supabase.
        main: what the main branch has.
        is_written: a migration is pending.
    """
    folder = project.root / SCHEMAS
    if not folder.is_dir() or leads_out(folder, project.root):
        return Unwritten()
    git, problems, here = Git(project.root, SCHEMAS), list[Problem](), dict[str, bytes]()
    for path in sorted(folder.rglob("*.sql"))[:_MOST_SCHEMAS]:
        name = path.relative_to(folder).as_posix()
        data = read_bytes(path)
        text = data if isinstance(data, Problem) else decode(name, data)
        if isinstance(text, Problem):
            problems.append(replace(text, file=name, path=printable(os.path.relpath(path))))
        elif isinstance(data, bytes):
            here[name] = data
    if is_written or not main.base or not (changed := sorted(_find_changed(here, git, main.base))):
        return Unwritten(tuple(problems))
    what = (
        f"{SCHEMAS.as_posix()} has changed ({', '.join(map(printable, changed))}), and no migration brings it"
    )
    return Unwritten(tuple(problems), (f"{what}: `npx supabase db diff -f <name>` writes one.",))


def _find_changed(here: Mapping[str, bytes], git: Git, base: str) -> Iterator[str]:
    """Yield the names of the files that say something else than in a commit, or were not there."""
    before = git.tree(base)
    yield from here.keys() - before.keys()
    other = [
        name for name in here.keys() & before.keys() if blob_of(here[name], like=before[name]) != before[name]
    ]
    contents = git.contents(before[name] for name in other) if other else ()
    yield from (name for name, was in zip(other, contents, strict=True) if _find_edit(was, here[name]))


def _find_edit(was: bytes, now: bytes) -> int:
    """Return the line from which on a file says something else; 0 if it does not."""
    # Line ends may be those of this machine.
    old, new = (data.replace(b"\r\n", b"\n") for data in (was, now))
    if old == new:
        return 0
    before, after = (
        [statement for statement in split(text) if skip_blanks(statement.text) < len(statement.text)]
        for text in (data.decode("utf-8-sig", errors="replace") for data in (old, new))
    )
    for then, at_present in zip_longest(before, after):
        if at_present is None:
            return max(1, min(old.count(b"\n") + 1, new.count(b"\n")))
        if then is None:
            return at_present.line + at_present.text.count("\n", 0, skip_blanks(at_present.text))
        if then.text != at_present.text and not _says_the_same(then.text, at_present.text):
            pairs = zip_longest(then.text.split("\n"), at_present.text.split("\n"))
            inside = next(number for number, (left, right) in enumerate(pairs) if left != right)
            return at_present.line + min(inside, at_present.text.count("\n"))
    return 0


def _says_the_same(then: str, now: str) -> bool:
    form = normal_form(then)
    return form is not None and form == normal_form(now)


def printable(name: str) -> str:
    """Return a file's name without control characters, or bytes that are no text."""
    shown = os.fsencode(name).decode("utf-8", errors="replace")
    return "".join(letter if letter.isprintable() else "?" for letter in shown)
