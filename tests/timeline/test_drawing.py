from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.timeline import (
    CommandRan,
    Deployed,
    MigrationApplied,
    Outcome,
    PageView,
    Record,
    Stage,
    Timeline,
    draw_timeline,
    draw_visits,
    format_timeline,
)
from kit.timeline.deploy import Deploy
from kit.timeline.drawing import STACKED

Rehearse = Callable[..., Timeline]
SVG = "{http://www.w3.org/2000/svg}"
EVIL = "</text></svg><img src=x onerror=alert(1)>'\"&<script>"
KILOBYTES = 9


def parse(html: str) -> ET.Element:
    """Parse what is drawn as XML, stricter than any browser."""
    return ET.fromstring(f"<div>{html}</div>")  # noqa: S314 - the kit's own text


def pictures(html: str) -> list[ET.Element]:
    addresses = [image.attrib["src"] for image in parse(html).iter("img")]
    return [
        ET.fromstring(unquote(address.removeprefix("data:image/svg+xml,")))  # noqa: S314 - as above
        for address in addresses
    ]


def texts(picture: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]


def shown(picture: ET.Element, space: str) -> list[str]:
    """Return the texts that stand on their own in a range of space."""
    return [
        "".join(text.itertext())
        for text in picture.iter(f"{SVG}text")
        if "kw-fit" not in text.get("class", "") or space in text.get("class", "").split()
    ]


def test_the_window_its_length_and_what_happened_are_in_the_picture(rehearse: Rehearse) -> None:
    (picture,) = pictures(draw_timeline(rehearse()))
    words = shown(picture, "L")

    assert "broken window: 3.0 s" in words
    assert "▾ git push origin main" in words
    assert "npx supabase db push ▾" in words
    assert {"old code a81c2f0", "3f2a1c9", "built 3f2a1c9", "old schema", "new"} <= set(words)
    assert {"780 ok: answered, and written", "60 lost: status 200, nothing written"} <= set(words)


def test_the_lanes_come_first_and_the_events_are_folded_behind_them(rehearse: Rehearse) -> None:
    html = draw_timeline(rehearse())
    (tree,) = parse(html)

    assert [child.tag for child in tree] == ["p", "img", "p", "details"]
    assert tree[0][0].text == "Broken for 3.0 s"
    assert "open" not in tree[3].attrib
    assert "+00:36  │ dev$      npx supabase db push" in "".join(tree[3].itertext())


@pytest.mark.parametrize("outcome", ["lost", "failed", "blocked"])
def test_each_outcome_has_its_pattern(rehearse: Rehearse, outcome: Outcome) -> None:
    (picture,) = pictures(draw_timeline(rehearse(outcome=outcome)))
    filled = [part.get("fill") for part in picture.iter(f"{SVG}rect")]

    assert f"url(#p-{outcome})" in filled
    assert "url(#p-window)" in filled
    assert {part.attrib["id"] for part in picture.iter(f"{SVG}pattern")} == {
        "gap",
        "p-build",
        "p-window",
        f"p-{outcome}",
    }
    assert any(text.startswith("60 ") and outcome in text for text in texts(picture))


def test_code_has_corners_and_a_schema_is_round(rehearse: Rehearse) -> None:
    (picture,) = pictures(draw_timeline(rehearse()))
    lanes = [(part.get("class"), part.get("rx")) for part in picture.iter(f"{SVG}rect") if part.get("rx")]

    assert lanes == [("kw-old", "2"), ("kw-fresh", "2"), ("kw-old", "10"), ("kw-fresh", "10")]


def test_two_runs_are_the_same_whatever_the_clock_says(rehearse: Rehearse) -> None:
    assert draw_timeline(rehearse()) == draw_timeline(rehearse())
    assert draw_timeline(rehearse()) == draw_timeline(rehearse(zero=64))


def test_a_reader_without_pictures_is_told_what_is_in_it(rehearse: Rehearse) -> None:
    (image,) = parse(draw_timeline(rehearse())).iter("img")

    assert "broken from +35 s to +38 s" in image.attrib["alt"]
    assert "visitors: 780 ok, 60 lost" in image.attrib["alt"]


def test_what_is_kept_of_a_notebook_that_nobody_has_trusted_is_all_of_it(rehearse: Rehearse) -> None:
    html = draw_timeline(rehearse())
    outside = re.sub(r'src="[^"]*"', "", html)

    assert {node.tag for node in parse(html).iter()} <= {
        *("div", "p", "strong", "img", "code", "details", "summary", "pre"),
    }
    assert "var(" not in outside
    assert "class=" not in outside
    assert 'src="data:image/svg+xml,%3Csvg' in html


def test_it_is_small(rehearse: Rehearse) -> None:
    assert len(draw_timeline(rehearse())) < KILOBYTES * 1000


def test_the_text_of_a_timeline_is_as_it_was(rehearse: Rehearse) -> None:
    timeline = rehearse()

    assert repr(timeline) == format_timeline(timeline)
    assert timeline._repr_html_() == draw_timeline(timeline)


