"""Read the one service of docker-compose.yml: the single description of the kit's container."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kit.errors import BadInput, MissingTool
from kit.names import ROOT

FILE = ROOT / "docker-compose.yml"
SERVICE = "postgres"
_KNOWN = {"image", "command", "environment", "tmpfs", "ports", "healthcheck", "labels"}
_HEALTH = {"test", "interval", "timeout", "retries", "start_period"}
_VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::?(?P<how>[-?])(?P<word>[^}]*))?\})")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, kw_only=True)
class Service:
    """What the file says of a service, in the words of the Docker SDK's `containers.create`."""

    image: str
    command: list[str]
    environment: dict[str, str]
    tmpfs: dict[str, str]
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
        facts = yaml.safe_load(text)["services"][SERVICE]
        facts = _filled(facts, variables)
        _refuse_others(facts, _KNOWN)
        return Service(
            image=facts["image"],
            command=_words(facts.get("command", [])),
            environment=_mapping(facts.get("environment", {})),
            tmpfs=dict(_mount(entry) for entry in _entries(facts.get("tmpfs", []))),
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


def _entries(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _words(value: str | list[str]) -> list[str]:
    return shlex.split(value) if isinstance(value, str) else [str(word) for word in value]


def _mapping(value: Mapping[str, Any] | list[str]) -> dict[str, str]:
    if isinstance(value, list):
        return {entry.partition("=")[0]: entry.partition("=")[2] for entry in value}
    return {key: str(inner) for key, inner in value.items()}


def _mount(entry: str) -> tuple[str, str]:
    path, _, options = entry.partition(":")
    return path, options


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
