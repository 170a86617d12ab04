"""Exercises on the order: a column dropped unseen, four changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kit.lesson.answer import read_choices
from kit.lesson.checks.journey import column_is_gone, read_journey, walk
from kit.lesson.checks.story import unharmed, visited
from kit.lesson.exercise import Attempt, Condition


def dropped_unseen(attempt: Attempt) -> Iterator[Condition]:
    """Drop the column so that no visitor loses a view."""
    journey = read_journey(attempt)
    yield from column_is_gone(attempt)
    yield visited(journey.story)
    yield unharmed(journey.story)
    with walk(journey) as walked:
        yield walked.condition


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "schema-first": ("schema", "the schema first", "first the schema", "schema first then code"),
    "code-first": ("code", "the code first", "first the code", "code first then schema"),
    "any": ("either", "any order", "either order", "both"),
    "expand-contract": ("expand", "contract", "expand then contract", "neither", "none"),
}
_FORM = 'Give one for each, such as answer = {"A": "any", "B": "any", "C": "any", "D": "any"}.'
_ALSO = "That one is safe, and so is the other one: there is a word for that."
_SLOW = "That is safe, and takes more deploys than it needs."
_WRONG: Mapping[str, Mapping[str, str]] = {
    "A": {"schema-first": _ALSO, "code-first": _ALSO, "expand-contract": _SLOW},
    "B": {
        "any": "Old code asks for file_name, new code for original_name: half-way, one of them asks in vain.",
        "schema-first": "The site that is live and the worker that runs ask for file_name, which is gone.",
        "code-first": "The new site asks for original_name, which is not there yet.",
    },
    "C": {
        "any": "With the schema first, the worker that runs fails at every document, until it is restarted.",
        "schema-first": "The worker that runs writes to a column that is gone, and fails at every document.",
        "expand-contract": _SLOW,
    },
    "D": {
        "any": "With the code first, the new page asks for a column that is not there yet.",
        "code-first": "The new page asks for a column that is not there yet.",
        "expand-contract": _SLOW,
    },
}
"""For each change what becomes of it in an order that is not the answer: the one that is missing here is."""
_CHANGES = {
    "A": "an index on title",
    "B": "file_name is renamed",
    "C": "the worker's column is dropped",
    "D": "a new column, with a default",
}


def orders_named(attempt: Attempt) -> Iterator[Condition]:
    """Name the order that is safe for each of four changes."""
    answers = read_choices(attempt.answer, tuple(_CHANGES), _CHOICES, _FORM)
    for letter, change in _CHANGES.items():
        order = answers[letter]
        wrong = _WRONG[letter].get(order, "")
        yield Condition(f"{letter}, {change}: {order}.", met=not wrong, seen=wrong)
