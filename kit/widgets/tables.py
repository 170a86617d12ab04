"""The numbers of a deploy as real tables, and its first error."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from kit.experiments.measured import Measured
from kit.experiments.prediction import Prediction
from kit.widgets.axis import say_instant, say_seconds

_MEANS = {
    "ok": "answered, and written",
    "lost": "status 200, nothing written",
    "failed": "status 500, or no answer",
    "blocked": "waited for a lock",
}
_NONE = "-"
_NOTHING = (None, None, None)


def draw_error(seen: Measured | None, *, running: bool) -> str:
    """Return the first error that a visitor met as a line of HTML, a line without one otherwise."""
    if seen is None or seen.error is None:
        none = "No error of the database so far." if running else "No error of the database."
        text = none if seen else "Nobody has visited yet."
        return f"<p class='kw-error kw-soft'>{text}</p>"
    view = seen.error
    return (
        f"<p class='kw-error'><code class='kw-state'>{escape(view.sqlstate)}</code> "
        f"<code>{escape(view.message)}</code> "
        f"<span class='kw-soft'>The first error, at {say_instant(view.at - seen.zero)}; "
        f"the visitor got status {view.status}.</span></p>"
    )


def draw_tables(
    seen: Measured | None, prediction: Prediction | None, ident: str, *, running: bool, several: bool = False
) -> str:
    """Return two tables: predicted beside measured, and the page views by outcome.

    Args:
        seen: what happened, None for nothing.
        prediction: None where it is kept back.
        ident: of the patterns that the legend shows.
        running: the window may still grow.
        several: pushes of the code, so that only the last of them ends the change.
    """
    compared = _compare(seen, prediction, running=running, several=several)
    return f"<div class='kw-tables'>{compared}{_count(seen, ident)}</div>"


def _compare(seen: Measured | None, prediction: Prediction | None, *, running: bool, several: bool) -> str:
    expected = (prediction.code_live, prediction.schema_new, prediction.broken_s) if prediction else _NOTHING
    found = (seen.code_live, seen.schema_new, seen.broken_s) if seen else _NOTHING
    word = "last" if several else "new"
    body = "".join(
        _row(name, one, other, say, final=not running or (say is say_instant and not several))
        for name, one, other, say in zip(
            (f"{word} code live", f"{word} schema there", "broken for"),
            expected,
            found,
            (say_instant, say_instant, say_seconds),
            strict=True,
        )
    )
    return (
        "<table><caption>Predicted beside measured</caption><thead><tr>"
        "<th scope='col'>since git push</th>"
        "<th scope='col'>predicted</th><th scope='col'>measured</th>"
        "<th scope='col'>missed by</th></tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _row(
    name: str, expected: float | None, found: float | None, say: Callable[[float], str], *, final: bool
) -> str:
    missed = _NONE if expected is None or found is None or not final else f"{found - expected:+z.2f} s"
    cells = [_NONE if value is None else say(value) for value in (expected, found)]
    return f"<tr><th scope='row'>{name}</th>{''.join(f'<td>{cell}</td>' for cell in (*cells, missed))}</tr>"


def _count(seen: Measured | None, ident: str) -> str:
    numbers = seen.outcomes._asdict() if seen else dict.fromkeys(("total", *_MEANS), 0)
    total = numbers["total"]
    rows = []
    for outcome, means in _MEANS.items():
        number = numbers[outcome]
        share = f"{100 * number / total:.0f} %" if total else _NONE
        rows.append(
            f"<tr><th scope='row'>{_swatch(outcome, ident)}{outcome}</th><td>{number}</td><td>{share}</td>"
            f"<td class='kw-words'>{means}</td></tr>"
        )
    rows.append(f"<tr><th scope='row'>all</th><td>{total}</td><td></td><td class='kw-words'></td></tr>")
    return (
        "<table><caption>Page views</caption><thead><tr>"
        "<th scope='col'>outcome</th><th scope='col'>number</th>"
        "<th scope='col'>share</th><th scope='col' class='kw-words'>meaning</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _swatch(outcome: str, ident: str) -> str:
    fill = "" if outcome == "ok" else f" fill='url(#{ident}-{outcome})'"
    return (
        "<svg class='kw-drawing kw-swatch' width='14' height='14' aria-hidden='true'>"
        f"<rect x='1' y='1' width='12' height='12' class='kw-{outcome}'{fill}/></svg>"
    )
