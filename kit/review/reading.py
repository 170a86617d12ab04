"""Read a migration file as text, or say why it cannot be."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from kit.review.problem import Problem

_MOST = 16 * 2**20
"""Bytes; a migration of more is data, and not judged."""


def read_bytes(path: Path) -> bytes | Problem:
    """Return the content of a regular file of at most 16 MB, following symbolic links."""

    def cannot(why: str, remedy: str) -> Problem:
        message = f"The file cannot be read: {why}."
        return Problem(file=path.name, line=1, kind="encoding", message=message, remedy=remedy)

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

    def wrong(line: int, message: str, remedy: str) -> Problem:
        return Problem(file=name, line=line, kind="encoding", message=message, remedy=remedy)

    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return wrong(1, "The file is UTF-16; migrations are UTF-8.", "Save it as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return wrong(
            line,
            f"The file is not UTF-8: the byte 0x{data[error.start]:02x} in line {line}.",
            f"Save it as UTF-8, for example: iconv -f WINDOWS-1252 -t UTF-8 {name}",
        )
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return wrong(
            line, f"There is a NUL character in line {line}.", "Remove it: PostgreSQL cannot store it."
        )
    return text
