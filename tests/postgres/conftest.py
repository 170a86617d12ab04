"""The three providers, and a server of each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.errors import MissingTool
from kit.postgres import Provider, Server, provider_named, start_server
from kit.postgres.docker import connect, find_engine, read_service
from kit.process import Supervisor

EACH = [
    "embedded",
    pytest.param("docker", marks=pytest.mark.docker),
    pytest.param("system", marks=pytest.mark.system),
]


@pytest.fixture(scope="session")
def docker_engine(need: Callable[[object, str], None]) -> str:
    """Return the address of a Docker engine that has the image."""
    from docker.errors import ImageNotFound  # noqa: PLC0415 - only who tests Docker waits for it

    image = read_service({"KIT_INSTANCE": "", "KIT_POSTGRES_PASSWORD": ""}).image
    address, missing = "", ""
    try:
        address = find_engine()
        with connect(address) as client:
            client.images.get(image)
    except MissingTool as error:
        missing = f"{error.message} {'; '.join(error.looked)}"
    except ImageNotFound:
        missing = f"the image {image}"
    need(not missing, missing)
    return address


@pytest.fixture(scope="session", params=EACH)
def provider(request: pytest.FixtureRequest, kit_home: Path, need: Callable[[object, str], None]) -> Provider:
    """Return each provider in turn."""
    if request.param == "docker":
        request.getfixturevalue("docker_engine")
    if request.param == "system":
        need(shutil.which("pg_ctl"), "PostgreSQL's pg_ctl on PATH")
    return provider_named(request.param, cache=kit_home / "cache")


@pytest.fixture(scope="session")
def any_server(provider: Provider) -> Iterator[Server]:
    """Start one server of each provider."""
    supervisor = Supervisor.start()
    try:
        yield start_server(provider, supervisor.folder, supervisor)
    finally:
        supervisor.close()
