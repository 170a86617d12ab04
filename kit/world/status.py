"""Where the migration file, the code and the column are right now, as a table in text."""

from __future__ import annotations

from dataclasses import dataclass

from kit.names import VERSION
from kit.world.snapshot import Snapshot


@dataclass(frozen=True)
class Status:
    """One look at the world; shown as a table."""

    seen: Snapshot

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return place, what is there, and whether it has the migration and last_viewed."""
        seen = self.seen
        rows: list[tuple[str, str, bool | None, bool | None]] = []
        for name, label in (("dev", "dev clone"), ("production", "production clone")):
            clone = seen.repositories.clones["dev" if name == "dev" else "production"]
            files = any(file.startswith(VERSION) for file in clone.migrations)
            at = seen.commit(clone.head)
            changed = f", {len(clone.changed)} changed" if clone.changed else ""
            rows.append(
                (
                    label,
                    f"{clone.branch or 'detached'} {clone.head[:7]}{changed}",
                    files,
                    at.writes_last_viewed,
                )
            )
        main = seen.repositories.github.get("main", "")
        github = seen.commit(main)
        rows.append(("github main", main[:7], VERSION in github.versions, github.writes_last_viewed))
        rows.append(("production site", seen.live[:7], None, seen.commit(seen.live).writes_last_viewed))
        worker = seen.worker.commit if seen.worker.running else ""
        code = seen.commit(worker).writes_last_viewed if worker else None
        rows.append(("worker", worker[:7] or "not running", None, code))
        for label, database in (("local database", seen.local), ("cloud database", seen.cloud)):
            newest = max(database.versions, default="empty")
            rows.append((label, newest, VERSION in database.versions, "last_viewed" in database.columns))
        return [(place, what, _mark(first), _mark(second)) for place, what, first, second in rows]

    def __repr__(self) -> str:
        """Show the table."""
        table = [("", "stands at", "migration", "last_viewed"), *self.rows()]
        widths = [max(len(row[column]) for row in table) for column in range(4)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        )


def _mark(holds: bool | None) -> str:  # noqa: FBT001 - one value, three ways to show it
    return {True: "yes", False: "no", None: "-"}[holds]
