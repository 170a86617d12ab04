"""Draw a queue at a table: in text, and as HTML in a notebook's colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from kit.locks.session import Session
from kit.timeline.labels import cut, show

WIDTH = 100
"""Columns of the drawing in text."""
_SHORTEST = 12
_HOLDS, _WAITS = "HOLDS", "waits for"
_NOBODY = "nobody waits"
_EMPTY = "nobody is at the table"

_SHEET = """
.kl{--t:var(--jp-ui-font-color1,var(--vscode-foreground,#1f2328));
--s:var(--jp-ui-font-color2,var(--vscode-descriptionForeground,#57606a));
--p:var(--jp-layout-color0,var(--vscode-editor-background,#fff));
--h:var(--jp-brand-color1,#1f6feb);--w:var(--jp-error-color1,#cf222e);
font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;line-height:1.4;color:var(--t);
background:var(--p);max-width:56em}
.kl ul{list-style:none;margin:0;padding:0}
.kl ul ul{margin-left:1.4em;padding-left:1em;border-left:2px dashed var(--w)}
.kl li{margin:6px 0}
.kl .o{display:flex;flex-wrap:wrap;gap:2px 10px;align-items:baseline;border:2px solid var(--h);
border-radius:4px;padding:4px 10px}
.kl .o.w{border:2px dashed var(--w)}
.kl b{min-width:8.5em}
.kl code{font-family:var(--jp-code-font-family,monospace);font-size:12px;color:var(--s);background:none;
padding:0;overflow-wrap:anywhere;flex-basis:100%}
.kl .n{color:var(--s)}
""".replace("\n", "")


def draw_text(places: Sequence[Session]) -> str:
    """Draw who holds and who waits as a tree: whoever waits stands below the one it waits for."""
    if not places:
        return _EMPTY
    rows = [(f"{branch}{show(one.who)}", one) for branch, one in _tree(places)]
    name = max(len(label) for label, _ in rows)
    lock = max(len(one.lock) for one in places)
    lines = []
    for label, one in rows:
        head = f"{label:<{name}}  {_WAITS if one.waits else _HOLDS:<{len(_WAITS)}}  {one.lock:<{lock}}  "
        lines.append(head + cut(show(one.statement), max(_SHORTEST, WIDTH - len(head))))
    if not any(one.waits for one in places):
        lines.append(_NOBODY)
    return "\n".join(line.rstrip() for line in lines)


def draw_html(places: Sequence[Session]) -> str:
    """Draw the same as boxes: solid for who holds, dashed and indented for who waits; all text is escaped."""
    if not places:
        return f"{_style()}<div class='kl'><p class='n'>{_EMPTY}</p></div>"
    nobody = "" if any(one.waits for one in places) else f"<p class='n'>{_NOBODY}</p>"
    return f"{_style()}<div class='kl'>{_list(places, None)}{nobody}</div>"


def _style() -> str:
    return f"<style>{_SHEET}</style>"


def _list(places: Sequence[Session], above: str | None) -> str:
    items = "".join(
        f"<li>{_box(one)}{_list(places, one.who)}</li>" for one in places if _parent(one, places) == above
    )
    return f"<ul>{items}</ul>" if items else ""


def _box(one: Session) -> str:
    what = f"{_WAITS} {one.lock}" if one.waits else f"{_HOLDS} {one.lock}"
    return (
        f"<div class='o{' w' if one.waits else ''}'><b>{escape(one.who)}</b><span>{escape(what)}</span>"
        f"<code>{escape(one.statement)}</code></div>"
    )


def _parent(one: Session, places: Sequence[Session]) -> str | None:
    """Return whom to draw it under: of those whom it waits for the last one in the order."""
    return next((other.who for other in reversed(places) if other.who in one.behind), None)


def _tree(places: Sequence[Session], above: str | None = None, indent: str = "") -> list[tuple[str, Session]]:
    here = [one for one in places if _parent(one, places) == above]
    rows: list[tuple[str, Session]] = []
    for one in here:
        last = one is here[-1]
        branch = "" if above is None else "└─ " if last else "├─ "
        rows.append((indent + branch, one))
        deeper = "" if above is None else "   " if last else "│  "
        rows += _tree(places, one.who, indent + deeper)
    return rows
