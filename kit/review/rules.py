"""What each kind of statement locks, and the order of deploy that it needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from kit.names import DB_PUSH, GIT_PUSH

# What is wrong with one migration file


Kind = Literal["duplicate-version", "out-of-order", "syntax", "bad-name", "edited", "encoding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A reason not to deploy.

    Attributes:
        file: the name of the file in supabase/migrations.
        line: where in it, from 1.
        kind: what kind of reason.
        message: what is wrong, one sentence.
        remedy: what to do about it.
    """

    file: str
    line: int
    kind: Kind
    message: str
    remedy: str

    def facts(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return asdict(self)


# PostgreSQL's table locks: their names, their strength, who waits for them


Lock = Literal[
    "none",
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
]

LOCKS: tuple[Lock, ...] = (
    "none",
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
"""From the weakest to the strongest; source: PostgreSQL 18, 13.3.1 "Table-Level Locks"."""


def strongest(locks: Iterable[Lock]) -> Lock:
    """Return the strongest of some locks; "none" if there are none."""
    return max(locks, key=LOCKS.index, default="none")


def waits(lock: Lock) -> str:
    """Say what waits while a lock is held: SELECT (ACCESS SHARE), or INSERT and the like (ROW EXCLUSIVE).

    Source: the table of conflicting lock modes in PostgreSQL 18, 13.3.1.
    """
    if lock == "ACCESS EXCLUSIVE":
        return "reads and writes wait"
    if lock in {"SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE"}:
        return "writes wait"
    return "nothing waits"


# The four orders of a deploy, and how those of several changes add up


Order = Literal["schema-first", "code-first", "any", "expand-contract"]

COMMANDS: dict[Order, tuple[str, ...]] = {
    "schema-first": (DB_PUSH, GIT_PUSH),
    "code-first": (GIT_PUSH, DB_PUSH),
    "any": (DB_PUSH, GIT_PUSH),
    "expand-contract": (),  # no order of these two is safe
}


def combine(orders: Iterable[Order]) -> Order:
    """Return the order that is safe for all of some changes that one `db push` brings.

    What needs the schema first, next to what needs the code first, needs two deploys.
    """
    wanted = set(orders) - {"any"}
    if not wanted:
        return "any"
    return wanted.pop() if len(wanted) == 1 else "expand-contract"


def order_of(*, old_on_new: bool, new_on_old: bool) -> Order:
    """Read the order off a measured two-by-two.

    Args:
        old_on_new: the code of today works on the new schema.
        new_on_old: the new code works on the schema of today.
    """
    if old_on_new and new_on_old:
        return "any"
    if old_on_new:
        return "schema-first"
    return "code-first" if new_on_old else "expand-contract"


# One kind of change: what it locks, in which order it is safe, why


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known of one kind of change.

    The order takes for granted what the change is usually made for: new code uses what
    comes, today's code uses what goes. Nobody reads the code.

    Attributes:
        operation: its name.
        lock: the strongest lock on a table that exists, held until the migration ends.
        order: that keeps both the code of today and the new one working.
        why: the reason, and how to keep the lock short.
    """

    operation: str
    lock: Lock
    order: Order
    why: str


# What each form of ALTER TABLE locks, and in which order it is safe


TABLE_RULES = (
    Rule(
        "ADD COLUMN",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "Code that does not know the column goes on; new code needs it. The lock is short: no row is "
        "touched.",
    ),
    Rule(
        "ADD COLUMN, rewriting the table",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "Code that does not know the column goes on; new code needs it. Every row is written anew under "
        "the lock (a default that may differ by row, a stored expression, a serial or identity): add the "
        "column without it, then set it and fill in batches.",
    ),
    Rule(
        "ADD COLUMN with a key or check",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "Code that does not know the column goes on; new code needs it. Rows are checked or an index is "
        "built under the lock: add the constraint in a step of its own.",
    ),
    Rule(
        "ADD COLUMN NOT NULL without default",
        "ACCESS EXCLUSIVE",
        "expand-contract",
        "Today's code inserts rows without it and is refused; new code needs it. PostgreSQL refuses it "
        "outright on a table with rows. Add it nullable or with a default; SET NOT NULL once the code "
        "fills it.",
    ),
    Rule(
        "DROP COLUMN",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code still names the column. Deploy code that does not, then drop it. It cannot be undone.",
    ),
    Rule(
        "RENAME COLUMN",
        "ACCESS EXCLUSIVE",
        "expand-contract",
        "Today's code knows the old name, new code the new one; no name serves both. Add the new column, "
        "write both, copy, read the new, drop the old.",
    ),
    Rule(
        "RENAME TABLE",
        "ACCESS EXCLUSIVE",
        "expand-contract",
        "Today's code knows the old name, new code the new one. Leave a view under one of the names until"
        " no code uses it.",
    ),
    Rule(
        "RENAME CONSTRAINT",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries do not name constraints, unless the code has ON CONFLICT ON CONSTRAINT or reads the name"
        " of a violation.",
    ),
    Rule(
        "SET SCHEMA",
        "ACCESS EXCLUSIVE",
        "expand-contract",
        "Today's code looks in the old schema, new code in the new one. Leave a view behind until no code"
        " uses it.",
    ),
    Rule(
        "ALTER COLUMN TYPE",
        "ACCESS EXCLUSIVE",
        "expand-contract",
        "What code writes for one type may be refused by the other. Most changes write the whole table "
        "anew under the lock. Safe: a new column of the new type, write both, copy, read the new, drop "
        "the old. (Only a longer or unlimited varchar is harmless, schema first.)",
    ),
    Rule(
        "SET DEFAULT",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "Today's code gives a value or does not care; new code counts on the default. Short: only rows "
        "written later get it.",
    ),
    Rule(
        "DROP DEFAULT",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code counts on the default; new code gives a value itself.",
    ),
    Rule(
        "SET NOT NULL",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code may write NULL and be refused; code that never does must come first. Every row is "
        "read under the lock, unless a valid CHECK (... IS NOT NULL) proves it.",
    ),
    Rule(
        "DROP NOT NULL",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "Today's code writes a value as before; code that writes NULL needs the change first.",
    ),
    Rule(
        "SET EXPRESSION",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "Code that does not write the column goes on; new code counts on the new formula. A stored column"
        " is written anew under the lock.",
    ),
    Rule(
        "DROP EXPRESSION",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "New code writes the column, which a generated one refuses. Rows that today's code adds meanwhile"
        " have NULL there: fill them afterwards.",
    ),
    Rule(
        "ADD IDENTITY",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "New code leaves the number to the database. Today's code must give none, or the kind must be BY "
        "DEFAULT.",
    ),
    Rule(
        "SET IDENTITY",
        "ACCESS EXCLUSIVE",
        "any",
        "It changes how numbers are drawn, not what queries name. BY DEFAULT to ALWAYS refuses explicit "
        "numbers: then code first.",
    ),
    Rule(
        "DROP IDENTITY",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code leaves the number to the database; new code gives it.",
    ),
    Rule(
        "SET STATISTICS",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "It changes what ANALYZE collects; queries give the same rows.",
    ),
    Rule(
        "SET column options",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "It changes what the planner assumes; queries give the same rows.",
    ),
    Rule(
        "SET STORAGE",
        "ACCESS EXCLUSIVE",
        "any",
        "It changes how values written later are stored; queries give the same rows. Short.",
    ),
    Rule(
        "SET COMPRESSION",
        "ACCESS EXCLUSIVE",
        "any",
        "It changes how values written later are stored; queries give the same rows. Short.",
    ),
    Rule(
        "ADD CHECK",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code may write what the check refuses; code that keeps to it must come first. All rows "
        "are read under the lock: use NOT VALID, then VALIDATE CONSTRAINT in a migration of its own.",
    ),
    Rule(
        "ADD CHECK NOT VALID",
        "ACCESS EXCLUSIVE",
        "code-first",
        "New rows are checked at once, and today's code may write what is refused. Short: rows that exist"
        " are not read.",
    ),
    Rule(
        "ADD NOT NULL",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code may write NULL and be refused. All rows are read under the lock, unless NOT VALID "
        "is given.",
    ),
    Rule(
        "ADD FOREIGN KEY",
        "SHARE ROW EXCLUSIVE",
        "code-first",
        "Today's code may write what points nowhere; code that keeps to it must come first. Writes wait "
        "on both tables while all rows are read: use NOT VALID, then VALIDATE CONSTRAINT.",
    ),
    Rule(
        "ADD FOREIGN KEY NOT VALID",
        "SHARE ROW EXCLUSIVE",
        "code-first",
        "New rows are checked at once, and today's code may write what points nowhere. Short, on both "
        "tables: rows that exist are not read.",
    ),
    Rule(
        "ADD UNIQUE",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code may write doubles. The index is built under the lock: CREATE UNIQUE INDEX "
        "CONCURRENTLY first, then ADD UNIQUE USING INDEX. If new code has ON CONFLICT on it, deploy that "
        "code in a second step.",
    ),
    Rule(
        "ADD PRIMARY KEY",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code may write doubles or NULL. The index is built under the lock: CREATE UNIQUE INDEX "
        "CONCURRENTLY first, then ADD PRIMARY KEY USING INDEX.",
    ),
    Rule(
        "ADD UNIQUE USING INDEX",
        "ACCESS EXCLUSIVE",
        "any",
        "The unique index refuses doubles already; this only gives it a name. Short.",
    ),
    Rule(
        "ADD PRIMARY KEY USING INDEX",
        "ACCESS EXCLUSIVE",
        "code-first",
        "The index refuses doubles already, but NULL is refused from now on. Short, if the columns are "
        "NOT NULL already.",
    ),
    Rule(
        "ADD EXCLUDE",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code may write what the constraint refuses. The index is built under the lock.",
    ),
    Rule(
        "ALTER CONSTRAINT",
        "ACCESS EXCLUSIVE",
        "any",
        "It changes when or whether the constraint is checked. If rules become stricter, code that keeps "
        "to them comes first.",
    ),
    Rule(
        "VALIDATE CONSTRAINT",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "New rows are checked already; rows that exist are read without keeping anybody waiting.",
    ),
    Rule(
        "DROP CONSTRAINT",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "Today's code keeps to the rule; code that does not needs it gone. Code with ON CONFLICT on it "
        "must be gone before: then code first.",
    ),
    Rule(
        "ENABLE or DISABLE TRIGGER",
        "SHARE ROW EXCLUSIVE",
        "any",
        "Queries stay valid; what the trigger does begins or ends at once. If code counts on it, that "
        "decides the order.",
    ),
    Rule(
        "ENABLE or DISABLE RULE",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries stay valid; what the rule does begins or ends at once. If code counts on it, that "
        "decides the order.",
    ),
    Rule(
        "ENABLE ROW LEVEL SECURITY",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Without a policy that fits, today's code sees and writes nothing from that moment. Code that "
        "meets the policies must come first.",
    ),
    Rule(
        "DISABLE ROW LEVEL SECURITY",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "Today's code goes on; code that needs more rows needs the change first. Everybody with a grant "
        "sees all rows.",
    ),
    Rule(
        "FORCE ROW LEVEL SECURITY",
        "ACCESS EXCLUSIVE",
        "code-first",
        "The table's owner is bound by the policies too. Code that meets them must come first.",
    ),
    Rule(
        "NO FORCE ROW LEVEL SECURITY",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "The owner sees all rows again; code that needs that needs the change first.",
    ),
    Rule(
        "CLUSTER ON",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "It only remembers an index for CLUSTER; queries give the same rows.",
    ),
    Rule(
        "SET WITHOUT CLUSTER",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "It only forgets an index for CLUSTER; queries give the same rows.",
    ),
    Rule(
        "SET LOGGED or UNLOGGED",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries stay the same; the whole table is written anew under the lock. An unlogged table is "
        "empty after a crash.",
    ),
    Rule(
        "SET TABLESPACE",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries stay the same; the whole table is copied under the lock.",
    ),
    Rule(
        "SET ACCESS METHOD",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries stay the same; the whole table is written anew under the lock.",
    ),
    Rule(
        "SET storage parameters",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "It changes how the table is kept; queries give the same rows.",
    ),
    Rule(
        "INHERIT",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries on this table stay valid; the parent shows its rows too.",
    ),
    Rule(
        "NO INHERIT",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries on this table stay valid; the parent shows its rows no longer.",
    ),
    Rule(
        "OF or NOT OF",
        "ACCESS EXCLUSIVE",
        "any",
        "It ties the table to a type, or unties it; queries stay the same. Short.",
    ),
    Rule(
        "OWNER TO",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries stay the same if the code's role keeps its grants. Short.",
    ),
    Rule(
        "REPLICA IDENTITY",
        "ACCESS EXCLUSIVE",
        "any",
        "It changes what replication writes; queries stay the same. Short.",
    ),
    Rule(
        "ATTACH PARTITION",
        "SHARE UPDATE EXCLUSIVE",
        "schema-first",
        "Queries on the table go on; code that writes to the new part needs it. The part itself is locked"
        " and read (ACCESS EXCLUSIVE).",
    ),
    Rule(
        "DETACH PARTITION",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code may still read or write rows of that part.",
    ),
    Rule(
        "DETACH PARTITION CONCURRENTLY",
        "SHARE UPDATE EXCLUSIVE",
        "code-first",
        "Today's code may still read or write rows of that part. It cannot run in a transaction.",
    ),
    Rule(
        "ALTER TABLE",
        "ACCESS EXCLUSIVE",
        "expand-contract",
        "Not among the changes known here: the strongest lock and the most careful order are assumed.",
    ),
)
"""Locks: PostgreSQL 18, ALTER TABLE; each is measured in tests/review."""


# What each change of an index locks, and in which order it is safe


INDEX_RULES = (
    Rule(
        "CREATE INDEX",
        "SHARE",
        "any",
        "Queries give the same rows, only faster. Writes wait until the index is built: use CONCURRENTLY,"
        " in a file of its own.",
    ),
    Rule(
        "CREATE INDEX CONCURRENTLY",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "Queries give the same rows, only faster, and nobody waits. It cannot run in a transaction: a "
        "file of its own. If it fails, drop the invalid index.",
    ),
    Rule(
        "CREATE UNIQUE INDEX",
        "SHARE",
        "code-first",
        "Today's code may write doubles. Writes wait until the index is built: use CONCURRENTLY. If new "
        "code has ON CONFLICT on it, deploy that code in a second step.",
    ),
    Rule(
        "CREATE UNIQUE INDEX CONCURRENTLY",
        "SHARE UPDATE EXCLUSIVE",
        "code-first",
        "Today's code may write doubles; nobody waits. It cannot run in a transaction: a file of its own."
        " If it fails, drop the invalid index.",
    ),
    Rule(
        "DROP INDEX",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries give the same rows, perhaps slower. Reads and writes of the table wait, if shortly: use "
        "CONCURRENTLY. A unique index allows doubles afterwards, and ON CONFLICT on it fails.",
    ),
    Rule(
        "DROP INDEX CONCURRENTLY",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "Queries give the same rows, perhaps slower; nobody waits. It cannot run in a transaction: a file"
        " of its own.",
    ),
    Rule(
        "REINDEX",
        "SHARE",
        "any",
        "Queries give the same rows. Writes wait while it is built, and so do reads that would use that "
        "index (ACCESS EXCLUSIVE on it): use CONCURRENTLY.",
    ),
    Rule(
        "REINDEX CONCURRENTLY",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "Queries give the same rows; nobody waits. It cannot run in a transaction: a file of its own.",
    ),
    Rule(
        "ALTER INDEX RENAME",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "Queries do not name indexes. The lock is on the index.",
    ),
    Rule(
        "ALTER INDEX",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "It changes how the index is kept, not what queries give. The lock is on the index.",
    ),
    Rule(
        "ALTER INDEX SET TABLESPACE",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries give the same rows; the index is copied under the lock, which is on the index.",
    ),
    Rule(
        "ALTER INDEX ATTACH PARTITION",
        "ACCESS EXCLUSIVE",
        "any",
        "It ties an index to that of the whole table; queries give the same rows. Short; on the part's "
        "index.",
    ),
)
"""Locks: PostgreSQL 18, CREATE, DROP and ALTER INDEX, REINDEX; each is measured in tests/review."""


# What each other statement of a migration locks, and in which order it is safe


OTHER_RULES = (
    Rule("CREATE TABLE", "none", "schema-first", "Nobody uses the table yet; new code needs it."),
    Rule(
        "CREATE TABLE with FOREIGN KEY",
        "SHARE ROW EXCLUSIVE",
        "schema-first",
        "Nobody uses the table yet; new code needs it. The lock is on the table that it points to. Short.",
    ),
    Rule(
        "CREATE TABLE AS",
        "ACCESS SHARE",
        "schema-first",
        "Nobody uses the table yet; new code needs it. The lock is on what is read.",
    ),
    Rule(
        "CREATE PARTITION",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "Today's code goes on; code that writes to the part needs it. The lock is on the whole table. "
        "Short: ATTACH PARTITION is weaker.",
    ),
    Rule(
        "DROP TABLE",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code still uses the table. Deploy code that does not, then drop it. It cannot be undone.",
    ),
    Rule(
        "TRUNCATE",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Code that still needs the rows must be gone first. It cannot be undone.",
    ),
    Rule(
        "CREATE VIEW",
        "ACCESS SHARE",
        "schema-first",
        "Nobody uses the view yet; new code needs it. The lock is on what it reads.",
    ),
    Rule(
        "CREATE OR REPLACE VIEW",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "Columns can only be added at the end, so today's code goes on; new code needs them. The lock is "
        "on the view. Short.",
    ),
    Rule(
        "DROP VIEW",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code still uses the view. The lock is on the view.",
    ),
    Rule(
        "ALTER VIEW",
        "ACCESS EXCLUSIVE",
        "expand-contract",
        "What today's code names may be gone and new code's not there yet. The lock is on the view.",
    ),
    Rule(
        "CREATE MATERIALIZED VIEW",
        "ACCESS SHARE",
        "schema-first",
        "Nobody uses it yet; new code needs it. The lock is on what it reads.",
    ),
    Rule(
        "REFRESH MATERIALIZED VIEW",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries stay the same. Reads of it wait until it is filled: CONCURRENTLY, with a unique index, "
        "lets them through.",
    ),
    Rule(
        "REFRESH MATERIALIZED VIEW CONCURRENTLY",
        "EXCLUSIVE",
        "any",
        "Queries stay the same, and reads of it go on.",
    ),
    Rule(
        "CREATE FUNCTION",
        "none",
        "schema-first",
        "Today's code does not call it; new code does. A replaced one must still serve today's calls.",
    ),
    Rule(
        "DROP FUNCTION",
        "none",
        "code-first",
        "Today's code still calls it. Deploy code that does not, then drop it.",
    ),
    Rule(
        "CREATE TRIGGER",
        "SHARE ROW EXCLUSIVE",
        "any",
        "Queries stay valid; what the trigger does begins at once. If code counts on it, or would meet "
        "its refusal, that decides the order.",
    ),
    Rule(
        "DROP TRIGGER",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries stay valid; what the trigger did ends at once. If code counts on it, code first.",
    ),
    Rule("CREATE RULE", "ACCESS EXCLUSIVE", "any", "Queries stay valid; what the rule does begins at once."),
    Rule("DROP RULE", "ACCESS EXCLUSIVE", "any", "Queries stay valid; what the rule did ends at once."),
    Rule(
        "CREATE POLICY",
        "ACCESS EXCLUSIVE",
        "schema-first",
        "A permissive policy allows more: today's code goes on, new code needs it. A restrictive one "
        "allows less: then code first. Short.",
    ),
    Rule(
        "CREATE POLICY AS RESTRICTIVE",
        "ACCESS EXCLUSIVE",
        "code-first",
        "It allows less: today's code may be refused. Code that meets it must come first. Short.",
    ),
    Rule(
        "DROP POLICY",
        "ACCESS EXCLUSIVE",
        "code-first",
        "It allows less: code that does not need it must come first. Short.",
    ),
    Rule(
        "ALTER POLICY",
        "ACCESS EXCLUSIVE",
        "expand-contract",
        "What one code may do the other may not. Create the new policy beside the old, deploy, drop the old.",
    ),
    Rule("CREATE TYPE", "none", "schema-first", "Nobody uses it yet; new code needs it."),
    Rule(
        "ALTER TYPE ADD VALUE",
        "none",
        "schema-first",
        "Today's code does not write the value; new code does. It cannot be taken back.",
    ),
    Rule(
        "ALTER TYPE RENAME VALUE",
        "none",
        "expand-contract",
        "Today's code knows the old name, new code the new one. Add a value, write it, then copy.",
    ),
    Rule("ALTER TYPE", "none", "expand-contract", "Today's code knows the old form, new code the new one."),
    Rule("DROP TYPE", "none", "code-first", "Today's code still uses it."),
    Rule("CREATE EXTENSION", "none", "schema-first", "Nobody uses it yet; new code needs it."),
    Rule("DROP EXTENSION", "none", "code-first", "Today's code still uses it."),
    Rule("CREATE SCHEMA", "none", "schema-first", "Nobody uses it yet; new code needs it."),
    Rule(
        "DROP SCHEMA",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code still uses what is in it. With CASCADE, all its tables are locked.",
    ),
    Rule("CREATE SEQUENCE", "none", "schema-first", "Nobody uses it yet; new code needs it."),
    Rule(
        "ALTER SEQUENCE",
        "SHARE ROW EXCLUSIVE",
        "any",
        "It changes which numbers come next. The lock is on the sequence.",
    ),
    Rule(
        "DROP SEQUENCE",
        "ACCESS EXCLUSIVE",
        "code-first",
        "Today's code still draws numbers from it. The lock is on the sequence.",
    ),
    Rule(
        "COMMENT",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "Code does not read it. On anything but a table or column there is no table's lock at all.",
    ),
    Rule("GRANT", "ACCESS SHARE", "schema-first", "Today's code does without; new code needs the right."),
    Rule("REVOKE", "ACCESS SHARE", "code-first", "Today's code may still need the right."),
    Rule("ALTER DEFAULT PRIVILEGES", "none", "any", "It holds for what is made later."),
    Rule(
        "CREATE STATISTICS",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "It changes what the planner knows; queries give the same rows.",
    ),
    Rule(
        "ALTER PUBLICATION",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "It changes what is replicated; queries stay the same.",
    ),
    Rule(
        "INSERT, UPDATE or DELETE",
        "ROW EXCLUSIVE",
        "any",
        "Rows that it changes are locked for other writers until the migration ends: in batches, if there"
        " are many. If code counts on the new rows, schema first.",
    ),
    Rule("SELECT", "ACCESS SHARE", "any", "It only reads; a function that it calls may do more."),
    Rule("LOCK TABLE", "ACCESS EXCLUSIVE", "any", "It says itself what it locks; the strongest is assumed."),
    Rule("ANALYZE", "SHARE UPDATE EXCLUSIVE", "any", "It counts what is there; queries give the same rows."),
    Rule(
        "VACUUM",
        "SHARE UPDATE EXCLUSIVE",
        "any",
        "It tidies up; queries give the same rows. FULL locks everything and writes the table anew. It "
        "cannot run in a transaction.",
    ),
    Rule(
        "CLUSTER",
        "ACCESS EXCLUSIVE",
        "any",
        "Queries give the same rows; the whole table is written anew under the lock.",
    ),
    Rule("SET or transaction", "none", "any", "It changes this session alone."),
    Rule(
        "DO",
        "ACCESS EXCLUSIVE",
        "expand-contract",
        "What a DO block runs is not looked into: the strongest lock and the most careful order are "
        "assumed. Write its statements out to have them judged.",
    ),
    Rule(
        "other",
        "ACCESS EXCLUSIVE",
        "expand-contract",
        "Not among the changes known here: the strongest lock and the most careful order are assumed.",
    ),
)
"""Locks: PostgreSQL 18, 13.3.1 "Table-Level Locks" and the page of each command."""
