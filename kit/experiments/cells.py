"""What was tried on one pair of code and schema, and what became of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from kit.timeline import Outcome

Age = Literal["old", "new"]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One thing that was tried on a running pair.

    Attributes:
        what: "view" (a document in the reader), "page /…", "upload" (a document added on the site),
            "job" (the worker makes it readable), "start" (the code becomes a running site or worker).
        outcome: as of a page view; a job that failed is still to do.
        sqlstate: PostgreSQL's code, from the log of whoever met it; "" for none.
        message: of PostgreSQL, or of the host.
    """

    what: str
    outcome: Outcome
    sqlstate: str = ""
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One pair: a commit's own site and worker, running on one of the two schemas.

    Attributes:
        code: the one that was live before, or the new one.
        schema: the one before the migration, or after it.
        tried: everything, in its order.
    """

    code: Age
    schema: Age
    tried: tuple[Tried, ...]

    @property
    def works(self) -> bool:
        """Whether everything was ok."""
        return bool(self.tried) and all(one.outcome == "ok" for one in self.tried)

    @property
    def ok(self) -> int:
        """How many were ok."""
        return sum(one.outcome == "ok" for one in self.tried)

    @property
    def first_error(self) -> Tried | None:
        """The first that was not ok and says why; else the first that was not ok; else None."""
        bad = [one for one in self.tried if one.outcome != "ok"]
        return next((one for one in bad if one.message), bad[0] if bad else None)

    def bad(self) -> dict[tuple[str, str], int]:
        """Count what was not ok, by what it was and how it ended."""
        return dict(Counter((one.what, one.outcome) for one in self.tried if one.outcome != "ok"))
