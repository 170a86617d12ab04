from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from kit.errors import WorldTaken
from kit.widgets import WorldMap
from kit.widgets.accessibility import draw_stored
from kit.widgets.world_map import draw_map, draw_map_picture, find_places, format_map
from kit.world.engine import Engine
from kit.world.open import open_at
from kit.world.snapshot import Change
from kit.world.world import World

At = Callable[[int], Engine]


@pytest.fixture
def broken(at: At) -> Change:
    """Deploy code first, for real."""
    world = World(at(5), "")
    world.dev.run("git checkout -q main && git merge -q feature/document-last-viewed")
    world.dev.run("git push -q origin main")
    world.advance(36)
    return world.change()


def parse(html: str) -> ET.Element:
    """Parse what is drawn as XML, stricter than any browser."""
    return ET.fromstring(f"<div>{html}</div>")  # noqa: S314 - the kit's own text


def test_the_map_shows_all_seven_places_the_gap_and_what_changed(broken: Change) -> None:
    html = draw_map(broken)
    drawing = "".join(next(parse(html).iter("svg")).itertext())
    for place in find_places(broken):
        assert place.name in drawing
    assert "GAP: no such column" in drawing
    assert html.count(">CHANGED<") == html.count("kw-moved'") == 1
    assert "was serving be5fdcc" in html


def test_without_a_gap_none_is_drawn(at: At) -> None:
    html = draw_map(World(at(6), "").change())
    assert "GAP" not in html
    assert "class='kw-gap'" not in html


def test_the_table_says_the_same_in_words(broken: Change) -> None:
    table = next(parse(draw_map(broken)).iter("table"))
    assert table.findtext("caption") == "What is where"
    assert all(cell.get("scope") for cell in table.iter("th"))
    rows = {row[0].text: row for row in table.iter("tr")}
    assert rows["production site"][3].text == "was serving be5fdcc"
    assert "no column last_viewed" in (rows["cloud database"][1].text or "")
    assert len(rows) == 8


def test_the_same_change_gives_the_same_text(broken: Change) -> None:
    assert draw_map(broken) == draw_map(broken)
    assert draw_map_picture(broken) == draw_map_picture(broken)


def test_its_text_is_an_ascii_tree(broken: Change) -> None:
    text = format_map(broken)
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 110
    assert "GAP: the production site writes last_viewed" in text
    marked = [line for line in text.splitlines() if line.startswith("*")]
    assert len(marked) == 1
    assert "production site  serving 1f31094" in marked[0]


def test_nothing_in_it_takes_the_focus_or_loads_anything(broken: Change) -> None:
    for html in (draw_map(broken), draw_map_picture(broken).replace("http://www.w3.org/2000/svg", "")):
        tags = {element.tag for element in parse(html).iter()}
        assert not tags & {"a", "button", "input", "img", "image", "script", "foreignObject", "use"}
        assert "tabindex" not in html
        assert "http" not in html


def test_the_picture_stands_alone(broken: Change) -> None:
    root = ET.fromstring(draw_map_picture(broken))  # noqa: S314 - as above
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "was serving be5fdcc" in "".join(root.itertext())


def test_two_maps_share_no_id(broken: Change) -> None:
    ids = [set(re.findall(r" id='([^']+)'", draw_map(broken, ident=name))) for name in "ab"]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_what_came_from_elsewhere_runs_no_script(hostile: Change) -> None:
    for html in (draw_map(hostile), draw_map_picture(hostile)):
        assert "<img" not in html
        assert "<img src=x" in "".join(parse(html).itertext())
        assert html.encode()  # no lone surrogate, which no message could carry
    text = format_map(hostile)
    assert text.isascii()
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)


def test_hostile_names_of_a_real_world_run_no_script(at: At) -> None:
    world = World(at(1), "")
    evil = "<img src=x onerror=alert(1)>"
    world.dev.run("git checkout -q -b '<img/src=x/onerror=alert(1)>' && git push -q origin HEAD")
    world.dev.run(f"touch 'supabase/migrations/1_{evil}.sql' '{evil}'")
    world.dev.run(f"""psql "$LOCAL_DB_URL" -qc 'ALTER TABLE documents ADD "{evil}" int'""")
    html = draw_map(world.change())
    assert "<img" not in html
    assert f"+ column {evil}" in "".join(parse(html).itertext())


def test_the_widget_stores_a_picture_and_a_text_but_no_number_of_its_own(at: At) -> None:
    world = World(at(5), "")
    first, second = WorldMap(world), WorldMap(world)
    one, other = stored(first), stored(second)
    assert one == other
    assert one["text/plain"] == repr(first)
    assert set(one) == {"text/plain", "text/html"}
    assert one["text/html"] == draw_stored(first.picture(), repr(first))
    assert first.value != second.value  # ids of their own, on one page
    world.dev.run("git checkout -q main")
    assert repr(first) == repr(second) != repr(WorldMap(world))


def stored(widget: WorldMap) -> dict[str, Any]:
    """Return what a notebook keeps of it."""
    bundle = widget._repr_mimebundle_()
    assert bundle.pop("application/vnd.jupyter.widget-view+json")
    return bundle


def test_a_closed_world_says_so(kit_home: object) -> None:
    assert kit_home
    world = World(open_at(1, scratch=True).engine, "")
    shown = WorldMap(world)
    world.close()
    assert "World map." in repr(shown)
    with pytest.raises(WorldTaken, match="closed"):
        WorldMap(world)
