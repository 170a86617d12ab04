from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from kit.experiments.prediction import measure, predict
from kit.experiments.rehearsal import Plan, Rehearsal
from kit.timeline import Deployed, MigrationApplied, Outcome, PageView, Record, Timeline, first_push
from kit.widgets.deploy_picture import draw_picture, format_headline

EVIL = "<img src=x onerror=alert(1)>'\"&"
PLAN = Plan(build=7, wait=9)
Rehearsed = Callable[[Plan], Rehearsal]


@pytest.fixture(scope="module")
def measured(rehearsed: Rehearsed) -> Rehearsal:
    return rehearsed(PLAN)


def test_the_same_arguments_give_the_same_text(measured: Rehearsal) -> None:
    first = draw_picture(measured.timeline, PLAN, predict(PLAN))
    assert first == draw_picture(measured.timeline, PLAN, predict(PLAN))


def test_a_measured_window_is_shaded_and_hatched_and_labelled(measured: Rehearsal) -> None:
    svg = draw_picture(measured.timeline, PLAN)
    assert "Broken for 4 s" in svg
    assert "class='kw-shade'" in svg
    assert "url(#kwp-window)" in svg
    assert "broken window: 4 s" in svg


def test_without_a_prediction_none_is_given_away() -> None:
    svg = draw_picture((), PLAN)
    assert "predicted:" not in svg
    assert "class='kw-foreseen'" not in svg


def test_a_prediction_is_hatched_in_its_own_way_and_replaced_by_the_measurement(measured: Rehearsal) -> None:
    before = draw_picture((), PLAN, predict(PLAN))
    after = draw_picture(measured.timeline, PLAN, predict(PLAN))
    assert "class='kw-foreseen'" in before
    assert "class='kw-shade'" not in before
    assert "predicted: broken 4 s" in before
    assert "class='kw-shade'" in after
    assert "predicted: broken 4 s" in after


def test_every_outcome_has_a_pattern_of_its_own(measured: Rehearsal) -> None:
    kinds: tuple[Outcome, ...] = ("ok", "lost", "failed", "blocked")
    views = measured.timeline.only(PageView)
    mixed = [replace(view, outcome=kinds[number % 4]) for number, view in enumerate(views)]
    svg = draw_picture(mixed, PLAN)
    for kind in kinds[1:]:
        assert f"<g class='kw-{kind}' fill='url(#kwp-{kind})'>" in svg
    assert "<g class='kw-ok'>" in svg


def test_nothing_in_it_takes_the_focus_or_loads_anything(measured: Rehearsal) -> None:
    svg = draw_picture(measured.timeline, PLAN, predict(PLAN))
    tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()}  # noqa: S314 - the kit's own text
    assert not tags & {"a", "button", "input", "img", "image", "script", "foreignObject", "use"}
    assert "tabindex" not in svg
    assert svg.count("http") == svg.count("http://www.w3.org/2000/svg")


def test_what_came_from_elsewhere_is_escaped(measured: Rehearsal) -> None:
    records: list[Record] = []
    for record in measured.timeline:
        match record:
            case PageView():
                records.append(replace(record, sqlstate=record.sqlstate and EVIL, message=EVIL, commit=EVIL))
            case Deployed():
                records.append(replace(record, commit=EVIL, branch=EVIL, detail=EVIL))
            case MigrationApplied():
                records.append(replace(record, version=EVIL, name=EVIL))
            case _:
                records.append(record)
    svg = draw_picture(records, PLAN, predict(PLAN))
    assert "<img" not in svg
    assert "<img sr" in "".join(ET.fromstring(svg).itertext())  # noqa: S314 - the first letters of a commit


def test_the_picture_stands_alone(measured: Rehearsal) -> None:
    root = ET.fromstring(draw_picture(measured.timeline, PLAN, predict(PLAN)))  # noqa: S314 - as above
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_several_pushes_are_drawn_each_with_its_build_and_what_it_changes(rehearsed: Rehearsed) -> None:
    plan = Plan(change="rename", order="expand-contract", build=7, rate=4)
    before, after = (
        draw_picture((), plan, predict(plan)),
        draw_picture(rehearsed(plan).timeline, plan, predict(plan)),
    )
    for html in (before, after):
        assert html.count("class='kw-mark'") == 6
        assert "writes both" in html
        assert "has viewed_at" in html
        assert "predicted: not broken" in html
    assert after.count(">built") >= 6
    assert "Never broken" in after


def test_a_failed_build_is_told(measured: Rehearsal) -> None:
    queued = next(deployed for deployed in measured.timeline.only(Deployed) if deployed.stage == "queued")
    failed = Timeline.of([queued, replace(queued, at=queued.at + 5, stage="failed", detail="no")])
    html = draw_picture(failed, PLAN, predict(PLAN))
    assert "a build failed, so the code before it serves on" in html
    assert ">build failed" in html


def test_a_deploy_that_was_stopped_before_anything_broke_measured_nothing(measured: Rehearsal) -> None:
    push = first_push(measured.timeline)
    assert push is not None
    early = measure(measured.timeline.between(0, push + 1), PLAN)
    assert format_headline(PLAN, early, stopped=True).text == "Nothing was measured"
    assert "before its code was live" in format_headline(PLAN, early, stopped=True).detail
    assert format_headline(PLAN, early, running=True).text == "Not broken so far"
    broken = measure(measured.timeline.between(0, push + 8), PLAN)
    assert format_headline(PLAN, broken, stopped=True).text == "Broken for 0.98 s"
