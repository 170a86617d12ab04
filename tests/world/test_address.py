from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.host import proxy
from kit.world.engine import Engine
from kit.world.world import World

At = Callable[[int], Engine]


def test_on_a_hub_without_a_proxy_the_address_says_what_is_missing(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(at(5), "")
    assert world.address.text == world.engine.host.address
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    monkeypatch.setattr(proxy, "find_spec", lambda _: None)
    assert "the hub lacks jupyter-server-proxy" in world.address.text
    assert "broken-window-kit[hub]" in world.address.text
