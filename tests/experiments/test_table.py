from __future__ import annotations

import itertools
import re

import pytest

from kit.experiments.matrix import Age, Cell, Tried, TwoByTwo
from kit.review.rules import Order

GOOD = Tried(what="view", outcome="ok")
LOST = Tried(what="view", outcome="lost", sqlstate="42703", message="there is no such column")
AGES: tuple[Age, ...] = ("old", "new")


def table(*bad: tuple[Age, Age], title: str = "a change", wrong: Tried = LOST) -> TwoByTwo:
    """A two-by-two in which these pairs break."""
    cells = tuple(
        Cell(code=code, schema=schema, tried=(GOOD, wrong if (code, schema) in bad else GOOD))
        for code, schema in itertools.product(AGES, AGES)
    )
    return TwoByTwo(title=title, cells=cells)


@pytest.mark.parametrize(
    ("bad", "order"),
    [
        ((), "any"),
        ((("new", "old"),), "schema-first"),
        ((("old", "new"),), "code-first"),
        ((("old", "new"), ("new", "old")), "expand-contract"),
        ((("new", "new"),), None),
        ((("new", "new"), ("new", "old")), None),
    ],
)
def test_the_rule(bad: tuple[tuple[Age, Age], ...], order: Order | None) -> None:
    assert table(*bad).order == order


def test_a_pair_on_which_nothing_was_tried_does_not_work() -> None:
    assert not Cell(code="old", schema="old", tried=()).works


def test_the_first_error_is_one_that_says_why() -> None:
    mute = Tried(what="view", outcome="failed")
    cell = Cell(code="old", schema="new", tried=(GOOD, mute, LOST))
    assert cell.first_error == LOST
    assert Cell(code="old", schema="new", tried=(mute,)).first_error == mute
    assert Cell(code="old", schema="new", tried=(GOOD,)).first_error is None


def test_text_says_which_pair_breaks_and_the_order() -> None:
    text = repr(table(("old", "new")))
    assert "1 of 2 views LOST" in text
    assert "42703" in text
    assert text.splitlines()[-1].startswith("So: code first")
    assert all(len(line) <= 90 and line == line.rstrip() and line.isascii() for line in text.splitlines())


def test_an_old_worker_that_breaks_is_named_in_what_to_do() -> None:
    job = Tried(what="job", outcome="failed", sqlstate="42703", message="there is no such column")
    assert "restart the worker" in repr(table(("old", "new"), wrong=job))
    assert "restart the worker" not in repr(table(("old", "new")))


def test_without_an_order_no_way_is_offered() -> None:
    assert "goes through" not in repr(table(("new", "new")))
    assert "<li>" not in table(("new", "new"))._repr_html_()


def test_what_came_from_elsewhere_is_escaped() -> None:
    evil = "<img src=x onerror=alert(1)>"
    wrong = Tried(what=f"page /{evil}", outcome="failed", sqlstate=evil, message=evil)
    html = table(("old", "new"), title=evil, wrong=wrong)._repr_html_()
    assert "<img src=x" not in html
    assert html.count("&lt;img") == 4


def test_html_tells_without_colour() -> None:
    html = table(("old", "new"))._repr_html_()
    assert html.count("✓ works") == 3
    assert html.count("✗ BREAKS") == 1
    assert html.count("scope=") == 4
    assert "script" not in html


def test_each_that_was_tried_is_a_piece_of_a_strip_in_the_pattern_of_its_outcome() -> None:
    html = table(("old", "new"))._repr_html_()
    strips = re.findall(r"<img[^>]*>", html)

    assert [re.search('alt="([^"]*)"', strip).group(1) for strip in strips] == [  # type: ignore[union-attr]
        "2 ok",
        "1 ok, 1 lost",
        "2 ok",
        "2 ok",
    ]
    assert ["url(%23p-lost)" in strip for strip in strips] == [False, True, False, False]


def test_its_styles_are_such_as_a_notebook_keeps_that_nobody_has_trusted() -> None:
    html = table(("old", "new"))._repr_html_()
    styles = " ".join(re.findall(r"style='([^']*)'", re.sub(r"<img[^>]*>", "", html)))

    assert "<style" not in html
    assert "var(" not in styles
    assert "gradient" not in styles
