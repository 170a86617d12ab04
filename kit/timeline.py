"""What happened, as frozen records in one order of time, with pure questions about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Outcome = Literal["ok", "failed", "lost", "blocked"]
"""How a page view ended.

ok: answered, and the database holds what the page should have written.
failed: answered with a status of 500 or more, or not at all.
lost: answered with 200, but the write is not in the database afterwards.
blocked: waited for a lock longer than the limit.
"""
Stage = Literal["queued", "building", "built", "live", "failed"]
Target = Literal["production", "preview"]
DatabaseName = Literal["local", "cloud"]
CloneName = Literal["dev", "production"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """Something that happened.

    Args:
        at: when, in seconds since the clock's zero.
    """

    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandRan(Record):
    """A learner's command, from start (`at`) to end (`until`), with its exit code."""

    until: float
    clone: CloneName
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
    """A migration is committed; `committed` is the database's own commit time in seconds of the clock, if known."""

    database: DatabaseName
    version: str
    name: str
    committed: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaChanged(Record):
    """What `documents` looks like changed, by whatever means: "+last_viewed", "-last_viewed"."""

    database: DatabaseName
    change: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PageView(Record):
    """One visit of a document on the production address.

    Args:
        took: seconds until the answer, of real time.
        document: the id of the document.
        commit: the deployment that answered, "" if none did.
        status: the HTTP status, 0 for no answer.
        outcome: see `Outcome`.
        sqlstate: PostgreSQL's error code from the app's own log, "" if none.
        message: PostgreSQL's message from the app's own log.
    """

    took: float
    document: str
    commit: str
    status: int
    outcome: Outcome
    sqlstate: str = ""
    message: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerChanged(Record):
    """The worker started with the code of `commit`, or stopped (`running` is false)."""

    commit: str
    running: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """Records in order of time; everything that a view shows comes from here."""

    records: tuple[Record, ...] = ()
    kinds: ClassVar[dict[str, type[Record]]] = {
        kind.__name__: kind
        for kind in (CommandRan, RefMoved, Deployed, MigrationApplied, SchemaChanged, PageView, WorkerChanged)
    }
