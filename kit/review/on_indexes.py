"""What each change of an index locks, and in which order it is safe."""

from __future__ import annotations

from kit.review.rule import Rule

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
