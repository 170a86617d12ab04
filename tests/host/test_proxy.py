"""What a browser on another machine gets: the site below a path of somebody's server, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from kit.host import proxy
from kit.host.proxy import Proxy, find_public

PAGE = '<a href="/">Home</a><a href="//elsewhere/">x</a><form action="/search"><a href="#page">y</a>'


@pytest.fixture
def address() -> Iterator[str]:
    def fetch(path: str) -> httpx.Response:
        kind = "text/plain" if path == "/text" else "text/html; charset=utf-8"
        return httpx.Response(200, text=PAGE, headers={"Content-Type": kind})

    serving = Proxy(fetch, shown=lambda *_: None)
    yield serving.open()
    serving.close()


@pytest.fixture
def on_a_hub(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def on_a_hub(*, proxy_installed: bool = True) -> None:
        monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
        monkeypatch.setattr(proxy, "find_spec", lambda _: object() if proxy_installed else None)

    return on_a_hub


def test_links_lead_below_the_path_that_a_proxy_names(address: str) -> None:
    headers = {"X-Forwarded-Context": "/user/ada/proxy/1234"}
    page = httpx.get(f"{address}/", headers=headers, trust_env=False, timeout=60).text
    assert '<a href="/user/ada/proxy/1234/">' in page
    assert '<form action="/user/ada/proxy/1234/search">' in page
    assert '<a href="//elsewhere/">' in page
    assert '<a href="#page">' in page
    assert httpx.get(f"{address}/text", headers=headers, trust_env=False, timeout=60).text == PAGE
    assert httpx.get(f"{address}/", trust_env=False, timeout=60).text == PAGE


def test_where_there_is_no_hub_an_address_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    assert find_public("http://127.0.0.1:1234") == "http://127.0.0.1:1234"


def test_on_a_hub_it_is_below_the_learners_server(
    on_a_hub: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_hub()
    assert find_public("http://127.0.0.1:1234") == "/user/ada/proxy/1234"
    monkeypatch.setenv("JUPYTERHUB_PUBLIC_URL", "https://hub.example/user/ada/")
    assert find_public("http://127.0.0.1:1234") == "https://hub.example/user/ada/proxy/1234"


def test_a_hub_without_that_proxy_has_none(on_a_hub: Callable[..., None]) -> None:
    on_a_hub(proxy_installed=False)
    assert find_public("http://127.0.0.1:1234") == ""
