"""Who holds a lock on a table, and who waits behind whom: records, and their picture."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, LiteralString, Self

from kit.draw import INKS, Markup, cut, draw_element, format_columns, format_line
from kit.errors import BadInput
from kit.process.shell import Ran
from kit.review.rules import LOCKS, Lock, strongest
from kit.supabase import without_comments

LockState = Literal["HOLDS", "waits for", "goes on"]
"""goes on: gets its lock whenever it asks, and gives it back at once."""


@dataclass(frozen=True, kw_only=True)
class SessionSeen:
    """One session's place at the table.

    Attributes:
        who: what it does, in a word.
        state: whether it has its lock, waits for it, or gets it whenever it asks.
        lock: the one that it waits for, else the strongest.
        behind: whom it waits for.
        statement: what it runs, on one line; "nothing, since …" where only its transaction is open.
    """

    who: str
    state: LockState
    lock: Lock
    behind: tuple[str, ...] = ()
    statement: str

    @property
    def waits(self) -> bool:
        """Whether it waits."""
        return self.state == "waits for"


_WIDTH = 100  # columns of the drawing in text
_SHORTEST = 12
_EMPTY = "nobody is at the table"


def format_queue(sessions: Sequence[SessionSeen]) -> str:
    """Draw who holds and who waits as a tree: whoever waits stands below the one it waits for."""
    if not sessions:
        return _EMPTY
    tree = list(_tree(sessions))
    heads = [(f"{branch}{format_line(session.who)}", session.state, session.lock) for branch, session in tree]
    name, state, lock = (max(map(len, column)) for column in zip(*heads, strict=True))
    room = max(_SHORTEST, _WIDTH - name - state - lock - len("      "))
    statements = [cut(format_line(session.statement), room) for _, session in tree]
    return format_columns([(*head, statement) for head, statement in zip(heads, statements, strict=True)])


# On the elements, not in a style sheet: a notebook that nobody has trusted yet keeps those.
_BOX = "padding:4px 10px;border-radius:4px;border"
_LOOKS: Mapping[LockState, str] = {
    "HOLDS": f"{_BOX}:2px solid {INKS['new']}",
    "waits for": f"{_BOX}:2px dashed {INKS['bad']}",
    "goes on": f"{_BOX}:1px solid {INKS['line']}",
}
_BEHIND = f"margin-left:1.4em;padding-left:1em;border-left:2px dashed {INKS['bad']}"


def draw_queue(sessions: Sequence[SessionSeen], *, note: str = "") -> str:
    """Draw the same as boxes: solid for who holds, dashed and indented for who waits; all text is escaped.

    Args:
        sessions: each after those whom it waits for.
        note: HTML to put under the boxes.
    """
    boxes = _draw_boxes(sessions, None) if sessions else draw_element("p", _EMPTY)
    return draw_element("div", boxes, Markup(note), style="line-height:1.4;max-width:56em;padding:2px 0")


def _draw_boxes(sessions: Sequence[SessionSeen], above: str | None) -> Markup:
    items = [
        draw_element("div", _draw_box(session), _draw_boxes(sessions, session.who), style="margin:6px 0")
        for session in _below(sessions, above)
    ]
    return draw_element("div", *items, style="" if above is None else _BEHIND) if items else Markup("")


def _draw_box(session: SessionSeen) -> Markup:
    return draw_element(
        "div",
        draw_element("strong", session.who),
        " ",
        draw_element("strong", session.state),
        f" {session.lock}",
        Markup("<br/>"),
        draw_element("code", session.statement, style="font-size:12px;white-space:normal"),
        style=_LOOKS[session.state],
    )


def _below(sessions: Sequence[SessionSeen], above: str | None) -> list[SessionSeen]:
    return [session for session in sessions if _parent(session, sessions) == above]


def _parent(session: SessionSeen, sessions: Sequence[SessionSeen]) -> str | None:
    """Return whom to draw it under: of those before it whom it waits for, the last; None for nobody."""
    before = sessions[: sessions.index(session)]  # in a deadlock the first one also waits for a later one
    return next((other.who for other in reversed(before) if other.who in session.behind), None)


def _tree(
    sessions: Sequence[SessionSeen], above: str | None = None, indent: str = ""
) -> Iterator[tuple[str, SessionSeen]]:
    here = _below(sessions, above)
    for session in here:
        last = session is here[-1]
        yield (indent + ("" if above is None else "└─ " if last else "├─ "), session)
        yield from _tree(sessions, session.who, indent + ("" if above is None else "   " if last else "│  "))


MIGRATOR, READER, WRITER, IDLE = "migration", "reader", "writer", "idle transaction"
"""Sessions are called by what they do, so that a picture is the same on every run."""


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

    sessions: tuple[SessionSeen, ...] = ()

    def __repr__(self) -> str:
        """Draw it in text."""
        return format_queue(self.sessions)

    def _repr_html_(self) -> str:
        """Draw it for a notebook."""
        return draw_queue(self.sessions)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Who waits."""
        return tuple(session.who for session in self.sessions if session.waits)

    def place(self, who: str) -> SessionSeen | None:
        """Return the session of that name, None if it is not at the table."""
        return next((session for session in self.sessions if session.who == who), None)

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
        waiting = {pid: row for pid, rows_of in every.items() for row in rows_of if not row.granted}
        shown = {pid for pid, rows_of in every.items() if rows_of[0].who == MIGRATOR} | {
            pid for pid, row in waiting.items() if row.asked
        }
        for pid in tuple(shown):
            shown |= _ahead(pid, waiting)
        if any(pid not in every or (pid in waiting and not waiting[pid].blockers) for pid in shown):
            return None
        sessions = (_read_session(every[pid], waiting.get(pid), every) for pid in shown)
        return cls(_in_order({session.who: session for session in sessions}))


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


