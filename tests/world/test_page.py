from __future__ import annotations

import httpx
import pytest

from kit.world.world import Page

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
