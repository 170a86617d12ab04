from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.errors import BadInput
from kit.world.engine import Engine
from kit.world.world import Clone, Shown


@pytest.fixture
def dev(at: Callable[[int], Engine]) -> Clone:
    world = at(1)
    return Clone(world, "dev")


def test_it_is_shown_by_its_names(dev: Clone) -> None:
    assert repr(dev) == "dev: the clone rhizome-v2-dev-1"


def test_it_runs_what_is_typed_there(dev: Clone) -> None:
    assert dev.run("basename $PWD").output == "rhizome-v2-dev-1\n"


@pytest.mark.parametrize(
    ("text", "lines"), [("a", "1 line"), ("\n\na\nb\n\n", "2 lines"), ("", "0 lines"), ("\n", "0 lines")]
)
def test_a_file_is_written_with_one_line_end(dev: Clone, text: str, lines: str) -> None:
    assert repr(dev.write("docs/x.md", text)) == f"wrote docs/x.md, {lines}"

    assert dev.run("cat docs/x.md").output == text.strip("\n") + "\n"


def test_text_is_added_once_after_two_empty_lines(dev: Clone) -> None:
    dev.write("x", "one")

    for _ in range(2):
        assert repr(dev.append("x", "\ntwo\n")) == "added 1 line to x"

    assert repr(dev.read("x")) == "one\n\n\ntwo"


def test_a_file_that_is_not_there_is_refused(dev: Clone) -> None:
    with pytest.raises(BadInput, match="'nothing' is not a text file of this clone"):
        dev.read("nothing")


def test_words_are_shown_as_they_are() -> None:
    assert repr(Shown("a\nb")) == "a\nb"
