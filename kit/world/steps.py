"""What a phase of the workflow is made of: steps, what each does, what should be true afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kit.names import CloneName
from kit.world.snapshot import Snapshot


@dataclass(frozen=True)
class Run:
    """A command that the learner types in a clone."""

    clone: CloneName
    text: str


@dataclass(frozen=True)
class Edit:
    """A file that the learner writes in a clone.

    Attributes:
        clone: where.
        path: the file, from the clone's top.
        source: the file of `kit/starter` that holds the text.
        append: put it at the end of the file, instead of replacing the file.
    """

    clone: CloneName
    path: str
    source: str
    append: bool = False

    @property
    def text(self) -> str:
        """What the journal calls it."""
        return f"edit {self.path}"


@dataclass(frozen=True)
class Advance:
    """Time that passes."""

    seconds: float

    @property
    def text(self) -> str:
        """What the journal calls it."""
        return f"wait {self.seconds:g} s"


@dataclass(frozen=True)
class Visit:
    """Visitors who come from now on; rate 0: no longer."""

    rate: float

    @property
    def text(self) -> str:
        """What the journal calls it."""
        return f"visitors {self.rate:g}/s"


@dataclass(frozen=True)
class OpenPage:
    """One document, opened by the learner on the dev server."""

    site: str

    @property
    def text(self) -> str:
        """What the journal calls it."""
        return f"open a document on {self.site}"


Action = Run | Edit | Advance | Visit | OpenPage


@dataclass(frozen=True)
class Predicate:
    """Something that should be true: the sentence that a learner reads, and the question."""

    says: str
    holds: Callable[[Snapshot], bool]


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        number: the workflow's own number; "4.2b" is the second command of 4.2.
        title: the workflow's heading, in our words.
        action: what is done.
        predicates: what should be true directly afterwards.
    """

    number: str
    title: str
    action: Action
    predicates: tuple[Predicate, ...] = ()


@dataclass(frozen=True)
class Phase:
    """One phase of the workflow.

    Attributes:
        number: 1 to 7.
        title: its heading.
        steps: in their order.
        done: whether a world has this phase behind it, however it got there.
    """

    number: int
    title: str
    steps: tuple[Step, ...]
    done: Callable[[Snapshot], bool]