def _read_session(
    rows: list[LockRow], waits: LockRow | None, every: Mapping[int, list[LockRow]]
) -> SessionSeen:
    row = waits or rows[0]
    statement = one_line(row.statement)
    return SessionSeen(
        who=row.who,
        state="waits for" if waits else "HOLDS",
        lock=name_lock(waits.mode) if waits else strongest(name_lock(held.mode) for held in rows),
        behind=tuple(sorted({every[pid][0].who for pid in waits.blockers})) if waits else (),
        statement=f"nothing, since {statement}" if row.idle else statement,
    )


def _in_order(sessions: Mapping[str, SessionSeen]) -> tuple[SessionSeen, ...]:
    """Put everybody after those whom they wait for; else in the order of their names."""
    placed: dict[str, SessionSeen] = {}

    def place(who: str, above: tuple[str, ...]) -> None:
        if who in placed or who in above or who not in sessions:
            return
        for other in sessions[who].behind:
            place(other, (*above, who))
        placed[who] = sessions[who]

    for who in sorted(sessions):
        place(who, ())
    return tuple(placed.values())


_NAMES_OF_MODES: Mapping[str, Lock] = {"".join(lock.title().split()) + "Lock": lock for lock in LOCKS}


def name_lock(mode: str) -> Lock:
    """Return the SQL name of a lock: "ACCESS EXCLUSIVE" for "AccessExclusiveLock".

    A mode that tables do not have, such as a predicate lock's, is no lock here: "none".
    """
    return _NAMES_OF_MODES.get(mode, "none")


def one_line(statement: str) -> str:
    """Return a statement without its comments, on one line."""
    return " ".join(without_comments(statement).split())


