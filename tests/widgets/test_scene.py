"""What the browser runs: the same rule as the kit's, checked types, a bundle that is made of its sources."""

from __future__ import annotations

import gzip
import itertools
import json
import math
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from kit.experiments.changes import CHANGES
from kit.experiments.orders import DEPLOY_ORDERS
from kit.experiments.prediction import planned_pushes, planned_span, predict
from kit.experiments.rehearsal import Plan
from kit.names import ROOT
from kit.timeline.clock import ClockName
from kit.widgets.deploy_panel import _OUTCOMES, _rules

WIDGETS = ROOT / "kit" / "widgets"
MODULES = ("deploy", "stage")
MOST = 80_000
"""Bytes of a widget's code, compressed."""
PROGRAM = """
import { predict, pushes, span } from %r;
import { readFileSync } from 'node:fs';
const { plans, rules } = JSON.parse(readFileSync(0, 'utf8'));
const round = (number) => Math.round(number * 1e6) / 1e6;
console.log(JSON.stringify(plans.map((plan) => {
  const made = predict(plan, rules);
  return {
    code: made.code.map((turn) => [Number.isFinite(turn.at) ? round(turn.at) : null, turn.columns]),
    schema: made.schema.map((turn) => [Number.isFinite(turn.at) ? round(turn.at) : null, turn.columns]),
    window: made.window && [round(made.window.start), round(made.window.end)],
    pushes: pushes(plan, rules).map(({ at, git, db }) => [round(at), git, db]),
    span: [round(span(plan, rules).start), round(span(plan, rules).end)],
  };
})));
"""
Need = Callable[[object, str], None]


@pytest.fixture(scope="module")
def node(need: Need) -> str:
    path = shutil.which("node")
    need(path, "Node (https://nodejs.org)")
    assert path
    return path


@pytest.fixture(scope="module")
def tools(node: str, need: Need) -> Path:
    assert node
    folder = ROOT / "node_modules" / ".bin"
    need((folder / "esbuild").exists() and (folder / "tsc").exists(), "esbuild and tsc (npm install)")
    return folder


def plans() -> list[Plan]:
    clocks: tuple[ClockName, ...] = ("wall", "virtual")
    return [
        Plan(change=change, order=order, clock=clock, build=build, wait=wait)
        for change, order, clock, build in itertools.product(CHANGES, DEPLOY_ORDERS, clocks, (1.0, 4.0, 35.0))
        for wait in ((0.0, 2.5, 8.0, 33.0, 45.0) if order == "code-first" else (None,))
    ]


def instant(at: float) -> float | None:
    return None if math.isinf(at) else round(at, 6)


def expect(plan: Plan) -> dict[str, Any]:
    made = predict(plan)
    turns = {
        name: [
            [None if turn.at == -float("inf") else round(turn.at, 6), sorted(turn.columns)] for turn in lane
        ]
        for name, lane in (("code", made.code), ("schema", made.schema))
    }
    return {
        **turns,
        "window": made.window and [round(made.window.start, 6), round(made.window.end, 6)],
        "pushes": [
            [round(push.at, 6), "git" in push.text, "db" in push.text] for push in planned_pushes(plan)
        ],
        "span": [round(number, 6) for number in planned_span(plan)],
    }


def test_the_page_predicts_what_the_kit_predicts(node: str) -> None:
    some = plans()
    facts = [{**asdict(plan), "wait": plan.wait_s} for plan in some]
    program = PROGRAM % (WIDGETS / "scene" / "plan.js").as_uri()
    asked = subprocess.run(
        [node, "--input-type=module", "-e", program],
        input=json.dumps({"plans": facts, "rules": _rules()}),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(asked.stdout)
    for plan, told in zip(some, found, strict=True):
        assert told == expect(plan), plan
    assert len(some) >= 100
    assert any(told["window"] for told in found)


def test_outcomes_have_the_same_numbers() -> None:
    source = (WIDGETS / "scene" / "run.js").read_text()
    assert f"OUTCOMES = {json.dumps(_OUTCOMES)};" in source


def test_types_agree(tools: Path) -> None:
    done = subprocess.run([tools / "tsc", "-p", ROOT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", MODULES)
def test_a_bundle_is_made_of_its_sources(name: str, tools: Path, tmp_path: Path) -> None:
    assert tools
    subprocess.run(
        ["make", "-s", "-C", ROOT, "bundle", f"BUNDLES={tmp_path}"], check=True, capture_output=True
    )
    assert (tmp_path / f"{name}.js").read_text() == (WIDGETS / f"{name}.js").read_text(), "type: make bundle"


@pytest.mark.parametrize("name", MODULES)
def test_a_bundle_is_small_and_loads_nothing(name: str) -> None:
    code = (WIDGETS / f"{name}.js").read_bytes()
    assert len(gzip.compress(code)) <= MOST
    for loads in (b"import(", b"https://unpkg", b"https://cdn", b"fetch(", b"XMLHttpRequest", b"eval("):
        assert loads not in code
    assert b"BSD-3-Clause" in code
