"""What a deploy comes to, in words: a headline, and why."""

from __future__ import annotations

from typing import NamedTuple

from kit.experiments.changes import Columns
from kit.experiments.measured import Measured
from kit.experiments.prediction import Prediction, planned_pushes
from kit.experiments.rehearsal import Plan
from kit.widgets.axis import say_instant, say_seconds

CHANGES = {"add": "Add a column", "drop": "Drop a column", "rename": "Rename a column"}
ORDERS = {
    "code-first": "git push, then db push",
    "schema-first": "db push, then git push",
    "together": "git push && db push",
    "expand-contract": "expand, then contract",
}
HANDLING = {"silent": "logs it, answers 200 (silent)", "loud": "answers 500 (loud)"}


class Headline(NamedTuple):
    """The result, and a line about it."""

    text: str
    detail: str


def headline(plan: Plan, seen: Measured | None, *, running: bool = False) -> Headline:
    """Say what a deploy has come to so far.

    Args:
        plan: what is carried out.
        seen: what happened; None before it begins.
        running: whether it still goes on.
    """
    if seen is None:
        return Headline("Not deployed yet", describe(plan))
    bad = seen.outcomes.total - seen.outcomes.ok
    counts = [
        f"{number} {name}"
        for name, number in seen.outcomes._asdict().items()
        if number and name not in ("total", "ok")
    ]
    views = (
        f"{' and '.join(counts)} of {seen.outcomes.total} page views"
        if bad
        else (f"{seen.outcomes.total} page views, all ok")
    )
    if any(build.failed for build in seen.builds):
        views += "; a build failed, so the code before it serves on"
    if not bad:
        return Headline("Not broken so far" if running else "Never broken", views)
    text = f"Broken for {say_seconds(seen.broken_s)}{' so far' if running else ''}"
    return Headline(text, f"{cause(seen)}; {views}")


def describe(plan: Plan) -> str:
    """Return a plan in one line."""
    wait = f" after {say_seconds(plan.wait_s)}" if plan.order == "code-first" else ""
    return (
        f"{CHANGES[plan.change]}: {ORDERS[plan.order]}{wait}; a build of {say_seconds(plan.build)}; "
        f"{plan.rate:g} page views a second"
    )


def cause(seen: Measured) -> str:
    """Say in which order code and schema changed, as far as they have."""
    if seen.code_live is None and seen.schema_new is None:
        return "neither code nor schema has changed"
    if seen.schema_new is None:
        return "the code is live, its schema is not there yet"
    if seen.code_live is None:
        return "the schema has changed, the code has not"
    if seen.code_live < seen.schema_new:
        return "the code went live before its schema"
    return "the schema was there before the code went live"


def say_writes(columns: Columns) -> str:
    """Say which columns of `documents` a code writes: "writes viewed_at", "writes both"."""
    return f"writes {name_columns(columns)}" if columns else "does not write last_viewed"


def say_has(columns: Columns) -> str:
    """Say which columns of `documents` there are: "has last_viewed", "no last_viewed"."""
    return f"has {name_columns(columns)}" if columns else "no last_viewed"


def name_columns(columns: Columns) -> str:
    """Name columns of `documents`: "viewed_at", "both", "none"."""
    return "none" if not columns else "both" if len(columns) > 1 else next(iter(columns))


def explain(plan: Plan, expected: Prediction) -> str:
    """Say why a plan leads to a broken window or not.

    Args:
        plan: what was carried out.
        expected: what the rule says about it.
    """
    if plan.order == "expand-contract":
        return (
            f"{len(planned_pushes(plan))} pushes, each of which changes the code or the schema, never both. "
            "After each of them the live code writes only columns that are there, so nothing breaks."
        )
    code, schema = (
        f"the code is live at {say_instant(expected.code_live)}",
        (f"the schema is there at {say_instant(expected.schema_new)}"),
    )
    if expected.code_live < expected.schema_new:
        order = f"{code.capitalize()}, {schema}: in between, new code runs on the old schema"
    else:
        order = f"{schema.capitalize()}, {code}: in between, old code runs on the new schema"
    if expected.window is None:
        return f"{order}, which works for this change."
    if plan.handling == "loud":
        return f"{order}, which breaks. The page does not hide the error: visitors get status 500."
    return (
        f"{order}, which breaks. The action catches the error and logs it, the page answers 200: "
        "nobody sees an error, the view is lost."
    )
