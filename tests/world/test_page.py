from __future__ import annotations

import httpx
import pytest

from kit.world.page import Page
from kit.world.world import Checked, Shown

HTML = """<!doctype html>
<html><head><title>Not this</title><style>p { color: red }</style></head>
<body><h1>My &amp; yours</h1>
<script>
alert("nor this")
</script>

<p><em>a</em> &lt;b&gt;</p>
</body></html>"""


def test_a_reader_sees_the_text_without_the_tags() -> None:
    page = Page.read("production", httpx.Response(200, text=HTML))

    assert page == Page(site="production", status=200, text="My & yours\na <b>")
    assert repr(page) == "production: 200 OK\n  My & yours\n  a <b>"


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "dev: 404 Not Found"), (500, "dev: 500 Internal Server Error"), (599, "dev: 599 ")],
)
def test_an_error_page_says_its_status(status: int, words: str) -> None:
    assert repr(Page.read("dev", httpx.Response(status, text=""))) == words.rstrip() + (
        " " if words.endswith(" ") else ""
    )


def test_a_long_page_shows_its_beginning() -> None:
    page = Page.read("production", httpx.Response(200, text="\n".join(f"<p>{n}</p>" for n in range(99))))

    assert repr(page).splitlines() == ["production: 200 OK", "  0", "  1", "  2", "  3"]
    assert len(page.text.splitlines()) == 99


def test_in_a_notebook_it_is_framed_and_what_the_site_says_is_text() -> None:
    shown = Page.read("dev", httpx.Response(200, text=HTML))._repr_html_()

    assert "<strong>dev</strong> 200 OK" in shown
    assert "<div>My &amp; yours</div><div>a &lt;b&gt;</div>" in shown
    assert "border:1px solid" in shown


def test_the_frame_of_an_error_page_is_double() -> None:
    assert "border:6px double" in Page.read("dev", httpx.Response(500, text=""))._repr_html_()


def test_each_sentence_that_is_checked_has_a_mark_a_word_and_an_edge() -> None:
    shown = Checked("5.4", (("The code is live.", True), ("The <column> is there.", False)))._repr_html_()

    first, second = shown.split("</p>")[:2]
    assert "4px solid" in first
    assert "<strong>✓</strong> The code is live." in first
    assert "6px double" in second
    assert "<strong>✗ not true:</strong> The &lt;column&gt; is there." in second


def test_words_are_html_only_with_a_picture() -> None:
    assert Shown("wrote a file")._repr_html_() is None
    assert str(Shown("36 s passed", "<img/>")._repr_html_()).endswith(">36 s passed</p><img/>")
