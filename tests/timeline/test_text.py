from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.draw import count_cells
from kit.errors import BadInput
from kit.timeline import PageView, Timeline, format_timeline
from kit.timeline.text import NARROWEST

Rehearse = Callable[..., Timeline]

CODE_FIRST = """\
Timeline; 00:00 is the last push of main to GitHub
840 page views: 780 ok, 60 lost; broken for 3.0 s

-00:02    visitors  740 ok, until +00:35
 00:00    dev$      git push origin main
 00:00    github    main -> 3f2a1c9
 00:00    host      queued 3f2a1c9
+00:05    host      building 3f2a1c9
+00:30    host      built 3f2a1c9
+00:35    host      live 3f2a1c9
+00:35  ┌ visitors  60 LOST  42703 column "last_viewed" of relation "documents" does not exist
+00:36  │ dev$      npx supabase db push
+00:38  │ cloud     + 20250126153000_add_document_last_viewed
+00:38  │ cloud     documents +last_viewed
        └ broken for 3.0 s
+00:38    visitors  40 ok, until +00:40

time          |00:00     |+00:05   |+00:10    |+00:15    |+00:20   |+00:25    |+00:30    |+00:35
commands      v git push origin main                                  npx supabase db push v
code      --- a81c2f0 ---|~~~~~~~~~~~~~~~~~~~~~~ building 3f2a1c9 ~~~~~~~~~~~~~~~~~~~~~~~|==========
schema    ---------------------------------------- old ----------------------------------------|====
visitors  ···············································································ooooooo····
                                                                            broken 3.0 s └─────┘

code, schema: - old  ~ old, new in build  = new    visitors: · ok  o lost  x failed  # blocked
lost: status 200, yet nothing in the database"""


def test_a_rehearsal_of_code_first(rehearse: Rehearse) -> None:
    assert format_timeline(rehearse()) == CODE_FIRST


def test_the_zero_of_the_clock_does_not_show(rehearse: Rehearse) -> None:
    assert format_timeline(rehearse(zero=64)) == CODE_FIRST


def test_nothing() -> None:
    assert format_timeline(Timeline()) == "Timeline: nothing has happened yet."


def test_one_page_view() -> None:
    view = PageView(at=77.3, took=1, document="d", commit="", status=0, outcome="failed")
    assert format_timeline([view]) == (
        "Timeline; 00:00 is the first event\n"
        "1 page view: 1 failed\n"
        "\n"
        "00:00  ┌ visitors  1 FAILED (no answer)\n"
        "       └ broken, not over at the last view"
    )


def test_another_zero(rehearse: Rehearse) -> None:
    lines = format_timeline(rehearse(), zero=36).splitlines()
    assert lines[0] == "Timeline"
    assert " 00:00  │ dev$      npx supabase db push" in lines
    assert "-00:36    dev$      git push origin main" in lines


def test_a_width_without_room_is_refused() -> None:
    with pytest.raises(BadInput, match="cannot be drawn in 49 columns"):
        format_timeline(Timeline(), width=NARROWEST - 1)


@given(st.from_type(Timeline), st.integers(NARROWEST, 120), st.none() | st.floats(-1e6, 1e6))
def test_any_timeline_fits(timeline: Timeline, width: int, zero: float | None) -> None:
    for line in format_timeline(timeline, width=width, zero=zero).split("\n"):
        assert count_cells(line) <= width
        assert line.isprintable()
        assert line == line.rstrip()


@pytest.mark.parametrize("outcome", ["lost", "failed", "blocked"])
def test_outcomes_differ_without_colour(rehearse: Rehearse, outcome: str) -> None:
    mark = {"lost": "o", "failed": "x", "blocked": "#"}[outcome]
    drawing = format_timeline(rehearse(outcome=outcome))
    assert f"visitors  {'·' * 79}{mark * 7}····" in drawing
    assert f"60 {outcome.upper()}" in drawing
    assert ("blocked: waited" in drawing) == (outcome == "blocked")
    assert ("lost: status 200" in drawing) == (outcome == "lost")