READ: LiteralString = "SELECT title FROM documents WHERE id = %s"
WRITE: LiteralString = "UPDATE documents SET title = title WHERE id = %s"
"""What the reader and the writer ask, again and again."""
_ASK: dict[str, tuple[Lock, str]] = {
    READER: ("ACCESS SHARE", READ.replace("%s", "$1")),
    WRITER: ("ROW EXCLUSIVE", WRITE.replace("%s", "$1")),
}
_NAMES = {READER: "reads", WRITER: "writes"}


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A queue that stood for a while: first and last seen so, in seconds of the watch's clock."""

    queue: Queue
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is known to have stood."""
        return self.end - self.begin


@dataclass(frozen=True, kw_only=True)
class RoundTrip:
    """A read or a write that was answered: whose, when asked and when answered, in seconds."""

    who: str
    asked: float
    answered: float

    @property
    def took(self) -> float:
        """Seconds until the answer."""
        return self.answered - self.asked


@dataclass(frozen=True, kw_only=True, repr=False)
class Watched:
    """A command, and what became of the table's readers and writers meanwhile.

    Attributes:
        ran: the command, with what it printed.
        began: when it began, in seconds of the watch's clock.
        stretches: the queues that were seen, in their order.
        answers: of the reader and of the writer, before and during the command.
    """

    ran: Ran
    began: float
    stretches: tuple[Stretch, ...]
    answers: tuple[RoundTrip, ...]

    @property
    def longest(self) -> Stretch:
        """The queue that stood for longest; an empty one if nobody ever was at the table."""
        found = [stretch for stretch in self.stretches if stretch.queue.sessions]
        return max(
            found, key=lambda stretch: stretch.seconds, default=Stretch(queue=Queue(), begin=0.0, end=0.0)
        )

    @property
    def queue(self) -> Queue:
        """The picture of the whole: the queue that stood for longest."""
        return self.longest.queue

    def waits(self, who: str) -> bool:
        """Say whether "reader" or "writer" waits in that queue."""
        return _known(who) in self.queue.waiting

    def waited(self, who: str) -> bool:
        """Say whether "reader" or "writer" waited in any of the queues."""
        return any(_known(who) in stretch.queue.waiting for stretch in self.stretches)

    def took_part(self, who: str) -> bool:
        """Say whether a session of that name was in any of the queues."""
        return any(stretch.queue.place(who) is not None for stretch in self.stretches)

    def answered(self, who: str) -> int:
        """Count what "reader" or "writer" asked, and was answered, while that queue stood."""
        stood = self.longest
        return sum(stood.begin <= trip.asked and trip.answered <= stood.end for trip in self._of(who))

    def usual(self, who: str) -> float:
        """Return the median of seconds that "reader" or "writer" waited for an answer before the command."""
        before = [trip.took for trip in self._of(who) if trip.answered < self.began]
        return statistics.median(before) if before else 0.0

    def slowest(self, who: str) -> float:
        """Return the most seconds that "reader" or "writer" waited for an answer during the command."""
        return max((trip.took for trip in self._of(who) if trip.answered >= self.began), default=0.0)

    def _of(self, who: str) -> tuple[RoundTrip, ...]:
        name = _known(who)
        return tuple(trip for trip in self.answers if trip.who == name)

    def _sessions(self) -> tuple[SessionSeen, ...]:
        """Return the queue, and after it those of the two whom it lets pass."""
        queue = self.queue.sessions
        passing = (
            SessionSeen(who=who, state="goes on", lock=lock, statement=statement)
            for who, (lock, statement) in _ASK.items()
            if queue and who not in self.queue.waiting
        )
        return (*queue, *passing)

    def _verdict(self) -> str:
        said = [f"{name} {'wait' if self.waits(who) else 'go on'}" for who, name in _NAMES.items()]
        exit_code = f"exit code {self.ran.exit}, " if self.ran.exit else ""
        return exit_code + ", ".join(said)

    def __repr__(self) -> str:
        """Show the command, the queue that stood for longest, and what that means for readers and writers."""
        return f"$ {self.ran.command}\n\n{format_queue(self._sessions())}\n\n{self._verdict()}"

    def _repr_html_(self) -> str:
        """Show the same for a notebook."""
        note = draw_element("div", draw_element("b", self._verdict()), f" during {self.ran.command}")
        return draw_queue(self._sessions(), note=note)


def _known(who: str) -> str:
    if who not in _NAMES:
        raise BadInput(f"Nobody called {who!r} was watched.", remedy=f"Ask for one of: {', '.join(_NAMES)}.")
    return who
