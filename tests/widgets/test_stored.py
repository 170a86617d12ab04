from __future__ import annotations

from urllib.parse import unquote
from xml.etree import ElementTree as ET

from kit.draw import PALETTE
from kit.widgets.accessibility import draw_stored

FILE = (
    "<svg xmlns='http://www.w3.org/2000/svg' class='kw-map' width='904' height='546'>"
    "<text>a &lt;b&gt;</text></svg>"
)


def test_a_stored_picture_is_all_of_its_file_with_the_colours_of_a_dark_page() -> None:
    (shown,) = ET.fromstring(f"<div>{draw_stored(FILE, 'Map. <nothing> changed')}</div>")  # noqa: S314 - ours
    image, words = shown
    held = unquote(image.attrib["src"].removeprefix("data:image/svg+xml,"))
    picture = ET.fromstring(held)  # noqa: S314 - ours

    assert held.startswith(FILE.removesuffix("</svg>"))
    assert "".join(picture[0].itertext()) == "a <b>"
    assert all(f"--kw-{name}:#" in held.partition("prefers-color-scheme:dark")[2] for name in PALETTE)
    assert (image.attrib["width"], image.attrib["height"]) == ("904", "546")
    assert image.attrib["alt"] == "Map. <nothing> changed"
    assert "".join(words.itertext()) == "In wordsMap. <nothing> changed"
