from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from kit.experiments.prediction import predict
from kit.experiments.rehearsal import Plan, Rehearsal
from kit.timeline import Deployed, MigrationApplied, Outcome, PageView, Record, Timeline
from kit.widgets.deploy_picture import draw_panel, draw_picture

EVIL = "<img src=x onerror=alert(1)>'\"&"
PLAN = Plan(build=7, wait=9)
Rehearsed = Callable[[Plan], Rehearsal]


@pytest.fixture(scope="module")
def measured(rehearsed: Rehearsed) -> Rehearsal:
    return rehearsed(PLAN)


def parse(html: str) -> ET.Element:
    """Parse what is drawn as XML, stricter than any browser."""
    return ET.fromstring(f"<div>{html}</div>")  # noqa: S314 - the kit's own text


def texts(html: str) -> str:
    return re.sub(r"<style>.*?</style>|<[^>]+>", " ", html)


def test_the_same_arguments_give_the_same_text(measured: Rehearsal) -> None:
    first = draw_panel(measured.timeline, PLAN, predict(PLAN))
    assert first == draw_panel(measured.timeline, PLAN, predict(PLAN))


def test_a_measured_window_is_shaded_and_hatched_and_labelled(measured: Rehearsal) -> None:
    html = draw_panel(measured.timeline, PLAN, ident="w")
    assert "Broken for 4 s" in html
    assert "class='kw-shade'" in html
    assert "url(#w-window)" in html
    assert "broken window: 4 s" in html
    assert "42703" in html
    assert "The first error, at" in html


def test_without_a_prediction_none_is_given_away() -> None:
    html = draw_panel((), PLAN)
    assert "predicted:" not in html
    assert "class='kw-foreseen'" not in html
    assert "+7 s</td>" not in html


def test_a_prediction_is_hatched_in_its_own_way_and_replaced_by_the_measurement(measured: Rehearsal) -> None:
    before, after = draw_panel((), PLAN, predict(PLAN)), draw_panel(measured.timeline, PLAN, predict(PLAN))
    assert "class='kw-foreseen'" in before
    assert "class='kw-shade'" not in before
    assert "predicted: broken 4 s" in before
    assert "class='kw-shade'" in after
    assert "predicted: broken 4 s" in after
    assert "+0.00 s" in after


def test_every_outcome_has_a_pattern_of_its_own(measured: Rehearsal) -> None:
    kinds: tuple[Outcome, ...] = ("ok", "lost", "failed", "blocked")
    views = measured.timeline.only(PageView)
    mixed = [replace(view, outcome=kinds[number % 4]) for number, view in enumerate(views)]
    html = draw_panel(mixed, PLAN, ident="w")
    for kind in kinds[1:]:
        assert f"<g class='kw-{kind}' fill='url(#w-{kind})'>" in html
    assert "<g class='kw-ok'>" in html


def test_the_numbers_are_in_real_tables(measured: Rehearsal) -> None:
    tree = parse(draw_panel(measured.timeline, PLAN, predict(PLAN)))
    tables = list(tree.iter("table"))
    assert len(tables) == 2
    for table in tables:
        assert table.find("caption") is not None
        assert all(cell.get("scope") for cell in table.iter("th"))
    counts = measured.facts()["requests"]
    assert [row[1].text for row in tables[1].iter("tr")][1:3] == [str(counts["ok"]), str(counts["lost"])]


def test_nothing_in_it_takes_the_focus_or_loads_anything(measured: Rehearsal) -> None:
    html = draw_panel(measured.timeline, PLAN, predict(PLAN))
    tags = {element.tag for element in parse(html).iter()}
    assert not tags & {"a", "button", "input", "img", "image", "script", "foreignObject", "use"}
    assert "tabindex" not in html
    assert "http" not in html


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
    for html in (draw_panel(records, PLAN, predict(PLAN)), draw_picture(records, PLAN, predict(PLAN))):
        assert "<img" not in html
        assert "<img sr" in "".join(parse(html).itertext())  # the first seven characters of a commit


def test_two_drawings_share_no_id(measured: Rehearsal) -> None:
    ids = [
        set(re.findall(r" id='([^']+)'", draw_panel(measured.timeline, PLAN, ident=name))) for name in "ab"
    ]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_the_axis_stands_still_while_a_run_goes_on(measured: Rehearsal) -> None:
    records = list(measured.timeline)
    axes = []
    for share in (0.2, 0.6, 0.9):
        now = records[0].at + share * (records[-1].at - records[0].at)
        seen = [record for record in records if record.instant <= now]
        html = draw_panel(seen, PLAN, predict(PLAN), now=now)
        axes.append(re.findall(r"class='kw-note'>([^<]*) s</text>", html))
        assert "class='kw-hand'" in html
    assert axes[0] == axes[1] == axes[2]


def test_before_the_push_the_drawing_says_nothing_of_it(measured: Rehearsal) -> None:
    early = measured.timeline.between(0, measured.timeline.records[0].at + 1)
    html = draw_panel(early, PLAN, None, now=early.records[-1].at)
    assert "Not broken so far" in html
    assert "git push" not in texts(html).partition("since git push")[0].replace("Timeline.", "")


def test_the_picture_stands_alone(measured: Rehearsal) -> None:
    root = ET.fromstring(draw_picture(measured.timeline, PLAN, predict(PLAN)))  # noqa: S314 - as above
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_a_frame_of_five_thousand_views_is_small(measured: Rehearsal) -> None:
    views = measured.timeline.only(PageView)
    many = [
        replace(view, at=view.at + copy * 1e-4) for copy in range(5000 // len(views) + 1) for view in views
    ]
    others = [record for record in measured.timeline if not isinstance(record, PageView)]
    timeline = Timeline.of([*many, *others])
    assert len(many) >= 5000
    html = draw_panel(timeline, PLAN, predict(PLAN), now=timeline.records[-1].at, sheet=False)
    assert 4 * len(html.encode()) < 64_000


def test_several_pushes_are_drawn_each_with_its_build_and_what_it_changes(rehearsed: Rehearsed) -> None:
    plan = Plan(change="rename", order="expand-contract", build=7, rate=4)
    before, after = (
        draw_panel((), plan, predict(plan)),
        draw_panel(rehearsed(plan).timeline, plan, predict(plan)),
    )
    for html in (before, after):
        assert html.count("class='kw-mark'") == 5
        assert "writes both" in html
        assert "has viewed_at" in html
        assert "predicted: not broken" in html
    assert after.count(">built") >= 5
    assert "Never broken" in after


def test_a_failed_build_is_told(measured: Rehearsal) -> None:
    queued = next(deployed for deployed in measured.timeline.only(Deployed) if deployed.stage == "queued")
    failed = Timeline.of([queued, replace(queued, at=queued.at + 5, stage="failed", detail="no")])
    html = draw_panel(failed, PLAN, predict(PLAN), ident="w")
    assert "a build failed, so the code before it serves on" in html
    assert ">build failed" in html
