"""What a prediction may be about: a number, one thing of a few, several of them, places of a grid.

A question reads what somebody types, generously, and what a run has measured, strictly.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kit.draw import format_columns
from kit.errors import BadInput

Value = float | str | tuple[str, ...]
"""An answer, or what was measured: of a number, of a choice, of several marks."""
TENTH = 0.1
_SHARES = {0.05: "a twentieth", TENTH: "a tenth", 0.2: "a fifth", 0.25: "a quarter", 0.5: "half"}
_NUMBER = re.compile(r"(?<![\w.,])[-+]?\d+(?:[ ,'_\u00a0]\d{3})*(?:[.,]\d+)?")
_FEWEST = 2  # options
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_EXTENTS = dict.fromkeys(("ms", "s", "seconds", "min", "minutes"), ("long", "short"))
_NONE = {"none", "no", "nothing", "neither", "nobody", "never", "none of them"}
_ALL = {"all", "both", "everything", "all of them", "both of them"}


@dataclass(frozen=True)
class Question(ABC):
    """Something to predict.

    Attributes:
        text: the question itself.
    """

    text: str

    @abstractmethod
    def read(self, answer: object) -> Value:
        """Return what an answer means.

        Args:
            answer: typed by a person, or sent by the panel.

        Raises:
            BadInput: if that is not clear; it says what form is.
        """

    @abstractmethod
    def measure(self, value: object) -> Value:
        """Return what a run has measured, in the question's own terms.

        Raises:
            BadInput: if it is of another kind than the question.
        """

    def is_right(self, said: Value, was: Value) -> bool:
        """Whether an answer agrees with what was measured."""
        return said == was

    @abstractmethod
    def format(self, value: Value) -> str:
        """Return a value in words: "60 views"."""

    @abstractmethod
    def compare(self, said: Value, was: Value) -> str:
        """Return what was said and what was, in a sentence or two."""

    def tell(self, was: Value) -> str:
        """Return what was measured, in a sentence."""
        return f"It was: {self.format(was)}."

    @abstractmethod
    def form(self) -> str:
        """Return what an answer looks like, to be read where there are no widgets."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Return what a page needs to ask it."""


