"""Hold the verdicts of the rules against what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from benchmarks.review.measuring import CORPUS, Case, Truth, read_application
from kit.review.judge import Judge, Verdict
from kit.review.rules import LOCKS, Lock, combine, strongest
from kit.supabase import split

_SAFE: Mapping[str, frozenset[str]] = {
    "any": frozenset({"schema-first", "code-first"}),
    "schema-first": frozenset({"schema-first"}),
    "code-first": frozenset({"code-first"}),
    "expand-contract": frozenset(),
}
"""What each order allows."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A case, what the rules say of it, and what was measured.

    Attributes:
        case: the migration.
        truth: what was measured.
        order: by the rules.
        lock: the strongest by the rules.
        locked: for which tables and views somebody waits, by the rules.
        why: the reasons.
        refused: why PostgreSQL refuses the migration for certain, by the rules; "" where it does not.
    """

    case: Case
    truth: Truth
    order: str
    lock: Lock
    locked: Mapping[str, Lock]
    why: str
    refused: str

    @property
    def word(self) -> str:
        """What the verdict is: exact, cautious, unknown or unsafe; "fails" if PostgreSQL refuses the file."""
        if self.truth.order == "fails":
            return "fails"
        if self.order == "unknown":
            return "unknown"
        said, true = _SAFE[self.order], _SAFE[self.truth.order]
        if said == true:
            return "exact"
        return "cautious" if said <= true else "unsafe"

    @property
    def lock_is_exact(self) -> bool:
        """Whether the strongest lock is what pg_locks showed."""
        return bool(self.lock == self.truth.lock)

    @property
    def waits_are_exact(self) -> bool:
        """Whether it names the tables, all of them and no other, for which somebody waits."""
        return dict(self.locked) == dict(self.truth.locked)


@cache
def _applied(application: str) -> tuple[str, ...]:
    environment = (CORPUS / "environment.sql").read_text()
    return tuple(
        statement.text
        for text in (environment, read_application(application)[0])
        for statement in split(text)
    )


def score(case: Case, truth: Truth) -> Scored:
    """Judge a case as `kit check` does: after the application's own migrations."""
    judge = Judge()
    for sql in _applied(case.application):
        judge.learn(sql)
    for statement in split(case.sql):
        judged = judge.judge(statement.text)
        if not isinstance(judged, Verdict):
            raise TypeError(f"{case.name}: {judged}")
    verdicts = judge.sum_up()
    locked: dict[str, Lock] = {}
    for verdict in verdicts:
        for name, lock in verdict.locked.items():
            if LOCKS.index(lock) >= LOCKS.index("SHARE") and name != "?":
                locked[name] = strongest([locked.get(name, "none"), lock])
    return Scored(
        case,
        truth,
        combine(verdict.order for verdict in verdicts),
        strongest(verdict.lock for verdict in verdicts),
        locked,
        " | ".join(f"{verdict.operation}: {verdict.order}: {verdict.why}" for verdict in verdicts),
        next((verdict.refused for verdict in verdicts if verdict.refused), ""),
    )


def score_all(cases: Iterable[Case], truths: Mapping[str, Truth]) -> list[Scored]:
    """Judge all cases that were measured."""
    return [score(case, truths[case.name]) for case in cases if case.name in truths]
