"""What was seen while a command ran on a table with traffic: its queues, and every answer."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from html import escape

from kit.errors import BadInput
from kit.locks.queue import READER, WRITER, Queue
from kit.shell import Ran

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

    def _verdicts(self) -> list[tuple[str, str]]:
        return [(name, "wait" if self.waits(who) else "go on") for who, name in _NAMES.items()]

    def __repr__(self) -> str:
        """Show the command, the queue that stood for longest, and what that means for readers and writers."""
        exit_code = f"\n[exit code {self.ran.exit}]" if self.ran.exit else ""
        verdicts = "\n".join(f"{name + ':':<8}{verdict}" for name, verdict in self._verdicts())
        return f"$ {self.ran.command}{exit_code}\n\n{self.queue!r}\n\n{verdicts}"

    def _repr_html_(self) -> str:
        """Show the same for a notebook."""
        exit_code = f" <span class='n'>exit code {self.ran.exit}</span>" if self.ran.exit else ""
        verdicts = " · ".join(f"{name} <b>{verdict}</b>" for name, verdict in self._verdicts())
        return (
            f"{self.queue._repr_html_()}<div class='kl'><p><span class='n'>during</span> "
            f"<kbd>{escape(self.ran.command)}</kbd>{exit_code}: {verdicts}</p></div>"
        )


def _known(who: str) -> str:
    if who not in _NAMES:
        raise BadInput(f"Nobody called {who!r} was watched.", remedy=f"Ask for one of: {', '.join(_NAMES)}.")
    return who
