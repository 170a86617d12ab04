"""What each form of ALTER TABLE locks, and in which order it is safe."""

from __future__ import annotations

from kit.review.rule import Rule

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
