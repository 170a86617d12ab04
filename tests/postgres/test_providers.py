from __future__ import annotations

import pytest

from kit.errors import BadInput
from kit.postgres import provider_named


def test_the_embedded_one_unless_another_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert repr(provider_named()) == "Embedded()"
    monkeypatch.setenv("KIT_POSTGRES", "")
    assert repr(provider_named()) == "Embedded()"


@pytest.mark.parametrize("name", ["embedded", "docker", "system"])
def test_by_variable_or_by_argument(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert provider_named(name).name == name
    monkeypatch.setenv("KIT_POSTGRES", name)
    assert provider_named().name == name
    assert provider_named("system").name == "system"


def test_an_unknown_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="no PostgreSQL provider named 'mysql'") as caught:
        provider_named("mysql")
    assert caught.value.remedy == "Choose one of: embedded, docker, system."
    assert caught.value.looked == ("the argument",)

    monkeypatch.setenv("KIT_POSTGRES", "postgresql://me@host/db")
    with pytest.raises(BadInput) as caught:
        provider_named()
    assert caught.value.looked == ("the environment variable KIT_POSTGRES",)
