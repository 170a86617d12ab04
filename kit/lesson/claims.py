"""The ledger: what the workflow's document says, what really happens, and the cell that proves it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from kit.errors import BadInput
from kit.lesson.notebooks import find_notebooks, read_notebook
from kit.names import ROOT

Judgement = Literal["wrong", "half the truth", "true by luck"]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of the workflow's document, and the truth about it.

    Attributes:
        name: "C1"; the cells that prove it carry the tag `proves-C1`.
        step: where the document says so: a step, or the heading of a section.
        says: the claim, in our words.
        verdict: how it came out.
        truth: what really happens, in a sentence or two.
        shows: what the cells' outputs must contain, each somewhere; else the verdict is not proved.
    """

    name: str
    step: str
    says: str
    verdict: Judgement
    truth: str
    shows: tuple[str, ...]


@cache
def read_claims() -> tuple[Claim, ...]:
    """Read claims.toml, in its order."""
    tables = tomllib.loads(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))
    return tuple(
        Claim(
            name=name,
            truth=" ".join(facts.pop("truth").split()),
            shows=tuple(facts.pop("shows")),
            **facts,
        )
        for name, facts in tables.items()
    )


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


def find_faults(
    proofs: Mapping[str, Sequence[Proof]], claims: Sequence[Claim] | None = None
) -> tuple[str, ...]:
    """Return, in words, every verdict that its cells do not show, and every tag without a claim.

    Args:
        proofs: by the name of the claim.
        claims: None for those of claims.toml.
    """
    claims = read_claims() if claims is None else claims
    faults = [
        f"{name} is proved by a cell, but is no claim."
        for name in proofs.keys() - {claim.name for claim in claims}
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
            looked=["notebooks/", "kit/lesson/claims.toml"],
            remedy="Mend the cell, or the verdict: whichever is not what happens.",
        )
    new = draw_ledger(proofs)
    old = _LEDGER.read_text(encoding="utf-8") if _LEDGER.exists() else ""
    if new != old and not check:
        _LEDGER.write_text(new, encoding="utf-8")
    return new != old


def draw_ledger(proofs: Mapping[str, Sequence[Proof]], claims: Sequence[Claim] | None = None) -> str:
    """Return the ledger in Markdown: a table of all claims, then each with its truth and its proofs.

    Args:
        proofs: by the name of the claim.
        claims: None for those of claims.toml.
    """
    claims = read_claims() if claims is None else claims
    rows = ["| | step | the workflow says | verdict |", "|---|---|---|---|"]
    rows += [
        f"| [{claim.name}](#{claim.name.lower()}) | {claim.step} | {_cell(claim.says)} | {claim.verdict} |"
        for claim in claims
    ]
    sections = ("\n" + _section(claim, proofs[claim.name]) for claim in claims)
    return _HEAD + "\n".join(rows) + "\n" + "".join(sections)


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
