"""What is wrong with one migration file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

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
