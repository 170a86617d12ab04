"""Print how right `kit check` is on the corpus, beside squawk on the same files.

    python -m benchmarks.review

What both can say is whether a migration breaks the code of today when it is applied. A warning of squawk's
counts for that unless it is about style, or about timeouts, which almost every file gets; so does a verdict
that the schema must not come first, and `unknown`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.review.measuring import Case, read_cases, read_truths
from benchmarks.review.scoring import score_all

_STYLE = ("prefer-", "require-", "ban-char", "identifier-", "transaction-nesting", "syntax-error", "unused-")
HARMLESS = {"any", "schema-first"}
"""Orders in which the schema may come first."""


def main() -> int:
    """Judge the corpus with both, and print what was caught, missed and said for nothing."""
    scored = [seen for seen in score_all(read_cases(), read_truths()) if seen.word != "fails"]
    words = Counter(seen.word for seen in scored)
    held = [seen for seen in scored if seen.truth.lock]
    exact = sum(seen.lock_is_exact for seen in held)
    print(f"kit check: {len(scored)} migrations; locks exact: {exact / len(held):.1%}")
    for word in ("exact", "cautious", "unknown", "unsafe"):
        print(f"  {word:9}{words[word]:4}  {words[word] / len(scored):6.1%}")
    breaking = {seen.case.name for seen in scored if seen.truth.order not in HARMLESS}
    said = {
        "kit check": {seen.case.name for seen in scored if seen.order not in HARMLESS},
        "squawk": find_warned([seen.case for seen in scored]),
    }
    print(f"{len(breaking)} of them break today's code when they are applied first:")
    print(f"  {'':10}{'caught':>8}{'missed':>8}{'false':>8}")
    for tool, names in said.items():
        caught, false = len(names & breaking), len(names - breaking)
        print(f"  {tool:10}{caught:8}{len(breaking) - caught:8}{false:8}")
    return 0


def find_warned(cases: list[Case]) -> set[str]:
    """Return the cases for which squawk has a warning that is about more than style."""
    program = shutil.which("squawk", path=sysconfig.get_path("scripts"))
    if program is None:
        raise SystemExit("There is no squawk beside this Python: pip install squawk-cli")
    with tempfile.TemporaryDirectory() as folder:
        paths = {str(Path(folder) / f"{number}.sql"): case for number, case in enumerate(cases)}
        for path, case in paths.items():
            Path(path).write_text(case.sql)
        ran = subprocess.run(
            [program, "--reporter=json", "--assume-in-transaction", *paths],
            capture_output=True,
            check=False,
        )
        hints = json.loads(ran.stdout)
        return {paths[hint["file"]].name for hint in hints if not hint["rule_name"].startswith(_STYLE)}


if __name__ == "__main__":
    sys.exit(main())