@dataclass(frozen=True)
class NumberQuestion(Question):
    """How many, how much, how long.

    Attributes:
        unit: what is counted, "" for nothing.
        within: the share of what was measured by which an answer may miss and still be right.
    """

    unit: str = ""
    within: float = TENTH

    def read(self, answer: object) -> float:
        """Return the one number that is in an answer: 60, "60 views", "~60", "none"."""
        if isinstance(answer, int | float) and not isinstance(answer, bool) and math.isfinite(answer):
            return float(answer)
        text = str(answer).strip().casefold().replace("\u2212", "-")
        found = _NUMBER.findall(text)
        if len(found) == 1:
            return _read_number(found[0])
        words = [word for word in re.findall(r"[a-z]+", text) if word in {*_WORDS, *_NONE}]
        if not found and len(words) == 1:
            return float(_WORDS.index(words[0])) if words[0] in _WORDS else 0.0
        problem = "holds more than one number" if found else "holds no number"
        raise BadInput(f"{text[:40]!r} {problem}.", remedy="Answer with one number in digits, such as 12.")

    def measure(self, value: object) -> float:
        """Return the number."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise BadInput(
                f"{value!r} is no number, and the question asks for one.", remedy="Measure a number."
            )
        return float(value)

    def is_right(self, said: Value, was: Value) -> bool:
        """Whether it misses by no more than the share that is allowed."""
        # A millionth for what floats lose: 54 is within a tenth of 60.
        return abs(_float(said) - _float(was)) <= abs(_float(was)) * (self.within + 1e-6)

    def format(self, value: Value) -> str:
        """Return the number with its unit."""
        number = _format_number(_float(value))
        unit = _singular(self.unit) if number == "1" else self.unit
        return f"{number} {unit}".rstrip()

    def tell(self, was: Value) -> str:
        """Return it without a colon."""
        return f"It was {self.format(was)}."

    def compare(self, said: Value, was: Value) -> str:
        """Return both, and how far apart they are."""
        start = f"You said {self.format(said)}"
        if said == was:
            return f"{start}, and so it was."
        both = f"{start}; it was {self.format(was)}"
        if self.is_right(said, was):
            return f"{both}: within {format_share(self.within)}."
        difference = _float(said) - _float(was)
        over, under = _EXTENTS.get(
            self.unit, ("many", "few") if self.unit.endswith("s") else ("much", "little")
        )
        far = f"{self.format(abs(difference))} too {over if difference > 0 else under}"
        return f"{both}: {far}."

    def form(self) -> str:
        """Return the unit and the tolerance."""
        return f"A number{f' of {self.unit}' if self.unit else ''}; {self.tolerance} is right."

    @property
    def tolerance(self) -> str:
        """What counts as right."""
        return f"within {format_share(self.within)}" if self.within else "only the exact one"

    def facts(self) -> dict[str, Any]:
        """Return them."""
        rule = f"({self.tolerance} is right)"
        return {"kind": "number", "text": self.text, "unit": self.unit, "rule": rule}


@dataclass(frozen=True)
class ChoiceQuestion(Question):
    """Which one of a few.

    Attributes:
        options: from which one chooses.
    """

    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make sure that there is something to choose from."""
        _require_several(self.options)

    def read(self, answer: object) -> str:
        """Return the option that is meant: by its text, its place in the list, its beginning or a word."""
        return _choose(answer, self.options)

    def measure(self, value: object) -> str:
        """Return the option of this text, or the text that none of the options has; True is "yes"."""
        if isinstance(value, bool):
            value = "yes" if value else "no"
            if value not in map(_plain, self.options):
                raise BadInput(
                    f"The run says {value}, and the options are: {', '.join(self.options)}.",
                    remedy="Measure the text of an option.",
                )
        same = (option for option in self.options if _plain(option) == _plain(str(value)))
        return next(same, str(value))

    def format(self, value: Value) -> str:
        """Return the option; or what was measured, though no option says so."""
        return str(value) if value in self.options else f"{value} (none of the options)"

    def compare(self, said: Value, was: Value) -> str:
        """Return both."""
        if said == was:
            return f"You said: {said}, and so it was."
        return f"You said: {said}. It was: {self.format(was)}."

    def form(self) -> str:
        """Return the options, numbered."""
        return "\n".join(f"{number}. {option}" for number, option in enumerate(self.options, 1))

    def facts(self) -> dict[str, Any]:
        """Return them."""
        return {"kind": "choice", "text": self.text, "options": list(self.options)}


