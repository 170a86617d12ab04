"""An exercise: a task, what must be true when it is done, three hints; the assessment is what one reads."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, LiteralString

from kit.draw import Markup, draw_element, draw_verdict
from kit.errors import UnclearAnswer
from kit.names import DatabaseName
from kit.timeline import CommandRan, Record, Timeline
from kit.world.snapshot import Snapshot
from kit.world.world import World

HINTS = 3
_SLEEP = re.compile(r"(?:^|[;&|(\s])sleep\s+(\d+(?:\.\d+)?)\b")
_WAITED = re.compile(r"wait (\S+) s")


@dataclass(frozen=True)
class Condition:
    """One thing that must be true for an exercise to be done.

    Attributes:
        says: what must be true, a sentence.
        met: whether it is.
        seen: where it is not, what was seen instead, in sentences; "" if there is nothing to add.
        final: whether it cannot come right any more, whatever is done from here.
    """

    says: str
    met: bool
    seen: str = ""
    final: bool = False


@dataclass(frozen=True)
class Attempt:
    """What the learner did: a world, and what they answered.

    Attributes:
        place: the world in which the exercise was done; None where it needs none.
        answer: the third argument of `exercise`; `...` or None where nothing was answered.
    """

    place: World | None
    answer: object = None

    @property
    def world(self) -> World:
        """The world in which it was done.

        Raises:
            UnclearAnswer: if none was given.
        """
        if self.place is None:
            raise UnclearAnswer(
                "there is no world to ask.",
                remedy='Name it, as in exercise(lab, "5a") or exercise(world, "5a").',
            )
        return self.place

    @cached_property
    def seen(self) -> Snapshot:
        """The world as it is now."""
        with self.world.engine.step():
            return self.world.engine.observe()

    def ask(self, database: DatabaseName, query: LiteralString, *values: object) -> tuple[Any, ...]:
        """Return the first row that a database answers, an empty one for none."""
        with self.world.engine.server.connect(database) as connection:
            return connection.execute(query, values or None).fetchone() or ()

    def ask_cloud(self, query: LiteralString) -> tuple[Any, ...]:
        """Return the first row that the cloud database answers, an empty one for none."""
        return self.ask("cloud", query)

    def steps(self, story: Timeline | None = None) -> Iterator[tuple[CommandRan, tuple[Record, ...]]]:
        """Go through what was done, each command with what happened from it on, until the next one.

        Args:
            story: of which part; None for all.
        """
        records = (self.seen.timeline if story is None else story).records
        places = [place for place, record in enumerate(records) if isinstance(record, CommandRan)]
        for place, end in itertools.pairwise([*places, len(records)]):
            if isinstance(command := records[place], CommandRan):
                yield command, records[place + 1 : end]

    @property
    def slept(self) -> str:
        """What to say to somebody who had the shell sleep; "" if the clock was moved since, or nobody did."""
        seconds = 0.0
        if self.world.engine.clock.name == "wall":
            return ""  # there, it does let time pass
        for ran in self.seen.timeline.only(CommandRan):
            if ran.clone == "world" and _WAITED.fullmatch(ran.command):
                seconds = 0.0
            elif ran.clone != "world":
                seconds += sum(float(found) for found in _SLEEP.findall(ran.command))
        if not seconds:
            return ""
        return (
            f"You slept {seconds:g} real seconds; the lab's clock has not moved: "
            f"type lab.advance({seconds:g}) instead."
        )


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """Something to do or to find out.

    Attributes:
        number: phase and letter: "2a".
        task: what the notebook asks, in one sentence.
        phase: the phase whose beginning it starts from; 8 is the end of the workflow.
        minutes: what a learner needs for it, by our estimate.
        check: what must be true, and whether it is; it looks and tries, and leaves the world as it is.
            It raises UnclearAnswer where there is no answer that could be judged.
        done: why a solution is right.
        hints: the first two; the third is the solution itself.
        solution: Python, in the names of the notebook: `lab` for a scratch world (or `world`), `answer` for
            what was found out.
        before: Python that the notebook runs in `lab` before the exercise, if any.
    """

    number: str
    task: str
    phase: int
    minutes: int
    check: Callable[[Attempt], Iterable[Condition]]
    done: str
    hints: tuple[str, str]
    solution: str
    before: str = ""

    def hint(self, number: int) -> str:
        """Return the first, second or third hint; the third is the solution."""
        if number < HINTS:
            return self.hints[number - 1]
        lines = self.solution.strip().splitlines()
        return lines[0] if len(lines) == 1 else "\n".join(["", *(f"  {line}" for line in lines)])

    @property
    def again(self) -> str:
        """How to begin it again, as the end of a sentence."""
        reset = f"lab.reset({self.phase})"
        return f"{reset}, and then the cell that sets exercise {self.number} up" if self.before else reset


@dataclass(frozen=True, kw_only=True, repr=False)
class Assessment:
    """Whether an exercise is done, and what it still lacks.

    Attributes:
        exercise: which one.
        conditions: what must be true, and whether it is; none where the answer could not be judged.
        unclear: what is to be said of an answer that could not be judged, "" if it could.
        hint: which hint was asked for; None for none.
    """

    exercise: Exercise
    conditions: tuple[Condition, ...] = ()
    unclear: str = ""
    hint: int | None = None

    @property
    def holds(self) -> bool:
        """Whether it is done."""
        return bool(self.conditions) and all(condition.met for condition in self.conditions)

    @property
    def head(self) -> str:
        """The verdict in a word or two, before what explains it."""
        return "Done:" if self.holds else "Not judged:" if self.unclear else "Not yet:"

    @property
    def remedy(self) -> str:
        """What to type where the state cannot come right any more; "" where it can, or is right."""
        if any(condition.final and not condition.met for condition in self.conditions):
            return f"From here it cannot come right any more. Begin again: {self.exercise.again}."
        return ""

    @property
    def next_hint(self) -> str:
        """How to get a hint, or one more; "" after the last, and where none is needed."""
        if self.holds or self.hint == HINTS:
            return ""
        which, number = ("a", 1) if self.hint is None else ("the next", self.hint + 1)
        return f"For {which} hint, add hint={number} to this call."

    def __repr__(self) -> str:
        """Say why it is right; or what holds, what does not and what was seen instead; the hint asked for."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield " ".join(filter(None, [self.head, self.exercise.done if self.holds else self.unclear]))
        for condition in self.conditions:
            yield f"{draw_mark(condition)} {condition.says}"
            if condition.seen and not condition.met:
                yield f"  {condition.seen}"
        if self.holds:
            return
        if self.remedy:
            yield self.remedy
        if self.hint is not None:
            yield f"Hint {self.hint} of {HINTS}: {self.exercise.hint(self.hint)}"
        if self.next_hint:
            yield self.next_hint

    def _repr_html_(self) -> str:
        """Show the same: each condition beside an edge, the solution as code."""
        head = draw_element("strong", f"{'✓' if self.holds else '○'} {self.head}")
        parts = [
            draw_element("p", head, f" {self.exercise.done if self.holds else self.unclear}", style=_LINE)
        ]
        for condition in self.conditions:
            says = [draw_element("strong", draw_mark(condition)), f" {condition.says}"]
            if condition.seen and not condition.met:
                says += [Markup("<br>"), condition.seen]
            parts.append(draw_verdict(*says, good=condition.met))
        if self.holds:
            return "".join(parts)
        if self.remedy:
            parts.append(draw_element("p", draw_element("strong", self.remedy), style=_LINE))
        if self.hint is not None:
            hint, count = self.exercise.hint(self.hint), f"Hint {self.hint} of {HINTS}: "
            code = draw_element("pre", hint.strip("\n"), style="white-space:pre-wrap")
            parts.append(draw_element("div", count, code if self.hint == HINTS else hint, style=_LINE))
        if self.next_hint:
            parts.append(draw_element("p", self.next_hint, style=_LINE))
        return "".join(parts)


_LINE = "margin:3px 0"


def draw_mark(condition: Condition) -> str:
    """Return the mark of a condition: whether it is met."""
    return "✓" if condition.met else "✗"
