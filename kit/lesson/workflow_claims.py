"""What the workflow's document says, and what really happens: the claims, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
