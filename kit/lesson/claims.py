"""The ledger: what the workflow's document says, what really happens, and the cell that proves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kit.errors import BadInput
from kit.lesson.notebooks import find_notebooks, read_notebook
from kit.names import ROOT

# What the workflow's document says, and what really happens: the claims, as data


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


CLAIMS = (
    Claim(
        name="C1",
        step="2.2",
        says="`npx supabase db diff -f add_document_last_viewed` makes an empty migration file.",
        verdict="wrong",
        truth="Where the schema has not changed it writes nothing. "
        "`npx supabase migration new add_document_last_viewed` makes the empty file.",
        shows=("No schema changes found",),
    ),
    Claim(
        name="C2",
        step="2.3",
        says="Building the index does not block the table.",
        verdict="wrong",
        truth="Writers wait for a plain `CREATE INDEX`. "
        "The file is one transaction, so the lock of its `ADD COLUMN` is kept meanwhile: readers wait, too.",
        shows=("reads wait, writes wait",),
    ),
    Claim(
        name="C3",
        step="2.3",
        says="The migration is called `20250126153000_…`, typed by hand.",
        verdict="half the truth",
        truth="A stamp is an order, not a label: once production holds a later one, `db push` refuses it.",
        shows=("Found local migration files to be inserted before the last migration on remote database.",),
    ),
    Claim(
        name="C4",
        step="4.2",
        says="`git add src/app/read/[id]/page.tsx` adds the reader page.",
        verdict="half the truth",
        truth="Square brackets are a pattern to the shell. "
        "A strict one, as zsh is by default on a Mac, refuses it before git hears of it. Quote the path.",
        shows=("no match",),
    ),
    Claim(
        name="C5",
        step="4.2",
        says="Pushing a feature branch deploys nothing.",
        verdict="half the truth",
        truth="Production stays as it is, but the host builds a preview. "
        "If previews use the cloud database, the window opens there.",
        shows=("42703",),
    ),
    Claim(
        name="C6",
        step="1.2",
        says="The feature branch may start from the branch one happens to be on.",
        verdict="half the truth",
        truth="Whatever that branch has and main has not is shipped with the feature.",
        shows=("feat: search documents by title",),
    ),
    Claim(
        name="C7",
        step="5.1",
        says="One checks out main in the dev worktree while the production worktree is on main.",
        verdict="half the truth",
        truth="Two clones allow that. Two worktrees of one repository do not: a branch is checked out once.",
        shows=("fatal: 'main' is already",),
    ),
    Claim(
        name="C8",
        step="5.3",
        says="While the column is missing, users see errors.",
        verdict="wrong",
        truth="The action catches the error and the page ignores the answer. "
        "Every view is a 200 and what it should have written is lost; a count of 500s stays at zero.",
        shows=("Counter({200: 720})", "20 times: Failed to update last_viewed: 42703"),
    ),
    Claim(
        name="C9",
        step="5.4",
        says="Pushing the schema at once keeps the broken time small.",
        verdict="half the truth",
        truth="At once, the schema is there before the build is live: the window does not open at all. "
        "Waiting for the deployment is what makes the three seconds.",
        shows=("780 page views: 780 ok", "broken for 3 s"),
    ),
    Claim(
        name="C10",
        step="5.4",
        says="`git push origin main ; npx supabase db push` is even better.",
        verdict="wrong",
        truth="After a rejected push `;` still migrates the cloud database. "
        "`&&` stops there; yet it guards against a rejected push only, not against a failing build.",
        shows=("! [rejected]", "Applying migration", "FAILED"),
    ),
    Claim(
        name="C11",
        step="Timing Control",
        says="`git push origin main && npx supabase db push` is the order to recommend.",
        verdict="true by luck",
        truth="For an added column it works because builds are slower than migrations. "
        "A dropped column is broken for the whole build, a renamed one in every order but expand/contract.",
        shows=("schema-first", "code-first", "expand-contract"),
    ),
    Claim(
        name="C12",
        step="Common Questions: rollback",
        says="`ALTER TABLE … DROP COLUMN …; DROP INDEX …;` rolls the feature back.",
        verdict="wrong",
        truth="Dropping the column drops its index, so the second statement fails; "
        "both are one transaction, so the column is still there.",
        shows=("42704",),
    ),
    Claim(
        name="C13",
        step="Common Questions: out of sync",
        says="Where the cloud is ahead, `npx supabase db pull` downloads the missing migration files.",
        verdict="wrong",
        truth="It stops because the histories differ. `migration fetch` writes the files; "
        "mostly a colleague has them, and `git pull` is the answer.",
        shows=("supabase migration repair --status reverted 20250126160000",),
    ),
    Claim(
        name="C14",
        step="7.2",
        says='`npx supabase db remote --linked sql "…"` asks the cloud database.',
        verdict="wrong",
        truth='No such command takes SQL. `npx supabase db query --linked "…"` asks it.',
        shows=('Unknown subcommand "remote" for "supabase db"',),
    ),
    Claim(
        name="C15",
        step="5.4",
        says="`db push` compares the migrations of the main branch with the cloud.",
        verdict="wrong",
        truth="It reads the files of the folder it is typed in, committed or not, on whatever branch.",
        shows=("Applying migration 20250126153000_add_document_last_viewed.sql...",),
    ),
    Claim(
        name="C16",
        step="Common Questions: rollback",
        says="Old migration files are never edited.",
        verdict="half the truth",
        truth="A good rule that nothing holds you to: versions are compared, contents are not.",
        shows=("Remote database is up to date.",),
    ),
    Claim(
        name="C17",
        step="Phase 6",
        says="Updating the production worker is optional.",
        verdict="half the truth",
        truth="The worker is one more running copy of the code. An added column does not harm it; "
        "a dropped one breaks it until it restarts.",
        shows=("the log of worker: no errors", '42703 column "processing_completed_at"'),
    ),
    Claim(
        name="C18",
        step="Next Steps",
        says="Everything can be made again from markdown, so one may be bold with the schema.",
        verdict="wrong",
        truth="When somebody last opened a document is in no markdown. With its column it is gone.",
        shows=("│ 200   │ 0     │",),
    ),
    Claim(
        name="C19",
        step="7.1",
        says="`070_` and time stamps live side by side.",
        verdict="half the truth",
        truth="Versions are text, and `070` sorts before `2025…`: "
        "a later `071_` comes before what the cloud already has, and is refused.",
        shows=("071_",),
    ),
    Claim(
        name="C20",
        step="7.1",
        says="`migration list` shows a version three times: file, local and cloud.",
        verdict="wrong",
        truth="Its columns are Local, Remote and Time (UTC); the local database is not asked.",
        shows=("Time (UTC)",),
    ),
)


# Find the cells that prove a claim, and write the ledger from what they show


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
            looked=["notebooks/", "kit/lesson/claims.py"],
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
