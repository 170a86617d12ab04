from __future__ import annotations

from pathlib import Path

import pytest

from kit.errors import BadInput, MissingTool
from kit.postgres.cluster import SETTINGS
from kit.postgres.docker import FILE, Service, read_service

VARIABLES = {"KIT_INSTANCE": "abc", "KIT_POSTGRES_PASSWORD": "secret"}
OF_THE_MACHINE = {"listen_addresses", "unix_socket_directories"}
"""In a container the port must be open to its network, and the image prepares itself over its socket."""

MINIMAL = """
services:
  postgres:
    image: postgres:18
    healthcheck: {test: [CMD, "true"]}
"""


@pytest.fixture
def service() -> Service:
    return read_service(VARIABLES)


def written(tmp_path: Path, text: str) -> Service:
    (tmp_path / "docker-compose.yml").write_text(text)
    return read_service(VARIABLES, file=tmp_path / "docker-compose.yml")


def test_its_settings_are_those_of_the_other_providers(service: Service) -> None:
    assert service.command[0] == "postgres"
    flags, pairs = service.command[1::2], service.command[2::2]
    assert set(flags) == {"-c"}
    expected = {name: value.strip("'") for name, value in SETTINGS.items() if name not in OF_THE_MACHINE}
    assert dict(pair.split("=", 1) for pair in pairs) == expected


def test_it_is_reached_from_this_machine_only_and_on_any_port(service: Service) -> None:
    assert service.ports == {"5432/tcp": ("127.0.0.1", 0)}


def test_its_data_is_in_a_volume_of_its_own_where_the_image_allows_it(service: Service) -> None:
    assert service.volumes == {"kit-postgres-abc": "/var/lib/postgresql"}


def test_its_superuser_is_the_kits_with_the_given_password(service: Service) -> None:
    assert service.environment["POSTGRES_USER"] == "kit"
    assert service.environment["POSTGRES_DB"] == "postgres"
    assert service.environment["POSTGRES_PASSWORD"] == "secret"
    assert {"--encoding=UTF8", "--locale=C"} <= set(service.environment["POSTGRES_INITDB_ARGS"].split())
    assert repr(service) == "Service(postgres:18)"


def test_it_is_labelled_with_its_instance(service: Service) -> None:
    assert "abc" in service.labels.values()
    assert all("broken-window-kit" in key for key in service.labels)


def test_its_health_is_asked_over_tcp(service: Service) -> None:
    # Over its socket it also answers while it is being prepared.
    assert service.healthcheck["test"][:2] == ["CMD", "pg_isready"]
    assert "--host=127.0.0.1" in service.healthcheck["test"]
    assert service.healthcheck["interval"] == 10**9


def test_variables_have_defaults_and_dollars_stay(tmp_path: Path) -> None:
    text = MINIMAL + (
        "    labels: ['a=${KIT_INSTANCE}', 'b=${OTHER:-x}', 'c=${OTHER-}', 'd=$${OTHER}']\n"
        "    command: postgres -c 'a=b c'\n"
    )
    service = written(tmp_path, text)

    assert service.labels == {"a": "abc", "b": "x", "c": "", "d": "${OTHER}"}
    assert service.command == ["postgres", "-c", "a=b c"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("    tmpfs: /data\n", "tmpfs"),
        ("    volumes: [/etc:/etc]\n", "/etc"),
        ("    labels: {a: '${NOT_GIVEN:?needed}'}\n", "NOT_GIVEN"),
        ("    ports: ['5432']\n", "not enough values"),
        ("    image: [\n", "parsing"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, more: str, why: str) -> None:
    with pytest.raises(BadInput, match="does not understand") as caught:
        written(tmp_path, MINIMAL + more)

    assert why in caught.value.why
    assert "git checkout docker-compose.yml" in caught.value.remedy


@pytest.mark.parametrize("text", ["", "services: {}", "services: {postgres: {image: x}}", "- a"])
def test_a_file_without_the_service_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput):
        written(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "nanoseconds"), [("500ms", 5 * 10**8), ("1m30s", 90 * 10**9), ("2h", 72 * 10**11)]
)
def test_durations(tmp_path: Path, text: str, nanoseconds: int) -> None:
    service = written(tmp_path, MINIMAL.replace("{test", f"{{interval: {text}, test"))
    assert service.healthcheck["interval"] == nanoseconds


def test_a_duration_without_a_unit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="ten"):
        written(tmp_path, MINIMAL.replace("{test", "{interval: ten, test"))


def test_an_installation_without_the_file(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match="not beside the package") as caught:
        read_service(VARIABLES, file=tmp_path / "docker-compose.yml")

    assert caught.value.looked == (str(tmp_path / "docker-compose.yml"),)
    assert FILE.is_file()
