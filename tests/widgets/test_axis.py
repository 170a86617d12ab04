from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kit.widgets
from kit.draw import SPACES, Axis, fit, format_instant, format_seconds

spans = st.tuples(st.floats(-100, 100), st.floats(0.1, 4000)).map(lambda pair: Axis(pair[0], sum(pair)))


@given(spans, st.floats(-1e4, 1e4))
def test_every_instant_lies_within_the_drawing(axis: Axis, at: float) -> None:
    assert 0 <= axis.x(at) <= 100


@given(spans)
def test_ticks_are_few_and_in_order(axis: Axis) -> None:
    ticks = axis.ticks()
    assert [at for at, _ in ticks] == sorted({at for at, _ in ticks})
    for space, most in (("S", 6), ("M", 9), ("L", 15)):
        assert sum(space in spaces.split() for _, spaces in ticks) <= most


@given(spans, st.integers(1, 100))
def test_a_step_is_round_and_long_enough(axis: Axis, count: int) -> None:
    step = axis.step(count)
    assert step * count >= (axis.end - axis.start) * (1 - 1e-6)
    digits = f"{step:e}".partition("e")[0].rstrip("0").rstrip(".")
    assert digits in {"1", "2", "5"}


def test_a_wide_space_gets_the_long_text() -> None:
    assert fit(["a long text about it", "short"], 30) == [("short", "S M"), ("a long text about it", "L")]
    assert fit(["a long text about it"], 3) == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (-0.001, "0 s"), (2, "+2 s"), (3.614, "+3.61 s"), (-2.5, "-2.5 s"), (35, "+35 s")],
)
def test_instants_are_said_relative_to_the_push(seconds: float, text: str) -> None:
    assert format_instant(seconds) == text


def test_durations_are_said_without_needless_zeros() -> None:
    assert [format_seconds(number) for number in (0, 3, 4.5, 4.36, 10)] == [
        "0 s",
        "3 s",
        "4.5 s",
        "4.36 s",
        "10 s",
    ]


@pytest.mark.parametrize("name", ["deploy_picture", "panel", "deploy_panel"])
def test_a_style_sheet_changes_where_a_range_of_space_ends(name: str) -> None:
    sheet = Path(kit.widgets.__file__).with_name(f"{name}.css").read_text(encoding="utf-8")
    widths = {int(width) for width in re.findall(r"@container \(max-width:(\d+)px\)", sheet)}
    assert widths
    assert widths <= {SPACES["M"] - 1, SPACES["L"] - 1}
