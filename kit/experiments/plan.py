"""What to rehearse: a change, an order, delays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kit.errors import BadInput
from kit.experiments.changes import CHANGES, Change, recipe
from kit.host import BUILD_S
from kit.repos import Handling
from kit.timeline.clock import ClockName

Order = Literal["code-first", "schema-first", "together", "expand-contract"]
PLAIN_ORDERS: tuple[Order, ...] = ("code-first", "schema-first", "together")
"""Orders with one push of the code and one of the schema."""
ORDERS: tuple[Order, ...] = (*PLAIN_ORDERS, "expand-contract")

MARGIN_S = 1.0
"""Seconds from live to what comes next, where an order waits for live."""
_BEFORE_PUSH_S = 2.0  # what db push takes on the virtual clock: schema-first pushes the code right after it


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to rehearse.

    Attributes:
        change: what the migration does to a column: "add", "drop" or "rename" it. To drop or rename
            starts where the workflow ends: code and schema have the column.
        order: "code-first" (git push, then db push), "schema-first", "together" (`git push && db push`),
            or "expand-contract": code and schema change in separate commits, each is pushed for itself,
            and the next one follows a second after it is live. To add is then migration, code; to drop
            is code, migration; to rename is: add the new column, write both, copy the old values, write
            the new one only, drop the old column.
        wait: seconds from `git push` to the start of `db push`, with code-first; None for the order's own.
        build: seconds from a `git push` to live.
        rate: page views a second.
        handling: how the code treats the failing write: "silent" as in the workflow, or "loud".
        clock: "virtual" or "wall".
    """

    change: Change = "add"
    order: Order = "code-first"
    wait: float | None = None
    build: float = BUILD_S
    rate: float = 20.0
    handling: Handling = "silent"
    clock: ClockName = "virtual"

    def __post_init__(self) -> None:
        """Refuse what cannot be rehearsed.

        Raises:
            BadInput: for an unknown word or a number out of range.
        """
        for name, value, known in (
            ("change", self.change, CHANGES),
            ("order", self.order, ORDERS),
            ("handling", self.handling, ("silent", "loud")),
            ("clock", self.clock, ("virtual", "wall")),
        ):
            if not isinstance(value, str) or value not in known:
                raise BadInput(f"There is no {name} {value!r}.", remedy=f"Choose one of: {', '.join(known)}.")
        for name, number, low, high in (
            ("build", self.build, 0.1, 3600.0),
            ("rate", self.rate, 0.1, 200.0),
            ("wait", self.wait or 0.0, 0.0, 3600.0),
        ):
            if not isinstance(number, int | float) or not low <= number <= high:
                raise BadInput(
                    f"{name} cannot be {number!r}.", remedy=f"Give a number from {low:g} to {high:g}."
                )
        if self.wait and self.order != "code-first":
            raise BadInput(
                f"With {self.order} there is no wait between the two pushes.",
                remedy="Leave --wait out, or use --order code-first.",
            )

    @property
    def wait_s(self) -> float:
        """Seconds from `git push` to the start of `db push`; negative where the schema goes first.

        Where there are several pushes (expand-contract): from the first `git push` to the last `db push`.
        """
        if self.wait is not None and self.order == "code-first":
            return self.wait
        live = self.build + MARGIN_S
        if self.order == "expand-contract":
            steps = recipe(self.change, self.handling).apart
            return live * max(number for number, step in enumerate(steps) if step.migrates)
        return {"code-first": live, "together": 0.0, "schema-first": -_BEFORE_PUSH_S}[self.order]
