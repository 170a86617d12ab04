"""docs/language.md is what the code draws, and the widgets' own style sheet says the same."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from kit.draw import PALETTE
from kit.names import ROOT
from kit.timeline import Outcome
from kit.timeline.drawing import STACKED
from pictures.language import SECTIONS, draw_page

FILES = draw_page()


@pytest.mark.parametrize("name", FILES)
def test_the_stored_page_is_what_the_code_draws(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == FILES[name], "python -m pictures.language"


def test_no_picture_is_left_of_a_shape_that_there_is_no_more() -> None:
    stored = {f"language/{path.name}" for path in (ROOT / "docs" / "language").iterdir()}

    assert stored == set(FILES) - {"language.md"}


def test_every_outcome_is_explained() -> None:
    shown = {shape.name: shape.means for shapes in SECTIONS.values() for shape in shapes}

    outcome: Outcome
    for outcome, meaning in STACKED.items():
        assert shown[outcome].startswith(f"{outcome}: {meaning}")


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".svg")])
def test_a_picture_follows_light_and_dark_and_asks_for_nothing(name: str) -> None:
    picture = ET.fromstring(FILES[name])  # noqa: S314 - the kit's own text

    assert "prefers-color-scheme:dark" in FILES[name]
    assert not re.findall(r"https?://(?!www\.w3\.org)|@import|<script", FILES[name])
    assert picture.attrib["height"].isdigit()
    colours = set(re.findall(r"var\(--kw-(\w+)\)", FILES[name]))
    assert colours <= set(PALETTE)
    assert all(FILES[name].count(f"--kw-{colour}:") == 2 for colour in colours)


RULES = re.compile(r"(\.kw-(?:old|fresh|unknown|shade|edge|mark|axis))\{([^}]*)\}")


def test_the_panel_draws_the_same_shapes() -> None:
    own = dict(RULES.findall(_read(ROOT / "kit" / "draw.css")))
    panel = dict(RULES.findall(_read(ROOT / "kit" / "widgets" / "deploy_picture.css")))

    assert own == {name: rule for name, rule in panel.items() if name in own}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").replace("\n", "")
