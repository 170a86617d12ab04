"""The errors that the kit raises on purpose, each with its remedy.

KitError
├── BadInput              an argument, a phase, an option or a file that cannot be used
│   └── UnclearAnswer     an exercise's answer that is missing, or of another form than asked for
├── MissingTool           a program that the kit needs is not on this machine
├── UnusableFolder        a folder that cannot be written, is full, or has too long a path
├── ServerFailed          PostgreSQL did not start, or is gone
├── ProcessFailed         another process of the kit did not start, or ended too early
├── MigrationError        something about the migrations of one database
│   ├── HistoryDiverged   the database has versions that the folder lacks
│   ├── OutOfOrder        a local file is older than the last applied version
│   └── MigrationFailed   PostgreSQL refused a statement
├── BuildFailed           the host could not build or start a commit
├── WorldTaken            another notebook or terminal has the world now
├── Stopped               somebody stopped a rehearsal before its end
└── WrongInstance         a destructive call met a database that is not ours
"""

from __future__ import annotations

import sys


class KitError(Exception):
    """Raised for everything that the kit can foresee.

    Args:
        message: what failed, one sentence.
        remedy: what the reader can do about it.
        why: the reason, where it is known (an operating-system message, a log line).
        looked: the places that were tried, collected while looking.
        details: facts for programs, kept as attributes in `details`.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str,
        why: str = "",
        looked: tuple[str, ...] | list[str] = (),
        **details: object,
    ) -> None:
        """Keep the parts; `str()` puts them together."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.why = why
        self.looked = tuple(looked)
        self.details = details

    def __str__(self) -> str:
        """What failed, why, where we looked, what to do: a line each."""
        lines = [self.message]
        if self.why:
            lines.append(f"  Why: {self.why}")
        lines += [f"  Looked at: {place}" for place in self.looked]
        lines.append(f"  What to do: {self.remedy}")
        return "\n".join(lines)


class BadInput(KitError):
    """Raised when an argument, an option or a file cannot be used."""


class UnclearAnswer(BadInput):
    """Raised when a learner's answer is missing, or cannot be understood."""


class MissingTool(KitError):
    """Raised when a program that the kit needs is not on this machine."""


def explain_missing(error: ModuleNotFoundError) -> MissingTool:
    """Return what to raise where a package of others' is not in this Python.

    Args:
        error: what Python said.

    Raises:
        ModuleNotFoundError: `error` itself, if what is missing is the kit's own.
    """
    name = (error.name or "").partition(".")[0]
    if name in ("", "kit"):
        raise error
    return MissingTool(
        "The lesson is not installed in this Python, only what `kit check` needs.",
        why=f"there is no module {name!r}",
        looked=[sys.executable],
        remedy=f"{sys.executable} -m pip install 'broken-window-kit[lesson]', or, in a clone, make install. "
        "In a notebook: choose the kernel of the Python that has it; `python -m kit lab` does.",
    )


class UnusableFolder(KitError):
    """Raised when a folder cannot be written, is full, or has too long a path."""


class ServerFailed(KitError):
    """Raised when PostgreSQL did not start, or is gone."""


class ProcessFailed(KitError):
    """Raised when a process of the kit did not start, or ended too early."""


class MigrationError(KitError):
    """Raised for the migrations of one database; see the three below."""


class HistoryDiverged(MigrationError):
    """Raised when the database has versions that the folder lacks."""


class OutOfOrder(MigrationError):
    """Raised when a local file is older than the last applied version."""


class MigrationFailed(MigrationError):
    """Raised when PostgreSQL refused a statement of a migration."""


class BuildFailed(KitError):
    """Raised when the host could not build or start a commit."""


class WorldTaken(KitError):
    """Raised when another notebook or terminal has taken the world over."""


class Stopped(KitError):
    """Raised when somebody stops a rehearsal before its end."""


class WrongInstance(KitError):
    """Raised when a destructive call met a database that is not this kit's."""
