"""What each other statement of a migration locks, and in which order it is safe."""

from __future__ import annotations

from kit.review.rule import Rule

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
