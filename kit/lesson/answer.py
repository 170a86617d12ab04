"""What a learner answered, understood generously: a number, or one of the words that were to choose from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from kit.errors import UnclearAnswer
from kit.process.shell import Ran

_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
_NUMBER = re.compile(r"[a-z =:]*?([+-]?\d+(?:[.,]\d+)?)\s*\.?\s*([a-z]*)\.?")
"""What stands around the number may say what it counts: "answer = 3", "88 s", "1 commit"."""


def require_answer(answer: object, form: str) -> object:
    """Return what was answered.

    Args:
        answer: the third argument of `exercise`.
        form: what is expected, as the end of a sentence: "Give a number, such as answer = 3."

    Raises:
        UnclearAnswer: if it still is `...`, None or nothing but dots and spaces.
    """
    if answer is None or answer is ... or (isinstance(answer, str) and not answer.strip(" .…\n\t")):
        raise UnclearAnswer("there is no answer yet.", remedy=form)
    return answer


def read_number(answer: object, form: str = "Give a number, such as answer = 3.") -> float:
    """Return the number that was answered: as one, in words, with what it counts, or as a command's output.

    Args:
        answer: the third argument of `exercise`.
        form: what is expected.

    Raises:
        UnclearAnswer: if there is none.
    """
    found = set(_find_numbers(require_answer(answer, form)))
    if len(found) == 1:
        return found.pop()
    raise _not_understood(answer, form)


def read_choice(answer: object, choices: Mapping[str, Sequence[str]], form: str) -> str:
    """Return which of several words was answered, whatever its case, its hyphens, and what stands around it.

    Args:
        answer: the third argument of `exercise`.
        choices: what there is to choose from, each with other words for the same.
        form: what is expected.

    Raises:
        UnclearAnswer: if it is none of them, or more than one.
    """
    (given,) = _take_out(require_answer(answer, form), form)
    words = _simplify(given)
    named = {name: {_simplify(text) for text in (name, *others)} for name, others in choices.items()}
    exact = [name for name, texts in named.items() if words in texts]
    inside = [name for name, texts in named.items() if any(f" {text} " in f" {words} " for text in texts)]
    for found in (exact, inside):
        if len(found) == 1:
            return found[0]
    raise _not_understood(answer, form)


def read_choices(
    answer: object, keys: Sequence[str], choices: Mapping[str, Sequence[str]], form: str
) -> dict[str, str]:
    """Return the choice that was made for each of several questions.

    Args:
        answer: a dictionary from question to choice.
        keys: the questions.
        choices: what there is to choose from, each with other words for the same.
        form: what is expected.

    Raises:
        UnclearAnswer: if a question has no answer, or one that is none of the choices.
    """
    given = require_answer(answer, form)
    if not isinstance(given, Mapping):
        raise _not_understood(answer, form)
    answers = {_simplify(str(key)): value for key, value in given.items()}
    unknown = set(answers) - {_simplify(key) for key in keys}
    missing = [key for key in keys if _simplify(key) not in answers]
    if unknown:
        raise _not_understood(answer, form)
    if missing or any(value is None or value is ... for value in answers.values()):
        still = missing or [key for key in keys if answers[_simplify(key)] in (None, ...)]
        raise UnclearAnswer(f"there is no answer yet for {', '.join(still)}.", remedy=form)
    return {key: read_choice(answers[_simplify(key)], choices, form) for key in keys}


def _find_numbers(given: object) -> Iterator[float]:
    if isinstance(given, Ran):
        # psql draws a table around a number; of a command's lines, one may be nothing but a number.
        for line in given.output.splitlines():
            if re.fullmatch(r"\s*\d+\s*", line):
                yield float(line)
    elif isinstance(given, str):
        text = given.casefold().strip(" \t\n\"'`.")
        if text in _WORDS:
            yield float(_WORDS.index(text))
        elif found := _NUMBER.fullmatch(text):
            yield float(found[1].replace(",", "."))
    elif isinstance(given, list | tuple | set | frozenset):
        for part in given:
            yield from _find_numbers(part)
    elif not isinstance(given, bool | Mapping) and hasattr(given, "__float__"):
        yield float(given)


def _take_out(given: object, form: str) -> tuple[str]:
    """Return the one text that was given, which may stand in a list or a set."""
    if isinstance(given, list | tuple | set | frozenset) and len(given) == 1:
        (given,) = given
    if not isinstance(given, str):
        raise _not_understood(given, form)
    return (given,)


def _simplify(text: str) -> str:
    words = re.sub(r"[\W_]+", " ", text.casefold()).split()
    return " ".join(word for word in words if word != "and")


def _not_understood(answer: object, form: str) -> UnclearAnswer:
    try:
        shown = repr(answer)
    except Exception:  # noqa: BLE001 - whatever a learner's own class does
        shown = type(answer).__name__
    if len(shown) > _MOST_SHOWN or "\n" in shown:
        shown = f"what was given, of the kind {type(answer).__name__},"
    return UnclearAnswer(f"{shown} is not understood.", remedy=form)


_MOST_SHOWN = 60
