from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.draw import count_cells, cut, format_commit, format_line, format_offset, format_span


@pytest.mark.parametrize(
    ("seconds", "label"),
    [
        (0, "00:00"),
        (-0.04, "00:00"),
        (0.04, "00:00"),
        (-2, "-00:02"),
        (35, "+00:35"),
        (35.4, "+00:35.4"),
        (-0.1, "-00:00.1"),
        (59.96, "+01:00"),
        (3599, "+59:59"),
        (3600, "+1:00:00"),
        (-93_784.5, "-1d 02:03:04.5"),
    ],
)
def test_offsets(seconds: float, label: str) -> None:
    assert format_offset(seconds) == label


@pytest.mark.parametrize(
    ("seconds", "label"),
    [
        (0, "0 s"),
        (0.05, "0.05 s"),
        (3, "3.0 s"),
        (33.04, "33.0 s"),
        (720, "12 min"),
        (3 * 3600 + 600, "3 h 10 min"),
        (52 * 3600, "2 d 4 h"),
    ],
)
def test_spans(seconds: float, label: str) -> None:
    assert format_span(seconds) == label


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("git push origin main", "git push origin main"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x9b2J\x00", r"\x9b2J\x00"),
        ("left\u202eright\u2066\ufeff", r"left\u202eright\u2066\ufeff"),
        ("line\u2028para\u2029", r"line\u2028para\u2029"),
        ("e\u0301", "\u00e9"),
        ("q\u0301", r"q\u0301"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("文書", "文書"),
    ],
)
def test_foreign_text_is_shown_harmless(text: str, shown: str) -> None:
    assert format_line(text) == shown


@given(st.text())
def test_shown_text_is_one_printable_line(text: str) -> None:
    assert format_line(text).isprintable()
    assert format_line(format_line(text)) == format_line(text)


@given(st.text().map(format_line), st.integers(0, 40))
def test_cut_text_fits(text: str, cells: int) -> None:
    short = cut(text, cells)
    assert count_cells(short) <= cells
    assert short == text or count_cells(text) > cells


def test_what_was_cut_shows() -> None:
    assert cut("a long command", 9) == "a long..."
    assert cut("文書文書", 7) == "文書..."
    assert cut("文書", 3) == "文"


def test_commits_are_short() -> None:
    assert format_commit("3f2a1c9d00") == "3f2a1c9"
    assert format_commit("\x1b[2J") == r"\x1b[2J"
    assert format_commit("") == "none"
