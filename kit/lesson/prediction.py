"""A prediction: a question that is answered before a run, and judged by what the run measures."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kit.draw import draw_element, draw_paragraph, draw_verdict, format_line
from kit.errors import BadInput, UnusableFolder
from kit.lesson.questions import Question, Value
from kit.world.home import recall, remember

_KIND = "predicted"
_AS_TEXT = (
    "white-space:pre-wrap;margin:0 0 8px;padding:0;font-size:13px"  # as a cell shows what has no picture
)
_KEY = re.compile(r"(\d+)\.(\d+)([a-z]?)")
_LATE = "That was measured before you answered, so the answer does not count."
_TOO_LATE = "This has been measured: an answer counts no more."
_measured: set[tuple[str, str]] = set()
"""Key and question of what was measured in this process: whoever answers only then has seen it."""


@dataclass(frozen=True, kw_only=True)
class Believed:
    """What the progress file says of a prediction.

    Attributes:
        key: its number: "5.3".
        question: its text.
        answer: the first that was committed, as JSON; None for none.
        said: the same in words, "" for none.
        measured: what was measured last, as JSON; None as long as nothing was.
        was: the same in words.
        right: whether they agree; None if either is missing.
    """

    key: str
    question: str
    answer: Any = None
    said: str = ""
    measured: Any = None
    was: str = ""
    right: bool | None = None

    @property
    def notebook(self) -> str:
        """The number of the notebook that asks it: "05"."""
        return self.key.partition(".")[0].zfill(2)

    @property
    def both(self) -> str:
        """What was said beside what was measured: "said 70 views, was 60 views"."""
        said = f"said {self.said}" if self.said else "not predicted"
        return f"{said}, {f'was {self.was}' if self.was else 'not measured yet'}"

    @property
    def mark(self) -> str:
        """A tick, a cross, or a dash for what was not both answered and measured."""
        return {True: "✓", False: "✗", None: "-"}[self.right]


def find_believed() -> tuple[Believed, ...]:
    """Return each prediction that was answered or measured, in the order of their keys.

    Raises:
        UnusableFolder: if the progress file cannot be read.
    """
    found: dict[str, Believed] = {}
    for entry in recall(_KIND):
        believed = _read_believed(entry)
        if believed is not None:
            found[believed.key] = believed
    return tuple(sorted(found.values(), key=lambda believed: _place(believed.key)))


class _State(NamedTuple):
    """How far a prediction is.

    Attributes:
        said: the answer that counts, None for none.
        late: the answer that came after the measurement, None for none.
        was: what was measured, None for nothing yet.
    """

    said: Value | None = None
    late: Value | None = None
    was: Value | None = None


class Prediction:
    """A question about a run that is still to come.

    What is answered can be answered again, until the run is measured; then the answer stays, also
    if all is run once more.

    Args:
        key: the number of the step: "5.3"; it begins with the notebook's number.
        question: what is asked.
        answer: what the learner says, where there are no widgets; None or `...` for nothing.

    Raises:
        BadInput: if the key begins with no number.
    """

    def __init__(self, key: str, question: Question, answer: object = None) -> None:
        """Look what was answered before; one that is unclear is told, not raised."""
        _place(key)
        self.key = key
        self.question = question
        # JupyterLab may hand an answer over in the middle of the cell that measures.
        self._changing = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        self._problem = ""
        self._answered = answer is not None and answer is not ...
        self._state = self._restore()
        if self._answered:
            with contextlib.suppress(BadInput):  # its words are kept, and shown
                self.commit(answer)

    def __repr__(self) -> str:
        """Ask in text; the same for everybody, unless the call itself has an answer."""
        asked = f"Predict: {self.question.text}\n{self.question.form()}"
        if self._problem:
            return f"{asked}\nNot understood: {self._problem}"
        if self._answered:
            return f"{asked}\n{self.note}"
        return f"{asked}\nAnswer in JupyterLab, or here: add answer=… to this call."

    @property
    def value(self) -> Value | None:
        """What was answered, None for nothing."""
        return self._state.said if self._state.said is not None else self._state.late

    @property
    def fixed(self) -> bool:
        """Whether the answer stays as it is: it counts, and was judged."""
        return self._state.said is not None and self._state.was is not None

    @property
    def right(self) -> bool | None:
        """Whether the answer was right, None as long as it was not judged."""
        said, was = self._state.said, self._state.was
        return None if said is None or was is None else self.question.is_right(said, was)

    @property
    def note(self) -> str:
        """How it stands, in a sentence or two."""
        said, late, was = self._state
        if self._problem:
            return f"Not understood: {self._problem}"
        if said is not None and was is not None:
            return f"{self.question.compare(said, was)} Your first answer stays."
        if said is not None:
            return f"You say: {self.question.format(said)}. You may change it until the run judges it."
        if was is not None or self._is_measured:
            known = f" {self.question.tell(was)}" if was is not None else ""
            return f"{_LATE if late is not None else _TOO_LATE}{known}"
        return ""

    def listen(self, listener: Callable[[], None]) -> None:
        """Have something called whenever this changes."""
        self._listeners.append(listener)

    def commit(self, answer: object) -> None:
        """Take an answer; one after the measurement does not count.

        Raises:
            BadInput: if it is not clear what it means; the former one stays.
        """
        with self._changing:
            was = self._state.was
            try:
                read = self.question.read(answer)
            except BadInput as error:
                self._problem = f"{error.message} {error.remedy}"
                self._tell()
                raise
            self._problem = ""
            if was is None and not self._is_measured:
                self._state = _State(said=read)
                self._keep()
            elif not self.fixed:  # of one that is, the note says that the first answer stays
                self._state = _State(late=read, was=was)
            self._tell()

    def was(self, value: object, *, after: object = None) -> Judgement:
        """Judge the answer by what a run has measured.

        Args:
            value: what was measured: a number, the text of an option (True and False: "yes" and "no"),
                options that hold, or pairs of a row and a column.
            after: the run itself, to be shown above the judgement.

        Raises:
            BadInput: if the question asks for something of another kind.
        """
        with self._changing:
            said, late, _ = self._state
            measured = self.question.measure(value)
            self._state = _State(said=said, late=late, was=measured)
            self._problem = ""
            _measured.add((self.key, self.question.text))
            self._keep()
            self._tell()
            if said is not None:
                return Judgement(self.right, self.question.compare(said, measured), after)
            if late is not None:
                return Judgement(None, f"{_LATE} {self.question.tell(measured)}", after)
            return Judgement(None, f"Not predicted. {self.question.tell(measured)}", after)

    @property
    def _is_measured(self) -> bool:
        return (self.key, self.question.text) in _measured

    def _restore(self) -> _State:
        """Return what the progress file says of this very question."""
        believed: tuple[Believed, ...] = ()
        with contextlib.suppress(UnusableFolder):
            believed = find_believed()
        for each in believed:
            if (each.key, each.question) == (self.key, self.question.text) and each.answer is not None:
                with contextlib.suppress(BadInput):  # of another version of the question
                    was = None if each.measured is None else self.question.measure(each.measured)
                    return _State(said=self.question.read(each.answer), was=was)
        return _State()

    def _keep(self) -> None:
        said, _, was = self._state
        facts = {
            "key": self.key,
            "question": self.question.text,
            "answer": said,
            "said": "" if said is None else self.question.format(said),
            "measured": was,
            "was": "" if was is None else self.question.format(was),
            "right": self.right,
        }
        # The learner is to go on, even where no file can be written: the disk may be full.
        with contextlib.suppress(UnusableFolder):
            remember(_KIND, facts)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


@dataclass(frozen=True, repr=False)
class Judgement:
    """What was predicted beside what was measured.

    Attributes:
        right: whether they agree; None where there is no answer that counts.
        text: both, in words.
        after: what is shown above it, None for nothing.
    """

    right: bool | None
    text: str
    after: object = field(default=None, compare=False)

    def __repr__(self) -> str:
        """Say what was believed, and what was."""
        mark = {True: "✓ ", False: "✗ ", None: ""}[self.right]
        shown = [] if self.after is None else [repr(self.after).rstrip("\n"), ""]
        return "\n".join([*shown, f"{mark}{self.text}"])

    def _repr_html_(self) -> str:
        """Show the same, beside an edge."""
        if self.right is None:
            verdict = draw_paragraph(self.text)
        else:
            mark = draw_element("strong", "✓ Right." if self.right else "✗ Not so.")
            verdict = draw_verdict(mark, f" {self.text}", good=self.right)
        return self._draw_after() + verdict

    def _draw_after(self) -> str:
        if self.after is None:
            return ""
        draw = getattr(self.after, "_repr_html_", None)
        return draw() if draw else draw_element("pre", repr(self.after), style=_AS_TEXT)


def _read_believed(entry: Mapping[str, Any]) -> Believed | None:
    """Return what an entry of the progress file says; None for another version's, or one of nobody's."""
    key, right = entry.get("key"), entry.get("right")
    words = [entry.get(name) for name in ("question", "said", "was")]
    if not isinstance(key, str) or not _KEY.fullmatch(key) or not isinstance(right, bool | None):
        return None
    if not all(isinstance(text, str) for text in words):
        return None
    question, said, was = (format_line(str(text)) for text in words)  # of a file that anybody may write
    facts = {name: entry.get(name) for name in ("answer", "measured")}
    return Believed(key=key, question=question, said=said, was=was, right=right, **facts)


def _place(key: str) -> tuple[int, int, str]:
    """Return where a prediction stands among all.

    Raises:
        BadInput: if its key is none.
    """
    found = _KEY.fullmatch(key)
    if not found:
        raise BadInput(
            f"{key!r} is no number of a prediction.", remedy='Number it by notebook and step, such as "5.3".'
        )
    return int(found[1]), int(found[2]), found[3]
