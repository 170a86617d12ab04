"""One name, one meaning: classes, constants, validators and loop variables of `kit`."""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import kit

KIT = Path(kit.__file__).parent
PLACES = [
    path.relative_to(KIT).as_posix()
    for path in sorted(KIT.rglob("*.py"))
    if not path.is_relative_to(KIT / "starter")
]
MOST_COPIED = 6
"""A function with more parameters than these, written down twice, wants a dataclass."""
CHECKS = {"cli/review.py: check", "world/world.py: check"}
"""`python -m kit check`, and what a notebook asks after each step."""


@functools.cache
def modules() -> dict[str, ast.Module]:
    return {place: ast.parse((KIT / place).read_text(encoding="utf-8")) for place in PLACES}


def twice(names: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the names that are in several places, with the places."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for name, place in names:
        places[name].append(place)
    return {name: found for name, found in places.items() if len(found) > 1}


def named(target: ast.AST) -> Iterator[str]:
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def constants(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in [node.target] if isinstance(node, ast.AnnAssign) and node.value else targets:
            yield from (name for name in named(target) if not name.startswith("_"))


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for place, module in modules().items():
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield place, node


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    arguments = function.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return tuple(argument.arg for argument in every if argument.arg not in ("self", "cls"))


def test_a_class_has_a_name_of_its_own() -> None:
    classes = (
        (node.name, place)
        for place, module in modules().items()
        for node in module.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )

    assert twice(classes) == {}


def test_a_constant_has_a_name_of_its_own() -> None:
    assert twice((name, place) for place, module in modules().items() for name in constants(module)) == {}


@pytest.mark.parametrize("place", PLACES)
def test_a_loop_variable_is_named_by_the_thing(place: str) -> None:
    lines = [
        node.target.lineno
        for node in ast.walk(modules()[place])
        if isinstance(node, ast.For | ast.comprehension) and "one" in named(node.target)
    ]

    assert lines == []


def test_a_long_list_of_parameters_is_written_once() -> None:
    long = (
        (", ".join(names), f"{place}: {function.name}")
        for place, function in functions()
        if len(names := parameters(function)) > MOST_COPIED
    )

    assert twice(long) == {}


def test_only_exercises_and_the_command_are_called_check() -> None:
    found = {
        f"{place}: {function.name}" for place, function in functions() if function.name.startswith("check")
    }

    assert {check for check in found if not check.startswith("lesson/")} == CHECKS
