"""What was seen while a command ran on a table with traffic: its queues, and every answer."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from html import escape
from typing import LiteralString

from kit.errors import BadInput
from kit.experiments.lock_picture import draw_html, draw_text
from kit.experiments.queue import READER, WRITER, Queue
from kit.experiments.session import Session
from kit.process.shell import Ran
from kit.review.locks import Lock

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
