"""What can happen in a world, as one frozen record a kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from kit.errors import BadInput
from kit.names import CloneName, DatabaseName

FARTHEST = 1e10
"""Instants lie within so many seconds of the clock's zero (about 317 years), or their unit is a mistake."""

Outcome = Literal["ok", "failed", "lost", "blocked"]
"""How a page view ended.

ok: answered, and the database holds what the page should have written.
failed: answered with a status of 500 or more, or not at all.
lost: answered with 200, but the write is not in the database afterwards.
blocked: waited for a lock longer than the limit.
"""
Stage = Literal["queued", "building", "built", "live", "staged", "canceled", "failed"]
"""How far a deployment has come.

staged: built, and not put live, since somebody has rolled production back.
canceled: nothing comes any more; somebody canceled it, or a newer push took its place in the queue.
"""
LAST_STAGES: tuple[Stage, ...] = ("live", "staged", "canceled", "failed")
"""With each of these a deployment ends."""
BUILD_WORDS: Mapping[Stage, str] = MappingProxyType(
    {"live": "built", "staged": "built, not live", "canceled": "build canceled", "failed": "build failed"}
)
"""What a drawing says of a build that has ended."""
Target = Literal["production", "preview"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """Something that happened.

    Args:
        at: when, in seconds since the clock's zero.

    Raises:
        BadInput: if a time of the record is not a number within `FARTHEST`.
    """

    at: float

    def __post_init__(self) -> None:
        """Refuse times that no clock shows, so that nothing that reads a timeline has to."""
        for field in ("at", "until", "committed", "took"):
            value = getattr(self, field, None)
            # `not <=` instead of `>`: it also catches NaN.
            if value is not None and not abs(value) <= FARTHEST:
                raise BadInput(
                    f"{type(self).__name__}: {field} cannot be {value!r}.",
                    remedy="Give seconds since the clock's zero.",
                    field=field,
                )

    @property
    def instant(self) -> float:
        """When it took effect, in seconds since the clock's zero; `at`, unless a kind knows better."""
        return self.at


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandRan(Record):
    """A learner's command, from start (`at`) to end (`until`), with its exit code.

    In the "world" it is no shell's: time that passes, visitors, a page that is opened.
    """

    until: float
    clone: CloneName | Literal["world"]
    command: str
    exit: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RefMoved(Record):
    """A branch of a repository ("github", "dev", "production") got another commit; "" is no commit."""

    repository: str
    branch: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed(Record):
    """A deployment reached a stage; `detail` holds the reason of a failure."""

    commit: str
    branch: str
    target: Target
    stage: Stage
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationApplied(Record):
    """A migration is committed.

    Args:
        committed: the database's own commit time, in seconds since the clock's zero; None if unknown.
    """

    database: DatabaseName
    version: str
    name: str
    committed: float | None = None

    @property
    def instant(self) -> float:
        """When it took effect: the database's own commit time where it is known."""
        return self.at if self.committed is None else self.committed


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaChanged(Record):
    """What `documents` looks like changed, by whatever means: "+last_viewed", "-last_viewed"."""

    database: DatabaseName
    change: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PageView(Record):
    """One visit of a document on the production address; `at` is when it was asked for.

    Args:
        took: seconds until the answer, of real time.
        document: the id of the document.
        commit: the deployment that answered, "" if none did.
        status: the HTTP status, 0 for no answer.
        outcome: see `Outcome`.
        sqlstate: PostgreSQL's error code from the app's own log, "" if none.
        message: PostgreSQL's message from the app's own log.
        late: on the wall clock, how many seconds before `at` the visitor should have asked: a busy
            machine is late. None on the virtual clock, where nobody is.
    """

    took: float
    document: str
    commit: str
    status: int
    outcome: Outcome
    sqlstate: str = ""
    message: str = ""
    late: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerChanged(Record):
    """The worker started with the code of `commit`, or stopped (`running` is false)."""

    commit: str
    running: bool


KINDS: dict[str, type[Record]] = {
    kind.__name__: kind
    for kind in (CommandRan, RefMoved, Deployed, MigrationApplied, SchemaChanged, PageView, WorkerChanged)
}
"""Every kind of record by its name, which is also its name in JSON."""
