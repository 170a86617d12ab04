"""Measure the corpus against a real server, and write what was found into corpus/truth.toml.

python -m benchmarks.review.truth [part of a case's name]
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.review.measuring import TRUTH, Measurement, Truth, read_cases, read_truths
from kit.postgres import Embedded, start_server
from kit.process import Supervisor


def main(wanted: str) -> int:
    """Measure the cases whose names contain a text, and keep what is known of the others."""
    known = read_truths() if TRUTH.exists() else {}
    cases = list(read_cases())
    truths = {case.name: known[case.name] for case in cases if case.name in known}
    failed = 0
    supervisor = Supervisor.start()
    try:
        server = start_server(
            Embedded(Path(tempfile.gettempdir()) / "kit-corpus"), supervisor.folder, supervisor
        )
        measurements: dict[str, Measurement] = {}
        for case in cases:
            if wanted not in case.name:
                continue
            if case.application not in measurements:
                measurements[case.application] = Measurement(server, case.application)
            try:
                truths[case.name] = measurements[case.application].measure(case)
            except ValueError as error:
                failed += 1
                print(error, file=sys.stderr)
    finally:
        supervisor.close()
    TRUTH.write_text("\n".join(_table(name, truth) for name, truth in truths.items()))
    print(f"{len(truths)} cases, {failed} of them wrong")
    return 1 if failed else 0


def _table(name: str, truth: Truth) -> str:
    lines = [
        f"[{json.dumps(name)}]",
        f"order = {json.dumps(truth.order)}",
        f"lock = {json.dumps(truth.lock)}",
    ]
    if truth.locked:
        lines.append(f"locked = {_inline(truth.locked)}")
    if truth.broken:
        lines.append(f"broken = {json.dumps(truth.broken)}")
    return "\n".join(lines) + "\n"


def _inline(facts: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{json.dumps(key)} = {json.dumps(value)}" for key, value in facts.items()) + " }"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
