from __future__ import annotations

import dataclasses
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

import kit.timeline
from kit.timeline import CommandRan, Deployed, PageView, Record, RefMoved, Timeline, format_timeline
from kit.timeline.records import KINDS


def test_the_exported_names_are_sorted_and_there() -> None:
    names = kit.timeline.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(kit.timeline, name) for name in names)


def test_records_of_one_instant_keep_their_order() -> None:
    first, second = (RefMoved(at=1, repository="dev", branch=name, old="", new="a") for name in "zy")
    earlier = RefMoved(at=0, repository="dev", branch="x", old="", new="a")
    assert Timeline.of([first, second, earlier]).records == (earlier, first, second)


@given(st.from_type(Timeline))
def test_records_are_in_order_however_they_were_given(timeline: Timeline) -> None:
    instants = [record.at for record in timeline]
    assert instants == sorted(instants)
    backwards = timeline.records[::-1]
    assert [record.at for record in Timeline(backwards)] == instants


@given(st.from_type(Timeline))
def test_every_record_is_of_one_kind(timeline: Timeline) -> None:
    assert sum(len(timeline.only(kind)) for kind in KINDS.values()) == len(timeline)
    assert timeline.only(Record) == timeline.records


def test_only_one_kind(rehearse: Callable[..., Timeline]) -> None:
    assert [record.stage for record in rehearse().only(Deployed)] == ["queued", "building", "built", "live"]


@given(st.from_type(Timeline), st.floats(-100, 100), st.floats(-100, 100))
def test_parts_make_the_whole(timeline: Timeline, one: float, other: float) -> None:
    start, end = sorted((one, other))
    before = [record for record in timeline if record.at < start]
    parts = (*before, *timeline.between(start, end), *timeline.since(end))
    assert parts == timeline.records


def test_the_last_deploy_begins_with_the_command_that_pushed(rehearse: Callable[..., Timeline]) -> None:
    first, second = rehearse(), rehearse(zero=100)
    deploy = Timeline.of([*first, *second]).last_deploy
    assert deploy.records[0] == second.only(CommandRan)[0]
    assert deploy.records[1] == second.only(RefMoved)[0]
    assert deploy.records[-1] == second.records[-1]


def test_what_was_typed_at_the_same_instant_before_the_push_is_no_part_of_it(
    rehearse: Callable[..., Timeline],
) -> None:
    merge = CommandRan(at=0, until=0, clone="dev", command="git merge", exit=0)
    visitors = dataclasses.replace(merge, clone="world", command="visitors 20/s")
    deploy = Timeline.of([merge, visitors, *rehearse(start=0.025)]).last_deploy
    assert [one.command for one in deploy.only(CommandRan)] == [
        "git push origin main",
        "npx supabase db push",
    ]


def test_without_a_push_the_last_deploy_is_everything() -> None:
    branch = RefMoved(at=1, repository="github", branch="feature", old="", new="a")
    timeline = Timeline.of([branch])
    assert timeline.last_deploy == timeline


def test_a_push_that_no_command_made_begins_the_deploy_itself() -> None:
    main = RefMoved(at=1, repository="github", branch="main", old="", new="a")
    assert Timeline.of([dataclasses.replace(main, repository="dev"), main]).last_deploy.records == (main,)


def test_nothing_is_false_and_empty() -> None:
    assert not Timeline()
    assert len(Timeline()) == 0
    assert Timeline() == Timeline.of([])


@given(st.from_type(Timeline))
def test_equal_timelines_look_equal(timeline: Timeline) -> None:
    assert repr(timeline) == repr(Timeline.of(list(timeline))) == format_timeline(timeline)


def test_a_timeline_can_be_in_a_set(rehearse: Callable[..., Timeline]) -> None:
    assert len({rehearse(), rehearse()}) == 1
    assert rehearse().only(PageView)
