"""Find the cells that prove a claim, and write the ledger from what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.errors import BadInput
from kit.lesson.notebooks import find_notebooks, read_notebook
from kit.lesson.workflow_claims import CLAIMS, Claim
from kit.names import ROOT

TAG = "proves-"
"""A cell with the tag `proves-C5` proves claim C5 (metadata, `tags`)."""
_LEDGER = ROOT / "docs" / "claims.md"
_SHOWN_LINES = 6

_HEAD = """# What the workflow says, and what happens

Written by `python -m kit notebooks`; do not edit.
Each row is a sentence of the workflow's document that does not hold as it stands.
Each was judged by running it: the cells named below show what is quoted, every time they are checked.

"""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A cell that was run, and what it showed."""

    notebook: str
    heading: str
    source: str
    output: str


def find_proofs(notebooks: Sequence[Path] | None = None) -> dict[str, tuple[Proof, ...]]:
    """Return the cells that prove something, by the name of the claim, in the lesson's order.

    Args:
        notebooks: where to look; None for the repository's own.

    Raises:
        BadInput: if a notebook cannot be read.
    """
    found: dict[str, tuple[Proof, ...]] = {}
    for path in notebooks or find_notebooks():
        heading = ""
        for cell in read_notebook(path).cells:
            if cell.cell_type == "markdown":
                headings = [line for line in cell.source.splitlines() if line.startswith("#")]
                heading = headings[-1].lstrip("# ") if headings else heading
                continue
            proof = Proof(notebook=path.name, heading=heading, source=cell.source, output=_plain(cell))
            for tag in cell.metadata.get("tags", ()):
                if tag.startswith(TAG):
                    name = tag.removeprefix(TAG)
                    found[name] = (*found.get(name, ()), proof)
    return found


def _plain(cell: Any) -> str:  # noqa: ANN401 - nbformat's nodes have no types
    """Return what a cell shows as text, without the commands that a clone repeats: they prove nothing."""
    shown = (output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)
    lines = (line for text in shown for line in text.splitlines())
    return "\n".join(line for line in lines if not line.startswith(("$ ", "> ")))


def find_faults(proofs: Mapping[str, Sequence[Proof]], claims: Sequence[Claim] = CLAIMS) -> tuple[str, ...]:
    """Return, in words, every verdict that its cells do not show, and every tag without a claim."""
    faults = [
        f"{name} is proved by a cell, but is no claim."
        for name in proofs.keys() - {one.name for one in claims}
    ]
    for claim in claims:
        if claim.name not in proofs:
            faults.append(f"{claim.name}: no cell has the tag {TAG}{claim.name}.")
            continue
        faults += [
            f"{claim.name}: no cell with the tag {TAG}{claim.name} shows {phrase!r}."
            for phrase in claim.shows
            if not any(phrase in proof.output for proof in proofs[claim.name])
        ]
    return tuple(faults)


def write_ledger(*, check: bool = False) -> bool:
    """Write docs/claims.md from the claims and what the notebooks store.

    Args:
        check: write nothing, only compare.

    Returns:
        Whether the file differs from what was there.

    Raises:
        BadInput: if a verdict is not proved by what its cells show.
    """
    proofs = find_proofs()
    faults = find_faults(proofs)
    if faults:
        raise BadInput(
            "The ledger does not match the notebooks.",
            why="\n".join(faults),
            looked=["notebooks/", "kit/lesson/workflow_claims.py"],
            remedy="Mend the cell, or the verdict: whichever is not what happens.",
        )
    new = draw_ledger(proofs)
    old = _LEDGER.read_text(encoding="utf-8") if _LEDGER.exists() else ""
    if new != old and not check:
        _LEDGER.write_text(new, encoding="utf-8")
    return new != old


def draw_ledger(proofs: Mapping[str, Sequence[Proof]], claims: Sequence[Claim] = CLAIMS) -> str:
    """Return the ledger in Markdown: a table of all claims, then each with its truth and its proofs."""
    rows = ["| | step | the workflow says | verdict |", "|---|---|---|---|"]
    rows += [
        f"| [{one.name}](#{one.name.lower()}) | {one.step} | {_cell(one.says)} | {one.verdict} |"
        for one in claims
    ]
    return _HEAD + "\n".join(rows) + "\n" + "".join("\n" + _section(one, proofs[one.name]) for one in claims)


def _section(claim: Claim, proofs: Sequence[Proof]) -> str:
    return "\n".join(
        [
            f"## {claim.name}",
            "",
            f"The workflow ({claim.step}): {claim.says}",
            "",
            f"**{claim.verdict[0].upper()}{claim.verdict[1:]}.** {claim.truth}",
            *(line for proof in proofs for line in _proof(claim, proof)),
            "",
        ]
    )


def _proof(claim: Claim, proof: Proof) -> Iterator[str]:
    telling = [line for line in proof.output.splitlines() if any(phrase in line for phrase in claim.shows)]
    if not telling:
        return  # it belongs to the story, and another cell has the word that decides
    yield from ("", f'[{proof.notebook}](../notebooks/{proof.notebook}), "{proof.heading}":', "", "```python")
    yield from _short(proof.source.splitlines())
    yield from ("```", "", "```text")
    yield from _short(telling)
    yield "```"


def _short(lines: Sequence[str]) -> list[str]:
    return [*lines] if len(lines) <= _SHOWN_LINES else [*lines[: _SHOWN_LINES - 1], "…"]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
