"""Who holds which lock on a table, and who waits behind whom: frozen records, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from kit.experiments.lock_picture import draw_html, draw_text
from kit.experiments.session import Session
from kit.review.locks import LOCKS, Lock, strongest

MIGRATION, READER, WRITER, IDLE = "migration", "reader", "writer", "idle transaction"
"""Sessions are called by what they do, so that a picture is the same on every run."""

_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class LockRow:
    """One row of pg_locks about the table, with what pg_stat_activity says of its session.

    Attributes:
        pid: of the session.
        who: what the session does, in a word.
        mode: as PostgreSQL writes it: "AccessExclusiveLock".
        granted: whether the session has it, or waits for it.
        blockers: the pids that pg_blocking_pids names, for one that waits.
        statement: the one that runs, or the last one of a session that is idle.
        idle: it runs nothing, and its transaction is still open.
        asked: whether it is drawn although it neither blocks nor is of the watched ones.
    """

    pid: int
    who: str
    mode: str
    granted: bool
    blockers: tuple[int, ...]
    statement: str
    asked: bool
    idle: bool = False


@dataclass(frozen=True)
class Queue:
    """Who is at the table at one moment: first those who hold it, each before those who wait behind it."""

    sessions: tuple[Session, ...] = ()

    def __repr__(self) -> str:
        """Draw it in text."""
        return draw_text(self.sessions)

    def _repr_html_(self) -> str:
        """Draw it for a notebook."""
        return draw_html(self.sessions)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Who waits."""
        return tuple(one.who for one in self.sessions if one.waits)

    def place(self, who: str) -> Session | None:
        """Return the session of that name, None if it is not at the table."""
        return next((one for one in self.sessions if one.who == who), None)

    @classmethod
    def read(cls, rows: Iterable[LockRow]) -> Self | None:
        """Make a queue of one look at pg_locks.

        Sessions that nobody watches and nobody waits for are left out: they pass.

        Returns:
            The queue; None for a look in the moment of a change, in which locks and blockers do not agree.
        """
        every: dict[int, list[LockRow]] = {}
        for row in rows:
            every.setdefault(row.pid, []).append(row)
        waiting = {pid: one for pid, of in every.items() for one in of if not one.granted}
        shown = {pid for pid, of in every.items() if of[0].who == MIGRATION} | {
            pid for pid, row in waiting.items() if row.asked
        }
        for pid in tuple(shown):
            shown |= _ahead(pid, waiting)
        if any(pid not in every or (pid in waiting and not waiting[pid].blockers) for pid in shown):
            return None
        made = [_seat(every[pid], waiting.get(pid), every) for pid in shown]
        return cls(_in_order({one.who: one for one in made}))


def _ahead(pid: int, waiting: Mapping[int, LockRow]) -> set[int]:
    """Return everybody whom a session waits for, at first or at second hand."""
    found: set[int] = set()
    ask = [pid]
    while ask:
        row = waiting.get(ask.pop())
        fresh = set(row.blockers) - found if row else set()
        found |= fresh
        ask += fresh
    return found


def _seat(rows: list[LockRow], waits: LockRow | None, every: Mapping[int, list[LockRow]]) -> Session:
    row = waits or rows[0]
    statement = one_line(row.statement)
    return Session(
        who=row.who,
        state="waits for" if waits else "HOLDS",
        lock=name_lock(waits.mode) if waits else strongest(name_lock(one.mode) for one in rows),
        behind=tuple(sorted({every[pid][0].who for pid in waits.blockers})) if waits else (),
        statement=f"nothing, since {statement}" if row.idle else statement,
    )


def _in_order(sessions: Mapping[str, Session]) -> tuple[Session, ...]:
    """Put everybody after those whom they wait for; else in the order of their names."""
    placed: dict[str, Session] = {}

    def place(who: str, above: tuple[str, ...]) -> None:
        if who in placed or who in above or who not in sessions:
            return
        for other in sessions[who].behind:
            place(other, (*above, who))
        placed[who] = sessions[who]

    for who in sorted(sessions):
        place(who, ())
    return tuple(placed.values())


def name_lock(mode: str) -> Lock:
    """Return the SQL name of a lock: "ACCESS EXCLUSIVE" for "AccessExclusiveLock".

    A mode that tables do not have, such as a predicate lock's, is no lock here: "none".
    """
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", mode.removesuffix("Lock")).upper()
    return next((lock for lock in LOCKS if lock == name), "none")


def one_line(statement: str) -> str:
    """Return a statement without its comments, on one line."""
    return " ".join(_COMMENTS.sub(" ", statement).split())
