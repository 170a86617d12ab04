"""What somebody has decided to let pass: comments in a migration, and a file of what was there before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from kit.errors import BadInput
from kit.review.git import blob_of
from kit.review.rules import Kind, Order, Problem, read_rules

BASELINE = "kit-baseline.json"
_MOST = 16 * 2**20
_COMMENT = re.compile(
    r"^(?P<before>[^\n]*?)--[ \t]*kit:[ \t]*allow\b[ \t]*(?P<rule>\S*)[ \t]*(?P<reason>[^\n]*)", re.MULTILINE
)
_WRITE_IT = "Write: -- kit: allow RULE why it is safe here"


@dataclass(frozen=True, slots=True)
class Permit:
    """A comment `-- kit: allow RULE REASON`.

    Attributes:
        line: where it stands.
        rule: a kind of problem, an order, or an operation in the form of `rule_name`.
        reason: why it is safe, in the author's words.
        trailing: it stands behind SQL, which it is about; else it is about what follows.
    """

    line: int
    rule: str
    reason: str
    trailing: bool

    def covers(self, *, first: int, last: int, previous: int) -> bool:
        """Say whether it is about a statement.

        Args:
            first: the statement's first line.
            last: its last line.
            previous: the last line of the statement before it.
        """
        if self.trailing:
            return first <= self.line <= last
        return previous < self.line <= last


def rule_name(operation: str) -> str:
    """Return an operation as one word: "ALTER COLUMN TYPE" is `alter-column-type`."""
    return re.sub(r"[^a-z0-9]+", "-", operation.lower()).strip("-")


def find_permits(name: str, text: str) -> tuple[tuple[Permit, ...], tuple[Problem, ...]]:
    """Read the permits of a migration, and what is wrong with them.

    Args:
        name: of the file.
        text: its content.
    """
    if "kit:" not in text:
        return (), ()
    permits, problems = [], []
    known = {*get_args(Kind), *get_args(Order), "unknown", *map(rule_name, read_rules())} - {"any", "allow"}
    for found in _COMMENT.finditer(text):
        line = text.count("\n", 0, found.end("before")) + 1
        wrong = ""
        if found["rule"] not in known:
            wrong = f"There is no rule {found['rule']!r} to allow." if found["rule"] else "It allows nothing."
        elif not found["reason"].strip():
            wrong = f"It allows {found['rule']} without a reason."
        if wrong:
            problems.append(Problem(file=name, line=line, kind="allow", message=wrong, remedy=_WRITE_IT))
            continue
        permits.append(Permit(line, found["rule"], found["reason"].strip(), bool(found["before"].strip())))
    return tuple(permits), tuple(problems)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was there when somebody began to judge: a file of a project, and a kind, and a content.

    Attributes:
        entries: file, rule, and the blob of the content to which it applied; "" of a file that was gone.
    """

    entries: frozenset[tuple[str, str, str]] = frozenset()

    def has(self, name: str, rule: str, data: bytes | None) -> bool:
        """Say whether this was there before; a file that has changed since is judged anew."""
        return (name, rule, "" if data is None else blob_of(data)) in self.entries


def read_baseline(root: Path) -> Baseline:
    """Read a project's baseline; without one, nothing was there before.

    Raises:
        BadInput: if it is something else.
    """
    path = root / BASELINE
    try:
        if not path.is_file():
            return Baseline()
        with path.open("rb") as file:
            known = json.loads(file.read(_MOST))["known"]
        return Baseline(frozenset((entry["file"], entry["rule"], entry["content"]) for entry in known))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(
            f"{BASELINE} cannot be read.",
            why=str(error) or type(error).__name__,
            looked=[str(path)],
            remedy="Write it anew: `python -m kit check --write-baseline`.",
        ) from error


def write_baseline(root: Path, entries: Iterable[tuple[str, str, bytes | None]]) -> Path:
    """Write down what is there, so that only what comes is judged.

    Args:
        root: the project.
        entries: file, rule and content of what is said now.
    """
    known = sorted({(name, rule, "" if data is None else blob_of(data)) for name, rule, data in entries})
    facts: dict[str, Any] = {
        "about": "What `kit check` found when this was written, and does not count.",
        "known": [{"file": name, "rule": rule, "content": content} for name, rule, content in known],
    }
    path = root / BASELINE
    path.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
