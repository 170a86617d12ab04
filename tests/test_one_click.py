"""Binder, Codespaces, a container, a team's CI: what of their files can be done or read here."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import tomllib
import venv
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from kit.cli.lab import lab
from kit.lesson.notebooks import find_notebooks
from kit.names import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
TEMPLATES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Do what repo2docker does with .binder, in an environment of its own; the checkout, and the variables.

    Its first step, `pip install -r .binder/requirements.txt`, has been done here already: the packages of
    this environment are seen in that one. The kit is not: postBuild installs it.
    """
    top = tmp_path_factory.mktemp("binder")
    checkout, place, home = top / "checkout", top / "environment", top / "home"
    home.mkdir()
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in filter(None, subprocess.check_output(listed, text=True).split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    venv.create(place, with_pip=False)
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "KIT_", "JUPYTER"))
    }
    environment = own | {"HOME": str(home), "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([checkout / ".binder" / "postBuild"], cwd=checkout, env=environment, check=True)
    return checkout, environment


def test_binders_requirements_are_the_learners() -> None:
    folder = ROOT / ".binder"
    (line,) = (folder / "requirements.txt").read_text().splitlines()
    assert (folder / line.removeprefix("-r ")).resolve() == ROOT / "requirements.lock"
    assert os.access(folder / "postBuild", os.X_OK)
    assert os.access(folder / "start", os.X_OK)


@pytest.mark.installs
def test_binder_has_the_copies_that_the_button_opens(image: tuple[Path, dict[str, str]]) -> None:
    checkout, _ = image
    made = {path.name for path in (checkout / "my-notebooks").glob("*.ipynb")}
    assert made == {path.name for path in find_notebooks()}
    (button,) = re.findall(r"mybinder\.org/\S+urlpath=lab/tree/([\w/.-]+)", (ROOT / "README.md").read_text())
    assert (checkout / button).is_file()


@pytest.mark.installs
def test_binders_first_cell_builds_nothing(image: tuple[Path, dict[str, str]], new_home: Path) -> None:
    checkout, environment = image
    (new_home / "cache").unlink()  # the run's
    program = "import kit, os; kit.open_world(phase=5); print(kit.__file__); print(os.environ['KIT_STAGE'])"
    words = [str(checkout / ".binder" / "start"), "python", "-c", program]
    environment = environment | {"KIT_HOME": str(new_home)}
    printed = subprocess.check_output(words, cwd=checkout, env=environment, text=True)
    assert f"{checkout.resolve() / 'kit' / '__init__.py'}\n1" in printed
    assert not list(new_home.glob("cache/*/*/journal.jsonl")), (
        "it built checkpoints although there is a cache"
    )


def commands(text: str) -> list[list[str]]:
    return [shlex.split(part) for part in re.split(r"&&|\n", text) if part.strip()]


def require_known(command: list[str]) -> None:
    """Make sure that a command of ours is one that there is, with options that it has."""
    if command[0] == "make":
        targets = re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text())
        assert {word for word in command[1:] if "=" not in word} <= set(targets), command
    elif command[1:4] == ["-m", "kit", "lab"] or command[:2] == ["kit", "lab"]:
        lab.make_context("lab", command[command.index("lab") + 1 :], resilient_parsing=True)
        options = {option for parameter in lab.params for option in parameter.opts}
        own = command[: command.index("--")] if "--" in command else command
        assert {word for word in own if word.startswith("--")} <= options, command
    else:
        assert command[:3] in (
            ["python", "-m", "pip"],
            ["kit", "check", "kit/starter/main"],
        ), command


def test_the_development_container_is_made_of_what_is_there() -> None:
    facts = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    file = (ROOT / ".devcontainer" / facts["build"]["dockerfile"]).resolve()
    stages = re.findall(r"(?m)^FROM \S+ AS (\w+)$", file.read_text())
    assert file == ROOT / "Containerfile"
    assert facts["build"]["target"] in stages
    assert f"useradd --create-home --uid 1000 {facts['remoteUser']}" in file.read_text()
    for name in ("postCreateCommand", "postAttachCommand"):
        for command in commands(facts[name]):
            require_known(command)


def test_the_container_starts_with_a_command_that_there_is() -> None:
    (words,) = re.findall(r"(?m)^CMD (\[.*\])$", (ROOT / "Containerfile").read_text())
    require_known(json.loads(words))


def test_the_workflow_runs_what_there_is() -> None:
    workflow: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "lesson.yml").read_text())
    ran = []
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            for command in commands(step.get("run", "")):
                require_known(command)
                ran.append(command[0])
    assert {"make", "kit"} <= set(ran)
    pythons = workflow["jobs"]["outputs"]["strategy"]["matrix"]["python"]
    assert [f"{major}.{minor}" for major, minor in ((3, 11), (3, 14))] == pythons


def test_the_release_is_called_the_same_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors", "license"} <= citation.keys()
    (number, date) = re.findall(r"(?m)^## \[([\d.]+)\] - (\S+)$", (ROOT / "CHANGELOG.md").read_text())[0]
    assert citation["version"] == number == VERSION
    assert citation["date-released"] == date


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_an_issues_form_is_complete(path: Path) -> None:
    form = yaml.safe_load(path.read_text())
    if path.name == "config.yml":
        assert form == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= form.keys()
    assert len({field["id"] for field in form["body"]}) == len(form["body"])
    assert all(field["attributes"]["label"] for field in form["body"])


def test_binders_python_is_one_that_is_promised() -> None:
    (name,) = (ROOT / ".binder" / "runtime.txt").read_text().split()
    promised = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert SpecifierSet(promised).contains(name.removeprefix("python-"))
