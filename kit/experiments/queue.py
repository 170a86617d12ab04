"""Who holds a lock on a table, and who waits behind whom: records, and their picture."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal, LiteralString, Self

from kit.draw import cut, show
from kit.errors import BadInput
from kit.process.shell import Ran
from kit.review.rules import LOCKS, Lock, strongest

# One session's place at a table: the lock that it holds, waits for, or gets at once


State = Literal["HOLDS", "waits for", "goes on"]
"""goes on: gets its lock whenever it asks, and gives it back at once."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """One session's place at the table.

    Attributes:
        who: what it does, in a word.
        state: whether it has its lock, waits for it, or gets it whenever it asks.
        lock: the one that it waits for, else the strongest.
        behind: whom it waits for.
        statement: what it runs, on one line; "nothing, since …" where only its transaction is open.
    """

    who: str
    state: State
    lock: Lock
    behind: tuple[str, ...] = ()
    statement: str

    @property
    def waits(self) -> bool:
        """Whether it waits."""
        return self.state == "waits for"


# Draw a queue at a table: in text, and as HTML in a notebook's colours


WIDTH = 100
"""Columns of the drawing in text."""
_SHORTEST = 12
_EMPTY = "nobody is at the table"
_CLASSES = {"HOLDS": "o", "waits for": "o w", "goes on": "o g"}

_SHEET = """
.kl{--t:var(--jp-ui-font-color1,var(--vscode-foreground,#1f2328));
--s:var(--jp-ui-font-color2,var(--vscode-descriptionForeground,#57606a));
--p:var(--jp-layout-color0,var(--vscode-editor-background,#fff));
--h:var(--jp-brand-color1,#1f6feb);--w:var(--jp-error-color1,#cf222e);--l:var(--jp-border-color1,#8c959f);
font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;line-height:1.4;color:var(--t);
background:var(--p);max-width:56em;padding:2px 0}
.kl .q{margin-left:1.4em;padding-left:1em;border-left:2px dashed var(--w)}
.kl .i{margin:6px 0}
.kl .o{display:flex;flex-wrap:wrap;gap:2px 12px;align-items:baseline;border:2px solid var(--h);
border-radius:4px;padding:4px 10px}
.kl .w{border:2px dashed var(--w)}
.kl .g{border:1px solid var(--l)}
.kl .n{font-weight:700;min-width:9.5em}
.kl .a{font-weight:700;min-width:5em}
.kl .d{font-family:var(--jp-code-font-family,monospace);font-size:12px;color:var(--s);
overflow-wrap:anywhere;flex-basis:100%}
.kl .s{color:var(--s)}
""".replace("\n", "")


def draw_text(sessions: Sequence[Session]) -> str:
    """Draw who holds and who waits as a tree: whoever waits stands below the one it waits for."""
    if not sessions:
        return _EMPTY
    rows = [(f"{branch}{show(one.who)}", one) for branch, one in _tree(sessions)]
    name = max(len(label) for label, _ in rows)
    state = max(len(one.state) for one in sessions)
    lock = max(len(one.lock) for one in sessions)
    heads = [(f"{label:<{name}}  {one.state:<{state}}  {one.lock:<{lock}}  ", one) for label, one in rows]
    return "\n".join(
        (head + cut(show(one.statement), max(_SHORTEST, WIDTH - len(head)))).rstrip() for head, one in heads
    )


def draw_html(sessions: Sequence[Session], *, note: str = "") -> str:
    """Draw the same as boxes: solid for who holds, dashed and indented for who waits; all text is escaped.

    Args:
        sessions: each after those whom it waits for.
        note: HTML to put under the boxes.
    """
    boxes = _list(sessions, None) or f"<div class='s'>{_EMPTY}</div>"
    return f"<style>{_SHEET}</style><div class='kl'>{boxes}{note}</div>"


def _list(sessions: Sequence[Session], above: str | None) -> str:
    items = "".join(
        f"<div class='i' role='listitem'>{_box(one)}{_list(sessions, one.who)}</div>"
        for one in _below(sessions, above)
    )
    return f"<div role='list'{' class=q' if above is not None else ''}>{items}</div>" if items else ""


def _box(one: Session) -> str:
    return (
        f"<div class='{_CLASSES[one.state]}'><span class='n'>{escape(one.who)}</span>"
        f"<span class='a'>{one.state}</span> <span>{escape(one.lock)}</span>"
        f"<span class='d'>{escape(one.statement)}</span></div>"
    )


def _below(sessions: Sequence[Session], above: str | None) -> list[Session]:
    return [one for one in sessions if _parent(one, sessions) == above]


def _parent(one: Session, sessions: Sequence[Session]) -> str | None:
    """Return whom to draw it under: of those before it whom it waits for, the last; None for nobody."""
    before = sessions[: sessions.index(one)]  # in a deadlock the first one also waits for a later one
    return next((other.who for other in reversed(before) if other.who in one.behind), None)


def _tree(
    sessions: Sequence[Session], above: str | None = None, indent: str = ""
) -> Iterator[tuple[str, Session]]:
    here = _below(sessions, above)
    for one in here:
        last = one is here[-1]
        yield (indent + ("" if above is None else "└─ " if last else "├─ "), one)
        yield from _tree(sessions, one.who, indent + ("" if above is None else "   " if last else "│  "))


# Who holds which lock on a table, and who waits behind whom: frozen records, and what follows from them


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


# What was seen while a command ran on a table with traffic: its queues, and every answer


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
class Answer:
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
    answers: tuple[Answer, ...]

    @property
    def longest(self) -> Stretch:
        """The queue that stood for longest; an empty one if nobody ever was at the table."""
        found = [one for one in self.stretches if one.queue.sessions]
        return max(found, key=lambda one: one.seconds, default=Stretch(queue=Queue(), begin=0.0, end=0.0))

    @property
    def queue(self) -> Queue:
        """The picture of the whole: the queue that stood for longest."""
        return self.longest.queue

    def waits(self, who: str) -> bool:
        """Say whether "reader" or "writer" waits in that queue."""
        return _known(who) in self.queue.waiting

    def answered(self, who: str) -> int:
        """Count what "reader" or "writer" asked, and was answered, while that queue stood."""
        stood = self.longest
        return sum(stood.begin <= one.asked and one.answered <= stood.end for one in self._of(who))

    def usual(self, who: str) -> float:
        """Return the median of seconds that "reader" or "writer" waited for an answer before the command."""
        before = [one.took for one in self._of(who) if one.answered < self.began]
        return statistics.median(before) if before else 0.0

    def slowest(self, who: str) -> float:
        """Return the most seconds that "reader" or "writer" waited for an answer during the command."""
        return max((one.took for one in self._of(who) if one.answered >= self.began), default=0.0)

    def _of(self, who: str) -> tuple[Answer, ...]:
        name = _known(who)
        return tuple(one for one in self.answers if one.who == name)

    def _sessions(self) -> tuple[Session, ...]:
        """Return the queue, and after it those of the two whom it lets pass."""
        queue = self.queue.sessions
        passing = (
            Session(who=who, state="goes on", lock=lock, statement=statement)
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
        return f"$ {self.ran.command}\n\n{draw_text(self._sessions())}\n\n{self._verdict()}"

    def _repr_html_(self) -> str:
        """Show the same for a notebook."""
        note = f"<div><b>{self._verdict()}</b> <span class='s'>during {escape(self.ran.command)}</span></div>"
        return draw_html(self._sessions(), note=note)


def _known(who: str) -> str:
    if who not in _NAMES:
        raise BadInput(f"Nobody called {who!r} was watched.", remedy=f"Ask for one of: {', '.join(_NAMES)}.")
    return who
