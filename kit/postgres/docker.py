"""The provider that runs the container of docker-compose.yml, only when it is asked for."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from kit.errors import BadInput, MissingTool, ServerFailed
from kit.names import MATERIAL
from kit.postgres import _docker_remove
from kit.postgres.server import DURABLE, Endpoint, ProviderName
from kit.process import Supervisor, wait_until

FILE = MATERIAL / "docker-compose.yml"
SERVICE = "postgres"
_KNOWN = {"image", "command", "environment", "volumes", "ports", "healthcheck", "labels"}
_HEALTH = {"test", "interval", "timeout", "retries", "start_period"}
_VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::?(?P<how>[-?])(?P<word>[^}]*))?\})")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, kw_only=True)
class Service:
    """What the file says of a service, in the words of the Docker SDK's `containers.create`."""

    image: str
    command: list[str]
    environment: dict[str, str]
    volumes: dict[str, str]
    ports: dict[str, tuple[str, int]]
    healthcheck: dict[str, Any]
    labels: dict[str, str]

    def __repr__(self) -> str:
        """Name the image; the environment holds a password."""
        return f"Service({self.image})"


def read_service(variables: Mapping[str, str], *, file: Path = FILE) -> Service:
    """Read the service, with `${…}` filled in.

    Only what the kit's own file uses is understood. Anything else is refused: passed
    over, it would make this container another one than that of `docker compose`.

    Args:
        variables: values for `${NAME}`, `${NAME:?…}` and `${NAME:-default}`.
        file: another file than the project's.

    Raises:
        MissingTool: if the file is not there.
        BadInput: if it says something that the kit does not understand.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise MissingTool(
            "docker-compose.yml, which describes the container, is not beside the package.",
            why=str(error.strerror),
            looked=[str(file)],
            remedy="Use the kit from a copy of its repository, or unset KIT_POSTGRES for the embedded one.",
        ) from error
    try:
        whole = _filled(yaml.safe_load(text), variables)
        facts = whole["services"][SERVICE]
        _refuse_others(facts, _KNOWN)
        return Service(
            image=facts["image"],
            command=_words(facts.get("command", [])),
            environment=_mapping(facts.get("environment", {})),
            volumes=dict(_mount(entry, whole.get("volumes", {})) for entry in facts.get("volumes", [])),
            ports=dict(_port(entry) for entry in facts.get("ports", [])),
            healthcheck=_health(facts["healthcheck"]),
            labels=_mapping(facts.get("labels", {})),
        )
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            "docker-compose.yml says something that the kit does not understand.",
            why=f"{type(error).__name__}: {error}",
            looked=[str(file)],
            remedy="Undo your changes to it: git checkout docker-compose.yml.",
        ) from error


def _refuse_others(facts: Mapping[str, Any], known: set[str]) -> None:
    if others := sorted(facts.keys() - known):
        raise ValueError(", ".join(others))


def _filled(value: Any, variables: Mapping[str, str]) -> Any:  # noqa: ANN401 - YAML
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _value(match, variables), value)
    if isinstance(value, dict):
        return {key: _filled(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, variables) for inner in value]
    return value


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match["dollar"]:
        return "$"
    default = match["word"] if match["how"] == "-" else None
    value = variables.get(match["name"], default)
    if value is None:
        raise KeyError(match[0])
    return value


def _words(value: str | list[str]) -> list[str]:
    return shlex.split(value) if isinstance(value, str) else [str(word) for word in value]


def _mapping(value: Mapping[str, Any] | list[str]) -> dict[str, str]:
    if isinstance(value, list):
        return {entry.partition("=")[0]: entry.partition("=")[2] for entry in value}
    return {key: str(inner) for key, inner in value.items()}


def _mount(entry: str, volumes: Mapping[str, Any]) -> tuple[str, str]:
    name, path = entry.split(":")
    return str(volumes[name]["name"]), path


def _port(entry: str) -> tuple[str, tuple[str, int]]:
    host, published, inner = entry.rsplit(":", 2)
    return f"{inner}/tcp", (host, int(published or 0))  # 0: whichever is free


def _health(facts: Mapping[str, Any]) -> dict[str, Any]:
    _refuse_others(facts, _HEALTH)
    return {key: _nanoseconds(value) if isinstance(value, str) else value for key, value in facts.items()}


def _nanoseconds(duration: str) -> int:
    parts = re.findall(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)", duration)
    if "".join(number + unit for number, unit in parts) != duration or not parts:
        raise ValueError(duration)
    return round(sum(float(number) * _SECONDS[unit] for number, unit in parts) * 1e9)


if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

_PORT = "5432/tcp"
_INSTANCE_LABEL = "broken-window-kit.instance"  # as docker-compose.yml has it
_ANSWER_S = 20
_START_S = 60.0
_LOOK_S = 0.1
_LAST_LINES = 5
_NEAR = {("tcp", "localhost"), ("tcp", "127.0.0.1")}
_OTHERWISE = "or unset KIT_POSTGRES: the embedded server needs no Docker."


class Docker:
    """PostgreSQL from the image that docker-compose.yml names, with its data in a volume of its own.

    Args:
        file: the description of the container.
    """

    name: ProviderName = "docker"

    def __init__(self, file: Path = FILE) -> None:
        """Keep the description's place."""
        self._file = file

    def __repr__(self) -> str:
        """Say the kind."""
        return "Docker()"

    def is_running(self, supervisor: Supervisor, *, instance: str) -> bool:  # noqa: ARG002 - no child of ours
        """Say whether its container runs; see `Provider.is_running`."""
        label = f"{_INSTANCE_LABEL}={instance}"
        return bool(_docker_remove.find(find_engine(), label, running=True))

    def start(self, folder: Path, supervisor: Supervisor, *, instance: str, keep: bool = False) -> Endpoint:  # noqa: ARG002 - not in a folder
        """Start a container that is labelled with `instance`; see `Provider.start`."""
        password = secrets.token_urlsafe(18)
        host, port = self._run(supervisor, instance, password, keep=keep, port=0)
        return Endpoint(host=host, port=port, password=password)

    def restart(
        self,
        folder: Path,  # noqa: ARG002 - not in a folder
        supervisor: Supervisor,
        *,
        instance: str,
        keep: bool = False,
        port: int = 0,
    ) -> int:
        """Start another container on the same volume; see `Provider.restart`."""
        remove_container(instance)
        return self._run(supervisor, instance, "used only when the data is made", keep=keep, port=port)[1]

    def _run(
        self, supervisor: Supervisor, instance: str, password: str, *, keep: bool, port: int
    ) -> tuple[str, int]:
        service = read_service({"KIT_INSTANCE": instance, "KIT_POSTGRES_PASSWORD": password}, file=self._file)
        label = next((f"{key}={value}" for key, value in service.labels.items() if value == instance), None)
        if label is None:
            raise BadInput(
                "docker-compose.yml has no label with ${KIT_INSTANCE}: the container could not be removed.",
                remedy="Undo your changes to it: git checkout docker-compose.yml.",
            )
        address = find_engine()
        volumes = {name: {"bind": path, "mode": "rw"} for name, path in service.volumes.items()}
        # Before there is a container: whatever becomes of this process, none is left behind.
        supervisor.after_end(
            [
                sys.executable,
                "-I",
                "-S",
                _docker_remove.__file__,
                address,
                label,
                *([] if keep else service.volumes),
            ],
            env={},
        )
        with connect(address) as client, _explained(service):
            _fetch(client, service)
            for name in service.volumes:
                client.volumes.create(name, labels=service.labels)
            container = client.containers.create(
                service.image,
                command=[*service.command, *(DURABLE if keep else [])],
                environment=service.environment,
                volumes=volumes,
                ports={inner: (host, port or any_) for inner, (host, any_) in service.ports.items()},
                healthcheck=service.healthcheck,
                labels=service.labels,
                name=f"kit-postgres-{instance}",
            )
            with contextlib.ExitStack() as undo:
                undo.callback(container.remove, force=True)
                container.start()
                _wait_for_health(container)
                published = _published(container)
                undo.pop_all()
        return published


