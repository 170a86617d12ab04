from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import BadInput
from kit.lesson.questions import ChoiceQuestion, MarksQuestion, NumberQuestion, Question, format_share

VIEWS = NumberQuestion("How many views are lost?", "views")
SECONDS = NumberQuestion("For how long?", "s")
SAYS = ChoiceQuestion("What will it say?", ("an error", "nothing to do", "it applies 071"))
PLACES = MarksQuestion("Where is it?", ("a file", "the local history", "the cloud's history"))
PAIRS = MarksQuestion.of_grid("Which break?", ("old code", "new code"), ("old schema", "new schema"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (60, 60),
        (2.5, 2.5),
        ("60", 60),
        (" 60 Views ", 60),
        ("~60", 60),
        ("about 60, I think", 60),
        ("60.", 60),
        ("1,080", 1080),
        ("1 080 views", 1080),
        ("12,345,678", 12345678),
        ("3,5 s", 3.5),
        ("3.50", 3.5),
        ("27s", 27),
        ("-4", -4),
        ("\u22124", -4),
        ("none", 0),
        ("Nobody!", 0),
        ("three", 3),
    ],
)
def test_a_number_is_read_as_people_type_it(typed: object, meant: float) -> None:
    assert VIEWS.read(typed) == meant


@pytest.mark.parametrize(
    "typed", ["", "many", "60-70", "60 or 70", "three or four", True, math.nan, math.inf, []]
)
def test_what_is_no_number_is_answered(typed: object) -> None:
    with pytest.raises(BadInput, match="number") as caught:
        VIEWS.read(typed)
    assert "one number in digits" in caught.value.remedy


@pytest.mark.parametrize(
    ("said", "was", "right"),
    [
        (60, 60, True),
        (66, 60, True),
        (54, 60, True),
        (67, 60, False),
        (53, 60, False),
        (0, 0, True),
        (1, 0, False),
    ],
)
def test_a_number_is_right_within_a_tenth_of_what_was_measured(said: float, was: float, right: bool) -> None:  # noqa: FBT001 - a table
    assert VIEWS.is_right(float(said), float(was)) is right


@given(st.integers(1, 10**6), st.fractions(0, Fraction(1, 10)), st.sampled_from([-1, 1]))
def test_the_edge_itself_is_right(was: int, share: Fraction, side: int) -> None:
    assert VIEWS.is_right(float(was + side * share * was), float(was))


def test_it_says_how_far_one_was() -> None:
    assert VIEWS.compare(60.0, 60.0) == "You said 60 views, and so it was."
    assert VIEWS.compare(62.0, 60.0) == "You said 62 views; it was 60 views: within a tenth."
    assert VIEWS.compare(70.0, 60.0) == "You said 70 views; it was 60 views: 10 views too many."
    assert VIEWS.compare(1.0, 2.0) == "You said 1 view; it was 2 views: 1 view too few."
    assert SECONDS.compare(3.25, 27.0) == "You said 3.25 s; it was 27 s: 23.75 s too short."
    assert NumberQuestion("How far?").compare(3.0, 2.0) == "You said 3; it was 2: 1 too much."


def test_the_tolerance_is_said() -> None:
    assert VIEWS.form() == "A number of views; within a tenth is right."
    assert (
        NumberQuestion("How many files?", "files", 0).form()
        == "A number of files; only the exact one is right."
    )
    assert NumberQuestion("How many?", within=0.3).form() == "A number; within 30 % is right."
    assert format_share(1 / 3) == "33.3 %"


@pytest.mark.parametrize(
    "typed",
    [
        "nothing to do",
        "Nothing to do.",
        " nothing ",
        '"nothing"',
        "n",
        "2",
        "2.",
        "do",
        "I think nothing to do",
    ],
)
def test_a_choice_is_read_as_people_type_it(typed: str) -> None:
    assert SAYS.read(typed) == "nothing to do"


def test_a_number_that_is_an_option_is_that_option() -> None:
    status = ChoiceQuestion("Which status?", ("500", "200", "404"))
    assert [status.read(typed) for typed in (200, "200", "2", "4", "3")] == [
        "200",
        "200",
        "200",
        "404",
        "404",
    ]