def hostile(records: Sequence[Record]) -> list[Record]:
    made: list[Record] = []
    for record in records:
        match record:
            case CommandRan():
                made.append(replace(record, command=f"git push {EVIL}"))
            case Deployed():
                made.append(replace(record, commit=EVIL, branch=EVIL, detail=EVIL))
            case MigrationApplied():
                made.append(replace(record, version=EVIL, name=EVIL))
            case PageView():
                made.append(replace(record, commit=EVIL, message=EVIL, sqlstate=EVIL, outcome="failed"))
            case _:
                made.append(record)
    return made


def test_foreign_text_is_escaped_within_the_image_and_around_it(rehearse: Rehearse) -> None:
    html = draw_timeline(hostile(rehearse().records))
    (picture,) = pictures(html)

    tags = {node.tag for node in parse(html).iter()} | {node.tag for node in picture.iter()}
    assert not {"script", f"{SVG}script", f"{SVG}img", f"{SVG}image"} & tags
    assert html.count("<img") == 1
    assert "<script" not in unquote(html).lower()


def test_nobody_visited(rehearse: Rehearse) -> None:
    html = draw_timeline(record for record in rehearse() if not isinstance(record, PageView))
    (picture,) = pictures(html)

    assert "Nobody visited" in html
    assert not any(text.startswith("Visitors") for text in texts(picture))
    assert "new schema: +last_viewed" not in shown(picture, "S")


def test_a_build_that_fails_is_hatched_as_what_is_broken(rehearse: Rehearse) -> None:
    records = [
        replace(record, stage="failed") if isinstance(record, Deployed) and record.stage == "live" else record
        for record in rehearse()
    ]
    (picture,) = pictures(draw_timeline(records))

    assert "build failed 3f2a1c9" in texts(picture)
    assert not [
        part
        for part in picture.iter(f"{SVG}rect")
        if part.get("class") == "kw-fresh" and part.get("rx") == "2"
    ]


@pytest.mark.parametrize(
    ("stage", "word"),
    [("staged", "built, not live"), ("canceled", "build canceled"), ("failed", "build failed")],
)
def test_a_build_that_does_not_go_live_says_so(rehearse: Rehearse, stage: Stage, word: str) -> None:
    records = [
        replace(record, stage=stage) if isinstance(record, Deployed) and record.stage == "live" else record
        for record in rehearse()
    ]

    (picture,) = pictures(draw_timeline(records))

    assert f"{word} 3f2a1c9" in texts(picture)


def test_sittings_far_apart_are_pictures_of_their_own(rehearse: Rehearse) -> None:
    first, second = rehearse(), rehearse(zero=86400)
    html = draw_timeline([*first, *second])

    assert len(pictures(html)) == 2
    assert "broken 2 times" in html or "Broken for 6.0 s" in html


def test_nothing_and_one_record() -> None:
    assert draw_timeline([]) == "<p>Nothing has happened yet.</p>"
    assert len(pictures(draw_timeline([CommandRan(at=0, until=0, clone="dev", command="ls", exit=0)]))) == 1


@settings(max_examples=150)
@given(timeline=st.from_type(Timeline))
def test_every_timeline_has_a_drawing_that_stays_within_itself(timeline: Timeline) -> None:
    html = draw_timeline(timeline)

    assert html == draw_timeline(timeline)
    for picture in pictures(html):
        high = float(picture.attrib["height"])
        for part in picture.iter():
            place = part.get("x", "0")
            if place.endswith("%"):
                assert 0 <= float(place[:-1]) <= 100
            if part.tag == f"{SVG}text" and not part.get("class", "").startswith("kw-tick"):
                assert 0 < float(part.get("y", "1")) <= high


def test_each_outcome_is_explained() -> None:
    assert set(STACKED) == {"ok", "lost", "failed", "blocked"}


def strip(views: Sequence[Outcome]) -> list[tuple[str | None, str | None]]:
    """Return the pieces of a strip of page views that ended so: class and width."""
    (picture,) = pictures(
        draw_visits(
            PageView(at=number, took=0, document="d", commit="c", status=200, outcome=outcome)
            for number, outcome in enumerate(views)
        )
    )
    return [(part.get("class"), part.get("width")) for part in picture.iter(f"{SVG}rect") if part.get("y")]


def test_visits_are_a_strip_in_the_order_of_time() -> None:
    assert strip(["ok", "ok", "lost", "ok"]) == [("kw-ok", "50%"), ("kw-lost", "25%"), ("kw-ok", "25%")]


def test_visits_that_alternate_too_often_are_shown_by_their_shares() -> None:
    assert strip(["ok", "failed"] * 50) == [("kw-ok", "50%"), ("kw-failed", "50%")]


def test_a_deploy_is_shown_with_its_verdict(rehearse: Rehearse) -> None:
    passed = Deploy(timeline=rehearse(live=35, applied=2))
    assert "4px solid" in passed._repr_html_()
    assert "✓ Passed: code and schema are live" in passed._repr_html_()
    assert len(pictures(passed._repr_html_())) == 1

    broken = Deploy(timeline=rehearse())
    assert "Broken for 3.0 s" in broken._repr_html_()

    undone = Deploy(timeline=Timeline())
    assert "6px double" in undone._repr_html_()
    assert pictures(undone._repr_html_()) == []
