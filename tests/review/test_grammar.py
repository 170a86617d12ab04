"""SQL that would bring the parser down, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kit.names import ROOT

DEEP = 10_000
CHAINS = {
    "additions": "SELECT " + "+".join(["1"] * 10 * DEEP),
    "casts": "SELECT 1" + "::int" * 10 * DEEP,
    "joins": "SELECT * FROM a" + " JOIN a ON true" * 10 * DEEP,
    "unions with commas": "SELECT 1, 2" + " UNION ALL SELECT 1, 2" * 10 * DEEP,
    "brackets": "SELECT " + "(" * DEEP + "1" + ")" * DEEP,
    "subqueries": "SELECT " + "(SELECT " * DEEP + "1" + ")" * DEEP,
    "calls": "SELECT " + "f(" * DEEP + "1" + ")" * DEEP,
    "cases": "SELECT " + "CASE WHEN true THEN " * DEEP + "1" + " END" * DEEP,
    "comments without end": "SELECT " + "/* " * DEEP,
    "quotes without end": "SELECT " + "$a$ $b$ '" * DEEP,
}


def check(folder: Path, sql: str) -> dict[str, Any]:
    (folder / "supabase" / "migrations").mkdir(parents=True)
    (folder / "supabase" / "migrations" / "001_deep.sql").write_text(sql + ";\n")
    command = [sys.executable, "-m", "kit", "check", "--json", str(folder)]
    ran = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert ran.stderr == ""
    facts: dict[str, Any] = json.loads(ran.stdout)
    return facts


@pytest.mark.parametrize("sql", CHAINS.values(), ids=CHAINS)
def test_what_is_nested_ten_thousand_deep_ends_in_an_answer(tmp_path: Path, sql: str) -> None:
    facts = check(tmp_path, sql)
    if not facts["problems"]:
        ((statement,),) = (pending["statements"] for pending in facts["pending"])
        assert statement["operation"] == "other"


def test_rows_are_not_deep_however_many(tmp_path: Path) -> None:
    rows = ", ".join(["(1, 'it''s', '{}'::jsonb, now())"] * DEEP)
    facts = check(tmp_path, f"INSERT INTO a VALUES {rows}")
    assert facts["pending"][0]["statements"][0]["operation"].startswith("INSERT")
