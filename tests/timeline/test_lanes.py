from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from kit.timeline import CommandRan, Deployed, PageView, Timeline
from kit.timeline.lanes import ColumnAxis, format_lanes

Rehearse = Callable[..., Timeline]


def lanes(timeline: Timeline, width: int = 100) -> dict[str, str]:
    lines = format_lanes(timeline.records, timeline.only(PageView), 0, width)
    return {line[:10].strip(): line[10:] for line in lines}


@pytest.mark.parametrize(
    ("at", "column"), [(-1e9, 0), (10, 0), (10.99, 0), (11, 1), (19.9, 9), (20, 9), (1e9, 9)]
)
def test_every_instant_has_a_column(at: float, column: int) -> None:
    assert ColumnAxis(10, 20, 10).column(at) == column


def test_the_shortest_axis_has_columns_for_the_farthest_instants() -> None:
    axis = ColumnAxis(0, 5e-324, 10)
    assert (axis.column(-1e10), axis.column(1e10)) == (0, 9)


def test_a_long_window_has_its_length_inside(rehearse: Rehearse) -> None:
    drawn = lanes(rehearse(applied=2, works=lambda code, schema: code or not schema))
    assert "─ broken 33.0 s ─" in drawn[""]
    assert drawn["visitors"].count("o") == len(drawn[""].strip())
    assert drawn["commands"].strip() == "v git push origin main ; npx supabase db push"


def test_without_a_window_there_is_no_bracket(rehearse: Rehearse) -> None:
    drawn = lanes(rehearse(applied=2))
    assert set(drawn["visitors"]) == {"·"}
    assert "" not in drawn


def test_one_bad_view_shows_among_many(rehearse: Rehearse) -> None:
    views = rehearse().only(PageView)
    one = dataclasses.replace(views[400], outcome="blocked")
    fine = [dataclasses.replace(view, outcome="ok") for view in views if view.at != one.at]
    drawn = lanes(Timeline.of([*fine, one]))
    assert drawn["visitors"].count("#") == 1
    assert drawn[""].strip() == "^ broken 0.05 s"
    assert drawn[""].index("^") == drawn["visitors"].index("#")


def test_a_build_that_fails_leaves_the_old_code(rehearse: Rehearse) -> None:
    timeline = Timeline.of(
        dataclasses.replace(record, stage="failed")
        if isinstance(record, Deployed) and record.stage == "live"
        else record
        for record in rehearse(works=lambda _code, _schema: True)
    )
    code = lanes(timeline)["code"]
    assert "=" not in code
    assert code.endswith("~|----------")


def test_a_preview_is_not_production(rehearse: Rehearse) -> None:
    timeline = Timeline.of(
        dataclasses.replace(record, target="preview") if isinstance(record, Deployed) else record
        for record in rehearse(works=lambda _code, _schema: True)
    )
    assert set(lanes(timeline)["code"]) <= set("- a81c2f0")


def test_ticks_leave_room_for_times_of_days(rehearse: Rehearse) -> None:
    timeline = rehearse(zero=3 * 86400)
    times = lanes(timeline)["time"].split("|")[1:]
    assert times
    assert all(time.strip().startswith("+3d 00:00:") for time in times if time)


def test_a_push_just_before_the_first_view_is_in_the_picture(rehearse: Rehearse) -> None:
    assert lanes(rehearse(start=0.025))["commands"].startswith("v git push origin main ")


def test_what_was_typed_long_before_the_first_view_is_not(rehearse: Rehearse) -> None:
    assert "git push" not in lanes(rehearse(start=10))["commands"]


def test_of_several_commands_at_one_instant_those_are_named_that_reached_production(
    rehearse: Rehearse,
) -> None:
    merge = CommandRan(at=0, until=0, clone="dev", command="git merge", exit=0)
    drawn = lanes(Timeline.of([merge, *rehearse(start=0.025)]))
    assert drawn["commands"].startswith("v git push origin main ")
    assert "git merge" not in drawn["commands"]


def test_where_none_of_them_did_all_are_named(rehearse: Rehearse) -> None:
    commands = [CommandRan(at=10, until=10, clone="dev", command=text, exit=0) for text in ("git log", "ls")]
    waited = dataclasses.replace(commands[0], clone="world", command="wait 1 s")
    assert " v git log ; ls " in f" {lanes(Timeline.of([*rehearse(), *commands, waited]))['commands']} "