@dataclass(frozen=True)
class MarksQuestion(Question):
    """Which of several, maybe none, maybe all; in a list, or in a grid.

    Attributes:
        options: what may be marked; of a grid: "row + column", row by row.
        rows: of the grid, () for a list.
        columns: of the grid, () for a list.
    """

    options: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make sure that there is something to choose from."""
        _require_several(self.options)

    @classmethod
    def of_grid(cls, text: str, rows: Sequence[str], columns: Sequence[str]) -> MarksQuestion:
        """Return the question which places of a grid are to be marked."""
        places = tuple(_join(row, column) for row in rows for column in columns)
        return cls(text, places, tuple(rows), tuple(columns))

    def read(self, answer: object) -> tuple[str, ...]:
        """Return the marked options in their order, of a text with `;`, or of a collection."""
        if isinstance(answer, str):
            if _plain(answer) in _NONE | {""}:
                return ()
            if _plain(answer) in _ALL:
                return self.options
            cut = r";|\n" if self.rows else r";|\n|,|\band\b"
            return self._order(self._place(part) for part in re.split(cut, answer) if part.strip())
        return self._order(self._place(part) for part in _members(answer))

    def measure(self, value: object) -> tuple[str, ...]:
        """Return the same of what a run has measured: options, pairs of row and column, or a mapping."""
        if not isinstance(value, Iterable):
            raise BadInput(f"{value!r} marks nothing.", remedy=f"Measure some of: {'; '.join(self.options)}.")
        return self.read(value)

    def format(self, value: Value) -> str:
        """Return all that is marked."""
        return "; ".join(value) if isinstance(value, tuple) and value else "none of them"

    def compare(self, said: Value, was: Value) -> str:
        """Return both, and how many places agree."""
        if said == was:
            return f"You said: {self.format(said)}, and so it was."
        both = f"You said: {self.format(said)}. It was: {self.format(was)}."
        agree = sum((option in _marks(said)) == (option in _marks(was)) for option in self.options)
        return f"{both} {agree} of {len(self.options)} agree."

    def form(self) -> str:
        """Return the options; several may be right."""
        if self.rows:
            boxes = ["[ ]"] * len(self.columns)
            grid = format_columns([("", *self.columns), *((row, *boxes) for row in self.rows)])
            return f"{grid}\nSome of them, none or all."
        lines = (f"{number}. {option}" for number, option in enumerate(self.options, 1))
        return "\n".join([*lines, "Some of them, none or all."])

    def facts(self) -> dict[str, Any]:
        """Return them."""
        return {
            "kind": "grid" if self.rows else "several",
            "text": self.text,
            "options": list(self.options),
            "rows": list(self.rows),
            "columns": list(self.columns),
        }

    def _order(self, marked: Iterable[str]) -> tuple[str, ...]:
        wanted = set(marked)
        return tuple(option for option in self.options if option in wanted)

    def _place(self, part: object) -> str:
        """Return the option that a part of an answer names."""
        if not self.rows:
            return _choose(part, self.options)
        words = " ".join(map(str, part)) if isinstance(part, tuple | list) else str(part)
        named = [
            _join(row, column)
            for row in self.rows
            for column in self.columns
            if _plain(row) in _plain(words) and _plain(column) in _plain(words)
        ]
        if len(named) != 1:
            example = f"{self.rows[-1]}, {self.columns[0]}"
            raise BadInput(
                f"{words[:60]!r} does not name one row and one column.",
                remedy=f'Name both, with a semicolon between two places: "{example}"; or "none".',
            )
        return named[0]


def format_share(share: float) -> str:
    """Return a share in words: "a tenth"."""
    return _SHARES.get(share, f"{share * 100:.3g} %")


def _require_several(options: tuple[str, ...]) -> None:
    """Raise BadInput unless there are two options or more, each once."""
    if len(set(map(_plain, options))) != len(options) or len(options) < _FEWEST:
        raise BadInput(
            "There is too little to choose from.",
            looked=options,
            remedy="Give two options or more, each once; a grid needs rows and columns.",
        )


def _choose(answer: object, options: Sequence[str]) -> str:
    """Return the option that is meant.

    Raises:
        BadInput: if none or several may be.
    """
    said = _plain("yes" if answer is True else "no" if answer is False else str(answer))
    plain = {option: _plain(option) for option in options}
    exact = [option for option in options if plain[option] == said]
    if exact:
        return exact[0]
    place = re.fullmatch(r"(\d+)", said)
    numbered = options[int(said) - 1 : int(said)] if place and said != "0" else ()
    begun = [option for option in options if said and plain[option].startswith(said)]
    meant = list(dict.fromkeys([*numbered, *begun]))
    if not meant and said:
        meant = [option for option in options if re.search(rf"\b{re.escape(said)}\b", plain[option])]
    if not meant:
        meant = [option for option in options if re.search(rf"\b{re.escape(plain[option])}\b", said)]
    if len(meant) == 1:
        return meant[0]
    problem = "may mean " + " or ".join(map(repr, meant)) if meant else "is none of the options"
    raise BadInput(f"{str(answer)[:40]!r} {problem}.", remedy=f"Answer with one of: {'; '.join(options)}.")


def _plain(text: str) -> str:
    """Return a text without case, quotes, punctuation around it, and doubled spaces."""
    return re.sub(r"^\W+|\W+$", "", " ".join(text.casefold().split()))


def _join(row: str, column: str) -> str:
    return f"{row} + {column}"


def _members(answer: object) -> Iterable[object]:
    if isinstance(answer, Mapping):
        return [key for key, marked in answer.items() if marked]
    if isinstance(answer, Iterable):
        return list(answer)
    return [answer]


def _marks(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _float(value: Value) -> float:
    return value if isinstance(value, float) else float(str(value))


def _read_number(text: str) -> float:
    """Return a number, whether a comma in it parts thousands or begins the decimals."""
    text = re.sub(r"(?<=\d)[ ,'_\u00a0](?=\d{3}(?!\d))", "", text)
    return float(text.replace(",", "."))


def _format_number(number: float) -> str:
    return f"{number:.0f}" if number == round(number) else f"{number:.2f}".rstrip("0")


def _singular(unit: str) -> str:
    if unit in ("s", "ms") or not unit.endswith("s"):
        return unit
    return f"{unit[:-3]}y" if unit.endswith("ies") else unit.removesuffix("s")
