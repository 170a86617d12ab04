from __future__ import annotations

import pytest

from kit.errors import UnclearAnswer
from kit.lesson.answer import read_choice, read_choices, read_number
from kit.process.shell import Ran

ORDERS = {"any": ("either",), "schema-first": ("schema",), "expand-contract": ("expand",)}
FORM = "Give one of these."


def printed(output: str) -> Ran:
    return Ran(command="psql", output=output, exit=0)


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        (88, 88),
        (88.0, 88),
        ("88", 88),
        (" 88 \n", 88),
        ("88 s", 88),
        ("88 seconds.", 88),
        ("answer = 88", 88),
        ("88,5", 88.5),
        ("-2", -2),
        ("Three", 3),
        ([88], 88),
        ({88}, 88),
        (printed(" count \n-------\n    88\n(1 row)\n"), 88),
        (printed("1\n"), 1),
    ],
)
def test_a_number_is_understood_however_it_is_given(answer: object, number: float) -> None:
    assert read_number(answer) == number


@pytest.mark.parametrize(
    "answer", ["eighty", "1 or 2", True, [1, 2], [], {}, object(), printed("abc"), printed("1\n2\n")]
)
def test_what_is_no_number_is_not_guessed(answer: object) -> None:
    with pytest.raises(UnclearAnswer, match="not understood") as raised:
        read_number(answer, "Give seconds.")

    assert raised.value.remedy == "Give seconds."


@pytest.mark.parametrize("answer", [None, ..., "", " ", "...", "…"])
def test_three_dots_are_no_answer_yet(answer: object) -> None:
    with pytest.raises(UnclearAnswer, match="there is no answer yet"):
        read_number(answer)
    with pytest.raises(UnclearAnswer, match="there is no answer yet"):
        read_choice(answer, ORDERS, FORM)


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("any", "any"),
        ("Any order!", "any"),
        ("EITHER", "any"),
        ("schema-first", "schema-first"),
        ("Schema first", "schema-first"),
        ("  schema_first. ", "schema-first"),
        ("Expand and contract", "expand-contract"),
        ("expand/contract", "expand-contract"),
        (["any"], "any"),
    ],
)
def test_a_choice_is_understood_whatever_its_case_and_its_hyphens(answer: object, choice: str) -> None:
    assert read_choice(answer, ORDERS, FORM) == choice


@pytest.mark.parametrize("answer", ["none of them", "any, or schema first", 3, ["any", "schema"], {}])
def test_what_is_none_of_the_choices_or_two_is_not_guessed(answer: object) -> None:
    with pytest.raises(UnclearAnswer, match="not understood"):
        read_choice(answer, ORDERS, FORM)


def test_several_choices_are_understood_one_by_one() -> None:
    given = {"a": "Schema first", " B ": "either"}

    assert read_choices(given, ["A", "B"], ORDERS, FORM) == {"A": "schema-first", "B": "any"}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"A": "any"}, "no answer yet for B"),
        ({"A": "any", "B": ...}, "no answer yet for B"),
        ({"A": "any", "B": "what"}, "'what' is not understood"),
        ({"A": "any", "B": "any", "C": "any"}, "not understood"),
        ("any", "not understood"),
    ],
)
def test_of_several_the_one_that_is_missing_or_unclear_is_named(answer: object, words: str) -> None:
    with pytest.raises(UnclearAnswer, match=words):
        read_choices(answer, ["A", "B"], ORDERS, FORM)


def test_what_cannot_be_shown_is_named_by_its_kind() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    for answer in (Odd(), "x" * 1000):
        with pytest.raises(UnclearAnswer) as raised:
            read_number(answer)
        assert len(raised.value.message) < 100
