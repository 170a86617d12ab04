"""Measure a change in a copy of the world: its locks, its two-by-two, and what follows from both."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from kit.experiments.advice import Advice, advise
from kit.experiments.locks_taken import LocksSeen, look_at_locks
from kit.experiments.matrix import measure as measure_pairs
from kit.experiments.table import TwoByTwo
from kit.postgres import restore
from kit.review import Pending
from kit.world.open import open_copy
from kit.world.save import save
from kit.world.world import World


@dataclass(frozen=True, kw_only=True, repr=False)
class Measured:
    """What a change was seen to do; shown as the advice that follows.

    Attributes:
        locks: what each statement locks.
        pairs: old and new code on old and new schema.
        advice: which order is safe, and why.
    """

    locks: LocksSeen
    pairs: TwoByTwo
    advice: Advice

    def __repr__(self) -> str:
        """Show the advice."""
        return repr(self.advice)

    def _repr_html_(self) -> str:
        """Show the advice as HTML, everything escaped."""
        return self.advice._repr_html_()


def measure(world: World, pending: tuple[Pending, ...]) -> Measured:
    """Run a change for real in a copy; the world itself stays as it is.

    Args:
        world: with the change in its dev clone.
        pending: the migrations in it.

    Raises:
        MigrationFailed: if PostgreSQL refuses a statement; the message names its line.
        ProcessFailed: if git refuses the push.
    """
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "copy"
        with world.engine.step():
            save(world.engine, saved)
        copy = open_copy(saved)
        try:
            restore(copy.server, "locks", saved / "cloud.sql")
            locks = look_at_locks(copy.server, "locks", pending)
            pairs = measure_pairs(copy, title="your change")
        finally:
            copy.close()
    return Measured(locks=locks, pairs=pairs, advice=advise(pending, pairs, locks))