def remove_container(instance: str, *, data: bool = False) -> None:
    """Remove the container of a world whose reaper could not.

    Args:
        instance: the marker of the world's server.
        data: remove its volume, too.

    Raises:
        MissingTool: if no engine answers.
        ServerFailed: if the engine does not remove it.
    """
    try:
        volume = f"kit-postgres-{instance}" if data else ""
        removed = _docker_remove.remove(find_engine(), f"{_INSTANCE_LABEL}={instance}", volume)
    except OSError as error:
        removed, why = False, str(error)
    else:
        why = "it is still there"
    if not removed:
        raise ServerFailed(
            "The container with a world's databases was not removed.",
            why=why,
            remedy=f"Run `docker rm --force kit-postgres-{instance}`.",
        )


def find_engine() -> str:
    """Return the address of the first Docker engine of this machine that answers.

    Raises:
        MissingTool: if none does; `looked` says why for each address.
    """
    looked, forbidden = [], False
    for address in _addresses():
        parts = urlsplit(address)
        if parts.scheme != "unix" and (parts.scheme, parts.hostname) not in _NEAR:
            looked.append(f"{address}: on another machine, where the server's port could not be reached")
            continue
        try:
            _docker_remove.ping(address)
        except PermissionError:
            looked.append(f"{address}: permission denied")
            forbidden = True
        except OSError as error:
            looked.append(f"{address}: {error.strerror or error}")
        else:
            return address
    if forbidden:
        remedy = "Add yourself to the group docker (sudo usermod -aG docker $USER) and log in again"
    else:
        remedy = "Start Docker (Docker Desktop, or: sudo systemctl start docker)"
    raise MissingTool(
        "No Docker engine of this machine can be used.", looked=looked, remedy=f"{remedy}, {_OTHERWISE}"
    )


