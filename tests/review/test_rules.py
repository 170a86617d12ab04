"""The schema of rules.toml: every word in it is known, and every rule can be reached."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from postgast.pg_query_pb2 import AlterTableType, ConstrType, Node, ObjectType

import kit.review
from kit.review.classify import CONDITIONS
from kit.review.rules import LOCKS, Order, read_rules

FILE = Path(kit.review.__file__).with_name("rules.toml")
TABLES: dict[str, dict[str, Any]] = tomllib.loads(FILE.read_text())
"""TOML itself allows no kind twice."""
STATEMENTS = {field.name for field in Node.DESCRIPTOR.oneofs_by_name["node"].fields}
WORDS = {*STATEMENTS, *AlterTableType.keys(), *ConstrType.keys(), *ObjectType.keys()}


@pytest.mark.parametrize("operation", TABLES)
def test_every_word_is_known(operation: str) -> None:
    facts = TABLES[operation]
    assert (
        {"nodes", "lock", "order", "why"} <= facts.keys() <= {"nodes", "when", "lock", "order", "slow", "why"}
    )
    assert facts["lock"] in LOCKS
    assert facts["order"] in get_args(Order)
    assert facts["why"].strip().endswith((".", ".)"))
    assert {word for node in facts["nodes"] for word in node.split()} <= WORDS
    assert set(facts.get("when", ())) <= CONDITIONS.keys()


def test_every_condition_is_asked() -> None:
    assert {condition for rule in read_rules().values() for condition in rule.when} == CONDITIONS.keys()


def test_every_rule_is_reached() -> None:
    """After a rule without conditions no other one of the same node would ever be looked at."""

    def unreached() -> Iterator[str]:
        closed: dict[str, str] = {}
        for rule in read_rules().values():
            yield from (f"{rule.operation}, after {closed[node]}" for node in rule.nodes if node in closed)
            closed |= {node: rule.operation for node in rule.nodes if not rule.when}

    assert list(unreached()) == []
    assert [rule.operation for rule in read_rules().values() if not rule.nodes] == [
        "ALTER COLUMN TYPE, keeping the rows",
        "other",
    ]


def test_who_only_names_an_order_goes_without_the_grammar() -> None:
    program = "import sys; from kit import Plan, rehearse, two_by_two; print('postgast' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"
