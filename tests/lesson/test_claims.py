from __future__ import annotations

import tomllib
from pathlib import Path
from typing import get_args

import nbformat
import pytest

import kit.lesson
from kit.lesson.claims import (
    TAG,
    Claim,
    Judgement,
    Proof,
    draw_ledger,
    find_faults,
    find_proofs,
    read_claims,
    write_ledger,
)

CLAIM = Claim(
    name="C1",
    step="2.2",
    says="`a | b` does it.",
    verdict="wrong",
    truth="It does not.",
    shows=("nothing",),
)
PROOF = Proof(notebook="02_x.ipynb", heading="2.2 Try", source="try_it()", output="first\nnothing here\nlast")


@pytest.fixture(scope="module")
def proofs() -> dict[str, tuple[Proof, ...]]:
    return find_proofs()


def test_every_verdict_is_shown_by_a_cell(proofs: dict[str, tuple[Proof, ...]]) -> None:
    """Strict nbval holds what the cells show; this holds that they show what the verdict says."""
    assert find_faults(proofs) == ()


def test_the_ledger_is_what_the_notebooks_store() -> None:
    assert not write_ledger(check=True), "run `python -m kit notebooks`"


def test_claims_are_numbered_without_a_gap() -> None:
    names = [claim.name for claim in read_claims()]
    assert names == [f"C{number}" for number in range(1, len(names) + 1)]


def test_every_word_of_the_file_is_known() -> None:
    tables = tomllib.loads(Path(kit.lesson.__file__).with_name("claims.toml").read_text())
    for facts in tables.values():
        assert facts.keys() == {"step", "says", "verdict", "truth", "shows"}
        assert facts["verdict"] in get_args(Judgement)
        assert facts["says"].endswith(".")
        assert facts["truth"].strip().endswith(".")
        assert facts["shows"]


@pytest.mark.parametrize("claim", read_claims(), ids=lambda claim: claim.name)
def test_a_verdict_that_no_run_shows_is_a_fault(claim: Claim, proofs: dict[str, tuple[Proof, ...]]) -> None:
    """Each claim by itself: with the output gone, its verdict fails; so it hangs on the run."""
    silent = {**proofs, claim.name: tuple(_silenced(proof) for proof in proofs[claim.name])}
    assert {fault.split(":")[0] for fault in find_faults(silent)} == {claim.name}


def _silenced(proof: Proof) -> Proof:
    return Proof(notebook=proof.notebook, heading=proof.heading, source=proof.source, output="")


def test_a_claim_without_a_cell_is_a_fault() -> None:
    assert find_faults({}, [CLAIM]) == (f"C1: no cell has the tag {TAG}C1.",)


def test_a_cell_without_a_claim_is_a_fault() -> None:
    assert find_faults({"C1": [PROOF], "C99": [PROOF]}, [CLAIM]) == (
        "C99 is proved by a cell, but is no claim.",
    )


def test_the_ledger_quotes_the_cell_and_the_line_that_tells() -> None:
    drawn = draw_ledger({"C1": [PROOF]}, [CLAIM])
    assert "| [C1](#c1) | 2.2 | `a \\| b` does it. | wrong |" in drawn
    assert "```python\ntry_it()\n```" in drawn
    assert "```text\nnothing here\n```" in drawn


def test_proofs_are_found_by_their_tags_below_their_headings(tmp_path: Path) -> None:
    made = nbformat.v4.new_notebook()
    made.cells = [
        nbformat.v4.new_markdown_cell("## 2.2 Try\nOne sentence."),
        nbformat.v4.new_code_cell(
            "1 + 1",
            metadata={"tags": [f"{TAG}C1", f"{TAG}C2", "other"]},
            outputs=[nbformat.v4.new_output("stream", name="stdout", text="$ echo 2\n2\n")],
        ),
    ]
    path = tmp_path / "02_x.ipynb"
    nbformat.write(made, path)
    (proof,) = find_proofs([path])["C2"]
    assert proof == Proof(notebook="02_x.ipynb", heading="2.2 Try", source="1 + 1", output="2")