def _addresses() -> list[str]:
    if chosen := os.environ.get("DOCKER_HOST"):
        return [chosen]
    from docker.context import ContextAPI  # noqa: PLC0415 - as below
    from docker.errors import DockerException  # noqa: PLC0415

    addresses = []
    with contextlib.suppress(DockerException, OSError, ValueError):  # it reads files of the user's
        context = ContextAPI.get_current_context()
        if context and context.Host:
            addresses.append(context.Host.removeprefix("http+"))
    run = os.environ.get("XDG_RUNTIME_DIR")
    places = [
        Path("/var/run/docker.sock"),
        *([Path(run) / "docker.sock"] if run else []),  # an engine without root
        Path.home() / ".docker" / "run" / "docker.sock",  # Docker Desktop
    ]
    return list(dict.fromkeys([*addresses, *(f"unix://{place}" for place in places)]))


@contextlib.contextmanager
def connect(address: str) -> Iterator[DockerClient]:
    """Talk to the engine at this address, for the length of a `with`."""
    # Imported where it is used: only those who ask for Docker wait for its SDK.
    import docker  # noqa: PLC0415

    client = docker.DockerClient(base_url=address, timeout=_ANSWER_S)
    try:
        yield client
    finally:
        client.close()


def _failures() -> tuple[type[Exception], ...]:
    import docker.errors  # noqa: PLC0415 - as above
    import requests.exceptions  # noqa: PLC0415 - the SDK lets them through

    return docker.errors.DockerException, requests.exceptions.RequestException


def _reason(error: Exception) -> str:
    return str(getattr(error, "explanation", None) or error).strip().splitlines()[0]


@contextlib.contextmanager
def _explained(service: Service) -> Iterator[None]:
    try:
        yield
    except _failures() as error:
        raise ServerFailed(
            f"Docker could not start a container from {service.image}.",
            why=_reason(error),
            remedy=f"Try `docker run --rm {service.image} postgres --version`, {_OTHERWISE}",
        ) from error


def _fetch(client: DockerClient, service: Service) -> None:
    import docker.errors  # noqa: PLC0415 - as above

    try:
        client.images.get(service.image)
    except docker.errors.ImageNotFound:
        try:
            client.images.pull(service.image)
        except _failures() as error:
            raise MissingTool(
                f"The image {service.image} is not on this machine and cannot be fetched.",
                why=_reason(error),
                looked=["the engine's images", "the registry of the image"],
                remedy=f"Run `docker pull {service.image}` where there is a network, {_OTHERWISE}",
            ) from error


def _published(container: Container) -> tuple[str, int]:
    published = container.ports[_PORT]
    if not published:
        raise ServerFailed(
            "The container's port is not published.",
            looked=[f"the container's port {_PORT}"],
            remedy=f"Undo your changes to docker-compose.yml, {_OTHERWISE}",
        )
    return published[0]["HostIp"], int(published[0]["HostPort"])


def _wait_for_health(container: Container) -> None:
    def state() -> str:
        container.reload()
        facts = container.attrs["State"]
        return str(facts["Health"]["Status"] if facts["Running"] else facts["Status"])

    if wait_until(lambda: state() not in ("created", "starting"), seconds=_START_S, every=_LOOK_S):
        what = state()
        if what == "healthy":
            return
    else:
        what = f"not ready after {_START_S:g} seconds"
    words = container.logs(tail=_LAST_LINES).decode(errors="replace").strip().splitlines()
    raise ServerFailed(
        f"PostgreSQL did not start in its container: {what}.",
        why=" / ".join(words) or "it wrote nothing",
        looked=["the container's log"],
        remedy=f"Try again, {_OTHERWISE}",
    )
