from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import WorldTaken
from kit.widgets import SideBySide
from kit.widgets.compare import draw_sides, format_difference, format_sides, lay_beside
from kit.world.engine import Engine
from kit.world.open import open_at
from kit.world.snapshot import Described
from kit.world.world import World

At = Callable[[int], Engine]
EVIL = "<img src=x onerror=alert(1)>'\"&"


def parse(html: str) -> ET.Element:
    """Parse what is drawn as XML, stricter than any browser."""
    return ET.fromstring(f"<div>{html}</div>")  # noqa: S314 - the kit's own text


def differing(world: World) -> list[tuple[str, str]]:
    lines = lay_beside(world.describe())
    return [(line.side, line.local or line.cloud) for line in lines if line.side != "same"]


def test_psql_itself_is_asked_and_the_journal_has_no_word_of_it(at: At) -> None:
    world = World(at(5), "")
    before = len(world.timeline)
    described = world.describe()
    typed = world.dev.run(r'psql "$LOCAL_DB_URL" -c "\d documents"').output
    assert described.local == typed
    assert len(world.timeline) == before + 1  # what was typed


@pytest.mark.parametrize("phase", [1, 6])
def test_where_both_agree_nothing_is_marked(still_at: At, phase: int) -> None:
    world = World(still_at(phase), "")
    assert differing(world) == []
    assert "kw-marked" not in draw_sides(world.describe()).replace("tr.kw-marked", "")


def test_the_column_and_its_index_are_only_local_before_the_push(still_at: At) -> None:
    world = World(still_at(5), "")
    assert differing(world) == [
        ("only local", "last_viewed | timestamp with time zone"),
        ("only local", '"idx_documents_last_viewed" btree (user_id, last_viewed DESC NULLS LAST)'),
    ]
    tree = parse(SideBySide(world)._repr_html_())
    marked = [row for row in tree.iter("tr") if row.get("class") == "kw-marked"]
    assert [row[0].text for row in marked] == ["only local", "only local"]
    assert [row[2].text for row in marked] == [None, None]
    table = next(tree.iter("table"))
    assert table.findtext("caption")
    assert all(cell.get("scope") for cell in table.iter("th"))
    assert repr(SideBySide(world)).splitlines()[-1] == "2 lines differ."


def test_a_wide_name_in_one_database_marks_its_own_line_only(at: At) -> None:
    world = World(at(1), "")
    world.dev.run(f'psql "$CLOUD_DB_URL" -qc "ALTER TABLE documents ADD {"x" * 50} int"')
    assert differing(world) == [("only cloud", f"{'x' * 50} | integer")]


def test_another_type_is_told_on_both_sides(at: At) -> None:
    world = World(at(1), "")
    world.dev.run('psql "$CLOUD_DB_URL" -qc "ALTER TABLE documents ALTER title SET NOT NULL"')
    [line] = [line for line in lay_beside(world.describe()) if line.side != "same"]
    assert (line.side, line.local, line.cloud) == ("differs", "title | text", "title | text | | not null")
    assert "\nL title | text\nC title | text | | not null\n" in repr(SideBySide(world))
    assert format_difference((line,)) == "1 line differs."


def test_a_table_that_is_gone_is_told_in_psqls_words(at: At) -> None:
    world = World(at(1), "")
    world.dev.run('psql "$CLOUD_DB_URL" -qc "DROP TABLE documents CASCADE" 2>&1')
    assert 'Did not find any relation named "documents".' in repr(SideBySide(world))


def test_a_locked_table_keeps_nobody_waiting_for_ever(at: At) -> None:
    world = World(at(1), "")
    with world.engine.server.connect("cloud") as other, other.transaction():
        other.execute("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE")
        described = world.describe()
    assert "canceling statement due to lock timeout" in described.cloud
    assert "processing_status" in described.local


def test_hostile_names_of_a_real_table_run_no_script(at: At) -> None:
    world = World(at(1), "")
    quoted = EVIL.replace('"', '""').replace("'", "")
    world.dev.run(f"""psql "$LOCAL_DB_URL" -qc 'ALTER TABLE documents ADD "{quoted}" int'""")
    html = SideBySide(world)._repr_html_()
    assert "<img" not in html
    assert "<img src=x onerror=alert(1)>" in "".join(parse(html).itertext())


def test_what_psql_printed_is_escaped() -> None:
    html = draw_sides(Described(local=f"{EVIL}\x1b[2J\r\u202e", cloud=f"{EVIL}\ud800"))
    assert "<img" not in html
    assert EVIL in "".join(parse(html).itertext())
    assert html.encode()
    text = format_sides(Described(local=f"ü{EVIL}\x1b[2J", cloud=""))
    assert text.isascii()
    assert "\x1b" not in text


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_no_line_is_lost_or_doubled(local: list[str], cloud: list[str]) -> None:
    lines = lay_beside(Described(local="\n".join(local), cloud="\n".join(cloud)))
    assert [line.local for line in lines if line.local] == local
    assert [line.cloud for line in lines if line.cloud] == cloud


def test_a_closed_world_says_so(kit_home: object) -> None:
    assert kit_home
    world = World(open_at(1, scratch=True).engine, "")
    shown = SideBySide(world)
    world.close()
    assert "Both databases describe it in the same words." in repr(shown)
    with pytest.raises(WorldTaken, match="closed"):
        SideBySide(world)
