"""The visitor's seat without a browser: what it stores, whom it asks, what it tells the page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from kit.errors import BadInput
from kit.host.proxy import Proxy
from kit.lesson.notebooks import find_private
from kit.widgets import VisitorSeat
from kit.world.engine import Engine
from kit.world.page import Page
from kit.world.world import World

FIRST = "/read/00000000-0000-4000-8000-000000000001"
EVIL = "<img src=x onerror=alert(1)>"
At = Callable[[int], Engine]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Collect what a seat would send to its page."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(VisitorSeat, "send", lambda _, content: told.append(content))
    return told


@pytest.fixture
def closing() -> Iterator[list[Proxy | VisitorSeat]]:
    """Close what a test puts in here."""
    opened: list[Proxy | VisitorSeat] = []
    yield opened
    for each in opened:
        each.close()


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, trust_env=False, timeout=60)


def test_what_is_stored_says_how_to_see_it_and_no_address(still_at: At) -> None:
    world = World(still_at(5), "")
    before = set(threading.enumerate())  # another test may have had the world's own proxy start
    seat = VisitorSeat(world)
    data, _ = seat._repr_mimebundle_()

    text = "The visitor's seat: production in a frame. Run this cell in JupyterLab to sit there."
    assert data["text/plain"] == repr(seat) == text
    assert "127.0.0.1" not in str(seat.get_state())
    assert (
        find_private(str({name: value for name, value in seat.get_state().items() if name[0] != "_"})) == []
    )
    assert "kit-proxy" not in {thread.name for thread in set(threading.enumerate()) - before}
    seat.close()


def test_a_site_that_is_not_served_is_said_at_once(still_at: At) -> None:
    with pytest.raises(BadInput, match="dev server is not running"):
        VisitorSeat(World(still_at(5), ""), site="dev")


def test_a_visit_happens_at_the_worlds_time_and_its_page_is_told(
    at: At, told: list[dict[str, Any]], closing: list[Proxy | VisitorSeat]
) -> None:
    engine = at(8)
    seat = VisitorSeat(World(engine, ""))
    closing.append(seat)
    seat._handle_custom_msg({"sits": True}, [])
    seat._handle_custom_msg({"sits": True}, [])
    views = len(engine.timeline)
    (address,) = {message["address"] for message in told}
    del told[:]

    page = get(f"{address}{FIRST}")
    with engine.server.connect("cloud") as connection:
        (seen,) = connection.execute("SELECT max(last_viewed) FROM documents").fetchone() or ()
    get(f"{address}/nowhere", **{"Sec-Fetch-Dest": "iframe"})
    get(f"{address}/?tab", **{"Sec-Fetch-Dest": "document"})

    assert Page.read("production", page).text.startswith("My Test Document\n")
    assert seen == engine.clock.date()
    assert len(engine.timeline) == views
    assert told == [{"path": FIRST, "status": "200 OK"}, {"path": "/nowhere", "status": "404 Not Found"}]
    seat.close()
    with pytest.raises(httpx.ConnectError):
        get(address)


def test_a_site_that_is_gone_and_what_is_no_path_are_answered_in_words(
    closing: list[Proxy | VisitorSeat],
) -> None:
    def fetch(path: str) -> httpx.Response:
        if path == "/refused":
            raise BadInput(EVIL, remedy="Start it.")
        raise httpx.ConnectError("refused")

    proxy = Proxy(fetch, shown=lambda *_: None)
    closing.append(proxy)
    address = proxy.open()

    assert repr(proxy) == "Proxy(open)"
    assert proxy.open() == address
    gone, refused = get(f"{address}/"), get(f"{address}/refused")
    assert (gone.status_code, refused.status_code) == (502, 503)
    assert Page.read("x", gone).text == (
        "Nobody answers: this world is closed, or its site has stopped.\n"
        "Run the notebook's setup cell, then this one again."
    )
    assert EVIL not in refused.text
    assert EVIL in Page.read("x", refused).text
    assert httpx.head(address, trust_env=False, timeout=60).status_code == 204
    absolute = httpx.Request("GET", address, extensions={"target": b"http://elsewhere.example/"})
    with httpx.Client(trust_env=False, timeout=60) as client:
        assert client.send(absolute).status_code == 400
