"""What other programs read: annotations of GitHub Actions, and SARIF."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from kit.review.report import IN_TWO_DEPLOYS, WRONG, Findings

Severity = Literal["error", "warning", "note"]
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_IN_TWO = "Neither order of code and schema is safe: make it two deploys."
_NOBODY_KNOWS = "What this does cannot be known from its text."


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a line of a file.

    Attributes:
        path: of the file.
        line: in it, from 1.
        rule: a kind of problem, an order, or what became of it when it was tried.
        level: how grave it is.
        message: what there is to say.
    """

    path: str
    line: int
    rule: str
    level: Severity
    message: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run on a server adds to what was found in the text.

    Attributes:
        remarks: about lines.
        notes: about the run itself, sentences.
    """

    remarks: tuple[Remark, ...] = ()
    notes: tuple[str, ...] = ()


NOTHING_MEASURED = Measured()


def find_remarks(findings: Findings) -> Iterator[Remark]:
    """Yield what there is to say, about lines: problems, and statements that need more than one deploy."""
    for report in findings.reports:
        for problem in report.problems:
            text = f"{problem.message} {problem.remedy}"
            yield Remark(problem.path, problem.line, problem.kind, "error", text)
        for pending in report.pending:
            if pending.order == "unknown" and report.exit_code == WRONG:
                for statement in pending.statements:
                    if statement.verdict.order == "unknown":
                        why = f"{_NOBODY_KNOWS} {statement.verdict.why}"
                        yield Remark(pending.path, statement.line, "unknown", "warning", why)
            elif pending.order == "expand-contract" or (
                pending.order != "any" and findings.exit_code == IN_TWO_DEPLOYS
            ):
                for statement in pending.statements:
                    if statement.verdict.order != "any":
                        order, why = statement.verdict.order, f"{_IN_TWO} {statement.verdict.why}"
                        yield Remark(pending.path, statement.line, order, "error", why)


def format_github(findings: Findings, measured: Measured = NOTHING_MEASURED) -> str:
    """Write workflow commands, which GitHub shows beside the lines of a pull request.

    Source: docs.github.com, "Workflow commands for GitHub Actions", and actions/toolkit's escaping.

    Args:
        findings: what was found.
        measured: what a run adds.
    """
    levels = {"error": "error", "warning": "warning", "note": "notice"}
    lines = [
        f"::{levels[remark.level]} file={_escape(remark.path, of_property=True)},line={remark.line},"
        f"title={_escape(f'kit check: {remark.rule}', of_property=True)}::{_escape(remark.message)}"
        for remark in (*find_remarks(findings), *measured.remarks)
    ]
    notes = (*findings.facts()["notes"], *measured.notes)
    lines += [f"::notice title=kit check::{_escape(note)}" for note in notes]
    return "".join(f"{line}\n" for line in lines)


def _escape(text: str, *, of_property: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if of_property else text


def format_sarif(findings: Findings, version: str, measured: Measured = NOTHING_MEASURED) -> str:
    """Write SARIF 2.1.0, which code scanning and editors read.

    Args:
        findings: what was found.
        version: of this program.
        measured: what a run adds.
    """
    remarks = [*find_remarks(findings), *measured.remarks]
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "kit check",
                "semanticVersion": version,
                "rules": [{"id": rule} for rule in sorted({remark.rule for remark in remarks})],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                "ruleId": remark.rule,
                "level": remark.level,
                "message": {"text": remark.message},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": quote(remark.path)},
                            "region": {"startLine": remark.line},
                        }
                    }
                ],
            }
            for remark in remarks
        ],
    }
    if measured.notes:
        notifications = [{"level": "note", "message": {"text": note}} for note in measured.notes]
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": notifications}]
    return (
        json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)
        + "\n"
    )