def test_yes_and_no_are_truth_and_the_first_letter() -> None:
    question = ChoiceQuestion("Will it?", ("Yes", "No"))
    assert [question.read(typed) for typed in (True, False, "y", "N")] == ["Yes", "No", "Yes", "No"]
    assert (question.measure(True), question.measure(False)) == ("Yes", "No")  # noqa: FBT003 - what a run says


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "is none of the options"),
        ("a commit", "is none of the options"),
        ("i", "i"),
    ],
)
def test_a_choice_that_is_none_is_answered_with_all(typed: str, problem: str) -> None:
    if typed == "i":
        assert SAYS.read(typed) == "it applies 071"
        return
    with pytest.raises(BadInput, match=problem) as caught:
        SAYS.read(typed)
    assert "an error; nothing to do; it applies 071" in caught.value.remedy


def test_a_choice_that_may_be_two_is_answered_with_both() -> None:
    with pytest.raises(BadInput, match="'new code' or 'new schema'"):
        ChoiceQuestion("Which?", ("new code", "new schema")).read("new")


def test_what_no_option_says_is_told_though() -> None:
    was = SAYS.measure("it hangs")
    assert SAYS.tell(was) == "It was: it hangs (none of the options)."
    assert not SAYS.is_right("an error", was)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("none", ()),
        ("", ()),
        ("all", PLACES.options),
        ("file", ("a file",)),
        ("local, file", ("a file", "the local history")),
        ("1 and 3", ("a file", "the cloud's history")),
        ({"the cloud's history", "a file"}, ("a file", "the cloud's history")),
        ([], ()),
        ({"a file": True, "the local history": False}, ("a file",)),
    ],
)
def test_several_are_read_in_their_order(typed: object, meant: tuple[str, ...]) -> None:
    assert PLACES.read(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "New code, old schema",
        "old schema with new code",
        "new code + old schema",
        [("new code", "old schema")],
        {("new code", "old schema"): True, ("old code", "old schema"): False},
        ["new code + old schema"],
    ],
)
def test_a_place_of_a_grid_is_named_by_row_and_column(typed: object) -> None:
    assert PAIRS.read(typed) == ("new code + old schema",)


def test_two_places_of_a_grid_have_a_semicolon_between_them() -> None:
    assert len(PAIRS.read("new code, old schema; old code, new schema")) == 2


@pytest.mark.parametrize("typed", ["new code", "new", "old code, new code, old schema", [("a", "b")]])
def test_a_place_that_is_unclear_is_answered_with_the_form(typed: object) -> None:
    with pytest.raises(BadInput, match="one row and one column") as caught:
        PAIRS.read(typed)
    assert '"new code, old schema"' in caught.value.remedy


def test_marks_agree_place_by_place() -> None:
    assert PAIRS.compare((), ("new code + old schema",)) == (
        "You said: none of them. It was: new code + old schema. 3 of 4 agree."
    )
    assert PAIRS.compare((), ()) == "You said: none of them, and so it was."


def test_a_grid_is_drawn_in_text() -> None:
    assert PAIRS.form().splitlines() == [
        "          old schema  new schema",
        "old code  [ ]         [ ]",
        "new code  [ ]         [ ]",
        "Some of them, none or all.",
    ]


@pytest.mark.parametrize("options", [(), ("yes",), ("yes", "Yes.")])
def test_there_must_be_something_to_choose_from(options: tuple[str, ...]) -> None:
    for kind in (ChoiceQuestion, MarksQuestion):
        with pytest.raises(BadInput, match="too little"):
            kind("Which?", options)


@pytest.mark.parametrize(
    ("question", "value"), [(VIEWS, "60"), (VIEWS, True), (SAYS, True), (PLACES, 3), (PLACES, ["elsewhere"])]
)
def test_a_measurement_of_another_kind_is_refused(question: Question, value: object) -> None:
    with pytest.raises(BadInput):
        question.measure(value)
